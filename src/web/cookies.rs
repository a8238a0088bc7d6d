//! The cookies: all `__Host-`, `Secure`, `HttpOnly`, with an explicit SameSite.

use rocket::http::{Cookie, CookieJar, SameSite};
use rocket::time::Duration;
use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::clock::{DAY, SECOND};
use crate::domain::flow::LIFETIME;
use crate::domain::identification;
use crate::domain::secret::Secret;
use crate::domain::session::KEPT;

/// The session.
pub const SESSION: &str = "__Host-session";
/// Its second secret, for frames on other sites where browsers still send cookies there.
pub const SESSION_NONE: &str = "__Host-session-none";
/// Says that somebody signed in on this browser before.
pub const DEVICE: &str = "__Host-device";
/// Marks the browser in which a flow was confirmed; the id of the flow follows. Each flow has its
/// own, so that windows which are confirmed at once do not take each other's.
pub const FLOW: &str = "__Host-flow-";
/// Marks the browser that was sent to a provider; what follows is [`sent_as`]. Each window has its own.
pub const IDENTIFICATION: &str = "__Host-identification-";
/// Ties a window to the page of a client that waits for an identification in the same browser.
pub const MONITOR: &str = "__Host-monitor";
/// What begins the names of those that there may be several of.
const SEVERAL: [&str; 2] = [FLOW, IDENTIFICATION];
/// Every other name: doubled ones are refused, as the others are.
pub const ALL: [&str; 4] = [SESSION, SESSION_NONE, DEVICE, MONITOR];

/// Milliseconds for which a browser is remembered after a sign-in.
pub const DEVICE_LIFETIME: i64 = 400 * DAY;

fn cookie(
    name: impl Into<Cow<'static, str>>,
    value: String,
    same_site: SameSite,
) -> Cookie<'static> {
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

/// Marks the browser as the one in which this flow goes on.
pub fn set_flow(jar: &CookieJar<'_>, id: &str, secret: &Secret) {
    let cookie = cookie(format!("{FLOW}{id}"), secret.reveal(), SameSite::Lax);
    jar.add(for_a_while(cookie, LIFETIME));
}

/// Takes the mark of a flow that has ended from the browser.
pub fn clear_flow(jar: &CookieJar<'_>, id: &str) {
    jar.add(for_a_while(cookie(format!("{FLOW}{id}"), String::new(), SameSite::Lax), 0));
}

/// What our cookies hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// In the order of [`ALL`].
    pub named: [Option<&'a str>; ALL.len()],
    /// Those that there may be several of, by their whole names.
    pub several: BTreeMap<&'a str, &'a str>,
}

/// Ties this browser's window to the page that waits. That page may be on another site.
pub fn set_monitor(jar: &CookieJar<'_>, secret: &Secret) {
    let lifetime = identification::LIFETIME;
    jar.add(for_a_while(cookie(MONITOR, secret.reveal(), SameSite::None), lifetime));
}

/// The name for the browser that was sent to a provider with this state, which it comes back with. A
/// part of the hash: the state itself stays out of the cookie.
#[must_use]
pub fn sent_as(state: &Secret) -> String {
    format!("{IDENTIFICATION}{}", &state.hash().as_str()[..16])
}

/// Marks the browser as the one that was sent to a provider with this state.
pub fn set_identification(jar: &CookieJar<'_>, state: &Secret, secret: &Secret) {
    let cookie = cookie(sent_as(state), secret.reveal(), SameSite::Lax);
    jar.add(for_a_while(cookie, identification::LIFETIME));
}

/// Takes that mark from a browser that has come back.
pub fn clear_identification(jar: &CookieJar<'_>, state: &Secret) {
    jar.add(for_a_while(cookie(sent_as(state), String::new(), SameSite::Lax), 0));
}

/// The values of our cookies in the raw `Cookie` headers; an error names one that is doubled.
/// A sibling site cannot plant a `__Host-` cookie, so a double is a sign of something odd.
pub fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Result<Values<'a>, &'static str> {
    let mut found = Values::default();
    let pairs =
        headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.split_once('='));
    for (name, value) in pairs {
        let (name, value) = (trim(name), trim(value));
        if let Some(kind) = SEVERAL.iter().find(|kind| name.starts_with(*kind))
            && found.several.insert(name, value).is_some()
        {
            return Err(kind);
        }
        if let Some(index) = ALL.iter().position(|known| *known == name)
            && found.named[index].replace(value).is_some()
        {
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
        fn read(header: &str) -> Result<Values<'_>, &'static str> {
            super::read(std::iter::once(header))
        }
        let tossed = "session=EVIL; __Secure-session=EVIL; __Host-session=good; x";
        assert_eq!(read(tossed).map(|found| found.named), Ok([Some("good"), None, None, None]));
        assert_eq!(read("__Host-session=a; __Host-session=b"), Err(SESSION));
        for kind in SEVERAL {
            let (a, b) = (format!("{kind}a"), format!("{kind}b"));
            let header = format!("{a}=1; {b}=2; flow-a=3; identification-a=3");
            let several = read(&header).map(|found| found.several);
            assert_eq!(several, Ok(BTreeMap::from([(a.as_str(), "1"), (b.as_str(), "2")])));
            assert_eq!(read(&format!("{a}=1; {b}=2; {a}=1")), Err(kind));
        }
    }

    #[test]
    fn a_name_with_other_white_space_is_another_name() {
        for space in WHITE_SPACE {
            let planted = format!(
                "{space}__Host-session=EVIL; __Host-session{space}=EVIL; \t__Host-session=good"
            );
            let named = read(std::iter::once(planted.as_str())).map(|found| found.named);
            assert_eq!(named, Ok([Some("good"), None, None, None]));
        }
    }

    /// Unicode `White_Space` beyond space and tab, without the line breaks no header can hold.
    const WHITE_SPACE: [char; 19] = [
        '\u{b}', '\u{c}', '\u{85}', '\u{a0}', '\u{1680}', '\u{2000}', '\u{2001}', '\u{2002}',
        '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}', '\u{2008}', '\u{2009}',
        '\u{200a}', '\u{2028}', '\u{202f}', '\u{3000}',
    ];
}
