//! The kit's cookies: read strictly, written explicitly.

use rocket::http::{Cookie, Header, SameSite};

/// The secret of the local session.
pub(super) const SESSION: &str = "__Host-sso-session";
/// What the nonce is derived from.
pub(super) const TRANSACTION: &str = "__Host-sso-tx";
/// The page to bring the person back to.
pub(super) const RETURN: &str = "__Host-sso-to";

/// How long a sign-in may take for the page to be remembered, in seconds.
const RETURN_SECONDS: i64 = 3_600;

/// What a request carried of ours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Jar<'a> {
    pub(super) session: Option<&'a str>,
    pub(super) transaction: Option<&'a str>,
    pub(super) page: Option<&'a str>,
}

/// A `__Host-` cookie was there twice: somebody tampers, and no guess is made which one is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubled;

impl<'a> Jar<'a> {
    /// Reads every `Cookie` header.
    pub(super) fn read(headers: impl Iterator<Item = &'a str>) -> Result<Self, Doubled> {
        let mut jar = Self::default();
        let mut seen = Vec::new();
        for pair in headers.flat_map(|header| header.split(';')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (name.trim(), value.trim());
            if !name.starts_with("__Host-") {
                continue;
            }
            if seen.contains(&name) {
                return Err(Doubled);
            }
            seen.push(name);
            match name {
                SESSION => jar.session = Some(value),
                TRANSACTION => jar.transaction = Some(value),
                RETURN => jar.page = Some(value),
                _ => {}
            }
        }
        Ok(jar)
    }
}

/// Writes cookies for an application that is, or is not, framed on other sites.
#[derive(Clone, Copy)]
pub(super) struct Baker {
    pub(super) embedded: bool,
}

impl Baker {
    /// The local session; ends with the browser, since a new one comes without a click.
    pub(super) fn session(self, secret: &str) -> Header<'static> {
        self.bake(SESSION, secret, SameSite::Lax, None)
    }

    /// Takes the local session's cookie away.
    pub(super) fn no_session(self) -> Header<'static> {
        self.bake(SESSION, "", SameSite::Lax, Some(0))
    }

    /// What the nonce is derived from.
    pub(super) fn transaction(self, secret: &str) -> Header<'static> {
        self.bake(TRANSACTION, secret, SameSite::Strict, None)
    }

    /// The page to come back to. Lax: it is read on the way back from another site.
    pub(super) fn page(self, path: &str) -> Header<'static> {
        let value = percent_encoding::utf8_percent_encode(path, percent_encoding::NON_ALPHANUMERIC);
        self.bake(RETURN, &value.to_string(), SameSite::Lax, Some(RETURN_SECONDS))
    }

    /// Forgets the page.
    pub(super) fn no_page(self) -> Header<'static> {
        self.bake(RETURN, "", SameSite::Lax, Some(0))
    }

    fn bake(self, name: &str, value: &str, site: SameSite, age: Option<i64>) -> Header<'static> {
        let mut cookie = Cookie::build((name.to_owned(), value.to_owned()))
            .path("/")
            .secure(true)
            .http_only(true)
            .same_site(if self.embedded { SameSite::None } else { site });
        if self.embedded {
            cookie = cookie.partitioned(true);
        }
        if let Some(seconds) = age {
            cookie = cookie.max_age(rocket::time::Duration::seconds(seconds));
        }
        Header::new("Set-Cookie", cookie.build().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_cookies_are_found_among_others() {
        let headers = ["theme=dark; __Host-sso-tx=abc", "__Host-sso-session=def; sso-tx=evil"];
        let jar = Jar::read(headers.into_iter()).expect("nothing doubled");
        assert_eq!((jar.session, jar.transaction, jar.page), (Some("def"), Some("abc"), None));
    }

    #[test]
    fn a_doubled_host_cookie_is_an_error() {
        for header in ["__Host-sso-tx=a; __Host-sso-tx=a", "__Host-x=1;  __Host-x =2"] {
            assert_eq!(Jar::read([header].into_iter()), Err(Doubled), "{header}");
        }
        let apart = ["__Host-sso-session=a", "__Host-sso-session=b"];
        assert_eq!(Jar::read(apart.into_iter()), Err(Doubled));
        assert!(Jar::read(["theme=a; theme=b"].into_iter()).is_ok());
    }

    #[test]
    fn cookies_say_everything_explicitly() {
        let plain = Baker { embedded: false };
        let value = plain.session("ab").value().to_owned();
        assert_eq!(value, "__Host-sso-session=ab; HttpOnly; SameSite=Lax; Secure; Path=/");
        assert!(plain.transaction("ab").value().contains("SameSite=Strict"));
        let framed = Baker { embedded: true };
        for header in
            [framed.session("a"), framed.transaction("a"), framed.page("/"), framed.no_session()]
        {
            assert!(header.value().contains("SameSite=None; Partitioned; Secure"), "{header}");
        }
        assert!(framed.no_page().value().contains("Max-Age=0"));
    }
}
