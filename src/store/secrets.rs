//! Secrets of the whole installation, sealed with the key-encryption key.

use super::{Result, Store, StoreError, on};
use crate::domain::seal::SealingKey;
use crate::random;

impl Store {
    /// The secret of this name, 32 bytes, made at first use. An error when it was sealed with
    /// another key-encryption key.
    pub async fn server_secret(&self, name: &str, key: &SealingKey, now: i64) -> Result<Vec<u8>> {
        const ADD: &str = "INSERT INTO server_secrets (name, sealed, created_at) \
            VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        const GET: &str = "SELECT sealed FROM server_secrets WHERE name = $1";
        let fresh = key.seal(name, &random::bytes::<32>());
        on!(self, write, db => sqlx::query(ADD).bind(name).bind(&fresh).bind(now)
            .execute(db).await.map(|_| ()))?;
        let (sealed,): (String,) =
            on!(self, write, db => sqlx::query_as(GET).bind(name).fetch_one(db).await)?;
        key.open(name, &sealed).ok_or_else(|| {
            StoreError::new(
                "the key-encryption key is not the one that this database was made with; \
                 put the right file at key_encryption_key_file",
            )
        })
    }
}
