//! Where a page of ours may send a person when it is done (`next=`).

use super::client::Client;
use super::operation;
use super::origin::Origin;
use url::Url;

/// A target that was checked: a path of ours, or a registered return URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnTo {
    /// A path of this server, beginning with exactly one slash.
    Path(String),
    /// A page of ours that leads on to a client: that asks for consent to it, authorises it, or
    /// signs out for it.
    Onward {
        /// The path of the page, with its query.
        path: String,
        /// The client's name for people.
        client_name: String,
        /// Where redirects may lead from there.
        onward: Vec<Origin>,
    },
    /// A return URI of a first-party client, as registered.
    Client {
        /// The URI.
        uri: String,
        /// The client's name for people.
        client_name: String,
        /// Where redirects may lead from there: browsers hold a form's `form-action` against
        /// every one that follows.
        onward: Vec<Origin>,
    },
}

const LONGEST: usize = 2_048;
/// Bytes of a path that authorises a client: it carries all that the client has asked for.
const LONGEST_AUTHORIZE: usize = 8_192;
const AUTHORIZE: &str = "/oauth/authorize?";
const LOGOUT: &str = "/oauth/logout?";
const CONSENT: &str = "/consent?";

impl ReturnTo {
    /// Checks `next`: `None` is anything that must not be followed.
    #[must_use]
    pub fn parse(next: &str, issuer: &Origin, clients: &[Client]) -> Option<Self> {
        own_path(next, issuer).map(Self::Path).or_else(|| registered(next, clients))
    }

    /// Checks `next` of a page about one client: a path of ours, but of those that authorise only
    /// such that authorise that very client; or a return URI of that client, whoever it belongs
    /// to, since the person was asked about it by name.
    #[must_use]
    pub fn parse_for(client: &Client, next: &str, issuer: &Origin) -> Option<Self> {
        let registration = &client.registration;
        if registration.return_uris.iter().any(|uri| uri == next) {
            return Some(Self::Client {
                uri: next.to_owned(),
                client_name: registration.client_name.clone(),
                onward: registration.origins.clone(),
            });
        }
        let path = own_path(next, issuer)?;
        if !path.starts_with(AUTHORIZE) {
            return Some(Self::Path(path));
        }
        let is_its_own = client_of(&path).is_some_and(|id| id == registration.client_id);
        is_its_own.then(|| Self::through(client, path, issuer))
    }

    /// A path of ours, as far as [`client_of`] says that it leads on to this client.
    #[must_use]
    pub fn through(client: &Client, path: String, issuer: &Origin) -> Self {
        let registration = &client.registration;
        let onward = if path.starts_with(AUTHORIZE) {
            let asked = once(&path, "redirect_uri");
            let accepted = asked.filter(|uri| registration.accepts_redirect_uri(uri));
            let own = registration.origins.iter().cloned();
            let added = accepted.and_then(|uri| Origin::of_uri(&uri).ok());
            let added = added.filter(|origin| !registration.origins.contains(origin));
            own.chain(added).collect()
        } else if path.starts_with(LOGOUT) {
            let asked = once(&path, "post_logout_redirect_uri");
            let accepted = asked.filter(|uri| registration.post_logout_redirect_uris.contains(uri));
            accepted.and_then(|uri| Origin::of_uri(&uri).ok()).into_iter().collect()
        } else {
            let next = once(&path, "next").unwrap_or_default();
            let next = Self::parse_for(client, &next, issuer);
            next.map(|to| to.onward().to_vec()).unwrap_or_default()
        };
        Self::Onward { path, client_name: registration.client_name.clone(), onward }
    }

    /// Whether it is a path that authorises a client.
    #[must_use]
    pub fn authorizes(&self) -> bool {
        matches!(self, Self::Onward { path, .. } if path.starts_with(AUTHORIZE))
    }

    /// Whether it is a path that signs out for a client.
    #[must_use]
    pub fn signs_out(&self) -> bool {
        matches!(self, Self::Onward { path, .. } if path.starts_with(LOGOUT))
    }

    /// The operation whose page it is, and nothing but that.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        let Self::Path(path) = self else { return None };
        path.strip_prefix(operation::PAGE).filter(|id| operation::is_id(id))
    }

    /// The absolute address to send the person to.
    #[must_use]
    pub fn address(&self, issuer: &Origin) -> String {
        match self {
            Self::Client { uri, .. } => uri.clone(),
            _ => format!("{issuer}{}", self.link()),
        }
    }

    /// The same, as a page of ours links to it.
    #[must_use]
    pub fn link(&self) -> &str {
        match self {
            Self::Path(path) | Self::Onward { path, .. } => path,
            Self::Client { uri, .. } => uri,
        }
    }

    /// The site's name, where it is not this server.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        match self {
            Self::Path(_) => None,
            Self::Onward { client_name, .. } | Self::Client { client_name, .. } => {
                Some(client_name)
            }
        }
    }

    /// The origins that a form's answer may redirect to, beside this server.
    #[must_use]
    pub fn onward(&self) -> &[Origin] {
        match self {
            Self::Path(_) => &[],
            Self::Onward { onward, .. } | Self::Client { onward, .. } => onward,
        }
    }
}

/// The client that a path of ours leads on to. `None` also where it is said twice: such a path is
/// refused by the page that it names.
#[must_use]
pub fn client_of(path: &str) -> Option<String> {
    let leads_on = [AUTHORIZE, LOGOUT, CONSENT].iter().any(|page| path.starts_with(page));
    if leads_on { once(path, "client_id") } else { None }
}

/// The value of a parameter in the query of a path, unless it is there twice.
fn once(path: &str, name: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let mut values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    values.next().filter(|_| values.next().is_none())
}

