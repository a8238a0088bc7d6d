//! Consents: an account's standing yes to a client and its scope.

use super::{Result, Store, on};
use crate::domain::scope::Scope;

const BY_CLIENT: &str = "SELECT scope FROM consents WHERE account_uid = $1 AND client_id = $2";

pub(super) const LOOKUPS: &[(&str, &str)] = &[("consent of an account", BY_CLIENT)];

impl Store {
    /// What this account has agreed to let this client know, if anything.
    pub async fn consent(&self, account_uid: &str, client_id: &str) -> Result<Option<Scope>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(BY_CLIENT)
            .bind(account_uid).bind(client_id).fetch_optional(db).await)?;
        Ok(row.and_then(|row| Scope::parse(&row.0).ok()))
    }

    /// Writes a yes; a newer one replaces the older.
    pub async fn add_consent(
        &self,
        account_uid: &str,
        client_id: &str,
        scope: &Scope,
        now: i64,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO consents (account_uid, client_id, scope, granted_at) \
            VALUES ($1, $2, $3, $4) ON CONFLICT (account_uid, client_id) \
            DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at";
        let scope = scope.to_string();
        on!(self, write, db => sqlx::query(SQL).bind(account_uid).bind(client_id)
            .bind(&scope).bind(now).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Takes a yes back. False when there was none.
    pub async fn remove_consent(&self, account_uid: &str, client_id: &str) -> Result<bool> {
        const SQL: &str = "DELETE FROM consents WHERE account_uid = $1 AND client_id = $2";
        let removed = on!(self, write, db => sqlx::query(SQL).bind(account_uid).bind(client_id)
            .execute(db).await?.rows_affected());
        Ok(removed == 1)
    }
}
