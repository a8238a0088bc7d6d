//! Web origins, compared exactly as browsers write them (RFC 6454, Fetch).

use serde::{Deserialize, Serialize};
use std::fmt;
use url::{Host, Url};

/// An origin in the one form that browsers send: `https://wiki.example.org`, `http://[::1]:8000`.
/// Plain http is for loopback addresses and `*.localhost` only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Why a text is not an acceptable origin; the message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginError(String);

impl Origin {
    /// Parses an origin that must already be in its canonical form.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = parse_url(text)?;
        let canonical = url.origin().ascii_serialization();
        if canonical != text {
            return Err(OriginError(format!("`{text}` is not an origin; write `{canonical}`")));
        }
        Ok(Self(canonical))
    }

    /// The origin of an absolute URI that [`check_uri`] accepts.
    pub fn of_uri(text: &str) -> Result<Self, OriginError> {
        Ok(Self(parse_url(text)?.origin().ascii_serialization()))
    }

    /// As a browser writes it, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and port, as people read it: `wiki.example.org`, `localhost:8001`.
    #[must_use]
    pub fn site(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, rest)| rest)
    }

    /// Host without port.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(&self.0).ok();
        url.and_then(|u| u.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether it is this machine's own: a loopback address, or a name that always stands for one.
    #[must_use]
    pub fn is_local(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_local(&url))
    }

    /// Whether browsers take the two for one site (HTML, "schemelessly same site" and the same
    /// scheme): then cookies and storage are shared between them in a frame.
    #[must_use]
    pub fn is_same_site(&self, other: &Origin) -> bool {
        let scheme = |o: &Origin| o.0.split_once("://").map(|(s, _)| s.to_owned());
        scheme(self) == scheme(other)
            && registrable_domain(&self.host()) == registrable_domain(&other.host())
    }
}

/// The registrable domain (public suffix and one label), or the host itself where it has none.
fn registrable_domain(host: &str) -> String {
    let is_address = host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    if is_address {
        return host.to_owned();
    }
    psl::domain_str(host).unwrap_or(host).to_owned()
}

/// Checks an absolute http(s) URI for registration: no user, no fragment, plain http only for
/// loopback and `*.localhost`, and written as browsers write it, so that it can be compared
/// exactly later (RFC 9700 §2.1).
pub fn check_uri(text: &str) -> Result<(), OriginError> {
    let url = parse_url(text)?;
    if url.as_str() != text {
        return Err(OriginError(format!("`{text}` is not written in full; write `{url}`")));
    }
    let odd = |part: &str| part.contains(|c| "\"<>[]\\^`{|}".contains(c));
    if odd(url.path()) || url.query().is_some_and(odd) {
        return Err(OriginError(format!("`{text}` has characters that must be percent-encoded")));
    }
    if url.fragment().is_some() {
        return Err(OriginError(format!("`{text}` has a fragment (`#…`), which is not allowed")));
    }
    Ok(())
}

fn parse_url(text: &str) -> Result<Url, OriginError> {
    let fail = |why: &str| Err(OriginError(format!("`{text}` {why}")));
    let Ok(url) = Url::parse(text) else {
        return fail("is not a URL; write something like `https://wiki.example.org`");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return fail("has a user name or password in it, which is not allowed");
    }
    if let Some(Host::Domain(name)) = url.host()
        && !is_host_name(name)
    {
        return fail("has a host name that is none; wildcards are not taken");
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_local(&url) => Ok(url),
        "http" => fail("is plain http, which is for loopback addresses and *.localhost only"),
        _ => fail("must begin with https://"),
    }
}

/// Letters, digits, hyphens and underscores between single dots: nothing that means something in a
/// Content-Security-Policy.
fn is_host_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(good))
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;
    fn try_from(text: String) -> Result<Self, OriginError> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for OriginError {}

