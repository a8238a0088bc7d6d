//! `GET /identification/monitor`: a page of a client has the browser given the cookie by which the
//! window will be known.

use rocket::http::{CookieJar, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, get};
use std::convert::Infallible;

use crate::domain::secret::Secret;
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::guard::network::Peer;
use crate::web::guard::visitor::Cookies;
use crate::web::oauth::CorsWithCookies;

/// Whether the browser keeps what it is given here for its windows too. Some keep the cookies of
/// another site's calls apart: a cookie would come along with the socket, and be missing in the window.
/// With calls from another site they have to say that they do not (Storage Access Headers); those that
/// say nothing may do so nevertheless.
pub(super) struct Kept(bool);

/// A network that has calls left. What follows, the look at the origin first of all, asks the database.
pub(super) struct WithinLimit;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Kept {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let headers = request.headers();
        let access: Vec<&str> = headers.get("Sec-Fetch-Storage-Access").collect();
        let site = headers.get_one("Sec-Fetch-Site");
        let is_ours = matches!(site, Some("same-origin" | "same-site"));
        Outcome::Success(Self(access == ["active"] || (access.is_empty() && is_ours)))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for WithinLimit {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let peer = request.guard::<Peer>().await.succeeded();
        let (Some(peer), Some(app)) = (peer, request.rocket().state::<App>()) else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        match app.limits.monitor(peer.network()) {
            Ok(()) => Outcome::Success(Self),
            Err(limited) => Outcome::Error((Problem::from(limited).leave(request), ())),
        }
    }
}

#[get("/identification/monitor")]
pub(super) async fn give(
    _script: ForScripts,
    _within: WithinLimit,
    _cors: CorsWithCookies,
    app: &State<App>,
    kept: Kept,
    own: Cookies,
    jar: &CookieJar<'_>,
) -> Result<Status, Problem> {
    if kept.0 && !is_needed(app, &own).await? {
        cookies::set_monitor(jar, &Secret::random());
    }
    Ok(Status::NoContent)
}

/// Whether a page waits for a window that will be known by the cookie which the browser has. Another
/// page that begins meanwhile must not take it away: that window would go on for the other one.
async fn is_needed(app: &App, own: &Cookies) -> Result<bool, Problem> {
    let Some(secret) = &own.monitor else { return Ok(false) };
    let monitor = app.store.monitor_by_token(&secret.hash(), app.now()).await?;
    Ok(monitor.is_some_and(|it| it.by_cookie && it.outcome.is_none() && it.started_at.is_none()))
}
