//! Calls of scripts whose paths lie among those of pages.

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;
use std::sync::OnceLock;

/// A route whose errors are JSON although it lies among pages. To be the first guard of its route.
#[derive(Debug)]
pub struct ForScripts;

impl ForScripts {
    /// Whether the route of this request has said so.
    #[must_use]
    pub fn is_answered(request: &Request<'_>) -> bool {
        request.local_cache(Slot::default).0.get().is_some()
    }
}

/// Left with the request.
#[derive(Default)]
struct Slot(OnceLock<()>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for ForScripts {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        request.local_cache(Slot::default).0.get_or_init(|| ());
        Outcome::Success(Self)
    }
}
