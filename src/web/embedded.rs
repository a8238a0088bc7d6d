//! What pages of ours that other sites frame have in common: the bridge and the callback pages.

use rocket::http::Header;
use rocket::request::Request;
use rocket::response::{self, Responder, Response};

/// An answer with the headers that pages in frames of other sites need.
pub struct Embedded<T>(pub T);

impl<'r, T: Responder<'r, 'static>> Responder<'r, 'static> for Embedded<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Response::build_from(self.0.respond_to(request)?)
            // A page with COEP can frame it, and costs nobody else anything.
            .header(Header::new("Cross-Origin-Embedder-Policy", "require-corp"))
            .header(Header::new("Cross-Origin-Resource-Policy", "cross-origin"))
            .header(Header::new("Vary", "Sec-Fetch-Dest, Sec-Fetch-Site"))
            .header(Header::new("Referrer-Policy", "strict-origin"))
            .ok()
    }
}
