//! One random id for each request: in the log, in the answer's header, on error pages.

use rocket::fairing::{Fairing, Info, Kind};
use rocket::http::Header;
use rocket::{Data, Request, Response};
use std::fmt;
use std::time::Instant;

use crate::random;

/// The id of a request: 32 hex characters.
#[derive(Clone, Debug)]
pub struct RequestId {
    id: String,
    began: Instant,
}

impl RequestId {
    /// The id of this request, made when it is first asked for.
    #[must_use]
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(|| Self { id: random::id(), began: Instant::now() })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Gives every request its id and writes a line in the log for each answer. Neither the query nor
/// a header is written: they may hold what is nobody's business.
pub struct RequestLog;

#[rocket::async_trait]
impl Fairing for RequestLog {
    fn info(&self) -> Info {
        Info { name: "request log", kind: Kind::Request | Kind::Response }
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        let _ = RequestId::of(request);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let id = RequestId::of(request);
        tracing::info!(
            target: "vestibule::request",
            request_id = %id,
            method = %request.method(),
            // The route's pattern, so that ids in paths are not written either.
            route = request.route().map_or("-", |route| route.uri.as_str()),
            status = response.status().code,
            micros = u64::try_from(id.began.elapsed().as_micros()).unwrap_or(u64::MAX),
        );
        response.set_header(Header::new("X-Request-Id", id.id.clone()));
    }
}
