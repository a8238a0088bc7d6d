//! Whom an access token is for.

use std::collections::BTreeSet;
use std::fmt;
use url::Url;

use super::client::Registration;
use super::origin::Origin;

/// Client ids and resource URIs; empty means the issuer alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience(BTreeSet<String>);

impl Audience {
    /// These names.
    pub fn of(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// As it is stored: names separated by spaces, which no name has.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::of(text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned))
    }

    /// Whether it is for the issuer alone: userinfo and `/v1/profile`.
    #[must_use]
    pub fn is_issuer(&self) -> bool {
        self.0.is_empty()
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether every name is registered for a client to aim tokens at.
    #[must_use]
    pub fn is_registered_for(&self, registration: &Registration) -> bool {
        self.0.iter().all(|name| registration.audiences.contains(name))
    }

    /// What a token gets that is derived from this one: the same when nothing is asked, else what
    /// is asked, if that is no more. `None` when it is.
    #[must_use]
    pub fn narrowed_to(&self, asked: &Audience) -> Option<Audience> {
        if asked.is_issuer() {
            return Some(self.clone());
        }
        asked.0.is_subset(&self.0).then(|| asked.clone())
    }

    /// Whether a client is meant: by its id, or by a resource on one of its origins.
    #[must_use]
    pub fn includes(&self, registration: &Registration) -> bool {
        let is_its_own = |name: &String| {
            *name == registration.client_id
                || Origin::of_uri(name).is_ok_and(|origin| registration.origins.contains(&origin))
        };
        self.0.iter().any(is_its_own)
    }
}

/// Whether a text can be a `resource`: an absolute URI without a fragment (RFC 8707 §2).
#[must_use]
pub fn is_resource(text: &str) -> bool {
    let printable = text.bytes().all(|b| b.is_ascii_graphic());
    printable && Url::parse(text).is_ok_and(|url| url.fragment().is_none())
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.write_str(&names.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        assert!(is_resource("https://api.example.org/pay?x=1"));
        for bad in ["", "pay", "/pay", "https://api.example.org/#", "https://a.example/ b"] {
            assert!(!is_resource(bad), "{bad}");
        }
    }

    #[test]
    fn a_client_is_meant_by_id_or_by_a_resource_on_its_origin() {
        let pay = Registration::named("pay", "https://pay.example.org");
        for (audience, meant) in [
            ("pay", true),
            ("shop pay", true),
            ("https://pay.example.org/v1", true),
            ("https://pay.example.org.evil.example/", false),
            ("payer", false),
            ("", false),
        ] {
            assert_eq!(Audience::parse(audience).includes(&pay), meant, "{audience}");
        }
    }

    #[test]
    fn an_audience_is_never_widened() {
        let (both, one) = (Audience::parse("a b"), Audience::parse("a"));
        assert_eq!(both.narrowed_to(&one), Some(one.clone()));
        assert_eq!(one.narrowed_to(&both), None);
        assert_eq!(one.narrowed_to(&Audience::default()), Some(one));
    }
}
