//! Recovery payloads: minted for a page, redeemed once by its backend.

use sqlx::FromRow;

use super::accounts::AccountRow;
use super::{Result, Store, in_transaction, on};
use crate::domain::account::Account;
use crate::domain::client::Client;
use crate::domain::consent;
use crate::domain::recovery_payload::{Binding, LIFETIME, Presented};
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;
use crate::random;

/// What came of redeeming, or of looking at, a payload.
#[derive(Debug)]
pub enum Redeemed<T> {
    /// It was good.
    Good(T),
    /// It is another client's, or what was bound to it was not presented. It is burnt.
    Forbidden,
    /// It was used before, is too old, was never minted, or its session has ended.
    Gone,
}

/// What a redeemed payload opens.
#[derive(Debug)]
pub struct Recovered {
    /// The person.
    pub account: Account,
    /// The client's handle of the session.
    pub sid: String,
    /// When the person signed in.
    pub auth_time: i64,
}

#[derive(FromRow)]
struct PayloadRow {
    session_id: String,
    client_id: String,
    origin: String,
    nonce_hash: Option<String>,
    expires_at: i64,
}

impl PayloadRow {
    fn is_met(&self, client: &Client, presented: Presented<'_>) -> bool {
        let binding = Binding {
            client_id: self.client_id.clone(),
            origin: self.origin.clone(),
            nonce_hash: self.nonce_hash.clone(),
        };
        binding.is_met(client, presented)
    }
}

/// Whose a living session is, and what they have agreed to.
#[derive(FromRow)]
pub(super) struct OwnerRow {
    #[sqlx(flatten)]
    pub(super) account: AccountRow,
    pub(super) auth_time: i64,
    scope: Option<String>,
}

impl OwnerRow {
    pub(super) fn consents_to(&self, client: &Client, asked: &Scope) -> bool {
        let granted = self.scope.as_deref().and_then(|scope| Scope::parse(scope).ok());
        consent::is_given_for(&client.registration, granted.as_ref(), asked)
    }
}

const BURN: &str = "UPDATE recovery_payloads SET used_at = $2, sid = $3 WHERE hash = $1 \
    AND used_at IS NULL RETURNING session_id, client_id, origin, nonce_hash, expires_at";
const UNUSED: &str = "SELECT session_id, client_id, origin, nonce_hash, expires_at \
    FROM recovery_payloads WHERE hash = $1 AND used_at IS NULL";
const USED: &str = "SELECT client_id, sid FROM recovery_payloads WHERE hash = $1";
const SET_SID: &str = "UPDATE recovery_payloads SET sid = $2 WHERE hash = $1";
pub(super) const OWNER: &str = "SELECT a.uid, a.username, a.email, a.full_name, a.email_verified_at, \
    a.created_at, a.disabled_at, s.auth_time, c.scope FROM sessions s \
    JOIN accounts a ON a.uid = s.account_uid \
    LEFT JOIN consents c ON c.account_uid = a.uid AND c.client_id = $2 \
    WHERE s.id = $1 AND s.finished_at IS NULL AND s.idle_expires_at > $3 AND s.expires_at > $3 \
    AND a.disabled_at IS NULL";
pub(super) const ADD_SID: &str = "INSERT INTO client_sessions (sid, session_id, client_id, created_at) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (session_id, client_id) WHERE finished_at IS NULL \
    DO UPDATE SET created_at = client_sessions.created_at RETURNING sid";
const FINISH_SID: &str =
    "UPDATE client_sessions SET finished_at = $2 WHERE sid = $1 AND finished_at IS NULL";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("burn a payload", BURN),
    ("unused payload", UNUSED),
    ("used payload", USED),
    ("note the sid of a payload", SET_SID),
    ("owner of a payload", OWNER),
    ("finish a sid", FINISH_SID),
];

