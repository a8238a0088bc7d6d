//! Secrets of the whole installation, sealed with the key-encryption key, and a change of that key.

use super::identifications::{self, RESEAL_IDENTIFICATION, SEALED, Sealed};
use super::{Result, Store, StoreError, in_transaction, on};
use crate::domain::seal::SealingKey;
use crate::random;

/// The secret that says by its seal with which key-encryption key everything is sealed. It is good
/// for nothing else.
pub const SEALED_WITH: &str = "sealed_with";

/// What a change of the key-encryption key came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Values that were sealed anew.
    pub resealed: usize,
    /// Values that were sealed with the new key already.
    pub already: usize,
}

const RESEAL_SECRET: &str = "UPDATE server_secrets SET sealed = $2 WHERE name = $1";
const RESEAL_KEY: &str = "UPDATE signing_keys SET sealed = $2 WHERE kid = $1";
const SECRET: &str = "SELECT sealed FROM server_secrets WHERE name = $1";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("server secret", SECRET),
    ("seal a server secret anew", RESEAL_SECRET),
    ("seal a signing key anew", RESEAL_KEY),
];

impl Store {
    /// The secret of this name, 32 bytes, made at first use. An error when it was sealed with
    /// another key-encryption key.
    pub async fn server_secret(&self, name: &str, key: &SealingKey, now: i64) -> Result<Vec<u8>> {
        const ADD: &str = "INSERT INTO server_secrets (name, sealed, created_at) \
            VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        let fresh = key.seal(name, &random::bytes::<32>());
        on!(self, write, db => sqlx::query(ADD).bind(name).bind(&fresh).bind(now)
            .execute(db).await.map(|_| ()))?;
        let (sealed,): (String,) =
            on!(self, write, db => sqlx::query_as(SECRET).bind(name).fetch_one(db).await)?;
        key.open(name, &sealed).ok_or_else(wrong_key)
    }

    /// Seals everything that is sealed with `old` anew with `new`. `None`, and nothing is changed,
    /// when there is something that neither of them opens.
    pub async fn rewrap(&self, old: &SealingKey, new: &SealingKey) -> Result<Option<Rewrapped>> {
        // Written to at once, so that nodes that make a key wait.
        const SECRETS: &str = "UPDATE server_secrets SET name = name RETURNING name, sealed";
        const KEYS: &str = "SELECT kid, sealed FROM signing_keys";
        Ok(in_transaction!(self, tx => {
            let secrets: Vec<(String, String)> =
                sqlx::query_as(SECRETS).fetch_all(&mut *tx).await?;
            let keys: Vec<(String, String)> = sqlx::query_as(KEYS).fetch_all(&mut *tx).await?;
            let proofs: Vec<Sealed> = sqlx::query_as(SEALED).fetch_all(&mut *tx).await?;
            let plan = plan(&secrets, old, new).zip(plan(&keys, old, new));
            let plan = plan.zip(identifications::plan(&proofs, old, new));
            if let Some(((secrets, keys), proofs)) = &plan {
                for (name, sealed) in secrets {
                    sqlx::query(RESEAL_SECRET).bind(name).bind(sealed).execute(&mut *tx).await?;
                }
                for (kid, sealed) in keys {
                    sqlx::query(RESEAL_KEY).bind(kid).bind(sealed).execute(&mut *tx).await?;
                }
                for (id, sealed, evidence) in proofs {
                    sqlx::query(RESEAL_IDENTIFICATION).bind(id).bind(sealed).bind(evidence)
                        .execute(&mut *tx).await?;
                }
            }
            let all = secrets.len() + keys.len() + 2 * proofs.len();
            plan.map(|((some, more), most)| {
                let resealed = some.len() + more.len() + 2 * most.len();
                Rewrapped { resealed, already: all - resealed }
            })
        }))
    }
}

/// The rows that have to be sealed anew, with their new seals; `None` if one cannot be opened.
fn plan<'a>(
    rows: &'a [(String, String)],
    old: &SealingKey,
    new: &SealingKey,
) -> Option<Vec<(&'a str, String)>> {
    let mut plan = Vec::new();
    for (id, sealed) in rows {
        if new.open(id, sealed).is_none() {
            let value = zeroize::Zeroizing::new(old.open(id, sealed)?);
            plan.push((id.as_str(), new.seal(id, &value)));
        }
    }
    Some(plan)
}

pub(super) fn wrong_key() -> StoreError {
    StoreError::new(
        "the key-encryption key is not the one that this database was made with; \
         put the right file at key_encryption_key_file",
    )
}
