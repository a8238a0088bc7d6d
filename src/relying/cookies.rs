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

/// One of our cookies was there twice: somebody tampers, and no guess is made which one is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubled;

impl<'a> Jar<'a> {
    /// Reads every `Cookie` header.
    pub(super) fn read(headers: impl Iterator<Item = &'a str>) -> Result<Self, Doubled> {
        let mut jar = Self::default();
        for pair in headers.flat_map(|header| header.split(';')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match trim(name) {
                SESSION => &mut jar.session,
                TRANSACTION => &mut jar.transaction,
                RETURN => &mut jar.page,
                _ => continue,
            };
            if place.replace(trim(value)).is_some() {
                return Err(Doubled);
            }
        }
        Ok(jar)
    }
}

/// Takes away spaces and tabs, and no other white space: a browser takes a name with a U+2000 in
/// front for another name, without the protection of `__Host-`, and lets siblings set it.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
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
        for header in ["__Host-sso-tx=a; __Host-sso-tx=a", "__Host-sso-to=1;  __Host-sso-to =2"] {
            assert_eq!(Jar::read([header].into_iter()), Err(Doubled), "{header}");
        }
        let apart = ["__Host-sso-session=a", "__Host-sso-session=b"];
        assert_eq!(Jar::read(apart.into_iter()), Err(Doubled));
        assert!(Jar::read(["theme=a; theme=b; __Host-x=1; __Host-x=2"].into_iter()).is_ok());
        let planted = "\u{2000}__Host-sso-session=evil; __Host-sso-session=good";
        let jar = Jar::read([planted].into_iter()).expect("the first is another name");
        assert_eq!(jar.session, Some("good"));
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
