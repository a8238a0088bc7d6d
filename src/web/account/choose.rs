//! `/signin/choose`: whether to go on as who is signed in, or as somebody else.

use rocket::{Either, State, get};
use serde::Serialize;

use super::{PageOrRedirect, see_other};
use crate::web::app::App;
use crate::web::body::Query;
use crate::web::guard::fetch_metadata::Unframed;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `choose.html`.
#[derive(Serialize)]
pub(super) struct Choose {
    next: String,
    address: String,
    client_name: Option<String>,
}

#[get("/signin/choose")]
pub(super) async fn form(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<Choose> {
    let next = query.0.text("next")?;
    let to = app.return_to(&next).await?;
    if visitor.signed_in.is_none() {
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        return Ok(Either::Right(see_other(app, &format!("/signin?next={next}"))));
    }
    let client_name = to.client_name().map(str::to_owned);
    let choose = Choose { next, address: to.link().to_owned(), client_name };
    Ok(Either::Left(Page::new("choose.html", choose)))
}
