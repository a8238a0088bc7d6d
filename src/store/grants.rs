//! Grants: what one authorization let a client have, from the code on.

use sqlx::FromRow;

use super::payloads::{ADD_SID, OWNER, OwnerRow};
use super::{Result, Store, in_transaction, on};
use crate::domain::account::Account;
use crate::domain::audience::Audience;
use crate::domain::client::Client;
use crate::domain::grant::{ACCESS_LIFETIME, CODE_LIFETIME};
use crate::domain::pkce;
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;
use crate::random;

/// A person's authorization of a client, with the code that the client swaps for tokens.
#[derive(Debug)]
pub struct NewGrant<'a> {
    /// SHA-256 of the code.
    pub code: &'a SecretHash,
    /// Whose code it is.
    pub client_id: &'a str,
    /// Who authorised it.
    pub account_uid: &'a str,
    /// On which browser.
    pub session_id: &'a str,
    /// When that person signed in.
    pub auth_time: i64,
    /// What was authorised.
    pub scope: &'a Scope,
    /// Whom tokens may be aimed at.
    pub audience: &'a Audience,
    /// Goes into the id token.
    pub nonce: Option<&'a str>,
    /// Where the code is sent; it has to be presented with it.
    pub redirect_uri: &'a str,
    /// What the verifier is held against.
    pub code_challenge: Option<&'a str>,
}

/// What a client presents with a code.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// SHA-256 of the code.
    pub code: &'a SecretHash,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// Proves that the client asked for it.
    pub verifier: Option<&'a str>,
    /// Whom the access token is for; empty: all that was authorised.
    pub audience: &'a Audience,
}

/// The tokens that a redemption hands out, as they are stored.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    /// SHA-256 of the access token.
    pub access: &'a SecretHash,
    /// SHA-256 of the refresh token, for clients that get one.
    pub refresh: Option<&'a SecretHash>,
}

/// What a client got by a code or a refresh token.
#[derive(Debug)]
pub struct Granted {
    /// The person.
    pub account: Account,
    /// The client's handle of the session.
    pub sid: String,
    /// When the person signed in.
    pub auth_time: i64,
    /// What was authorised.
    pub scope: Scope,
    /// What the client sent along to see it again in the id token.
    pub nonce: Option<String>,
}

/// Why a well-formed redemption came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Unknown, used, too old, somebody else's, not proved, or ended.
    Invalid,
    /// It asked for an audience that was not authorised.
    Target,
}

#[derive(FromRow)]
struct CodeRow {
    id: String,
    client_id: String,
    account_uid: Option<String>,
    session_id: Option<String>,
    scope: String,
    audience: String,
    nonce: Option<String>,
    redirect_uri: Option<String>,
    code_challenge: Option<String>,
    code_expires_at: Option<i64>,
    finished_at: Option<i64>,
}

impl CodeRow {
    fn is_met(&self, client_id: &str, presented: &Presented<'_>, now: i64) -> bool {
        self.client_id == client_id
            && self.redirect_uri.as_deref() == Some(presented.redirect_uri)
            && pkce::is_proved(self.code_challenge.as_deref(), presented.verifier)
            && self.code_expires_at.is_some_and(|end| end > now)
            && self.finished_at.is_none()
    }
}

pub(super) const ADD: &str = "INSERT INTO grants (id, client_id, account_uid, session_id, scope, audience, \
    nonce, auth_time, redirect_uri, code_challenge, code_hash, code_expires_at, created_at, \
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12)";
/// A grant with refresh tokens lives as long as its session may.
const BURN_CODE: &str = "UPDATE grants SET code_used_at = $2, expires_at = CASE WHEN $3 = 1 THEN \
    COALESCE((SELECT s.expires_at FROM sessions s WHERE s.id = grants.session_id), $4) ELSE $4 END \
    WHERE code_hash = $1 AND code_used_at IS NULL \
    RETURNING id, client_id, account_uid, session_id, scope, audience, nonce, redirect_uri, \
    code_challenge, code_expires_at, finished_at";
const FINISH_BY_CODE: &str =
    "UPDATE grants SET finished_at = $2 WHERE code_hash = $1 AND finished_at IS NULL";
pub(super) const ADD_ACCESS_TOKEN: &str = "INSERT INTO access_tokens (hash, grant_id, \
    parent_hash, depth, scope, audience, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(super) const ADD_REFRESH_TOKEN: &str =
    "INSERT INTO refresh_tokens (hash, grant_id, created_at) VALUES ($1, $2, $3)";
pub(super) const FINISH: &str =
    "UPDATE grants SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("burn a code", BURN_CODE),
    ("finish a grant by its code", FINISH_BY_CODE),
    ("finish a grant", FINISH),
];

