//! `HEAD`, where a `GET` does something: whoever tries out a link must send nobody anywhere, use nothing
//! up, and get no cookie. The framework would take it for the `GET`.

use rocket::head;
use rocket::http::Status;

use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::Unframed;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::guard::popup::InPopup;
use crate::web::oauth::CorsWithCookies;

#[head("/identification/monitor")]
pub(super) fn monitor(_script: ForScripts, _cors: CorsWithCookies) -> Problem {
    refused("GET")
}

#[head("/identification/start")]
pub(super) fn start(_popup: InPopup, _page: Unframed) -> Problem {
    refused("GET, POST")
}

#[head("/identification/return/<_>")]
pub(super) fn come_back(_popup: InPopup, _page: Unframed) -> Problem {
    refused("GET")
}

/// RFC 9110 §15.5.6.
fn refused(allowed: &'static str) -> Problem {
    let text = "There is nothing to look at without doing it.";
    Problem::new(Status::MethodNotAllowed, "invalid_request", text).with_header("Allow", allowed)
}