/// A page that may stand above a client's own frames: an origin, or every `https:` page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Embedder {
    /// One origin.
    Origin(Origin),
    /// Any page on https, chosen explicitly for a widget that may live anywhere.
    AnyHttps,
}

impl Embedder {
    /// As it is written in configuration and in `frame-ancestors`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Origin(origin) => origin.as_str(),
            Self::AnyHttps => "https:",
        }
    }
}

impl TryFrom<String> for Embedder {
    type Error = OriginError;
    fn try_from(text: String) -> Result<Self, OriginError> {
        if text == "https:" { Ok(Self::AnyHttps) } else { Origin::parse(&text).map(Self::Origin) }
    }
}

impl From<Embedder> for String {
    fn from(embedder: Embedder) -> Self {
        embedder.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn asked_origins_are_compared_exactly() {
        let registered = Origin::parse("https://docs.webplatform.org").expect("valid");
        let vectors = include_str!("../../tests/vectors/origins.txt");
        let rows = vectors.lines().filter(|l| !l.starts_with('#'));
        let mut seen = 0;
        for (asked, accepted) in rows.filter_map(|l| l.split_once('\t')) {
            assert_eq!(registered.as_str() == asked, accepted == "yes", "{asked}");
            seen += 1;
        }
        assert_eq!(seen, 10);
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["http://localhost:8000", "http://a.b.localhost:1", "http://127.0.0.1:80000"] {
            assert_eq!(Origin::parse(good).is_ok(), !good.ends_with("80000"), "{good}");
        }
        assert!(Origin::parse("http://[::1]:8000").is_ok());
        let is_local = |text| Origin::parse(text).is_ok_and(|origin| origin.is_local());
        assert!(is_local("http://[::1]:8000") && is_local("https://bank.localhost"));
        assert!(!is_local("https://bank.example.org") && !is_local("https://10.0.0.1"));
        for bad in ["http://wiki.example.org", "http://localhost.example.org", "ftp://localhost"] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_origin_means_more_than_itself_in_a_policy() {
        for bad in [
            "https://*",
            "https://*.example.org",
            "https://a;sandbox",
            "https://a,b.example",
            "https://'none'",
            "https://example..org",
            "https://.example.org",
        ] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
        assert!(Origin::parse("https://my_wiki.xn--exmple-cua.org").is_ok());
    }

    #[test]
    fn an_error_says_what_to_write() {
        let error = Origin::parse("https://Wiki.example.org:443/").expect_err("not canonical");
        assert!(error.to_string().contains("write `https://wiki.example.org`"), "{error}");
    }

    #[test]
    fn siblings_share_a_registrable_domain_and_a_scheme() {
        let o = |t: &str| Origin::parse(t).expect("valid");
        assert!(
            o("https://accounts.example.co.uk").is_same_site(&o("https://w.example.co.uk:8443"))
        );
        assert!(!o("https://accounts.example.co.uk").is_same_site(&o("https://other.co.uk")));
        let accounts = o("http://accounts.vestibule.localhost:8000");
        assert!(accounts.is_same_site(&o("http://wiki.vestibule.localhost:8001")));
        assert!(!accounts.is_same_site(&o("http://specs.example.localhost:8005")));
        assert!(!o("http://127.0.0.1:1").is_same_site(&o("http://127.0.0.2:1")));
    }

    #[test]
    fn uris_for_registration_are_written_in_full() {
        assert!(check_uri("https://wiki.example.org/sso/return").is_ok());
        for bad in [
            "https://wiki.example.org/a/../b",
            "https://wiki.example.org/#x",
            "/x",
            "https://alice@wiki.example.org/",
            "javascript:alert(1)",
            "https://wiki.example.org",
        ] {
            assert!(check_uri(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_is_what_was_written(text in "\\PC{0,60}") {
            if let Ok(origin) = Origin::parse(&text) {
                prop_assert_eq!(origin.as_str(), text.as_str());
            }
            let _ = check_uri(&text);
        }
    }
}
