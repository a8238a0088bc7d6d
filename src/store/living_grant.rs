//! Grants that live, as every token is read with one: what ends a grant ends its tokens.

use sqlx::FromRow;
use std::sync::Arc;

use super::{Result, Store};
use crate::domain::account::Account;
use crate::domain::audience::Audience;
use crate::domain::client::Registration;
use crate::domain::consent;
use crate::domain::scope::Scope;

#[derive(FromRow)]
pub(super) struct GrantRow {
    grant_id: String,
    session_id: Option<String>,
    auth_time: Option<i64>,
    granted: String,
    authorised: String,
    registration: String,
    consented: Option<String>,
    uid: Option<String>,
    username: Option<String>,
    email: Option<String>,
    full_name: Option<String>,
    email_verified_at: Option<i64>,
    account_created_at: Option<i64>,
}

/// A grant that has not ended, nor its session, client or account.
#[derive(Clone, Debug)]
pub struct Grant {
    /// 32 hex characters.
    pub id: String,
    /// Whose it is.
    pub client: Arc<Registration>,
    /// Who authorised it; `None` for a client that acts for itself.
    pub account: Option<Account>,
    /// On which browser.
    pub session_id: Option<String>,
    /// When that person signed in.
    pub auth_time: Option<i64>,
    /// What was authorised.
    pub scope: Scope,
    /// Whom tokens may be aimed at.
    pub audience: Audience,
    consented: Option<Scope>,
}

impl Grant {
    /// Whether such a token is still agreed to, by the person and by the registration.
    #[must_use]
    pub fn allows(&self, scope: &Scope, audience: &Audience) -> bool {
        let by_person = self.account.is_none()
            || consent::is_given_for(&self.client, self.consented.as_ref(), scope);
        let by_registration =
            self.client.scope.implies(scope) && audience.is_registered_for(&self.client);
        by_person && by_registration
    }
}

/// The grant of a token that is named `t`, while it, its session, client and account live.
macro_rules! of_living_grant {
    ($columns:literal, $table:literal, $where:literal) => {
        concat!(
            "SELECT ",
            $columns,
            "g.id AS grant_id, g.session_id, g.auth_time, g.scope AS granted, ",
            "g.audience AS authorised, c.registration, k.scope AS consented, a.uid, a.username, ",
            "a.email, a.full_name, a.email_verified_at, a.created_at AS account_created_at FROM ",
            $table,
            " t JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.client_id = g.client_id ",
            "LEFT JOIN sessions s ON s.id = g.session_id ",
            "LEFT JOIN accounts a ON a.uid = g.account_uid ",
            "LEFT JOIN consents k ON k.account_uid = g.account_uid AND k.client_id = g.client_id ",
            "WHERE t.hash = $1 AND g.finished_at IS NULL AND c.disabled_at IS NULL ",
            "AND a.disabled_at IS NULL AND (g.session_id IS NULL OR (s.finished_at IS NULL ",
            "AND s.idle_expires_at > $2 AND s.expires_at > $2)) AND ",
            $where
        )
    };
}
pub(super) use of_living_grant;

impl Store {
    pub(super) fn grant(&self, row: GrantRow) -> Result<Grant> {
        let account = row.uid.map(|uid| Account {
            uid,
            username: row.username.unwrap_or_default(),
            email: row.email.unwrap_or_default(),
            full_name: row.full_name.unwrap_or_default(),
            email_verified_at: row.email_verified_at,
            created_at: row.account_created_at.unwrap_or_default(),
            disabled_at: None,
        });
        Ok(Grant {
            id: row.grant_id,
            client: self.registrations.parse(row.registration)?,
            account,
            session_id: row.session_id,
            auth_time: row.auth_time,
            scope: Scope::parse(&row.granted).unwrap_or_default(),
            audience: Audience::parse(&row.authorised),
            consented: row.consented.and_then(|scope| Scope::parse(&scope).ok()),
        })
    }
}
