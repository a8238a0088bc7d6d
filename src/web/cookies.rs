//! The cookies: all `__Host-`, `Secure`, `HttpOnly`, with an explicit SameSite.

use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::time::Duration;

use crate::clock::{DAY, SECOND};
use crate::domain::flow::LIFETIME;
use crate::domain::secret::Secret;
use crate::domain::session::KEPT;

/// The session.
pub const SESSION: &str = "__Host-session";
/// Its second secret, for frames on other sites where browsers still send cookies there.
pub const SESSION_NONE: &str = "__Host-session-none";
/// Says that somebody signed in on this browser before.
pub const DEVICE: &str = "__Host-device";
/// Marks the browser in which a flow was confirmed.
pub const FLOW: &str = "__Host-flow";
/// Every name: doubled ones are refused.
pub const ALL: [&str; 4] = [SESSION, SESSION_NONE, DEVICE, FLOW];

/// Milliseconds for which a browser is remembered after a sign-in.
pub const DEVICE_LIFETIME: i64 = 400 * DAY;

fn cookie(name: &'static str, value: String, same_site: SameSite) -> Cookie<'static> {
    Cookie::build((name, value)).path("/").secure(true).http_only(true).same_site(same_site).build()
}

fn for_a_while(mut cookie: Cookie<'static>, milliseconds: i64) -> Cookie<'static> {
    cookie.set_max_age(Duration::seconds(milliseconds / SECOND));
    cookie
}

/// Hands a session to the browser; kept ones outlive it.
pub fn set_session(jar: &CookieJar<'_>, secret: &Secret, none_secret: Option<&Secret>, kept: bool) {
    let keep = |cookie| {
        if kept { for_a_while(cookie, KEPT.absolute) } else { cookie }
    };
    jar.add(keep(cookie(SESSION, secret.reveal(), SameSite::Lax)));
    match none_secret {
        Some(secret) => jar.add(keep(cookie(SESSION_NONE, secret.reveal(), SameSite::None))),
        None => jar.add(for_a_while(cookie(SESSION_NONE, String::new(), SameSite::None), 0)),
    }
}

/// Takes the session from the browser.
pub fn clear_session(jar: &CookieJar<'_>) {
    jar.add(for_a_while(cookie(SESSION, String::new(), SameSite::Lax), 0));
    jar.add(for_a_while(cookie(SESSION_NONE, String::new(), SameSite::None), 0));
}

/// Marks the browser as one that somebody signed in with.
pub fn set_device(jar: &CookieJar<'_>, secret: &Secret) {
    jar.add(for_a_while(cookie(DEVICE, secret.reveal(), SameSite::Lax), DEVICE_LIFETIME));
}

/// Marks the browser as the one in which a flow goes on.
pub fn set_flow(jar: &CookieJar<'_>, secret: &Secret) {
    jar.add(for_a_while(cookie(FLOW, secret.reveal(), SameSite::Lax), LIFETIME));
}

/// The values of our cookies in the raw `Cookie` headers; an error names one that is doubled.
/// A sibling site cannot plant a `__Host-` cookie, so a double is a sign of something odd.
pub fn read<'a>(
    headers: impl Iterator<Item = &'a str>,
) -> Result<[Option<&'a str>; 4], &'static str> {
    let mut found = [None; 4];
    let pairs =
        headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
    for (name, value) in pairs {
        let index = ALL.iter().position(|known| *known == trim(name));
        let doubled = index.filter(|index| found[*index].replace(trim(value)).is_some());
        if let Some(index) = doubled {
            return Err(ALL[index]);
        }
    }
    Ok(found)
}

/// Takes away spaces and tabs, and no other white space: a browser takes a name with a U+2000 in
/// front for another name, without the protection of `__Host-`, and lets siblings set it.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_are_read_and_doubles_are_refused() {
        let read = |header| read(std::iter::once(header));
        let tossed = "session=EVIL; __Secure-session=EVIL; __Host-session=good; x";
        assert_eq!(read(tossed), Ok([Some("good"), None, None, None]));
        assert_eq!(read("__Host-session=a; __Host-session=b"), Err(SESSION));
    }

    #[test]
    fn a_name_with_other_white_space_is_another_name() {
        for space in WHITE_SPACE {
            let planted = format!(
                "{space}__Host-session=EVIL; __Host-session{space}=EVIL; \t__Host-session=good"
            );
            assert_eq!(
                read(std::iter::once(planted.as_str())),
                Ok([Some("good"), None, None, None])
            );
        }
    }

    /// Unicode `White_Space` beyond space and tab, without the line breaks no header can hold.
    const WHITE_SPACE: [char; 19] = [
        '\u{b}', '\u{c}', '\u{85}', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}',
        '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}',
        '\u{200a}', '\u{2028}', '\u{202f}', '\u{3000}',
    ];
}
