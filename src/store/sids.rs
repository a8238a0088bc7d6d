//! Sids: the handles that clients have of sessions.

use super::{Result, Store, on};

const SID_IS_ACTIVE: &str = "SELECT s.account_uid FROM client_sessions c \
    JOIN sessions s ON s.id = c.session_id JOIN accounts a ON a.uid = s.account_uid \
    WHERE c.sid = $1 AND c.client_id = $2 AND c.finished_at IS NULL AND s.finished_at IS NULL \
    AND s.idle_expires_at > $3 AND s.expires_at > $3 AND a.disabled_at IS NULL";

const SESSION_OF_SID: &str = "SELECT s.id FROM client_sessions c \
    JOIN sessions s ON s.id = c.session_id \
    WHERE c.sid = $1 AND c.client_id = $2 AND c.finished_at IS NULL AND s.finished_at IS NULL \
    AND s.idle_expires_at > $3 AND s.expires_at > $3";
const SID_OF_SESSION: &str = "SELECT sid FROM client_sessions \
    WHERE session_id = $1 AND client_id = $2 AND finished_at IS NULL";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("session by sid", SID_IS_ACTIVE),
    ("session id by sid", SESSION_OF_SID),
    ("sid of a session", SID_OF_SESSION),
];

impl Store {
    /// The account behind a client's handle of a session, while that session lives.
    pub async fn account_behind_sid(
        &self,
        sid: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<String>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(SID_IS_ACTIVE)
            .bind(sid).bind(client_id).bind(now).fetch_optional(db).await)?;
        Ok(row.map(|row| row.0))
    }

    /// The session behind a client's handle, while it lives.
    pub async fn session_behind_sid(
        &self,
        sid: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<String>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(SESSION_OF_SID)
            .bind(sid).bind(client_id).bind(now).fetch_optional(db).await)?;
        Ok(row.map(|row| row.0))
    }

    /// A client's handle of a session, if it has one.
    pub async fn sid_of(&self, session_id: &str, client_id: &str) -> Result<Option<String>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(SID_OF_SESSION)
            .bind(session_id).bind(client_id).fetch_optional(db).await)?;
        Ok(row.map(|row| row.0))
    }
}