fn own_path(next: &str, issuer: &Origin) -> Option<String> {
    let printable = next.bytes().all(is_uri_byte);
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let encoded_trick =
        ["%5c", "%2f%2f", "%0", "%1"].iter().any(|t| path.to_lowercase().contains(t));
    let plain = next.starts_with('/') && !path.contains("//") && printable && !encoded_trick;
    let is_long = next.starts_with(AUTHORIZE) || next.starts_with(LOGOUT);
    let longest = if is_long { LONGEST_AUTHORIZE } else { LONGEST };
    if !plain || next.len() > longest {
        return None;
    }
    let base = Url::parse(issuer.as_str()).ok()?;
    let resolved = base.join(next).ok()?;
    (resolved.origin() == base.origin() && !resolved.path().starts_with("//"))
        .then(|| next.to_owned())
}

/// The characters of RFC 3986, without the fragment's `#` and the brackets of addresses.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/?".contains(&byte)
}

fn registered(next: &str, clients: &[Client]) -> Option<ReturnTo> {
    let family: Vec<&Client> =
        clients.iter().filter(|c| c.registration.first_party && c.disabled_at.is_none()).collect();
    let client =
        family.iter().find(|c| c.registration.return_uris.iter().any(|uri| uri == next))?;
    // A site of the family may lead on to another one, as a widget does to the page around it.
    let onward = family.iter().flat_map(|c| c.registration.origins.clone());
    Some(ReturnTo::Client {
        uri: next.to_owned(),
        client_name: client.registration.client_name.clone(),
        onward: onward.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::client::Registration;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn parse(next: &str) -> Option<ReturnTo> {
        let issuer = Origin::parse("https://accounts.example.org").expect("valid");
        let wiki = |first_party, uri: &str| Client {
            registration: Arc::new(Registration {
                first_party,
                return_uris: vec![uri.to_owned()],
                ..Registration::named("wiki", "https://wiki.example.org")
            }),
            ..Client::default()
        };
        let clients = [
            wiki(true, "https://wiki.example.org/sso/return"),
            wiki(false, "https://third.example.net/return"),
        ];
        ReturnTo::parse(next, &issuer, &clients)
    }

    #[test]
    fn paths_of_ours_and_exact_return_uris_are_followed() {
        assert_eq!(parse("/account"), Some(ReturnTo::Path("/account".into())));
        assert!(parse("/consent?client_id=a&next=%2Faccount").is_some());
        assert!(parse("https://wiki.example.org/sso/return").is_some());
    }

    #[test]
    fn everything_else_is_refused() {
        for bad in [
            "",
            "account",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/%5cevil.test",
            "/%5Cx",
            "https://evil.test",
            "https://wiki.example.org/sso/return/",
            "javascript:alert(1)",
            "https://wiki.example.org/sso/return?x=1",
            "https://wiki.example.org@evil.test/",
            "/a\r\nSet-Cookie:x",
            "/\t/evil.test",
            "/a//b",
            "/%2f%2fevil.test",
            "/é",
            "/%0d%0ax",
            "https://third.example.net/return",
            "http://wiki.example.org/sso/return",
            "/ /x",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(3_000))), None);
    }

    #[test]
    fn a_page_about_a_client_returns_to_that_client_only() {
        let issuer = Origin::parse("https://accounts.example.org").expect("valid");
        let mut specs = Client {
            registration: Registration::named("specs", "https://specs.example.net").into(),
            ..Client::default()
        };
        Arc::make_mut(&mut specs.registration).return_uris =
            vec!["https://specs.example.net/return".into()];
        let parse = |next| ReturnTo::parse_for(&specs, next, &issuer);
        assert!(parse("https://specs.example.net/return").is_some() && parse("/account").is_some());
        assert!(parse("https://specs.example.net/").is_none() && parse("//evil.test").is_none());
    }

    #[test]
    fn a_page_about_a_client_authorises_that_client_only() {
        let issuer = Origin::parse("https://accounts.example.org").expect("valid");
        let specs = Client {
            registration: Registration::named("specs", "https://specs.example.net").into(),
            ..Client::default()
        };
        let own = "/oauth/authorize?client_id=specs&state=x";
        let own = ReturnTo::parse_for(&specs, own, &issuer).expect("its own");
        assert!(own.authorizes() && !own.signs_out());
        assert_eq!(own.onward(), specs.registration.origins);
        for other in ["client_id=wiki", "", "client_id=specs&client_id=specs", "Client_id=specs"] {
            let path = format!("/oauth/authorize?{other}");
            assert_eq!(ReturnTo::parse_for(&specs, &path, &issuer), None, "{other}");
        }
    }

    #[test]
    fn the_page_of_an_operation_is_known_by_its_exact_path() {
        let id = "0123456789abcdef0123456789abcdef";
        let operation = |next: &str| parse(next).and_then(|to| to.operation().map(str::to_owned));
        assert_eq!(operation(&format!("/operations/{id}")).as_deref(), Some(id));
        for other in ["/operations/", "/operations", "/account", "/operations/0123"] {
            assert_eq!(operation(other), None, "{other}");
        }
        for more in ["/", "?", "?a=b", "0"] {
            assert_eq!(operation(&format!("/operations/{id}{more}")), None, "{more}");
        }
    }

    proptest! {
        #[test]
        fn a_followed_path_stays_on_our_origin(next in "[/\\\\a-z.%:@?#0-9 \\t]{0,40}") {
            if let Some(ReturnTo::Path(path)) = parse(&next) {
                let url = Url::parse("https://accounts.example.org/signin")?.join(&path)?;
                prop_assert_eq!(url.host_str(), Some("accounts.example.org"));
            }
        }
    }
}
