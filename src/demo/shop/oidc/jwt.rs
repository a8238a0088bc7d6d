//! Whether a JWT was signed by the provider, with the one algorithm that was agreed.

use super::Oidc;
use crate::clock::{HOUR, SECOND};
use crate::demo::off_band::CallError;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use std::collections::HashSet;
use tokio::sync::Mutex;

/// How often the keys are fetched at most, however many tokens name unknown ones.
const FETCH_EVERY: i64 = 10 * SECOND;
/// How long they are believed: a key may also be taken away.
const KEEP: i64 = HOUR;

/// The provider's public keys, as they were when they were last needed.
pub(super) struct Keys(Mutex<(JwkSet, Option<i64>)>);

/// Why a JWT is not believed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum JwtError {
    /// Says what is wrong with it, for the log.
    Flawed(&'static str),
    /// The keys could not be fetched.
    Call(CallError),
}

impl Default for Keys {
    fn default() -> Self {
        Self(Mutex::new((JwkSet { keys: Vec::new() }, None)))
    }
}

impl Oidc {
    /// The claims of a token of one of these types, signed by the provider. Nothing else has been
    /// checked.
    pub(super) async fn verified<T: DeserializeOwned>(
        &self,
        token: &str,
        types: &[&str],
    ) -> Result<T, JwtError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| flawed("no JWT"))?;
        let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
        if !types.contains(&typ.as_str()) {
            return Err(flawed("a JWT of another type"));
        }
        let kid = header.kid.ok_or(flawed("no key is named"))?;
        let key = self.key(&kid).await.map_err(JwtError::Call)?;
        let key = key.ok_or(flawed("an unknown key"))?;
        claims(token, &key).ok_or(flawed("a wrong signature"))
    }

    /// A key by its name. One that is not known may be new: keys change without notice.
    async fn key(&self, kid: &str) -> Result<Option<Jwk>, CallError> {
        let mut keys = self.keys.0.lock().await;
        let (known, fetched_at) = &mut *keys;
        let now = self.clock.now();
        let wait = if known.find(kid).is_some() { KEEP } else { FETCH_EVERY };
        if fetched_at.is_none_or(|at| now - at >= wait) {
            let url = &self.provider.metadata(&self.off_band).await?.jwks_uri;
            *known = self.off_band.get(url).await?;
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
