//! Refresh tokens: each is used once, for the next one of its family.

use sqlx::FromRow;

use super::grants::{ADD_ACCESS_TOKEN, ADD_REFRESH_TOKEN, FINISH, Granted, Refused};
use super::living_grant::{Grant, GrantRow, of_living_grant};
use super::payloads::ADD_SID;
use super::{Result, Store, in_transaction, on};
use crate::domain::audience::Audience;
use crate::domain::grant::{ACCESS_LIFETIME, GRACE, open_successor, seal_successor};
use crate::domain::scope::Scope;
use crate::domain::secret::{Secret, SecretHash};
use crate::random;

/// A refresh token whose grant lives.
#[derive(Clone, Debug)]
pub struct RefreshToken {
    /// Where it comes from.
    pub grant: Grant,
    /// When it was made.
    pub created_at: i64,
    /// When its family ends at the latest.
    pub expires_at: i64,
    /// Whether its successor has been asked for.
    pub is_used: bool,
}

/// What is asked for with a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct Renewal<'a> {
    /// The refresh token.
    pub token: &'a Secret,
    /// SHA-256 of the new access token.
    pub access: &'a SecretHash,
    /// What the new access token can do: no more than was granted.
    pub scope: &'a Scope,
    /// Where it can do it: no more than was granted.
    pub audience: &'a Audience,
}

/// What came of it.
#[derive(Debug)]
pub struct Renewed {
    /// The person, and what the client has of them.
    pub granted: Granted,
    /// The next refresh token.
    pub refresh: Secret,
}

#[derive(FromRow)]
struct RefreshRow {
    created_at: i64,
    used_at: Option<i64>,
    expires_at: i64,
    #[sqlx(flatten)]
    grant: GrantRow,
}

#[derive(FromRow)]
struct UsedRow {
    grant_id: String,
    used_at: Option<i64>,
    successor: Option<String>,
    successor_used_at: Option<i64>,
}

impl UsedRow {
    /// The successor that was given out for a token, while it may be given out again.
    fn successor_of(&self, token: &Secret, now: i64) -> Option<Secret> {
        let is_recent = self.used_at.is_some_and(|used| now - used <= GRACE);
        let sealed = self.successor.as_deref();
        let sealed = sealed.filter(|_| is_recent && self.successor_used_at.is_none());
        open_successor(token, sealed?)
    }
}

const LIVING: &str = of_living_grant!(
    "t.created_at, t.used_at, g.expires_at, ",
    "refresh_tokens",
    "g.expires_at > $2"
);
const USE: &str = "UPDATE refresh_tokens SET used_at = $2, successor_hash = $3, successor = $4 \
    WHERE hash = $1 AND used_at IS NULL \
    AND EXISTS (SELECT 1 FROM grants g WHERE g.id = refresh_tokens.grant_id \
    AND g.finished_at IS NULL) RETURNING grant_id";
const USED: &str = "SELECT t.grant_id, t.used_at, t.successor, n.used_at AS successor_used_at \
    FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id AND g.finished_at IS NULL \
    LEFT JOIN refresh_tokens n ON n.hash = t.successor_hash WHERE t.hash = $1";
const FINISH_FAMILY: &str = "UPDATE grants SET finished_at = $3 WHERE client_id = $2 \
    AND finished_at IS NULL AND id IN (SELECT grant_id FROM refresh_tokens WHERE hash = $1)";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("refresh token", LIVING),
    ("use a refresh token", USE),
    ("used refresh token", USED),
    ("finish a family", FINISH_FAMILY),
];

impl Store {
    /// The refresh token with this hash, used or not, while its grant lives.
    pub async fn refresh_token(&self, hash: &SecretHash, now: i64) -> Result<Option<RefreshToken>> {
        let row: Option<RefreshRow> = on!(self, read, db => sqlx::query_as(LIVING)
            .bind(hash.as_str()).bind(now).fetch_optional(db).await)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let token = RefreshToken {
            grant: self.grant(row.grant)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            is_used: row.used_at.is_some(),
        };
        let is_allowed = token.grant.allows(&token.grant.scope, &Audience::default());
        Ok(Some(token).filter(|_| is_allowed))
    }

    /// Swaps a refresh token of a living grant for the next one and an access token. One that was
    /// used is answered with the same successor again for [`crate::domain::grant::GRACE`], while
    /// nobody has used that; after that it ends the family.
    pub async fn renew(
        &self,
        renewal: Renewal<'_>,
        grant: &Grant,
        now: i64,
    ) -> Result<std::result::Result<Renewed, Refused>> {
        let Renewal { token, access, scope, audience } = renewal;
        let (hash, fresh) = (token.hash(), Secret::random());
        let (fresh_hash, sealed) = (fresh.hash(), seal_successor(token, &fresh));
        let (fresh_sid, client_id) = (random::id(), &grant.client.client_id);
        let outcome = in_transaction!(self, tx => {
            let first: Option<(String,)> = sqlx::query_as(USE).bind(hash.as_str()).bind(now)
                .bind(fresh_hash.as_str()).bind(&sealed).fetch_optional(&mut *tx).await?;
            let successor = if first.is_some() {
                sqlx::query(ADD_REFRESH_TOKEN).bind(fresh_hash.as_str()).bind(&grant.id).bind(now)
                    .execute(&mut *tx).await?;
                Some(fresh)
            } else {
                let used: Option<UsedRow> = sqlx::query_as(USED).bind(hash.as_str())
                    .fetch_optional(&mut *tx).await?;
                let again = used.as_ref().and_then(|used| used.successor_of(token, now));
                if let (None, Some(used)) = (&again, &used) {
                    sqlx::query(FINISH).bind(&used.grant_id).bind(now).execute(&mut *tx).await?;
                }
                again
            };
            match successor {
                None => None,
                Some(successor) => {
                    sqlx::query(ADD_ACCESS_TOKEN).bind(access.as_str()).bind(&grant.id)
                        .bind(None::<String>).bind(0_i64).bind(scope.to_string())
                        .bind(audience.to_string()).bind(now).bind(now + ACCESS_LIFETIME)
                        .execute(&mut *tx).await?;
                    let (sid,): (String,) = sqlx::query_as(ADD_SID).bind(&fresh_sid)
                        .bind(&grant.session_id).bind(client_id).bind(now)
                        .fetch_one(&mut *tx).await?;
                    Some((successor, sid))
                }
            }
        });
        let (Some((refresh, sid)), Some(account)) = (outcome, grant.account.clone()) else {
            return Ok(Err(Refused::Invalid));
        };
        let granted = Granted {
            account,
            sid,
            auth_time: grant.auth_time.unwrap_or_default(),
            scope: grant.scope.clone(),
            nonce: None,
        };
        Ok(Ok(Renewed { granted, refresh }))
    }

    /// Revokes a refresh token of this client: its grant ends, with all its tokens. False when the
    /// client has no such token.
    pub async fn revoke_refresh_token(
        &self,
        hash: &SecretHash,
        client_id: &str,
        now: i64,
    ) -> Result<bool> {
        let finished = on!(self, write, db => sqlx::query(FINISH_FAMILY).bind(hash.as_str())
            .bind(client_id).bind(now).execute(db).await?.rows_affected());
        Ok(finished == 1)
    }
}
