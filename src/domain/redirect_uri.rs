//! Which redirect URIs a client may use: those it registered, exactly (RFC 9700 §2.1). A program
//! on the person's own machine listens at whatever port is free: of a public client's loopback
//! URIs the port is not compared (RFC 8252 §7.3).

use super::client::Registration;
use super::origin::Origin;

impl Registration {
    /// Whether an answer may be sent to this URI. Compared as text: nothing is decoded, nothing
    /// is normalised.
    #[must_use]
    pub fn accepts_redirect_uri(&self, uri: &str) -> bool {
        let asked = Loopback::parse(uri).filter(|_| self.is_public());
        let same = |registered: &String| {
            registered == uri || asked.is_some() && Loopback::parse(registered) == asked
        };
        self.redirect_uris.iter().any(same)
    }

    /// The first origin that answers are sent to, if not on the person's own machine.
    pub(super) fn redirect_origin(&self) -> Option<Origin> {
        let mut elsewhere = self.redirect_uris.iter().filter(|uri| Loopback::parse(uri).is_none());
        elsewhere.find_map(|uri| Origin::of_uri(uri).ok())
    }

    /// Where people find it: `wiki.example.org`. A program on their own machine has no such place.
    #[must_use]
    pub fn site(&self) -> Option<String> {
        let own = self.origins.first().cloned();
        let origin = own.or_else(|| self.redirect_origin());
        origin.map(|origin| origin.site().to_owned())
    }
}

/// An `http` URI of this machine, without its port.
#[derive(Debug, PartialEq, Eq)]
struct Loopback<'a> {
    host: &'a str,
    path_and_query: &'a str,
}

const HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

impl<'a> Loopback<'a> {
    fn parse(uri: &'a str) -> Option<Self> {
        let rest = uri.strip_prefix("http://")?;
        let (authority, path_and_query) = rest.split_at(rest.find('/')?);
        let host = HOSTS.into_iter().find(|host| authority.starts_with(host))?;
        let port = &authority[host.len()..];
        (port.is_empty() || is_port(port)).then_some(Self { host, path_and_query })
    }
}

