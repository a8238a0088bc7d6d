//! Signing keys at work: which one signs, which are published, and when they change.
//!
//! A new key is published ten minutes before it signs, and an old one for 31 days after it signed
//! last. So whoever reads the list now and then knows every key in time, this server's nodes
//! included: each reads it from the database every ten seconds at most.

mod ring;
mod standing;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use self::ring::Ring;
pub use self::standing::Standing;
use crate::clock::{DAY, MINUTE, SECOND};
use crate::domain::seal::SealingKey;
use crate::domain::signing::{Algorithm, SigningKey, named_key};
use crate::store::keys::Adding;
use crate::store::secrets::SEALED_WITH;
use crate::store::{Store, StoreError};

/// How old the list may be.
const LIST_AGE: i64 = 10 * SECOND;
/// How long a key is published before it signs.
pub const LEAD: i64 = 10 * MINUTE;
/// How long a key is published after another signs in its place: sites show the id token of a session
/// as a hint for as long as that lives.
pub const AFTERGLOW: i64 = 31 * DAY;
/// How long a key signs until another is made by itself.
pub const LIFETIME: i64 = 90 * DAY;

/// The keys of this installation. Clones share what was read.
#[derive(Clone)]
pub struct Keys(Arc<Shared>);

struct Shared {
    store: Store,
    sealing: Arc<SealingKey>,
    ring: RwLock<Arc<Ring>>,
    /// Held by whoever reads the list.
    reading: Mutex<()>,
    /// How many times that was begun.
    reads: AtomicU64,
    /// Held by whoever makes a first key.
    making: Mutex<()>,
}

/// How a key is followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The new one signs after [`LEAD`], the old one until then.
    InTime,
    /// The new one signs at once.
    Now,
    /// The new one signs at once, and the old ones are deleted: nothing that they signed counts.
    Compromised,
}

/// What [`Keys::renew`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Keys made in place of old ones.
    pub made: u64,
    /// Keys deleted whose time is over.
    pub deleted: u64,
}

/// Why there is no signature.
#[derive(Debug)]
pub struct KeyError(String);

impl Keys {
    /// The keys in this database. An error when they were sealed with another key-encryption key.
    pub async fn open(store: Store, sealing: Arc<SealingKey>, now: i64) -> Result<Self, KeyError> {
        store.server_secret(SEALED_WITH, &sealing, now).await?;
        let (ring, reads) = (RwLock::default(), AtomicU64::default());
        let (reading, making) = (Mutex::default(), Mutex::default());
        Ok(Self(Arc::new(Shared { store, sealing, ring, reading, reads, making })))
    }

    /// As [`Keys::open`], and makes what is missing: a key for ES256, and one for each algorithm
    /// that an active client registered.
    pub async fn start(store: Store, sealing: Arc<SealingKey>, now: i64) -> Result<Self, KeyError> {
        let clients = store.list_clients().await?;
        let keys = Self::open(store, sealing, now).await?;
        let active = clients.iter().filter(|client| client.disabled_at.is_none());
        let registered = active.map(|client| &client.registration.id_token_signed_response_alg);
        let registered: Vec<_> = registered.filter_map(|name| Algorithm::parse(name)).collect();
        for algorithm in Algorithm::ALL {
            if algorithm == Algorithm::Es256 || registered.contains(&algorithm) {
                keys.signer(algorithm, now).await?;
            }
        }
        Ok(keys)
    }

    /// A token of the type `typ` with these claims. A first key for the algorithm is made if there
    /// is none.
    pub async fn sign<T: Serialize + ?Sized>(
        &self,
        algorithm: Algorithm,
        typ: &str,
        claims: &T,
        now: i64,
    ) -> Result<String, KeyError> {
        let signer = self.signer(algorithm, now).await?;
        signer.sign(typ, claims).map_err(KeyError)
    }

