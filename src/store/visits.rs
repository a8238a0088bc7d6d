//! What the bridge and the authorization endpoint ask for at each visit, in one query: the client,
//! and who is signed in.

use std::sync::Arc;

use sqlx::FromRow;

use super::{Result, Store, on};
use crate::domain::client::Registration;
use crate::domain::consent;
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;

/// A client that is not disabled, and who is signed in on the browser that shows its page.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The client's registration.
    pub registration: Arc<Registration>,
    /// Who is signed in.
    pub person: Option<Person>,
}

/// Somebody signed in, as far as a client's page on their browser matters.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their session.
    pub session_id: String,
    /// Who they are.
    pub account_uid: String,
    /// When they last proved who they are.
    pub auth_time: i64,
    /// Whether they asked to be kept signed in.
    pub kept: bool,
    /// When the session was last used.
    pub last_seen_at: i64,
    /// Their name.
    pub username: String,
    /// What they have agreed to let the client know, if anything.
    pub granted: Option<Scope>,
    /// Whether they consent to all that the client is registered for.
    pub consents: bool,
}

/// By which cookie somebody is looked for.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// The secret of `__Host-session`.
    Session(&'a SecretHash),
    /// The secret of `__Host-session-none`.
    SessionNone(&'a SecretHash),
    /// There is none.
    Nothing,
}

#[derive(FromRow)]
struct Row {
    registration: String,
    session_id: Option<String>,
    account_uid: Option<String>,
    auth_time: Option<i64>,
    kept: Option<i64>,
    last_seen_at: Option<i64>,
    username: Option<String>,
    scope: Option<String>,
}

macro_rules! visit_by {
    ($column:literal) => {
        concat!(
            "SELECT c.registration, s.id AS session_id, a.uid AS account_uid, s.auth_time, s.kept, ",
            "s.last_seen_at, a.username, g.scope FROM clients c LEFT JOIN sessions s ON s.",
            $column,
            " = $2 AND s.finished_at IS NULL AND s.idle_expires_at > $3 AND s.expires_at > $3 ",
            "LEFT JOIN accounts a ON a.uid = s.account_uid AND a.disabled_at IS NULL ",
            "LEFT JOIN consents g ON g.account_uid = a.uid AND g.client_id = c.client_id ",
            "WHERE c.client_id = $1 AND c.disabled_at IS NULL"
        )
    };
}

const BY_SECRET: &str = visit_by!("secret_hash");
const BY_NONE_SECRET: &str = visit_by!("none_secret_hash");

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("client and session by secret", BY_SECRET),
    ("client and session by second secret", BY_NONE_SECRET),
];

impl Store {
    /// The client with this id, if it is not disabled, and who is signed in.
    pub async fn visit(&self, client_id: &str, by: By<'_>, now: i64) -> Result<Option<Visit>> {
        let (sql, hash) = match by {
            By::Session(hash) => (BY_SECRET, hash.as_str()),
            By::SessionNone(hash) => (BY_NONE_SECRET, hash.as_str()),
            By::Nothing => (BY_SECRET, ""),
        };
        let row: Option<Row> = on!(self, read, db => sqlx::query_as(sql)
            .bind(client_id).bind(hash).bind(now).fetch_optional(db).await)?;
        row.map(|row| self.visit_of(row)).transpose()
    }

    fn visit_of(&self, row: Row) -> Result<Visit> {
        let registration = self.registrations.parse(row.registration)?;
        let granted = row.scope.and_then(|scope| Scope::parse(&scope).ok());
        let consents = consent::is_given(&registration, granted.as_ref());
        let person = match (row.session_id, row.account_uid, row.username) {
            (Some(session_id), Some(account_uid), Some(username)) => Some(Person {
                session_id,
                account_uid,
                auth_time: row.auth_time.unwrap_or_default(),
                kept: row.kept.unwrap_or_default() != 0,
                last_seen_at: row.last_seen_at.unwrap_or_default(),
                username,
                granted,
                consents,
            }),
            _ => None,
        };
        Ok(Visit { registration, person })
    }
}
