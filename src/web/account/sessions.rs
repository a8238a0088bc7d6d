//! Ending sessions from the account page: one, or all but this one.

use rocket::http::CookieJar;
use rocket::response::Redirect;
use rocket::{State, post};

use super::{person, see_other};
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::SameOrigin;
use crate::web::guard::visitor::Visitor;

#[post("/account/sessions/<id>/end")]
pub(super) async fn end(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    id: &str,
) -> Result<Redirect, Problem> {
    let who = person(visitor, "/account")?;
    let is_id = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_id || !app.store.finish_session(id, &who.account.uid, app.now()).await? {
        return Err(Problem::not_found("You have no such session. It may have ended already."));
    }
    app.wake.ring();
    if id == who.session.id {
        cookies::clear_session(jar);
        return Ok(see_other(app, "/signin"));
    }
    Ok(see_other(app, "/account?done=session"))
}

#[post("/account/sessions/end-others")]
pub(super) async fn end_others(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
) -> Result<Redirect, Problem> {
    let who = person(visitor, "/account")?;
    app.store.finish_other_sessions(&who.account.uid, &who.session.id, app.now()).await?;
    app.wake.ring();
    Ok(see_other(app, "/account?done=others"))
}
