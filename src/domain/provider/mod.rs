//! OpenID providers that this server is a client of: what is registered about each.

mod algorithm;
mod key;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::origin::{Origin, check_uri};

pub use self::algorithm::Algorithm;
pub use self::key::ClientKey;

/// Our own names of what a provider may tell about a person.
pub const MEMBERS: [&str; 5] = ["name", "given_name", "family_name", "birthdate", "personal_id"];

/// A provider, and this server as its client.
#[derive(Clone)]
pub struct Provider {
    /// Our name for it, which stands in its return URI.
    pub id: String,
    /// The name that people are shown.
    pub name: String,
    /// As its discovery document and its tokens write it.
    pub issuer: Issuer,
    /// Our name there.
    pub client_id: String,
    /// How we prove to be that client.
    pub credential: Credential,
    /// What is asked for.
    pub scope: String,
    /// The `acr` of an answer must be one of these; none: any will do.
    pub acr_values: Vec<String>,
    /// What a proof of it is worth, in the operator's words.
    pub level: String,
    /// The only algorithms that its id tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Our member → their claim. Nothing else is kept.
    pub claims: BTreeMap<String, String>,
    /// How many seconds ago the person may have signed in there when asked.
    pub max_age: u32,
}

/// How this server proves who it is at a token endpoint.
#[derive(Clone)]
pub enum Credential {
    /// `client_secret_basic`, or `client_secret_post` where the provider knows only that.
    Secret(Arc<Zeroizing<String>>),
    /// `private_key_jwt`.
    Key(Arc<ClientKey>),
}

impl Credential {
    /// A secret as the provider gave it, of whatever length.
    #[must_use]
    pub fn secret(text: String) -> Self {
        Self::Secret(Arc::new(Zeroizing::new(text)))
    }
}

/// The issuer of a provider: an https address (plain http on this machine only) without a query,
/// compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    origin: Origin,
}

impl Issuer {
    /// Parses one that is written as browsers write addresses; a slash at the end counts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_origin = Origin::parse(text).is_ok();
        if !is_origin {
            check_uri(text).map_err(|error| error.to_string())?;
        }
        if text.contains('?') {
            return Err(format!("`{text}` has a query (`?…`), which an issuer has not"));
        }
        let origin = Origin::of_uri(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), origin })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where its discovery document is (OpenID Connect Discovery 1.0 §4).
    #[must_use]
    pub fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.text.trim_end_matches('/'))
    }

    /// Whether an address that its discovery document gives may be called or opened: plain http
    /// only if the issuer is on plain http itself, and this machine only if it is here itself.
    #[must_use]
    pub fn may_have(&self, endpoint: &str) -> bool {
        let Ok(origin) = Origin::of_uri(endpoint) else {
            return false;
        };
        let is_plain = |origin: &Origin| origin.as_str().starts_with("http:");
        let is_as_safe = !is_plain(&origin) || is_plain(&self.origin);
        let is_as_near = !origin.is_local() || self.origin.is_local();
        is_as_safe && is_as_near && !endpoint.contains('#')
    }
}

/// Whether a text can be a provider's id: it is a segment of a path.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(good)
}

/// Shows which provider it is, and no secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("id", &self.id)
            .field("issuer", &self.issuer.as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(…)",
            Self::Key(_) => "Key(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_without_query_or_fragment() {
        for good in [
            "https://bank.example.org",
            "https://bank.example.org/",
            "https://login.example.org/tenant/v2.0",
            "http://bank.example.localhost:8006",
            "http://127.0.0.1:8006/op",
        ] {
            assert_eq!(Issuer::parse(good).map(|i| i.as_str().to_owned()).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "bank.example.org",
            "http://bank.example.org",
            "https://Bank.example.org",
            "https://bank.example.org:443",
            "https://bank.example.org/?a=b",
            "https://bank.example.org/#a",
            "https://alice@bank.example.org/",
            "ftp://bank.example.org/",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_discovery_document_is_below_the_issuer() {
        let discovery = |text| Issuer::parse(text).expect("an issuer").discovery();
        let below = "/.well-known/openid-configuration";
        for (issuer, place) in [
            ("https://bank.example.org", "https://bank.example.org"),
            ("https://bank.example.org/", "https://bank.example.org"),
            ("https://bank.example.org/a/b", "https://bank.example.org/a/b"),
            ("https://bank.example.org/a/", "https://bank.example.org/a"),
        ] {
            assert_eq!(discovery(issuer), format!("{place}{below}"));
        }
    }

    #[test]
    fn an_endpoint_is_as_safe_and_as_far_away_as_the_issuer() {
        let far = Issuer::parse("https://bank.example.org").expect("an issuer");
        let near = Issuer::parse("https://bank.localhost").expect("an issuer");
        let plain = Issuer::parse("http://bank.localhost:8006").expect("an issuer");
        for (endpoint, by_far, by_near, by_plain) in [
            ("https://bank.example.org/token", true, true, true),
            ("https://token.example.net/a?b=c", true, true, true),
            ("https://localhost/token", false, true, true),
            ("https://127.0.0.1/token", false, true, true),
            ("https://[::1]/token", false, true, true),
            ("http://bank.localhost:8006/token", false, false, true),
            ("http://127.0.0.1:8000/", false, false, true),
            ("http://bank.example.org/token", false, false, false),
            ("http://169.254.169.254/latest", false, false, false),
            ("https://a:b@bank.example.org/token", false, false, false),
            ("https://bank.example.org/token#a", false, false, false),
            ("javascript:alert(1)", false, false, false),
            ("file:///etc/passwd", false, false, false),
            ("/token", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(far.may_have(endpoint), by_far, "{endpoint}");
            assert_eq!(near.may_have(endpoint), by_near, "{endpoint}");
            assert_eq!(plain.may_have(endpoint), by_plain, "{endpoint}");
        }
    }

    #[test]
    fn an_id_can_stand_in_a_path() {
        for good in ["bank", "b", "bank-2", &"a".repeat(32)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "Bank", "bank/", "bank_2", "bänk", ".", &"a".repeat(33)] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let credential = Credential::secret("hunter2".into());
        assert_eq!(format!("{credential:?}"), "Secret(…)");
    }
}
