//! Whether a JWT was signed by the accounts server, with the one algorithm that was agreed.

use super::off_band::{CallError, OffBand};
use super::provider::Provider;
use crate::clock::{Clock, HOUR, SECOND};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use tokio::sync::Mutex;

/// How far two clocks may be apart, in seconds.
pub(super) const SKEW: i64 = 60;
/// How often the keys are fetched at most, however many tokens name unknown ones.
const FETCH_EVERY: i64 = 10 * SECOND;
/// How long they are believed: a key may also be taken away.
const KEEP: i64 = HOUR;

/// The accounts server's public keys, as they were when they were last needed.
pub(super) struct Keys {
    clock: Clock,
    known: Mutex<(JwkSet, Option<i64>)>,
}

/// Why a JWT is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JwtError {
    /// Says what is wrong with it, for the log.
    Flawed(&'static str),
    /// The keys could not be fetched.
    Call(CallError),
}

/// A text, or a list with one text: a token for others as well is not for us.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneAudience {
    Alone(String),
    Listed([String; 1]),
}

impl OneAudience {
    pub(super) fn is(&self, client_id: &str) -> bool {
        let (Self::Alone(audience) | Self::Listed([audience])) = self;
        audience == client_id
    }
}

impl Keys {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::new((JwkSet { keys: Vec::new() }, None)) }
    }

    /// The claims of a token of one of these types, signed by the provider. Nothing else has been
    /// checked.
    pub(super) async fn verified<T: DeserializeOwned>(
        &self,
        token: &str,
        types: &[&str],
        (provider, off_band): (&Provider, &OffBand),
    ) -> Result<T, JwtError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| flawed("no JWT"))?;
        let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
        if !types.contains(&typ.as_str()) {
            return Err(flawed("a JWT of another type"));
        }
        let kid = header.kid.ok_or(flawed("no key is named"))?;
        let key = self.key(&kid, provider, off_band).await.map_err(JwtError::Call)?;
        let key = key.ok_or(flawed("an unknown key"))?;
        claims(token, &key).ok_or(flawed("a wrong signature"))
    }

    /// A key by its name. One that is not known may be new: keys change without notice.
    async fn key(
        &self,
        kid: &str,
        provider: &Provider,
        off_band: &OffBand,
    ) -> Result<Option<Jwk>, CallError> {
        let mut keys = self.known.lock().await;
        let (known, fetched_at) = &mut *keys;
        let now = self.clock.now();
        let wait = if known.find(kid).is_some() { KEEP } else { FETCH_EVERY };
        if fetched_at.is_none_or(|at| now - at >= wait) {
            let url = &provider.metadata(off_band).await?.jwks_uri;
            *known = off_band.get(url).await?;
            *fetched_at = Some(now);
        }
        Ok(known.find(kid).cloned())
    }
}

fn flawed(what: &'static str) -> JwtError {
    JwtError::Flawed(what)
}

/// ES256 is what was registered: whatever the header or the key say, nothing else is tried.
fn claims<T: DeserializeOwned>(token: &str, key: &Jwk) -> Option<T> {
    if key.common.key_algorithm.is_some_and(|algorithm| algorithm != KeyAlgorithm::ES256) {
        return None;
    }
    let mut signature_only = Validation::new(Algorithm::ES256);
    signature_only.required_spec_claims = HashSet::new();
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    let key = DecodingKey::from_jwk(key).ok()?;
    Some(jsonwebtoken::decode(token, &key, &signature_only).ok()?.claims)
}
