//! The list of keys as it was read.

use std::sync::Arc;

use serde_json::{Value, json};

use super::standing::Standing;
use super::{KeyError, LIST_AGE};
use crate::domain::seal::SealingKey;
use crate::domain::signing::{Algorithm, PublicKey, SigningKey};
use crate::store::keys::KeyRow;

/// What was in the database at one moment, in the order in which keys of an algorithm sign.
#[derive(Debug, Default)]
pub(super) struct Ring {
    /// Which look it was, counted from one.
    pub(super) number: u64,
    read_at: Option<i64>,
    keys: Vec<Key>,
}

/// A key that can sign, or why it cannot.
pub(super) type Signer = Result<Arc<SigningKey>, KeyError>;

#[derive(Clone, Debug)]
struct Key {
    public: Arc<PublicKey>,
    /// Unsealed, if it signs now or later and could be opened.
    whole: Option<Arc<SigningKey>>,
    created_at: i64,
    signs_from: i64,
}

impl Key {
    fn read(row: &KeyRow, standing: Standing, before: &Ring, sealing: &SealingKey) -> Option<Self> {
        let known = before.keys.iter().find(|key| key.public.kid() == row.kid);
        let public = match known {
            Some(known) => Arc::clone(&known.public),
            None => Arc::new(PublicKey::parse(&row.public_key)?),
        };
        let whole = if matches!(standing, Standing::Over { .. }) {
            None
        } else {
            let known = known.and_then(|key| key.whole.clone());
            known.or_else(|| row.open(sealing).map(Arc::new))
        };
        Some(Self { public, whole, created_at: row.created_at, signs_from: row.signs_from })
    }
}

impl Ring {
    /// Reads rows. A key never changes, so what was read of it before is kept.
    pub(super) fn of(
        rows: &[KeyRow],
        before: &Ring,
        sealing: &SealingKey,
        number: u64,
        now: i64,
    ) -> Self {
        let standings = Standing::of_all(rows, now);
        let read = |(row, standing)| Key::read(row, standing, before, sealing);
        let keys = rows.iter().zip(standings).filter_map(read).collect();
        Self { number, read_at: Some(now), keys }
    }

    /// Whether nothing that matters can have changed since.
    pub(super) fn is_fresh(&self, now: i64) -> bool {
        self.read_at.is_some_and(|at| (at..at + LIST_AGE).contains(&now))
    }

    /// The public half of the key with this id.
    pub(super) fn public(&self, kid: &str) -> Option<&PublicKey> {
        self.keys.iter().map(|key| &*key.public).find(|key| key.kid() == kid)
    }

    /// The key that signs now, if it could be opened; `None` when there is no key at all. The first
    /// one signs before its time too: the clock of the node that made it may be ahead.
    pub(super) fn signer(&self, algorithm: Algorithm, now: i64) -> Option<Signer> {
        let present = self.of_algorithm(algorithm).rfind(|key| key.signs_from <= now);
        let signer = present.or_else(|| self.of_algorithm(algorithm).next());
        signer.map(|key| key.whole.clone().ok_or_else(sealed_otherwise))
    }

    /// The algorithms whose youngest key was made at this instant or before.
    pub(super) fn older_than(&self, instant: i64) -> Vec<Algorithm> {
        let is_old = |algorithm: &Algorithm| {
            let made = self.of_algorithm(*algorithm).map(|key| key.created_at).max();
            made.is_some_and(|made| made <= instant)
        };
        Algorithm::ALL.into_iter().filter(is_old).collect()
    }

    /// The JWK Set.
    pub(super) fn published(&self) -> Value {
        let keys: Vec<Value> = self.keys.iter().map(|key| key.public.to_json()).collect();
        json!({ "keys": keys })
    }

    /// The keys of an algorithm, in the order in which they sign.
    fn of_algorithm(&self, algorithm: Algorithm) -> impl DoubleEndedIterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.public.algorithm() == algorithm)
    }
}

fn sealed_otherwise() -> KeyError {
    KeyError(
        "the key that signs was sealed with another key-encryption key; start this server again \
         with the right file at key_encryption_key_file"
            .into(),
    )
}
