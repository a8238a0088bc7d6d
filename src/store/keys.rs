//! Signing keys. The private half of each is sealed with the key-encryption key.

use sqlx::FromRow;

use super::secrets::{SEALED_WITH, wrong_key};
use super::{Result, Store, in_transaction, on};
use crate::domain::seal::SealingKey;
use crate::domain::signing::{Algorithm, SigningKey};

/// A key as the database has it.
#[derive(Clone, Debug, FromRow)]
pub struct KeyRow {
    /// Its id.
    pub kid: String,
    /// The name of its algorithm.
    pub alg: String,
    /// Its JWK.
    pub public_key: String,
    /// The private half, sealed for the row `kid`.
    pub sealed: String,
    /// When it was made.
    pub created_at: i64,
    /// From when on it signs, until one that signs from later on does.
    pub signs_from: i64,
}

/// When a new key is to be written, and what becomes of the others of its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adding {
    /// If none of its algorithm was made after this instant.
    UnlessMadeAfter(i64),
    /// In any case.
    Beside,
    /// In any case, and the others are deleted.
    Instead,
}

const ALL: &str = "SELECT kid, alg, public_key, sealed, created_at, signs_from FROM signing_keys \
    ORDER BY alg, signs_from, kid";

impl Store {
    /// Every key, those of an algorithm in the order in which they sign.
    pub async fn signing_keys(&self) -> Result<Vec<KeyRow>> {
        Ok(on!(self, read, db => sqlx::query_as(ALL).fetch_all(db).await)?)
    }

    /// Writes a new key; false when there is one that makes it needless. Nodes take turns, and one
    /// that has an old key-encryption key writes nothing that the others could not open.
    /// [`Store::server_secret`] with the name [`SEALED_WITH`] comes before.
    pub async fn add_signing_key(
        &self,
        key: &SigningKey,
        adding: Adding,
        sealing: &SealingKey,
        signs_from: i64,
        now: i64,
    ) -> Result<bool> {
        const TAKE_TURN: &str =
            "UPDATE server_secrets SET name = name WHERE name = $1 RETURNING sealed";
        const ADD: &str = "INSERT INTO signing_keys (kid, alg, public_key, sealed, created_at, \
            signs_from) SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS \
            (SELECT 1 FROM signing_keys WHERE alg = $2 AND created_at > $7)";
        const DELETE_OTHERS: &str = "DELETE FROM signing_keys WHERE alg = $1 AND kid <> $2";
        let (kid, alg) = (key.public().kid(), key.public().algorithm().as_str());
        let sealed = sealing.seal(kid, key.private());
        let unless_after = match adding {
            Adding::UnlessMadeAfter(instant) => instant,
            Adding::Beside | Adding::Instead => i64::MAX,
        };
        let added = in_transaction!(self, tx => {
            let witness: Option<(String,)> =
                sqlx::query_as(TAKE_TURN).bind(SEALED_WITH).fetch_optional(&mut *tx).await?;
            let is_ours = witness.is_some_and(|(seal,)| sealing.open(SEALED_WITH, &seal).is_some());
            if is_ours {
                let added = sqlx::query(ADD).bind(kid).bind(alg)
                    .bind(key.public().to_json().to_string()).bind(&sealed).bind(now)
                    .bind(signs_from).bind(unless_after)
                    .execute(&mut *tx).await?.rows_affected() == 1;
                if added && adding == Adding::Instead {
                    sqlx::query(DELETE_OTHERS).bind(alg).bind(kid).execute(&mut *tx).await?;
                }
                Some(added)
            } else {
                None
            }
        });
        added.ok_or_else(wrong_key)
    }

    /// Deletes the keys after which another of their algorithm signs since `before` or longer.
    pub async fn purge_signing_keys(&self, before: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM signing_keys WHERE EXISTS (SELECT 1 FROM signing_keys later \
            WHERE later.alg = signing_keys.alg AND later.signs_from <= $1 AND \
            (later.signs_from, later.kid) > (signing_keys.signs_from, signing_keys.kid))";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before)
            .execute(db).await?.rows_affected()))
    }
}

impl KeyRow {
    /// Its algorithm, if this version knows it.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::parse(&self.alg)
    }

    /// The whole key; `None` when it was sealed with another key-encryption key.
    #[must_use]
    pub fn open(&self, sealing: &SealingKey) -> Option<SigningKey> {
        let private = zeroize::Zeroizing::new(sealing.open(&self.kid, &self.sealed)?);
        let key = SigningKey::parse(self.algorithm()?, &private)?;
        (key.public().kid() == self.kid).then_some(key)
    }
}
