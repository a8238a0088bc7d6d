//! `/flow/{id}/done`: the end of the window. The page that waits knows by now.

use rocket::http::CookieJar;
use rocket::{State, get};
use serde::Serialize;

use crate::domain::flow::is_id;
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::Unframed;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `flow_done.html`.
#[derive(Serialize)]
pub(super) struct Done {
    client_name: Option<String>,
}

#[get("/flow/<id>/done")]
pub(super) async fn show(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    id: &str,
) -> Result<Page<Done>, Problem> {
    let flow = if is_id(id) { app.store.flow(id, app.now()).await? } else { None };
    if flow.as_ref().is_some_and(|flow| flow.outcome.is_some())
        && visitor.cookies.flow(id).is_some()
    {
        cookies::clear_flow(jar, id);
    }
    let client_name = flow.map(|flow| flow.client.client_name.clone());
    Ok(Page::new("flow_done.html", Done { client_name }))
}
