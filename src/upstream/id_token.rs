//! What must be true of an id token, besides its signature (OpenID Connect Core §3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use crate::domain::provider::{Algorithm, Provider};
use crate::domain::secret::Secret;

/// How far two clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// How old a token may be that was asked for just now, in seconds.
const OLDEST: i64 = 600;
/// The longest `sub`, in bytes (§2).
const MOST_OF_A_SUBJECT: usize = 255;

/// What an id token is held against.
pub(super) struct Expected<'a> {
    pub(super) provider: &'a Provider,
    /// With which its signature was verified.
    pub(super) algorithm: Algorithm,
    pub(super) nonce: &'a Secret,
    /// The access token that came along.
    pub(super) access_token: &'a str,
    /// When the person was sent there, in seconds.
    pub(super) asked_at: i64,
    /// In seconds.
    pub(super) now: i64,
}

/// Whom the token is about. Nothing prints it.
pub(super) struct Person {
    pub(super) subject: String,
    pub(super) acr: Option<String>,
    /// In seconds.
    pub(super) auth_time: i64,
}

type Claims = Map<String, Value>;

impl Expected<'_> {
    /// Whom the token is about, or what is wrong with it.
    pub(super) fn hold(&self, claims: &Claims) -> Result<Person, &'static str> {
        self.is_by_and_for_the_right_ones(claims)?;
        self.is_of_now(claims)?;
        self.answers_the_request(claims)?;
        let acr = self.acr(claims)?;
        let auth_time = self.auth_time(claims)?;
        let subject = text(claims, "sub").filter(|sub| is_subject(sub));
        let subject = subject.ok_or("the id token names nobody")?.to_owned();
        Ok(Person { subject, acr, auth_time })
    }

    fn is_by_and_for_the_right_ones(&self, claims: &Claims) -> Result<(), &'static str> {
        let us = self.provider.client_id.as_str();
        if text(claims, "iss") != Some(self.provider.issuer.as_str()) {
            return Err("the id token is another issuer's");
        }
        let audience = audience(claims).ok_or("the id token says wrongly whom it is for")?;
        if !audience.contains(&us) {
            return Err("the id token is for another client");
        }
        match (claims.get("azp"), audience.len()) {
            (None, 1) => Ok(()),
            (None, _) => Err("the id token is for several clients and does not say for which"),
            (Some(azp), _) if azp == us => Ok(()),
            (Some(_), _) => Err("the id token was made for another client"),
        }
    }

    fn is_of_now(&self, claims: &Claims) -> Result<(), &'static str> {
        let exp = seconds(claims, "exp").ok_or("the id token does not say when it expires")?;
        if exp.saturating_add(LEEWAY) <= self.now {
            return Err("the id token has expired");
        }
        let iat = seconds(claims, "iat").ok_or("the id token does not say when it was made")?;
        if iat.saturating_sub(LEEWAY) > self.now {
            return Err("the id token comes from the future");
        }
        if iat.saturating_add(OLDEST + LEEWAY) < self.now {
            return Err("the id token is old");
        }
        let nbf = claims.get("nbf").map(|_| seconds(claims, "nbf"));
        match nbf {
            None => Ok(()),
            Some(Some(nbf)) if nbf.saturating_sub(LEEWAY) <= self.now => Ok(()),
            Some(_) => Err("the id token is not valid yet"),
        }
    }

    fn answers_the_request(&self, claims: &Claims) -> Result<(), &'static str> {
        let nonce = text(claims, "nonce").unwrap_or_default();
        if !bool::from(nonce.as_bytes().ct_eq(self.nonce.reveal().as_bytes())) {
            return Err("the id token answers another request");
        }
        // §3.1.3.6.
        let half = URL_SAFE_NO_PAD.encode(self.algorithm.half_hash(self.access_token));
        let goes_with_it = claims.get("at_hash").is_none_or(|hash| *hash == half);
        goes_with_it.then_some(()).ok_or("the access token was exchanged for another")
    }

    fn acr(&self, claims: &Claims) -> Result<Option<String>, &'static str> {
        let acr = text(claims, "acr");
        if acr.is_none() && claims.contains_key("acr") {
            return Err("the id token says wrongly how the person signed in");
        }
        let wanted = &self.provider.acr_values;
        let is_wanted = acr.is_some_and(|acr| wanted.iter().any(|wanted| wanted == acr));
        if !wanted.is_empty() && !is_wanted {
            return Err("the person signed in there in a way that is not good enough");
        }
        Ok(acr.map(str::to_owned))
    }

    /// How long ago the person may have signed in is counted from when they were sent there: who
    /// takes their time on the pages there is not sent back for it.
    fn auth_time(&self, claims: &Claims) -> Result<i64, &'static str> {
        let at = seconds(claims, "auth_time");
        let at = at.ok_or("the id token does not say when the person signed in")?;
        let earliest = self.asked_at - i64::from(self.provider.max_age) - LEEWAY;
        if at < earliest {
            return Err("the person signed in there too long ago");
        }
        if at.saturating_sub(LEEWAY) > self.now {
            return Err("the person will have signed in there in the future");
        }
        Ok(at)
    }
}

fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// A `NumericDate` (RFC 7519 §2), which may have fractions.
fn seconds(claims: &Claims, name: &str) -> Option<i64> {
    let number = claims.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "what is too large stays too large")]
    let whole = |number: f64| number.floor() as i64;
    number.as_i64().or_else(|| number.as_f64().map(whole))
}

/// A text, or a list of texts.
fn audience(claims: &Claims) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => several.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn is_subject(text: &str) -> bool {
    (1..=MOST_OF_A_SUBJECT).contains(&text.len()) && !text.contains(char::is_control)
}