impl Store {
    /// Writes what a person authorised, under the code of it. The code lives [`CODE_LIFETIME`].
    pub async fn add_grant(&self, grant: &NewGrant<'_>, now: i64) -> Result<()> {
        let (id, end) = (random::id(), now + CODE_LIFETIME);
        let (scope, audience) = (grant.scope.to_string(), grant.audience.to_string());
        on!(self, write, db => sqlx::query(ADD).bind(&id).bind(grant.client_id)
            .bind(grant.account_uid).bind(grant.session_id).bind(&scope).bind(&audience)
            .bind(grant.nonce).bind(grant.auth_time).bind(grant.redirect_uri)
            .bind(grant.code_challenge).bind(grant.code.as_str()).bind(end).bind(now)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Swaps a code for tokens. Whatever comes of it, the code cannot be used again; presenting a
    /// used one ends the grant, with all its tokens.
    pub async fn redeem_code(
        &self,
        presented: Presented<'_>,
        client: &Client,
        fresh: Fresh<'_>,
        now: i64,
    ) -> Result<std::result::Result<Granted, Refused>> {
        let client_id = &client.registration.client_id;
        let (fresh_sid, end) = (random::id(), now + ACCESS_LIFETIME);
        let refreshes = i64::from(fresh.refresh.is_some());
        Ok(in_transaction!(self, tx => {
            let burnt: Option<CodeRow> = sqlx::query_as(BURN_CODE).bind(presented.code.as_str())
                .bind(now).bind(refreshes).bind(end).fetch_optional(&mut *tx).await?;
            let person: Option<OwnerRow> = match &burnt {
                Some(row) if row.is_met(client_id, &presented, now) => {
                    sqlx::query_as(OWNER).bind(&row.session_id).bind(client_id).bind(now)
                        .fetch_optional(&mut *tx).await?
                }
                Some(_) => None,
                None => {
                    sqlx::query(FINISH_BY_CODE).bind(presented.code.as_str()).bind(now)
                        .execute(&mut *tx).await?;
                    None
                }
            };
            match checked(burnt, person, client, &presented) {
                Err(refused) => Err(refused),
                Ok((row, person, scope, audience)) => {
                    let (sid,): (String,) = sqlx::query_as(ADD_SID).bind(&fresh_sid)
                        .bind(&row.session_id).bind(client_id).bind(now)
                        .fetch_one(&mut *tx).await?;
                    sqlx::query(ADD_ACCESS_TOKEN).bind(fresh.access.as_str()).bind(&row.id)
                        .bind(None::<String>).bind(0_i64).bind(&row.scope)
                        .bind(audience.to_string()).bind(now).bind(end)
                        .execute(&mut *tx).await?;
                    if let Some(refresh) = fresh.refresh {
                        sqlx::query(ADD_REFRESH_TOKEN).bind(refresh.as_str()).bind(&row.id)
                            .bind(now).execute(&mut *tx).await?;
                    }
                    Ok(Granted {
                        auth_time: person.auth_time,
                        account: person.account.into(),
                        sid,
                        scope,
                        nonce: row.nonce,
                    })
                }
            }
        }))
    }

    /// A token for a client that acts for itself.
    pub async fn add_client_token(
        &self,
        access: &SecretHash,
        client_id: &str,
        scope: &Scope,
        audience: &Audience,
        now: i64,
    ) -> Result<()> {
        const ADD_OWN: &str = "INSERT INTO grants (id, client_id, scope, audience, created_at, \
            expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let (id, end) = (random::id(), now + ACCESS_LIFETIME);
        let (scope, audience) = (scope.to_string(), audience.to_string());
        in_transaction!(self, tx => {
            sqlx::query(ADD_OWN).bind(&id).bind(client_id).bind(&scope).bind(&audience).bind(now)
                .bind(end).execute(&mut *tx).await?;
            sqlx::query(ADD_ACCESS_TOKEN).bind(access.as_str()).bind(&id).bind(None::<String>)
                .bind(0_i64).bind(&scope).bind(&audience).bind(now).bind(end)
                .execute(&mut *tx).await?;
        });
        Ok(())
    }

    /// Deletes up to `limit` grants, with their tokens, that ended before `before`.
    pub async fn purge_grants(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM grants WHERE id IN \
            (SELECT id FROM grants WHERE expires_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}

/// What a code opens, when everything about it is right.
fn checked(
    row: Option<CodeRow>,
    person: Option<OwnerRow>,
    client: &Client,
    presented: &Presented<'_>,
) -> std::result::Result<(CodeRow, OwnerRow, Scope, Audience), Refused> {
    let (Some(row), Some(person)) = (row, person) else {
        return Err(Refused::Invalid);
    };
    let scope = Scope::parse(&row.scope).unwrap_or_default();
    if row.account_uid.is_none() || !person.consents_to(client, &scope) {
        return Err(Refused::Invalid);
    }
    let audience = Audience::parse(&row.audience).narrowed_to(presented.audience);
    let audience = audience.filter(|audience| audience.is_registered_for(&client.registration));
    Ok((row, person, scope, audience.ok_or(Refused::Target)?))
}
