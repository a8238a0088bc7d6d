//! Where a request comes from, by what browsers say and scripts cannot forge (Fetch Metadata).

use rocket::http::HeaderMap;
use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

use crate::web::app::App;
use crate::web::error::Problem;

/// A request that one of our own pages made. Siblings are not trusted, and SameSite does not
/// hold them back: `same-site` is refused like `cross-site`.
#[derive(Debug)]
pub struct SameOrigin;

/// A call of the bridge's own script: as [`SameOrigin`], without the fallback for browsers that
/// send no `Sec-Fetch-Site`, none of which can run it.
#[derive(Debug)]
pub struct BridgeCall;

/// Whether a page of ours leads here, or none does: no other site has set it off by a link. Refuses
/// nothing. Browsers that send no `Sec-Fetch-Site` say nothing else with a `GET` either.
#[derive(Debug)]
pub struct Unprompted(pub bool);

/// A page that is not shown in a frame: no page with anything to click can be framed.
#[derive(Debug)]
pub struct Unframed;

/// The address is opened as the page of a window, and so to be seen: no frame, picture, script or call asks
/// for it, and nothing asks ahead of time. For pages that do something by being opened.
#[derive(Debug)]
pub struct Opened;

/// The one value of a header; `Err` when it is there twice.
pub(super) fn only<'h>(headers: &'h HeaderMap<'_>, name: &str) -> Result<Option<&'h str>, ()> {
    let mut values = headers.get(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(()),
    }
}

/// Whether an unsafe request may act by a cookie: `Sec-Fetch-Site: same-origin`; where that is
/// absent, an `Origin` of exactly ours; with both absent, not.
fn is_ours(headers: &HeaderMap<'_>, issuer: &str) -> bool {
    match (only(headers, "Sec-Fetch-Site"), only(headers, "Origin")) {
        (Ok(Some(site)), Ok(_)) => site == "same-origin",
        (Ok(None), Ok(Some(origin))) => origin == issuer,
        _ => false,
    }
}

fn outcome<T>(good: bool, guard: T, request: &Request<'_>, text: &str) -> Outcome<T, ()> {
    if good {
        return Outcome::Success(guard);
    }
    Outcome::Error((Problem::forbidden(text).leave(request), ()))
}

const FOREIGN: &str =
    "This can only be sent from a page of this site. Open the page and try again.";

#[rocket::async_trait]
impl<'r> FromRequest<'r> for SameOrigin {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let issuer = request.rocket().state::<App>().map(|app| app.issuer.as_str());
        let good = issuer.is_some_and(|issuer| is_ours(request.headers(), issuer));
        outcome(good, Self, request, FOREIGN)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for BridgeCall {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let good = only(request.headers(), "Sec-Fetch-Site") == Ok(Some("same-origin"));
        outcome(good, Self, request, FOREIGN)
    }
}

fn is_unprompted(headers: &HeaderMap<'_>) -> bool {
    matches!(only(headers, "Sec-Fetch-Site"), Ok(Some("same-origin" | "none")))
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Unprompted {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(is_unprompted(request.headers())))
    }
}

/// Whether a frame asks.
pub fn is_framed(headers: &HeaderMap<'_>) -> bool {
    let framed = |dest: &str| matches!(dest, "iframe" | "frame" | "embed" | "object");
    headers.get("Sec-Fetch-Dest").any(framed)
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Unframed {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(
            !is_framed(request.headers()),
            Self,
            request,
            "This page is not shown inside another page. Open it by itself.",
        )
    }
}

/// Browsers that send no `Sec-Fetch-Dest` say nothing else either.
fn is_opened(headers: &HeaderMap<'_>) -> bool {
    let destination = only(headers, "Sec-Fetch-Dest");
    matches!(destination, Ok(None | Some("document"))) && !headers.contains("Sec-Purpose")
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Opened {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        outcome(
            is_opened(request.headers()),
            Self,
            request,
            "This page is only opened in a window of its own. Open it by itself.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocket::http::Header;

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap<'static> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.add(Header::new(*name, *value));
        }
        map
    }

    fn is_ours_with(headers: &[(&'static str, &'static str)]) -> bool {
        is_ours(&map(headers), "https://accounts.example.org")
    }

    #[test]
    fn a_link_on_another_site_sets_nothing_off() {
        let site = |site| ("Sec-Fetch-Site", site);
        assert!(is_unprompted(&map(&[site("same-origin")])));
        assert!(is_unprompted(&map(&[site("none")])));
        for other in ["same-site", "cross-site", "", "None"] {
            assert!(!is_unprompted(&map(&[site(other)])), "{other}");
        }
        assert!(!is_unprompted(&map(&[])));
        assert!(!is_unprompted(&map(&[site("none"), site("none")])));
    }

    #[test]
    fn a_page_is_opened_by_a_window_and_nothing_else() {
        let dest = |dest| ("Sec-Fetch-Dest", dest);
        assert!(is_opened(&map(&[])));
        assert!(is_opened(&map(&[dest("document")])));
        for other in
            ["iframe", "frame", "embed", "object", "image", "script", "empty", "", "Document"]
        {
            assert!(!is_opened(&map(&[dest(other)])), "{other}");
        }
        assert!(!is_opened(&map(&[dest("document"), dest("document")])));
        assert!(!is_opened(&map(&[dest("document"), ("Sec-Purpose", "prefetch")])));
    }

    #[test]
    fn only_our_own_pages_may_act_by_a_cookie() {
        let ours = ("Origin", "https://accounts.example.org");
        assert!(is_ours_with(&[("Sec-Fetch-Site", "same-origin")]));
        assert!(is_ours_with(&[ours]));
        for site in ["same-site", "cross-site", "none", "", "Same-Origin"] {
            assert!(!is_ours_with(&[("Sec-Fetch-Site", site), ours]), "{site}");
        }
        assert!(!is_ours_with(&[]));
        assert!(!is_ours_with(&[("Origin", "null")]));
        assert!(!is_ours_with(&[("Origin", "https://wiki.example.org")]));
        assert!(!is_ours_with(&[ours, ours]));
        let site = ("Sec-Fetch-Site", "same-origin");
        assert!(!is_ours_with(&[site, ("Sec-Fetch-Site", "cross-site")]));
    }
}
