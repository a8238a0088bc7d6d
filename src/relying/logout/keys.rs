//! The accounts server's public keys, fetched when they are needed and kept for a while.

use crate::clock::{HOUR, SECOND};
use crate::relying::accounts::Accounts;
use crate::relying::refusal::Refusal;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;

/// How long keys are believed in, so that one that was withdrawn is not for ever.
const LIFETIME: i64 = HOUR;

/// How often they are fetched at most, whatever tokens come in.
const FETCH_EVERY: i64 = 30 * SECOND;

/// A key that signs.
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    pub(super) public: DecodingKey,
}

impl Key {
    /// `None` for whatever does not sign in one of the three ways that are taken.
    fn read(jwk: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDSA
            }
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            _ => return None,
        };
        let is_for = |named: &str| Algorithm::from_str(named) == Ok(algorithm);
        let common = &jwk.common;
        let is_usable = common.key_algorithm.is_none_or(|named| is_for(&named.to_string()))
            && common.public_key_use.as_ref().is_none_or(|to| *to == PublicKeyUse::Signature);
        let public = DecodingKey::from_jwk(&jwk).ok()?;
        is_usable.then_some(Self { kid: common.key_id.clone()?, algorithm, public })
    }
}

/// The keys as they were fetched last.
#[derive(Default)]
pub(in crate::relying) struct Keys {
    known: RwLock<Known>,
    /// Held by whoever fetches them.
    turn: Mutex<()>,
}

#[derive(Default)]
struct Known {
    keys: Vec<Arc<Key>>,
    read_at: Option<i64>,
    tried_at: Option<i64>,
}

impl Known {
    fn is_fresh(&self, now: i64) -> bool {
        self.read_at.is_some_and(|at| now - at < LIFETIME)
    }

    fn find(&self, kid: &str, now: i64) -> Option<Arc<Key>> {
        let mut keys = self.keys.iter().filter(|_| self.is_fresh(now));
        keys.find(|key| key.kid == kid).cloned()
    }
}

impl Keys {
    /// The key of that name, if the accounts server has it. It is asked for one that is not known,
    /// but not on every request: anybody can make names up.
    pub(super) async fn find(
        &self,
        kid: &str,
        accounts: &Accounts,
        now: i64,
    ) -> Result<Option<Arc<Key>>, Refusal> {
        if let Some(key) = self.read(|known| known.find(kid, now)) {
            return Ok(Some(key));
        }
        let _turn = self.turn.lock().await;
        let is_due = |known: &Known| known.tried_at.is_none_or(|at| now - at >= FETCH_EVERY);
        if self.read(|known| known.find(kid, now).is_none() && is_due(known)) {
            self.write(|known| known.tried_at = Some(now));
            let keys = accounts.keys().await?;
            let keys = keys.iter().filter_map(Key::read).map(Arc::new).collect();
            self.write(|known| (known.keys, known.read_at) = (keys, Some(now)));
        }
        if self.read(|known| known.is_fresh(now)) {
            return Ok(self.read(|known| known.find(kid, now)));
        }
        Err(Refusal::AccountsUnreachable)
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A point of P-256, and half of one.
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    #[test]
    fn keys_that_sign_in_a_way_that_is_taken_are_read() {
        let ec = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "1" });
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "2", "use": "sig" });
        let rsa = json!({ "kty": "RSA", "n": X, "e": "AQAB", "kid": "3", "alg": "RS256" });
        let algorithms = [&ec, &ed, &rsa].map(|key| Key::read(key).map(|key| key.algorithm));
        assert_eq!(
            algorithms,
            [Some(Algorithm::ES256), Some(Algorithm::EdDSA), Some(Algorithm::RS256)]
        );
        let with = |key: &Value, name: &str, value: Value| {
            let mut key = key.clone();
            key[name] = value;
            key
        };
        let bad = [
            with(&ec, "crv", "P-384".into()),
            with(&ec, "alg", "ES384".into()),
            with(&ec, "use", "enc".into()),
            with(&ec, "kid", Value::Null),
            with(&ec, "y", Value::Null),
            with(&rsa, "alg", "HS256".into()),
            with(&rsa, "alg", "PS256".into()),
            with(&ed, "crv", "X25519".into()),
            json!({ "kty": "oct", "k": X, "kid": "1", "alg": "HS256" }),
            json!({ "kty": "new", "kid": "1" }),
            json!("key"),
        ];
        for key in bad {
            assert!(Key::read(&key).is_none(), "{key}");
        }
    }
}
