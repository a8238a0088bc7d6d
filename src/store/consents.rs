//! Consents: an account's standing yes to a client and its scope.

use std::sync::Arc;

use super::{Result, Store, in_transaction, on};
use crate::domain::client::Registration;
use crate::domain::scope::Scope;

/// A yes, and to whom.
#[derive(Clone, Debug)]
pub struct Consent {
    /// The client.
    pub registration: Arc<Registration>,
    /// What it may know and do.
    pub scope: Scope,
    /// Since when.
    pub granted_at: i64,
}

const BY_CLIENT: &str = "SELECT scope FROM consents WHERE account_uid = $1 AND client_id = $2";
const OF_ACCOUNT: &str = "SELECT k.registration, c.scope, c.granted_at FROM consents c \
    JOIN clients k ON k.client_id = c.client_id WHERE c.account_uid = $1 \
    ORDER BY c.granted_at DESC, c.client_id LIMIT 500";
const WIDEN: &str =
    "UPDATE consents SET scope = $3, granted_at = $4 WHERE account_uid = $1 AND client_id = $2";
const REMOVE: &str = "DELETE FROM consents WHERE account_uid = $1 AND client_id = $2";
const BURN_PAYLOADS: &str = "UPDATE recovery_payloads SET used_at = $3 WHERE used_at IS NULL \
    AND client_id = $2 AND session_id IN (SELECT id FROM sessions WHERE account_uid = $1)";
const FINISH_GRANTS: &str = "UPDATE grants SET finished_at = $3 WHERE account_uid = $1 \
    AND client_id = $2 AND finished_at IS NULL";
const FINISH_SIDS: &str = "UPDATE client_sessions SET finished_at = $3 WHERE client_id = $2 \
    AND finished_at IS NULL AND session_id IN (SELECT id FROM sessions WHERE account_uid = $1)";
const CANCEL_MONITORS: &str = "UPDATE monitors SET outcome = 'canceled', finished_at = $3 \
    WHERE account_uid = $1 AND client_id = $2 AND outcome IS NULL AND expires_at > $3 RETURNING id";
/// That this person has proved who they are is told no more.
const FORGET_PROOFS: &str = "DELETE FROM monitors WHERE account_uid = $1 AND client_id = $2 \
    AND outcome = 'succeeded'";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("consent of an account", BY_CLIENT),
    ("consents of an account", OF_ACCOUNT),
    ("widen a consent", WIDEN),
    ("remove a consent", REMOVE),
    ("burn payloads of an account for a client", BURN_PAYLOADS),
    ("finish grants of an account for a client", FINISH_GRANTS),
    ("finish sids of an account for a client", FINISH_SIDS),
    ("cancel monitors of an account for a client", CANCEL_MONITORS),
    ("forget what a client was told of proofs", FORGET_PROOFS),
];

impl Store {
    /// What this account has agreed to let this client know, if anything.
    pub async fn consent(&self, account_uid: &str, client_id: &str) -> Result<Option<Scope>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(BY_CLIENT)
            .bind(account_uid).bind(client_id).fetch_optional(db).await)?;
        Ok(row.and_then(|row| Scope::parse(&row.0).ok()))
    }

    /// Every client that this account has agreed to, the latest first.
    pub async fn consents_of(&self, account_uid: &str) -> Result<Vec<Consent>> {
        let rows: Vec<(String, String, i64)> = on!(self, read, db => sqlx::query_as(OF_ACCOUNT)
            .bind(account_uid).fetch_all(db).await)?;
        let read = |(registration, scope, granted_at): (String, String, i64)| {
            let registration = self.registrations.parse(registration)?;
            let scope = Scope::parse(&scope).unwrap_or_default();
            Ok(Consent { registration, scope, granted_at })
        };
        rows.into_iter().map(read).collect()
    }

    /// Writes a yes. What the account has agreed to before stays, and so does its time unless this
    /// is more.
    pub async fn add_consent(
        &self,
        account_uid: &str,
        client_id: &str,
        scope: &Scope,
        now: i64,
    ) -> Result<()> {
        // Waits for another yes that is under way, and then sees what it wrote.
        const ADD: &str = "INSERT INTO consents (account_uid, client_id, scope, granted_at) \
            VALUES ($1, $2, $3, $4) ON CONFLICT (account_uid, client_id) \
            DO UPDATE SET scope = consents.scope RETURNING scope";
        in_transaction!(self, tx => {
            let (held,): (String,) = sqlx::query_as(ADD).bind(account_uid).bind(client_id)
                .bind(scope.to_string()).bind(now).fetch_one(&mut *tx).await?;
            let held = Scope::parse(&held).unwrap_or_default();
            if !held.implies(scope) {
                sqlx::query(WIDEN).bind(account_uid).bind(client_id)
                    .bind(held.union(scope).to_string()).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(())
    }

    /// Takes a yes back, and ends all that the client has because of it; gives the ids of the monitors
    /// by which it still waited. `None` when there was no yes: then nothing is changed.
    pub async fn disconnect(
        &self,
        account_uid: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<Vec<String>>> {
        Ok(in_transaction!(self, tx => {
            let removed = sqlx::query(REMOVE).bind(account_uid).bind(client_id)
                .execute(&mut *tx).await?.rows_affected();
            let mut ended: Vec<(String,)> = Vec::new();
            if removed == 1 {
                // Payloads first: one that is being redeemed is waited for, and its sid is seen.
                for end in [BURN_PAYLOADS, FINISH_GRANTS, FINISH_SIDS] {
                    sqlx::query(end).bind(account_uid).bind(client_id).bind(now)
                        .execute(&mut *tx).await?;
                }
                ended = sqlx::query_as(CANCEL_MONITORS).bind(account_uid).bind(client_id).bind(now)
                    .fetch_all(&mut *tx).await?;
                sqlx::query(FORGET_PROOFS).bind(account_uid).bind(client_id)
                    .execute(&mut *tx).await?;
            }
            (removed == 1).then(|| ended.into_iter().map(|(id,)| id).collect())
        }))
    }
}
