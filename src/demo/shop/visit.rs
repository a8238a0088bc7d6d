//! The shop's cookies: read strictly, written explicitly.

use crate::domain::secret::{Secret, SecretHash};
use rocket::http::{Cookie, Header, SameSite};
use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

/// The session of somebody who is signed in.
pub(super) const SESSION: &str = "__Host-shop";
/// A visit, of somebody signed in or not: what was ordered before signing in, and the sign-ins that
/// this browser has begun, hang on it.
const VISIT: &str = "__Host-shop-visit";

/// This browser, as far as it has been given something to be known by.
pub(super) struct Visit(Option<Secret>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visit {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(secret(request, VISIT)))
    }
}

impl Visit {
    /// What the backend knows it by.
    pub(super) fn id(&self) -> Option<SecretHash> {
        self.0.as_ref().map(Secret::hash)
    }

    /// The same for a visit that may begin now, with the cookie that goes into the answer.
    pub(super) fn or_begin(self) -> (SecretHash, Header<'static>) {
        let secret = self.0.unwrap_or_else(Secret::random);
        (secret.hash(), cookie(VISIT, &secret.reveal(), None))
    }
}

/// The secret in a cookie. One that is there twice is none: no guess is made which one is ours.
pub(super) fn secret(request: &Request<'_>, name: &str) -> Option<Secret> {
    let pairs = request.headers().get("Cookie").flat_map(|header| header.split(';'));
    // Spaces and tabs only: browsers take other white space for a part of the name.
    let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
    let mut values = pairs
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| trim(key) == name)
        .map(|(_, value)| trim(value));
    let value = values.next()?;
    Secret::parse(&value).filter(|_| values.next().is_none())
}

/// The session's cookie; it ends with the browser, since a new one comes without a password.
pub(super) fn session_cookie(secret: &Secret) -> Header<'static> {
    cookie(SESSION, &secret.reveal(), None)
}

/// Takes the session's cookie away.
pub(super) fn no_session_cookie() -> Header<'static> {
    cookie(SESSION, "", Some(0))
}

/// Lax: it must be there when the browser comes back from the accounts server.
fn cookie(name: &'static str, value: &str, age: Option<i64>) -> Header<'static> {
    let mut cookie = Cookie::build((name, value.to_owned()))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax);
    if let Some(seconds) = age {
        cookie = cookie.max_age(rocket::time::Duration::seconds(seconds));
    }
    Header::new("Set-Cookie", cookie.build().to_string())
}
