//! What a route says of itself, for those who finish its answer, also when it fails.

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::OnceLock;

/// A guard that refuses nothing and leaves a mark with the request. To be the first guard of its
/// route: what fails before is not known by it.
#[derive(Debug)]
pub struct Mark<T>(PhantomData<T>);

impl<T: Send + Sync + 'static> Mark<T> {
    /// Whether the route of this request has said so.
    #[must_use]
    pub fn is_answered(request: &Request<'_>) -> bool {
        request.local_cache(Slot::<T>::new).0.get().is_some()
    }
}

/// Left with the request: one for each kind of mark.
struct Slot<T>(OnceLock<()>, PhantomData<T>);

impl<T> Slot<T> {
    fn new() -> Self {
        Self(OnceLock::new(), PhantomData)
    }
}

#[rocket::async_trait]
impl<'r, T: Send + Sync + 'static> FromRequest<'r> for Mark<T> {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        request.local_cache(Slot::<T>::new).0.get_or_init(|| ());
        Outcome::Success(Self(PhantomData))
    }
}
