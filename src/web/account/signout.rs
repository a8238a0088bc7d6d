//! `/signout`: on this browser, or everywhere.

use rocket::http::CookieJar;
use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::PageOrRedirect;
use crate::domain::return_to::ReturnTo;
use crate::web::app::App;
use crate::web::body::{Form, Query};
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `signout.html`.
#[derive(Serialize)]
pub(super) struct SignOut {
    next: String,
    /// Where who stays signed in goes.
    stay: String,
    client_name: Option<String>,
    devices: usize,
}

/// Where to go from here: the sign-in page unless `next` says otherwise.
async fn target(app: &App, next: &str) -> Result<ReturnTo, Problem> {
    app.return_to(if next.is_empty() { "/signin" } else { next }).await
}

#[get("/signout")]
pub(super) async fn form(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<SignOut> {
    let next = query.0.text("next")?;
    let to = target(app, &next).await?;
    let Some(who) = visitor.signed_in else {
        return Ok(Either::Right(Redirect::to(to.address(&app.issuer))));
    };
    let devices = app.store.sessions_of(&who.account.uid, app.now()).await?.len();
    let client_name = to.client_name().map(str::to_owned);
    let stay = if next.is_empty() || to.signs_out() { "/account".into() } else { next.clone() };
    let page = Page::new("signout.html", SignOut { next, stay, client_name, devices });
    Ok(Either::Left(page.with_form_targets(to.onward())))
}

#[post("/signout", data = "<form>")]
pub(super) async fn submit(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    form: Form,
) -> Result<Redirect, Problem> {
    let to = target(app, &form.0.text("next")?).await?;
    let everywhere = form.0.is_on("everywhere")?;
    if let Some(who) = visitor.signed_in {
        let (uid, now) = (&who.account.uid, app.now());
        if everywhere {
            app.store.finish_other_sessions(uid, "", now).await?;
        } else {
            app.store.finish_session(&who.session.id, uid, now).await?;
        }
        app.wake.ring();
    }
    cookies::clear_session(jar);
    Ok(Redirect::to(to.address(&app.issuer)))
}
