//! Tokens that are aimed at the notes (RFC 6750), and what the accounts server says of them.

use crate::clock::{Clock, SECOND};
use crate::demo::DemoError;
use crate::demo::introspection::{Facts, Introspection};
use crate::demo::off_band::{CallError, Credentials, OffBand};
use crate::demo::provider::Provider;
use crate::demo::sites::Sites;
use crate::domain::secret::Secret;
use rocket::http::{HeaderMap, Status};
use serde::Serialize;

/// How the accounts server knows the notes, and what a token has to be able to do.
const AUDIENCE: &str = "notes";
const SCOPE: &str = "notes";

/// What it takes to ask the accounts server about a token.
pub(super) struct Tokens {
    client: Credentials,
    provider: Provider,
    off_band: OffBand,
    clock: Clock,
}

/// Whom a good token speaks for, and what it is good for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Holder {
    #[serde(skip)]
    pub(super) uid: String,
    pub(super) name: String,
    /// The client it was issued to.
    client: String,
    facts: Facts,
    /// In seconds.
    expires_in: i64,
}

/// Why a token is not taken (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There are two of them, or something that is none.
    Malformed,
    /// It is unknown, has ended, or is aimed at somebody else: all of these look the same.
    Invalid,
    /// It is for the notes, but not for writing or reading any.
    Scopeless,
    /// The accounts server cannot be asked just now.
    Unknown,
}

impl Refusal {
    pub(super) fn status(self) -> Status {
        match self {
            Self::Malformed => Status::BadRequest,
            Self::Invalid => Status::Unauthorized,
            Self::Scopeless => Status::Forbidden,
            Self::Unknown => Status::ServiceUnavailable,
        }
    }

    /// Its error code.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Malformed => "invalid_request",
            Self::Invalid => "invalid_token",
            Self::Scopeless => "insufficient_scope",
            Self::Unknown => "temporarily_unavailable",
        }
    }

    /// The value of `WWW-Authenticate`.
    pub(super) fn challenge(self) -> String {
        let scope =
            if self == Self::Scopeless { format!(r#", scope="{SCOPE}""#) } else { String::new() };
        format!(r#"Bearer realm="notes", error="{}"{scope}"#, self.code())
    }
}

impl Tokens {
    pub(super) fn new(sites: &Sites, clock: Clock) -> Result<Self, DemoError> {
        Ok(Self {
            client: sites.credentials(&sites.notes),
            provider: Provider::new(&sites.accounts.origin),
            off_band: OffBand::new(sites)?,
            clock,
        })
    }

    /// Whom the token of a request speaks for: nobody when there is no token.
    pub(super) async fn holder(&self, headers: &HeaderMap<'_>) -> Result<Option<Holder>, Refusal> {
        let Some(token) = presented(headers)? else {
            return Ok(None);
        };
        // Nothing else has the shape of a token here, and need not be asked about.
        let token = Secret::parse(token).ok_or(Refusal::Invalid)?.reveal();
        let asked = Introspection::of(&token, &self.client, &self.provider, &self.off_band).await;
        let answer = asked.map_err(|error: CallError| {
            tracing::warn!(%error, "a token cannot be looked at");
            Refusal::Unknown
        })?;
        judge(answer, self.clock.now().div_euclid(SECOND)).map(Some)
    }
}

/// The token in `Authorization`. Another scheme is no token; two headers are nothing to guess about.
fn presented<'h>(headers: &'h HeaderMap<'_>) -> Result<Option<&'h str>, Refusal> {
    let mut values = headers.get("Authorization");
    let (Some(header), second) = (values.next(), values.next()) else {
        return Ok(None);
    };
    if second.is_some() {
        return Err(Refusal::Malformed);
    }
    let (scheme, token) = header.split_once(' ').ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Malformed);
    }
    Ok(Some(token.trim_matches(' ')))
}

fn judge(answer: Introspection, now: i64) -> Result<Holder, Refusal> {
    if !answer.active || !answer.audience().iter().any(|name| name == AUDIENCE) {
        return Err(Refusal::Invalid);
    }
    if !answer.scope().any(|name| name == SCOPE) {
        return Err(Refusal::Scopeless);
    }
    let facts = answer.facts();
    // A token of a client that acts for nobody writes no notes.
    let uid = answer.sub.ok_or(Refusal::Invalid)?;
    let name = answer.username.unwrap_or_else(|| "somebody".to_owned());
    Ok(Holder { uid, name, client: answer.client_id, facts, expires_in: answer.exp - now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocket::http::Header;
    use serde_json::{Value, json};

    fn headers(values: &[&'static str]) -> HeaderMap<'static> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.add(Header::new("Authorization", *value));
        }
        headers
    }

    /// What comes of a good answer with this member changed.
    fn with(member: &str, value: Value) -> Result<Holder, Refusal> {
        let mut answer = json!({ "active": true, "aud": "notes", "scope": "notes", "sub": "u1",
            "username": "alice", "client_id": "wiki", "exp": 700 });
        answer[member] = value;
        judge(serde_json::from_value(answer).expect("an answer"), 100)
    }

    #[test]
    fn a_token_comes_once_and_as_bearer() {
        assert_eq!(presented(&headers(&[])), Ok(None));
        assert_eq!(presented(&headers(&["bEARER  abc "])), Ok(Some("abc")));
        for values in [&["Bearer a", "Bearer a"][..], &["Basic YTpi"], &["Bearer"], &[""]] {
            assert_eq!(presented(&headers(values)), Err(Refusal::Malformed), "{values:?}");
        }
    }

    #[test]
    fn only_tokens_for_the_notes_and_of_somebody_are_taken() {
        let good = with("active", json!(true)).expect("it is good");
        assert_eq!((good.uid.as_str(), good.name.as_str(), good.expires_in), ("u1", "alice", 600));
        assert!(with("aud", json!(["pay", "notes"])).is_ok());
        assert!(with("scope", json!("openid notes")).is_ok());
        for (member, value) in [
            ("active", json!(false)),
            ("aud", json!("pay")),
            ("aud", json!("notes2")),
            ("aud", json!([])),
            ("sub", Value::Null),
        ] {
            assert_eq!(with(member, value.clone()), Err(Refusal::Invalid), "{member} {value}");
        }
        for scope in ["", "openid profile", "notes2", "notes:read"] {
            assert_eq!(with("scope", json!(scope)), Err(Refusal::Scopeless), "{scope}");
        }
    }

    #[test]
    fn a_refusal_says_what_to_bring() {
        let challenge = Refusal::Scopeless.challenge();
        assert_eq!(challenge, r#"Bearer realm="notes", error="insufficient_scope", scope="notes""#);
        assert!(!Refusal::Invalid.challenge().contains("scope="));
    }
}
