//! Pages and redirects that may stand in a window which a client's page has opened.

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;
use std::sync::OnceLock;

/// An answer that can stand in such a window: it is sent `Cross-Origin-Opener-Policy: unsafe-none`,
/// and so are its errors. To be the first guard of its route: what fails before is not known by it.
#[derive(Debug)]
pub struct InPopup;

impl InPopup {
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
impl<'r> FromRequest<'r> for InPopup {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        request.local_cache(Slot::default).0.get_or_init(|| ());
        Outcome::Success(Self)
    }
}