    /// The claims of a token of the type `typ` that one of these keys has signed; `None` for
    /// anything else. Whether it is too old, or for somebody else, is for the caller to see.
    pub async fn verify(
        &self,
        jwt: &str,
        typ: &str,
        now: i64,
    ) -> Result<Option<Map<String, Value>>, KeyError> {
        let Some(kid) = named_key(jwt) else { return Ok(None) };
        let mut ring = self.ring(now).await?;
        if ring.public(&kid).is_none() {
            // Another node may have made it just now.
            ring = self.read(now).await?;
        }
        Ok(ring.public(&kid).and_then(|key| key.verify(jwt, typ)))
    }

    /// The JWK Set (RFC 7517) of all keys that sign, did so lately or will do so soon.
    pub async fn published(&self, now: i64) -> Result<Value, KeyError> {
        Ok(self.ring(now).await?.published())
    }

    /// Makes another key for an algorithm; gives its id and when it begins to sign.
    pub async fn rotate(
        &self,
        algorithm: Algorithm,
        rotation: Rotation,
        now: i64,
    ) -> Result<(String, i64), KeyError> {
        let (adding, signs_from) = match rotation {
            Rotation::InTime => (Adding::Beside, now + LEAD),
            Rotation::Now => (Adding::Beside, now),
            Rotation::Compromised => (Adding::Instead, now),
        };
        let key = generate(algorithm).await?;
        self.add(&key, adding, signs_from, now).await?;
        Ok((key.public().kid().to_owned(), signs_from))
    }

    /// Gives every algorithm whose youngest key is older than [`LIFETIME`] another, and deletes the
    /// keys whose successor signs for [`AFTERGLOW`]. Any node may do it at any time.
    pub async fn renew(&self, now: i64) -> Result<Renewed, KeyError> {
        let mut made = 0;
        for algorithm in self.read(now).await?.older_than(now - LIFETIME) {
            let key = generate(algorithm).await?;
            let adding = Adding::UnlessMadeAfter(now - LIFETIME);
            made += u64::from(self.add(&key, adding, now + LEAD, now).await?);
        }
        let deleted = self.0.store.purge_signing_keys(now - AFTERGLOW).await?;
        if deleted > 0 {
            self.read(now).await?;
        }
        Ok(Renewed { made, deleted })
    }

    async fn signer(&self, algorithm: Algorithm, now: i64) -> Result<Arc<SigningKey>, KeyError> {
        if let Some(signer) = self.ring(now).await?.signer(algorithm, now) {
            return signer;
        }
        let _making = self.0.making.lock().await;
        if let Some(signer) = self.present().signer(algorithm, now) {
            return signer;
        }
        let key = generate(algorithm).await?;
        self.add(&key, Adding::UnlessMadeAfter(i64::MIN), now, now).await?;
        let signer = self.present().signer(algorithm, now);
        signer.unwrap_or_else(|| Err(KeyError(format!("no key for {}", algorithm.as_str()))))
    }

    async fn add(
        &self,
        key: &SigningKey,
        adding: Adding,
        signs_from: i64,
        now: i64,
    ) -> Result<bool, KeyError> {
        let Shared { store, sealing, .. } = &*self.0;
        let added = store.add_signing_key(key, adding, sealing, signs_from, now).await?;
        self.read(now).await?;
        Ok(added)
    }

    /// The list, from the database if it is too old.
    async fn ring(&self, now: i64) -> Result<Arc<Ring>, KeyError> {
        let ring = self.present();
        if ring.is_fresh(now) { Ok(ring) } else { self.read(now).await }
    }

    /// The list as it is in the database now. Callers at the same time share one look.
    async fn read(&self, now: i64) -> Result<Arc<Ring>, KeyError> {
        let asked = self.0.reads.load(Ordering::SeqCst);
        let _reading = self.0.reading.lock().await;
        let before = self.present();
        if before.number > asked {
            return Ok(before);
        }
        let number = self.0.reads.fetch_add(1, Ordering::SeqCst) + 1;
        let rows = self.0.store.signing_keys().await?;
        let ring = Arc::new(Ring::of(&rows, &before, &self.0.sealing, number, now));
        *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }

    fn present(&self) -> Arc<Ring> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Off the threads that others wait for: RSA takes its time.
async fn generate(algorithm: Algorithm) -> Result<SigningKey, KeyError> {
    let made = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
    made.map_err(|_| KeyError("a key could not be made".into()))
}

impl From<StoreError> for KeyError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
