//! Sids: the handles that clients have of sessions.

use sqlx::FromRow;

use super::{Result, Store, on};

/// What a client's handle of a session stands for.
#[derive(Debug, FromRow)]
pub struct BehindSid {
    /// The session.
    pub session_id: String,
    /// Who is signed in.
    pub account_uid: String,
}

const BEHIND_SID: &str = "SELECT s.id AS session_id, s.account_uid FROM client_sessions c \
    JOIN sessions s ON s.id = c.session_id JOIN accounts a ON a.uid = s.account_uid \
    WHERE c.sid = $1 AND c.client_id = $2 AND c.finished_at IS NULL AND s.finished_at IS NULL \
    AND s.idle_expires_at > $3 AND s.expires_at > $3 AND a.disabled_at IS NULL";

const SID_OF_SESSION: &str = "SELECT sid FROM client_sessions \
    WHERE session_id = $1 AND client_id = $2 AND finished_at IS NULL";

pub(super) const LOOKUPS: &[(&str, &str)] =
    &[("session by sid", BEHIND_SID), ("sid of a session", SID_OF_SESSION)];

impl Store {
    /// The session behind a client's handle and its account, while both live.
    pub async fn behind_sid(
        &self,
        sid: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<BehindSid>> {
        let row = on!(self, read, db => sqlx::query_as(BEHIND_SID)
            .bind(sid).bind(client_id).bind(now).fetch_optional(db).await)?;
        Ok(row)
    }

    /// A client's handle of a session, if it has one.
    pub async fn sid_of(&self, session_id: &str, client_id: &str) -> Result<Option<String>> {
        let row: Option<(String,)> = on!(self, read, db => sqlx::query_as(SID_OF_SESSION)
            .bind(session_id).bind(client_id).fetch_optional(db).await)?;
        Ok(row.map(|row| row.0))
    }
}
