//! Of which origin the page is that makes a call.

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

use crate::domain::client::Registration;

/// What the `Origin` of a request says. Only browsers are bound to tell the truth; a call is never
/// let through by this alone.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Nothing: it is no page of another origin.
    Unsaid,
    /// This, whatever it is.
    Page(String),
    /// More than one thing.
    Doubled,
}

impl Caller {
    /// The one origin that is said, if it is the client's.
    #[must_use]
    pub fn page_of(&self, client: &Registration) -> Option<&str> {
        match self {
            Self::Page(origin) if client.has_origin(origin) => Some(origin),
            _ => None,
        }
    }

    /// Whether it can be a page of the client, or no page at all.
    #[must_use]
    pub fn may_be_of(&self, client: &Registration) -> bool {
        matches!(self, Self::Unsaid) || self.page_of(client).is_some()
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let mut origins = request.headers().get("Origin");
        Outcome::Success(match (origins.next(), origins.next()) {
            (None, _) => Self::Unsaid,
            (Some(origin), None) => Self::Page(origin.to_owned()),
            _ => Self::Doubled,
        })
    }
}
