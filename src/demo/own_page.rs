//! The check that a request comes from a page of the site itself, for sites without the kit.

use super::shell::Shell;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};

/// To be taken by every handler that changes something or hands something out, as
/// [`crate::relying::SameOrigin`] is elsewhere: siblings are not trusted, and `SameSite` cookies do
/// not protect from them.
pub(super) struct FromOwnPage(());

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FromOwnPage {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let origin = request.rocket().state().map_or("", |shell: &Shell| shell.origin.as_str());
        let headers = request.headers();
        let sites: Vec<_> = headers.get("Sec-Fetch-Site").collect();
        let origins: Vec<_> = headers.get("Origin").collect();
        if is_own(&sites, &origins, origin) {
            Outcome::Success(Self(()))
        } else {
            Outcome::Error((Status::Forbidden, ()))
        }
    }
}

/// `Sec-Fetch-Site` decides; a browser too old to send it sends `Origin`. Neither means no.
fn is_own(sites: &[&str], origins: &[&str], own: &str) -> bool {
    match sites {
        [] => !own.is_empty() && origins == [own],
        sites => sites == ["same-origin"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_the_site_itself_passes() {
        let own = "https://shop.example.org";
        assert!(is_own(&["same-origin"], &[own], own) && is_own(&["same-origin"], &[], own));
        assert!(is_own(&[], &[own], own));
        for sites in [&["same-site"][..], &["cross-site"], &["none"], &[""], &["same-origin"; 2]] {
            assert!(!is_own(sites, &[own], own), "{sites:?}");
        }
        for origins in [&[][..], &["null"], &["https://pay.example.org"], &[own, own]] {
            assert!(!is_own(&[], origins, own), "{origins:?}");
        }
        assert!(!is_own(&[], &[""], ""));
    }
}
