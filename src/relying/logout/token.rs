//! A logout token, and all that makes it a good one (Back-Channel Logout 1.0 §2.6).

use super::keys::Key;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What the header says it is; an ID token or an access token is none.
const TYPE: &str = "logout+jwt";
/// The event of which it tells.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 30;
/// How old a token may be, in seconds, however long it says that it is good.
const OLDEST: i64 = 300;

type Result<T> = std::result::Result<T, &'static str>;

/// A token of the right form, of which nothing is believed yet.
pub(super) struct Signed<'a> {
    text: &'a str,
    algorithm: Algorithm,
    /// The name of the key that it says it is signed by.
    pub(super) kid: String,
}

/// For whom a token must be.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// In seconds.
    pub(super) now: i64,
}

/// A token that was verified.
pub(super) struct LogoutToken {
    pub(super) jti: String,
    /// When it is taken no more, in seconds.
    pub(super) ends_at: i64,
    pub(super) of: Of,
}

/// What has ended.
pub(super) enum Of {
    /// One sign-in.
    SignIn(String),
    /// Every sign-in of an account.
    Account(String),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    events: Map<String, Value>,
    sid: Option<String>,
    sub: Option<String>,
    /// An ID token has one; in a logout token it must not be, not even as null.
    #[serde(rename = "nonce", default, deserialize_with = "is_there")]
    has_nonce: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == client_id),
        }
    }
}

fn is_there<'de, D: Deserializer<'de>>(value: D) -> std::result::Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl<'a> Signed<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        let header = decode_header(text).map_err(|_| "The token is no signed JWT.")?;
        if !matches!(header.alg, Algorithm::ES256 | Algorithm::RS256 | Algorithm::EdDSA) {
            return Err("The token is signed in a way that is not taken.");
        }
        if header.typ.as_deref() != Some(TYPE) {
            return Err("The token is no logout token.");
        }
        if header.crit.is_some() {
            return Err("The token wants something understood that is not.");
        }
        let kid = header.kid.ok_or("The token does not say by which key it is signed.")?;
        Ok(Self { text, algorithm: header.alg, kid })
    }

    /// Checks signature and claims. What the signature does not cover is not looked at before.
    pub(super) fn verify(&self, key: &Key, expected: &Expected<'_>) -> Result<LogoutToken> {
        if key.algorithm != self.algorithm {
            return Err("The token's key does not sign in this way.");
        }
        // The claims are checked below, by the clock of the application.
        let mut signature_only = Validation::new(self.algorithm);
        signature_only.required_spec_claims.clear();
        signature_only.validate_exp = false;
        signature_only.validate_aud = false;
        let decoded = decode::<Claims>(self.text, &key.public, &signature_only);
        let claims = decoded.map_err(|_| "The token's signature or its claims are wrong.")?.claims;
        claims.check(expected)
    }
}

impl Claims {
    fn check(self, expected: &Expected<'_>) -> Result<LogoutToken> {
        let now = expected.now;
        let ends_at = self.exp.saturating_add(LEEWAY).min(self.iat.saturating_add(OLDEST));
        if self.iss != expected.issuer {
            return Err("The token is not of the accounts server.");
        }
        if !self.aud.is(expected.client_id) {
            return Err("The token is not for this client.");
        }
        if self.iat > now.saturating_add(LEEWAY) {
            return Err("The token is of the future.");
        }
        if ends_at <= now {
            return Err("The token is too old.");
        }
        if self.has_nonce || !self.events.get(EVENT).is_some_and(Value::is_object) {
            return Err("The token tells of no logout.");
        }
        let is_id = |id: &String| !id.is_empty() && id.len() <= 255;
        if !is_id(&self.jti) || !self.sid.iter().chain(&self.sub).all(is_id) {
            return Err("The token's ids are empty or too long.");
        }
        let of = match (self.sid, self.sub) {
            (Some(sid), _) => Of::SignIn(sid),
            (None, Some(uid)) => Of::Account(uid),
            (None, None) => return Err("The token does not say what has ended."),
        };
        Ok(LogoutToken { jti: self.jti, ends_at, of })
    }
}
