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
use crate::web::oauth::CorsWithCookies;

/// Whether the browser keeps what it is given here for its windows too. Some keep the cookies of
/// another site's calls apart: a cookie would come along with the socket, and be missing in the window.
/// They say so, with calls from another site (Storage Access Headers).
pub(super) struct Kept(bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Kept {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let mut access = request.headers().get("Sec-Fetch-Storage-Access");
        Outcome::Success(Self(access.all(|value| value == "active")))
    }
}

#[get("/identification/monitor")]
pub(super) fn give(
    _script: ForScripts,
    _cors: CorsWithCookies,
    app: &State<App>,
    peer: Peer,
    kept: Kept,
    jar: &CookieJar<'_>,
) -> Result<Status, Problem> {
    app.limits.monitor(peer.network())?;
    if kept.0 {
        cookies::set_monitor(jar, &Secret::random());
    }
    Ok(Status::NoContent)
}
