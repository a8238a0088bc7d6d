//! Cross-origin calls by the scripts of registered clients (Fetch, CORS protocol): without cookies, but
//! for the one that sets the monitor cookie.

use rocket::http::{Header, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder, Response};
use rocket::{Route, options, routes};
use std::sync::OnceLock;

use crate::web::app::App;
use crate::web::error::Problem;

/// A route that scripts of other origins may call. Whether this one may read the answer is left
/// with the request for the fairing that sets the headers, so that errors carry it too.
#[derive(Debug)]
pub struct Cors;

/// As [`Cors`], with the browser's cookies, and for pages of registered clients only.
#[derive(Debug)]
pub struct CorsWithCookies;

/// Left with a request of such a route: the origin that may read the answer, if any.
#[derive(Clone, Debug)]
pub struct AllowedOrigin {
    origin: Option<String>,
    with_cookies: bool,
}

type Slot = OnceLock<AllowedOrigin>;

impl AllowedOrigin {
    /// The headers of an answer to this request: none where no script of another origin can call.
    pub fn headers(request: &Request<'_>) -> Vec<Header<'static>> {
        let Some(Self { origin, with_cookies }) = request.local_cache(Slot::new).get() else {
            return Vec::new();
        };
        let mut headers = vec![Header::new("Vary", "Origin")];
        if let Some(origin) = origin {
            headers.push(Header::new("Access-Control-Allow-Origin", origin.clone()));
            if *with_cookies {
                headers.push(Header::new("Access-Control-Allow-Credentials", "true"));
            } else {
                headers.push(Header::new("Access-Control-Expose-Headers", "WWW-Authenticate"));
            }
        }
        headers
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Cors {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match allow(request, false).await {
            Ok(_) => Outcome::Success(Self),
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for CorsWithCookies {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let text = "This is for pages of registered sites: one `Origin` header is needed.";
        let allowed = allow(request, true).await;
        match allowed.and_then(|it| if it { Ok(()) } else { Err(Problem::forbidden(text)) }) {
            Ok(()) => Outcome::Success(Self),
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

/// Leaves with the request whether its page may read the answer.
async fn allow(request: &Request<'_>, with_cookies: bool) -> Result<bool, Problem> {
    let mut origins = request.headers().get("Origin");
    let origin = origins.next().filter(|_| origins.next().is_none());
    let allowed = match (origin, request.rocket().state::<App>()) {
        (Some(origin), Some(app)) => is_of_a_client(app, origin).await?,
        _ => false,
    };
    let origin = origin.filter(|_| allowed).map(str::to_owned);
    // Set once for each request.
    let _ = request.local_cache(Slot::new).set(AllowedOrigin { origin, with_cookies });
    Ok(allowed)
}

/// Whether an origin is registered for a client that is not switched off. What the answer says is
/// decided by what the call presents; this only lets a script read it.
async fn is_of_a_client(app: &App, origin: &str) -> Result<bool, Problem> {
    let clients = app.store.list_clients().await?;
    let mut active = clients.iter().filter(|client| client.disabled_at.is_none());
    Ok(active.any(|client| client.registration.has_origin(origin)))
}

/// The answer to a preflight.
struct Preflight;

impl<'r> Responder<'r, 'static> for Preflight {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Response::build()
            .status(Status::NoContent)
            .header(Header::new("Access-Control-Allow-Methods", "GET, POST"))
            .header(Header::new("Access-Control-Allow-Headers", "Authorization, Content-Type"))
            .header(Header::new("Access-Control-Max-Age", "600"))
            .ok()
    }
}

#[options("/oauth/token")]
fn token(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/oauth/revoke")]
fn revoke(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/oauth/userinfo")]
fn userinfo(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/oauth/jwks")]
fn jwks(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/v1/profile")]
fn profile(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/.well-known/openid-configuration")]
fn openid(_cors: Cors) -> Preflight {
    Preflight
}

#[options("/.well-known/oauth-authorization-server")]
fn oauth(_cors: Cors) -> Preflight {
    Preflight
}

/// One for each route that takes the guard [`Cors`].
pub(super) fn preflights() -> Vec<Route> {
    routes![token, revoke, userinfo, jwks, profile, openid, oauth]
}
