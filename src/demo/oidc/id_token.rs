//! What must be true of an id token (OpenID Connect Core §3.1.3.7), besides its signature.

use crate::demo::jwt::{OneAudience, SKEW};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The types that an id token's header may have, in lower case.
pub(super) const TYPES: [&str; 2] = ["jwt", ""];
/// Longest `sub`.
const LONGEST_SUB: usize = 255;

/// The claims that the sites use.
#[derive(Clone, Deserialize)]
pub(super) struct IdToken {
    iss: String,
    pub(super) sub: String,
    aud: OneAudience,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    at_hash: Option<String>,
    pub(super) sid: Option<String>,
}

/// What the token is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// None when tokens are refreshed.
    pub(super) nonce: Option<&'a str>,
    /// The access token that came along.
    pub(super) access_token: &'a str,
    /// In seconds.
    pub(super) now: i64,
}

impl IdToken {
    /// Says what is wrong with it.
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), &'static str> {
        let Expected { now, .. } = *expected;
        let rules = [
            (self.iss == expected.issuer, "the id token is of another issuer"),
            (self.aud.is(expected.client_id), "the id token is for another client"),
            (self.exp + SKEW > now, "the id token has expired"),
            (self.iat - SKEW <= now, "the id token comes from the future"),
            (!self.sub.is_empty() && self.sub.len() <= LONGEST_SUB, "the id token names nobody"),
            (self.nonce.as_deref() == expected.nonce, "the id token answers another request"),
            (self.goes_with(expected.access_token), "the access token was exchanged"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, flaw)| Err(flaw))
    }

    /// Whether the access token is the one that the id token was made with (§3.1.3.6, ES256).
    fn goes_with(&self, access_token: &str) -> bool {
        let digest = Sha256::digest(access_token);
        let half = URL_SAFE_NO_PAD.encode(&digest[..16]);
        self.at_hash.as_ref().is_none_or(|hash| *hash == half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_000_000;

    /// The answer to a token with this claim changed; `null` takes it away.
    fn with(claim: &str, value: Value) -> Option<Result<(), &'static str>> {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest("access")[..16]);
        let mut claims = json!({ "iss": "https://a.test", "sub": "u", "aud": "shop", "nonce": "n",
            "exp": NOW + 600, "iat": NOW, "sid": "s", "at_hash": hash });
        claims[claim] = value;
        let expected = Expected {
            issuer: "https://a.test",
            client_id: "shop",
            nonce: Some("n"),
            access_token: "access",
            now: NOW,
        };
        serde_json::from_value::<IdToken>(claims).ok().map(|token| token.check(&expected))
    }

    #[test]
    fn a_good_token_passes_in_both_forms_of_its_audience() {
        assert_eq!(with("aud", json!("shop")), Some(Ok(())));
        assert_eq!(with("aud", json!(["shop"])), Some(Ok(())));
        assert_eq!(with("at_hash", Value::Null), Some(Ok(())));
        assert_eq!(with("exp", json!(NOW - SKEW + 1)), Some(Ok(())));
    }

    #[test]
    fn each_rule_is_held() {
        for (claim, value) in [
            ("iss", json!("https://a.test/")),
            ("sub", json!("")),
            ("sub", json!("u".repeat(256))),
            ("aud", json!("shop2")),
            ("exp", json!(NOW - SKEW)),
            ("iat", json!(NOW + SKEW + 1)),
            ("nonce", json!("m")),
            ("nonce", Value::Null),
            ("at_hash", json!("x")),
        ] {
            assert!(with(claim, value.clone()).is_some_and(|r| r.is_err()), "{claim} {value}");
        }
        for (claim, value) in [
            ("aud", json!(["shop", "pay"])),
            ("aud", json!([])),
            ("aud", Value::Null),
            ("sub", Value::Null),
            ("exp", Value::Null),
            ("exp", json!("soon")),
            ("iat", Value::Null),
            ("iss", Value::Null),
        ] {
            assert!(with(claim, value.clone()).is_none(), "{claim} {value}");
        }
    }
}
