//! Request guards.

use super::cookies::{Doubled, Jar};
use super::kit::Kit;
use super::refusal::Refusal;
use super::request::is_from_own_page;
use super::session::Session;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

/// The cookies of a request; a doubled one is kept for the handler to refuse.
pub(super) struct Carried<'r>(pub(super) Result<Jar<'r>, Doubled>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Carried<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        Outcome::Success(Self(Jar::read(request.headers().get("Cookie"))))
    }
}

/// The request comes from a page of this application: to be taken by every handler that changes
/// something for the person who is signed in. Anything else is 403.
#[derive(Clone, Copy, Debug)]
pub struct SameOrigin(());

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(kit) = request.rocket().state::<Kit>() else {
            return not_attached();
        };
        if is_own(request, kit) {
            Outcome::Success(Self(()))
        } else {
            Outcome::Error((Status::Forbidden, ()))
        }
    }
}

/// The same check for the kit's own callback, whose answer has a body and an outcome.
pub(super) struct FromOwnPage(pub(super) bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FromOwnPage {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let kit = request.rocket().state::<Kit>();
        Outcome::Success(Self(kit.is_some_and(|kit| is_own(request, kit))))
    }
}

/// A request that a page of another site made, or a person by the address bar; browsers that do not
/// say so are given the benefit of the doubt.
pub(super) struct FromElsewhere(pub(super) bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FromElsewhere {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let mut sites = request.headers().get("Sec-Fetch-Site");
        Outcome::Success(Self(sites.any(|site| site != "same-origin")))
    }
}

fn is_own(request: &Request<'_>, kit: &Kit) -> bool {
    let headers = request.headers();
    let (site, origin) = (headers.get("Sec-Fetch-Site"), headers.get("Origin"));
    is_from_own_page(site, origin, &kit.settings.origin)
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Session {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Some(kit) = request.rocket().state::<Kit>() else {
            return not_attached();
        };
        // Cached, so that several guards of one request ask once.
        let person = request.local_cache_async(async {
            let jar = Jar::read(request.headers().get("Cookie"));
            kit.person(jar.map_err(|Doubled| Refusal::DoubledCookie)?.session).await
        });
        let person: &Result<Option<Session>, Refusal> = person.await;
        match person {
            Ok(Some(person)) => Outcome::Success(person.clone()),
            Ok(None) => Outcome::Forward(Status::Unauthorized),
            Err(refusal) => Outcome::Error((Status::new(refusal.facts().0), ())),
        }
    }
}

fn not_attached<T>() -> Outcome<T, ()> {
    tracing::error!("a guard of the relying kit is used, but the kit is not attached");
    Outcome::Error((Status::InternalServerError, ()))
}