/// `:1` to `:65535`, in one way only.
fn is_port(text: &str) -> bool {
    let port = text.strip_prefix(':').and_then(|digits| digits.parse::<u16>().ok());
    port.is_some_and(|port| port > 0 && text == format!(":{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::{Host, Url};

    const REGISTERED: [&str; 5] = [
        "https://app.example.org/callback",
        "http://127.0.0.1/callback",
        "http://[::1]/callback?a=b",
        "http://localhost:4000/",
        "http://app.localhost:3000/callback",
    ];

    const LOOK_ALIKES: [&str; 101] = [
        // another host
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1.evil.example:80/callback",
        "http://127.0.0.1:80.evil.example/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1#@evil.example/callback",
        "http://127.0.0.1?@evil.example/callback",
        "http://127.0.0.1\\@evil.example/callback",
        "http://127.0.0.1\\.evil.example/callback",
        "http://localhost.evil.example/",
        "http://localhostevil.example/",
        "http://evil.example/127.0.0.1/callback",
        "http://[::1].evil.example/callback?a=b",
        // another way to write the host
        "http://127.1/callback",
        "http://127.0.1/callback",
        "http://2130706433/callback",
        "http://0x7f.0.0.1/callback",
        "http://0x7f000001/callback",
        "http://0177.0.0.1/callback",
        "http://127.0.0.01/callback",
        "http://127.0.0.1./callback",
        "http://127.0.0.2/callback",
        "http://0.0.0.0/callback",
        "http://[::]/callback?a=b",
        "http://[0:0:0:0:0:0:0:1]/callback?a=b",
        "http://[::0001]/callback?a=b",
        "http://[::ffff:127.0.0.1]/callback",
        "http://[::1%25lo]/callback?a=b",
        "http://::1/callback?a=b",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://127%2e0.0.1/callback",
        "http://loc%61lhost/",
        "http://127。0。0。1/callback",
        "http://①27.0.0.1/callback",
        // one registered host for another
        "http://localhost/callback",
        "http://127.0.0.1/",
        "http://[::1]/callback",
        "http://app.localhost:3001/callback",
        "http://app.localhost/callback",
        // a user
        "http://alice@127.0.0.1/callback",
        "http://alice:secret@127.0.0.1:80/callback",
        "http://@127.0.0.1/callback",
        "http://127.0.0.1:@127.0.0.1/callback",
        // another scheme
        "https://127.0.0.1/callback",
        "HTTP://127.0.0.1/callback",
        "Http://127.0.0.1:80/callback",
        "ws://127.0.0.1/callback",
        "//127.0.0.1/callback",
        "http:/127.0.0.1/callback",
        "http:///127.0.0.1/callback",
        "http:127.0.0.1/callback",
        "http:\\\\127.0.0.1/callback",
        "javascript:http://127.0.0.1/callback",
        // a port that is none, or another way to write it
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:00080/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:-80/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:99999999999999999999/callback",
        "http://127.0.0.1:8o/callback",
        "http://127.0.0.1:80:80/callback",
        "http://127.0.0.1: 80/callback",
        "http://127.0.0.1:٨٠/callback",
        "http://127.0.0.1:%38%30/callback",
        "http://127.0.0.1:*/callback",
        // another path, query or fragment
        "http://127.0.0.1",
        "http://127.0.0.1:80",
        "http://127.0.0.1:80callback",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80//callback",
        "http://127.0.0.1:80/./callback",
        "http://127.0.0.1:80/x/../callback",
        "http://127.0.0.1:80/x/%2e%2e/callback",
        "http://127.0.0.1:80/%63allback",
        "http://127.0.0.1:80/callbacK",
        "http://127.0.0.1:80/callback2",
        "http://127.0.0.1:80/callback%00",
        "http://127.0.0.1:80/callback#",
        "http://127.0.0.1:80/callback#x",
        "http://127.0.0.1:80/callback?",
        "http://127.0.0.1:80/callback?x=y",
        "http://127.0.0.1:80/callback;x",
        "http://127.0.0.1:80\\callback",
        "http://127.0.0.1:80/\\callback",
        "http://[::1]:80/callback?a=b&c=d",
        // white space
        " http://127.0.0.1/callback",
        "http://127.0.0.1/callback ",
        "http://127.0.0.1\t/callback",
        "ht\ntp://127.0.0.1/callback",
        "http://127.0.0.1/callback\r\nX: y",
        // and of the one that is no loopback
        "https://app.example.org:443/callback",
        "https://app.example.org:8443/callback",
        "https://app.example.org/callback/",
        "https://app.example.org/callback?",
        "https://APP.example.org/callback",
        "https://app.example.org@evil.example/callback",
        "https://*.example.org/callback",
        "",
    ];

    fn client(method: &str) -> Registration {
        Registration {
            token_endpoint_auth_method: method.to_owned(),
            redirect_uris: REGISTERED.map(str::to_owned).to_vec(),
            ..Registration::named("app", "https://app.example.org")
        }
    }

    #[test]
    fn what_is_registered_is_accepted_exactly() {
        for uri in REGISTERED {
            assert!(client("none").accepts_redirect_uri(uri), "{uri}");
            assert!(client("client_secret_basic").accepts_redirect_uri(uri), "{uri}");
        }
        assert!(!Registration::default().accepts_redirect_uri(""));
    }

    #[test]
    fn a_public_client_on_this_machine_has_any_port() {
        for uri in [
            "http://127.0.0.1:1/callback",
            "http://127.0.0.1:80/callback",
            "http://127.0.0.1:65535/callback",
            "http://[::1]:51234/callback?a=b",
            "http://localhost/",
            "http://localhost:4001/",
        ] {
            assert!(client("none").accepts_redirect_uri(uri), "{uri}");
            for confidential in ["client_secret_basic", "client_secret_post"] {
                assert!(!client(confidential).accepts_redirect_uri(uri), "{uri}");
            }
        }
    }

    #[test]
    fn nothing_that_only_looks_like_it_is_accepted() {
        for uri in LOOK_ALIKES {
            assert!(!client("none").accepts_redirect_uri(uri), "{uri}");
            assert!(!client("client_secret_basic").accepts_redirect_uri(uri), "{uri}");
        }
    }

    /// URIs of which most parts are right.
    fn near() -> impl Strategy<Value = String> {
        let host = prop_oneof![
            5 => "localhost|127\\.0\\.0\\.1|\\[::1\\]",
            1 => "(localhost|127\\.(0\\.0\\.)?1|\\[::1\\]|evil\\.example|[@:.\\\\#?a1]{1,4}){1,2}",
        ];
        let port = prop_oneof![3 => ":[1-9][0-9]{0,3}", 1 => "(:[0-9]{0,6})?"];
        let rest = prop_oneof![
            5 => "/|/callback|/callback\\?a=b",
            1 => "[/\\\\?#]{0,2}(callback|\\.\\.)?[/?#a=b%2e]{0,4}",
        ];
        (host, port, rest).prop_map(|(host, port, rest)| format!("http://{host}{port}{rest}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn only_the_port_differs(near in near(), port in 0..70_000_u32) {
            let app = client("none");
            prop_assert_eq!(
                app.accepts_redirect_uri(&format!("http://127.0.0.1:{port}/callback")),
                (1..=65_535).contains(&port)
            );
            if !app.accepts_redirect_uri(&near) {
                return Ok(());
            }
            let mut url = Url::parse(&near)?;
            prop_assert!(url.username().is_empty() && url.password().is_none());
            let is_here = match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            };
            prop_assert!(is_here, "{near}");
            url.set_port(None).expect("it has a host");
            let is_registered = REGISTERED.contains(&url.as_str());
            prop_assert!(is_registered || url.as_str() == "http://localhost/", "{near}");
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,80}") {
            let _ = client("none").accepts_redirect_uri(&text);
        }
    }
}