impl Store {
    /// Writes a payload that was minted for a session. It lives [`LIFETIME`] at most.
    pub async fn add_payload(
        &self,
        payload: &SecretHash,
        session_id: &str,
        binding: &Binding,
        now: i64,
    ) -> Result<()> {
        const SQL: &str = "INSERT INTO recovery_payloads (hash, session_id, client_id, origin, \
            nonce_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        on!(self, write, db => sqlx::query(SQL).bind(payload.as_str()).bind(session_id)
            .bind(&binding.client_id).bind(&binding.origin).bind(&binding.nonce_hash)
            .bind(now).bind(now + LIFETIME).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Redeems a payload for the client that presents it. Whatever comes of it, the payload
    /// cannot be used again; presenting a used one ends what its first use opened.
    pub async fn redeem_payload(
        &self,
        payload: &SecretHash,
        client: &Client,
        presented: Presented<'_>,
        now: i64,
    ) -> Result<Redeemed<Recovered>> {
        let client_id = &client.registration.client_id;
        let fresh_sid = random::id();
        Ok(in_transaction!(self, tx => {
            let burnt: Option<PayloadRow> = sqlx::query_as(BURN).bind(payload.as_str()).bind(now)
                .bind(&fresh_sid).fetch_optional(&mut *tx).await?;
            match burnt {
                None => {
                    let used: Option<(String, Option<String>)> = sqlx::query_as(USED)
                        .bind(payload.as_str()).fetch_optional(&mut *tx).await?;
                    if let Some((_, Some(sid))) = &used {
                        sqlx::query(FINISH_SID).bind(sid).bind(now).execute(&mut *tx).await?;
                    }
                    if used.is_some_and(|(owner, _)| owner != *client_id) {
                        Redeemed::Forbidden
                    } else {
                        Redeemed::Gone
                    }
                }
                Some(row) if !row.is_met(client, presented) => Redeemed::Forbidden,
                Some(row) if row.expires_at <= now => Redeemed::Gone,
                Some(row) => {
                    let owner: Option<OwnerRow> = sqlx::query_as(OWNER).bind(&row.session_id)
                        .bind(client_id).bind(now).fetch_optional(&mut *tx).await?;
                    match owner.filter(|owner| owner.consents_to(client, &client.registration.scope)) {
                        None => Redeemed::Gone,
                        Some(owner) => {
                            let (sid,): (String,) = sqlx::query_as(ADD_SID).bind(&fresh_sid)
                                .bind(&row.session_id).bind(client_id).bind(now)
                                .fetch_one(&mut *tx).await?;
                            if sid != fresh_sid {
                                sqlx::query(SET_SID).bind(payload.as_str()).bind(&sid)
                                    .execute(&mut *tx).await?;
                            }
                            let auth_time = owner.auth_time;
                            Redeemed::Good(Recovered { account: owner.account.into(), sid, auth_time })
                        }
                    }
                }
            }
        }))
    }

    /// Looks at a payload without using it: the milliseconds it still has. One that is another
    /// client's, or whose bound values were not presented, is burnt.
    pub async fn validate_payload(
        &self,
        payload: &SecretHash,
        client: &Client,
        presented: Presented<'_>,
        now: i64,
    ) -> Result<Redeemed<i64>> {
        let client_id = &client.registration.client_id;
        let row: Option<PayloadRow> = on!(self, read, db => sqlx::query_as(UNUSED)
            .bind(payload.as_str()).fetch_optional(db).await)?;
        let Some(row) = row else {
            let used: Option<(String, Option<String>)> = on!(self, read, db =>
                sqlx::query_as(USED).bind(payload.as_str()).fetch_optional(db).await)?;
            return Ok(match used {
                Some((owner, _)) if owner != *client_id => Redeemed::Forbidden,
                _ => Redeemed::Gone,
            });
        };
        if !row.is_met(client, presented) {
            on!(self, write, db => sqlx::query(BURN).bind(payload.as_str()).bind(now)
                .bind(None::<String>).execute(db).await.map(|_| ()))?;
            return Ok(Redeemed::Forbidden);
        }
        let owner: Option<OwnerRow> = on!(self, read, db => sqlx::query_as(OWNER)
            .bind(&row.session_id).bind(client_id).bind(now).fetch_optional(db).await)?;
        let lives = owner
            .is_some_and(|owner| owner.consents_to(client, &client.registration.scope))
            && row.expires_at > now;
        Ok(if lives { Redeemed::Good(row.expires_at - now) } else { Redeemed::Gone })
    }

    /// Deletes up to `limit` payloads that ended before `before`.
    pub async fn purge_payloads(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM recovery_payloads WHERE hash IN \
            (SELECT hash FROM recovery_payloads WHERE expires_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}
