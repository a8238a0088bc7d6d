//! Access tokens: looked at, narrowed, revoked.

use sqlx::FromRow;

use super::grants::ADD_ACCESS_TOKEN;
use super::living_grant::{Grant, GrantRow, of_living_grant};
use super::{Result, Store, on};
use crate::domain::audience::Audience;
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;

/// An access token that lives.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// Where it comes from.
    pub grant: Grant,
    /// What it can do.
    pub scope: Scope,
    /// Where it can do it.
    pub audience: Audience,
    /// From how many tokens it was narrowed, one after the other.
    pub depth: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it ends at the latest.
    pub expires_at: i64,
}

/// A token that is narrower than the one it comes from.
#[derive(Clone, Copy, Debug)]
pub struct NewNarrowed<'a> {
    /// SHA-256 of it.
    pub access: &'a SecretHash,
    /// SHA-256 of the one it comes from.
    pub parent: &'a SecretHash,
    /// What it can do.
    pub scope: &'a Scope,
    /// Where it can do it.
    pub audience: &'a Audience,
    /// When it ends.
    pub expires_at: i64,
}

#[derive(FromRow)]
struct TokenRow {
    parent_hash: Option<String>,
    depth: i64,
    scope: String,
    audience: String,
    created_at: i64,
    expires_at: i64,
    #[sqlx(flatten)]
    grant: GrantRow,
}

const LIVING: &str = of_living_grant!(
    "t.parent_hash, t.depth, t.scope, t.audience, t.created_at, t.expires_at, ",
    "access_tokens",
    "t.expires_at > $2 AND t.revoked_at IS NULL"
);
const REVOKED_ABOVE: &str = "WITH RECURSIVE above (hash, parent_hash, revoked_at) AS \
    (SELECT hash, parent_hash, revoked_at FROM access_tokens WHERE hash = $1 UNION ALL \
    SELECT p.hash, p.parent_hash, p.revoked_at FROM access_tokens p JOIN above \
    ON p.hash = above.parent_hash) SELECT COUNT(*) FROM above WHERE revoked_at IS NOT NULL";
const REVOKE: &str = "UPDATE access_tokens SET revoked_at = $3 WHERE hash = $1 \
    AND revoked_at IS NULL AND grant_id IN (SELECT id FROM grants WHERE client_id = $2)";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("access token", LIVING),
    ("revoked tokens above one", REVOKED_ABOVE),
    ("revoke an access token", REVOKE),
];

impl Store {
    /// The access token with this hash, while it and everything that it hangs on lives.
    pub async fn access_token(&self, hash: &SecretHash, now: i64) -> Result<Option<AccessToken>> {
        let row: Option<TokenRow> = on!(self, read, db => sqlx::query_as(LIVING)
            .bind(hash.as_str()).bind(now).fetch_optional(db).await)?;
        let Some(row) = row else {
            return Ok(None);
        };
        // Looked at after the token itself: whoever is revoked in between is seen.
        if let Some(parent) = &row.parent_hash
            && self.has_revoked_above(parent).await?
        {
            return Ok(None);
        }
        let token = AccessToken {
            grant: self.grant(row.grant)?,
            scope: Scope::parse(&row.scope).unwrap_or_default(),
            audience: Audience::parse(&row.audience),
            depth: row.depth,
            created_at: row.created_at,
            expires_at: row.expires_at,
        };
        Ok(Some(token).filter(|token| token.grant.allows(&token.scope, &token.audience)))
    }

    async fn has_revoked_above(&self, hash: &str) -> Result<bool> {
        let (revoked,): (i64,) = on!(self, read, db => sqlx::query_as(REVOKED_ABOVE)
            .bind(hash).fetch_one(db).await)?;
        Ok(revoked > 0)
    }

    /// Writes a token that was narrowed from a living one. Should that one be revoked at the same
    /// moment, the new one is dead from the start: tokens look at those above them when they are used.
    pub async fn add_narrowed_token(
        &self,
        new: NewNarrowed<'_>,
        parent: &AccessToken,
        now: i64,
    ) -> Result<()> {
        let (scope, audience) = (new.scope.to_string(), new.audience.to_string());
        on!(self, write, db => sqlx::query(ADD_ACCESS_TOKEN).bind(new.access.as_str())
            .bind(&parent.grant.id).bind(new.parent.as_str()).bind(parent.depth + 1)
            .bind(&scope).bind(&audience).bind(now).bind(new.expires_at)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Revokes an access token of this client, and with it all that were narrowed from it. False
    /// when the client has no such token.
    pub async fn revoke_access_token(
        &self,
        hash: &SecretHash,
        client_id: &str,
        now: i64,
    ) -> Result<bool> {
        let revoked = on!(self, write, db => sqlx::query(REVOKE).bind(hash.as_str())
            .bind(client_id).bind(now).execute(db).await?.rows_affected());
        Ok(revoked == 1)
    }

    /// Deletes up to `limit` access tokens that ended before `before`.
    pub async fn purge_access_tokens(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM access_tokens WHERE hash IN \
            (SELECT hash FROM access_tokens WHERE expires_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}
