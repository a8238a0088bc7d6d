//! Frames that the person has granted storage access before, but whose request goes without cookies
//! (Storage Access Headers).

use rocket::http::{HeaderMap, Method};
use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

use super::fetch_metadata::{is_framed, only};
use crate::domain::client::Registration;

/// The page that framed what is asked for, if the browser would send the cookies as soon as we
/// say that they are of use.
#[derive(Debug)]
pub struct Inactive(Option<String>);

/// The origin that a frame's request names, if it says `inactive`. A form's body would not be sent
/// again, so that only `GET` counts.
fn framing_page(method: Method, headers: &HeaderMap<'_>) -> Option<String> {
    let is_inactive = only(headers, "Sec-Fetch-Storage-Access") == Ok(Some("inactive"));
    let origin = only(headers, "Origin").ok().flatten();
    let counts = method == Method::Get && is_framed(headers) && is_inactive;
    origin.filter(|_| counts).map(str::to_owned)
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Inactive {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(framing_page(request.method(), request.headers())))
    }
}

impl Inactive {
    /// The value of `Activate-Storage-Access` that has the browser ask again, now with its cookies:
    /// for a page that may stand above the client's frames, and for nobody else.
    #[must_use]
    pub fn retry(&self, client: &Registration) -> Option<String> {
        let origin = self.0.as_deref().filter(|origin| client.may_embed(origin))?;
        Some(format!("retry; allowed-origin=\"{origin}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::origin::Embedder;
    use rocket::http::Header;

    const WIKI: &str = "https://wiki.example.org";

    fn asked_with(method: Method, headers: &[(&'static str, &'static str)]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.add(Header::new(*name, *value));
        }
        framing_page(method, &map)
    }

    #[test]
    fn only_a_frame_that_could_have_its_cookies_is_told_to_ask_again() {
        let (frame, origin) = (("Sec-Fetch-Dest", "iframe"), ("Origin", WIKI));
        let inactive = ("Sec-Fetch-Storage-Access", "inactive");
        let good = [frame, origin, inactive];
        assert_eq!(asked_with(Method::Get, &good).as_deref(), Some(WIKI));
        assert_eq!(asked_with(Method::Post, &good), None);
        for status in ["none", "active", "Inactive", "", "inactive, inactive"] {
            let other = [frame, origin, ("Sec-Fetch-Storage-Access", status)];
            assert_eq!(asked_with(Method::Get, &other), None, "{status}");
        }
        for left_out in 0..good.len() {
            let some: Vec<_> =
                (0..good.len()).filter(|i| *i != left_out).map(|i| good[i]).collect();
            assert_eq!(asked_with(Method::Get, &some), None, "without {left_out}");
            let doubled: Vec<_> = good.iter().copied().chain([good[left_out]]).collect();
            let stays = good[left_out] == frame;
            assert_eq!(asked_with(Method::Get, &doubled).is_some(), stays, "twice {left_out}");
        }
        assert_eq!(
            asked_with(Method::Get, &[("Sec-Fetch-Dest", "document"), origin, inactive]),
            None
        );
    }

    #[test]
    fn nothing_of_a_foreign_origin_comes_into_the_header() {
        let mut client = Registration::named("wiki", WIKI);
        let retry =
            |client: &Registration, origin: &str| Inactive(Some(origin.into())).retry(client);
        let expected = "retry; allowed-origin=\"https://wiki.example.org\"";
        assert_eq!(retry(&client, WIKI).as_deref(), Some(expected));
        assert_eq!(Inactive(None).retry(&client), None);
        client.embedders = vec![Embedder::AnyHttps];
        assert!(retry(&client, "https://anywhere.example").is_some());
        for bad in
            ["null", "*", "", "http://anywhere.example", "https://a\"; b", "https://a.example/"]
        {
            assert_eq!(retry(&client, bad), None, "{bad}");
        }
    }
}
