//! Telling clients that a session has ended (OpenID Connect Back-Channel Logout 1.0): what they are
//! told, and when again those who did not hear it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::{HOUR, MINUTE, SECOND};

/// The type in a logout token's header.
pub const TYPE: &str = "logout+jwt";
/// The member of `events` that makes it one.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a token is good, in seconds. Each try makes a new one.
pub const LIFETIME: i64 = 120;

/// How long is waited after each try.
const BACK_OFF: [i64; 7] =
    [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR];
/// How long a client is tried at all.
const PATIENCE: i64 = 24 * HOUR;
/// How often a client may say that a token is wrong before it is believed.
const MOST_WRONG: i64 = 3;

/// The claims of a logout token.
#[derive(Serialize)]
pub struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    sub: &'a str,
    sid: &'a str,
    events: Value,
}

impl<'a> Claims<'a> {
    /// What `issuer` tells a client at `now` (milliseconds) of its handle `sid`, held by `sub`.
    #[must_use]
    pub fn new(
        issuer: &'a str,
        client_id: &'a str,
        jti: &'a str,
        sub: &'a str,
        sid: &'a str,
        now: i64,
    ) -> Self {
        let iat = now.div_euclid(1_000);
        let events = json!({ EVENT: {} });
        Self { iss: issuer, aud: client_id, iat, exp: iat + LIFETIME, jti, sub, sid, events }
    }
}

/// Whether a client that answers so has heard it (§2.8).
#[must_use]
pub fn is_heard(status: u16) -> bool {
    matches!(status, 200 | 204)
}

/// Whether the client lives, and says that something is wrong with the token.
#[must_use]
pub fn is_refused(status: Option<u16>) -> bool {
    status == Some(400)
}

/// When to try again after a try that failed: the `tries`-th of what began at `begun`. The last one
/// is when the patience ends. `None` when it is given up.
#[must_use]
pub fn next_try(status: Option<u16>, tries: i64, begun: i64, now: i64) -> Option<i64> {
    let end = begun + PATIENCE;
    if now >= end || (is_refused(status) && tries >= MOST_WRONG) {
        return None;
    }
    let place = usize::try_from(tries - 1).unwrap_or_default().min(BACK_OFF.len() - 1);
    Some((now + BACK_OFF[place]).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;

    #[test]
    fn the_claims_are_what_the_specification_asks_for() {
        let claims = Claims::new("https://a.example.org", "wiki", "j", "u", "s", 1_999);
        let text = serde_json::to_string(&claims).expect("an object");
        let events = r#""events":{"http://schemas.openid.net/event/backchannel-logout":{}}"#;
        assert_eq!(
            text,
            format!(
                r#"{{"iss":"https://a.example.org","aud":"wiki","iat":1,"exp":121,"jti":"j","sub":"u","sid":"s",{events}}}"#
            )
        );
    }

    #[test]
    fn a_client_that_does_not_hear_is_tried_for_a_day() {
        let (mut now, mut tried) = (0, vec![0]);
        while let Some(next) = next_try(None, i64::try_from(tried.len()).expect("few"), 0, now) {
            now = next;
            tried.push(now);
        }
        let waited: Vec<i64> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waited[..7], BACK_OFF);
        assert_eq!((tried.len(), tried[8]), (9, DAY), "and a last time when the day is over");
    }

    #[test]
    fn a_client_that_refuses_is_believed_the_third_time() {
        let next = |status, tries| next_try(Some(status), tries, 0, 0);
        assert_eq!([next(400, 1), next(400, 2)], [Some(10 * SECOND), Some(MINUTE)]);
        assert_eq!((next(400, 3), next(500, 3)), (None, Some(5 * MINUTE)));
    }

    #[test]
    fn two_statuses_say_that_it_was_heard() {
        let heard: Vec<u16> = (100..600).filter(|status| is_heard(*status)).collect();
        assert_eq!(heard, [200, 204]);
    }
}
