//! What must be true of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6), besides its
//! signature.

use super::Oidc;
use crate::demo::jwt::{JwtError, OneAudience, SKEW};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The types that its header may have, in lower case: an id token is no logout token.
const TYPES: [&str; 2] = ["logout+jwt", "application/logout+jwt"];
/// The event that it must be about.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Oldest token that is taken, in seconds: those who deliver late make a new one.
const OLDEST: i64 = 10 * 60;

/// Ids of the tokens that were used, each with the time from which on it would be too old anyway.
#[derive(Default)]
pub(super) struct Used(Mutex<HashMap<String, i64>>);

/// Whose sessions end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Ending {
    /// The one of this sign-in.
    Session(String),
    /// All of this person.
    Person(String),
}

#[derive(Deserialize)]
struct LogoutToken {
    iss: String,
    aud: OneAudience,
    iat: i64,
    exp: i64,
    jti: String,
    events: HashMap<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

impl Oidc {
    /// Reads a logout token, once. `Err(None)`: the provider's keys could not be had.
    pub(in crate::demo) async fn logout(
        &self,
        token: &str,
    ) -> Result<Ending, Option<&'static str>> {
        let claims = self.verified(token, &TYPES).await.map_err(|error| match error {
            JwtError::Flawed(what) => Some(what),
            JwtError::Call(_) => None,
        })?;
        check(claims, &self.provider.issuer, &self.client.id, self.now(), &self.used).map_err(Some)
    }
}

fn check(
    token: LogoutToken,
    issuer: &str,
    client_id: &str,
    now: i64,
    used: &Used,
) -> Result<Ending, &'static str> {
    let rules = [
        (token.iss == issuer, "it is of another issuer"),
        (token.aud.is(client_id), "it is for another client"),
        (token.exp + SKEW > now, "it has expired"),
        (token.iat - SKEW <= now, "it comes from the future"),
        (token.iat + OLDEST > now, "it is too old"),
        (token.events.get(EVENT).is_some_and(Value::is_object), "it is about something else"),
        (token.nonce.is_none(), "it has a nonce, like an id token"),
        (!token.jti.is_empty(), "it has no id"),
    ];
    if let Some((_, flaw)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(flaw);
    }
    let ending = match (token.sid, token.sub) {
        (Some(sid), _) => Ending::Session(sid),
        (None, Some(sub)) => Ending::Person(sub),
        (None, None) => return Err("it names neither a session nor a person"),
    };
    if used.is_new(token.jti, now) { Ok(ending) } else { Err("it has been used") }
}

impl Used {
    /// Whether this id was not there before.
    fn is_new(&self, jti: String, now: i64) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        used.insert(jti, now + OLDEST + SKEW).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_000_000;

    fn good() -> Value {
        json!({ "iss": "https://a.test", "aud": "shop", "iat": NOW, "exp": NOW + 120, "jti": "j",
            "events": { EVENT: {} }, "sub": "u", "sid": "s" })
    }

    fn read(claims: Value, used: &Used, now: i64) -> Option<Result<Ending, &'static str>> {
        let token = serde_json::from_value(claims).ok()?;
        Some(check(token, "https://a.test", "shop", now, used))
    }

    #[test]
    fn a_good_one_ends_the_session_once() {
        let used = Used::default();
        let ending = Ending::Session("s".to_owned());
        assert_eq!(read(good(), &used, NOW), Some(Ok(ending)));
        assert_eq!(read(good(), &used, NOW + 1), Some(Err("it has been used")));
        assert!(read(good(), &used, NOW + 1_000).is_some_and(|r| r.is_err()));
    }

    #[test]
    fn without_a_session_it_is_about_the_person() {
        let mut claims = good();
        claims["sid"] = Value::Null;
        let ending = Ending::Person("u".to_owned());
        assert_eq!(read(claims, &Used::default(), NOW), Some(Ok(ending)));
    }

    #[test]
    fn each_rule_is_held() {
        let wrong = [
            ("iss", json!("https://evil.test")),
            ("aud", json!("pay")),
            ("exp", json!(NOW - SKEW)),
            ("iat", json!(NOW + SKEW + 1)),
            ("iat", json!(NOW - OLDEST)),
            ("events", json!({})),
            ("events", json!({ EVENT: true })),
            ("events", json!({ "http://schemas.openid.net/event/other": {} })),
            ("nonce", json!("n")),
            ("nonce", json!(1)),
            ("jti", json!("")),
        ];
        for (claim, value) in wrong {
            let mut claims = good();
            claims[claim] = value.clone();
            let read = read(claims, &Used::default(), NOW);
            assert!(read.is_some_and(|r| r.is_err()), "{claim} {value}");
        }
        for claim in ["iss", "aud", "iat", "exp", "jti", "events"] {
            let mut claims = good();
            claims[claim] = Value::Null;
            assert_eq!(read(claims, &Used::default(), NOW), None, "{claim}");
        }
        let mut claims = good();
        claims["sub"] = Value::Null;
        claims["sid"] = Value::Null;
        assert!(read(claims, &Used::default(), NOW).is_some_and(|r| r.is_err()));
    }

    #[test]
    fn one_with_a_flaw_does_not_use_up_its_id() {
        let used = Used::default();
        let mut flawed = good();
        flawed["nonce"] = json!("n");
        assert!(read(flawed, &used, NOW).is_some_and(|r| r.is_err()));
        assert!(read(good(), &used, NOW).is_some_and(|r| r.is_ok()));
    }
}
