//! Sessions that ended, and what is to be delivered to the clients that had them. Any node does
//! any of it: what one has taken, no other takes.

use std::collections::BTreeSet;

use sqlx::FromRow;

use super::registrations::Registrations;
use super::{Result, Store, in_transaction, on};
use crate::clock::SECOND;
use crate::random;

/// How long ago a session may have ended for a client to have got it in that very moment.
const JUST_NOW: i64 = 30 * SECOND;

/// A delivery that somebody has taken on.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Delivery {
    /// 32 hex characters.
    pub id: String,
    /// Who is to hear it.
    pub client_id: String,
    /// Whose session ended.
    pub account_uid: String,
    /// The client's handle of it.
    pub sid: String,
    /// When it was first to be delivered.
    pub created_at: i64,
    /// How often it was tried, with this time.
    pub tries: i64,
    /// When somebody else may take it on, should nothing be heard of this try.
    pub next_try_at: i64,
}

/// What came of a look for sessions that ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Whose sessions they were, by uid; each once.
    pub accounts: Vec<String>,
    /// Whether there may be more.
    pub more: bool,
}

#[derive(FromRow)]
struct EndedRow {
    sid: String,
    client_id: String,
    account_uid: String,
    registration: String,
    disabled_at: Option<i64>,
}

impl EndedRow {
    /// Whether there is somebody to be told.
    fn has_receiver(&self, known: &Registrations) -> bool {
        let registration = known.parse(self.registration.clone());
        let uri = registration.is_ok_and(|known| known.backchannel_logout_uri.is_some());
        uri && self.disabled_at.is_none()
    }
}

const ENDED_SESSIONS: &str = "SELECT id, account_uid FROM sessions WHERE finished_at IS NOT NULL \
    AND announced_at IS NULL AND finished_at <= $1 ORDER BY finished_at, id LIMIT $2";
const ANNOUNCE_SESSION: &str =
    "UPDATE sessions SET announced_at = $2 WHERE id = $1 AND announced_at IS NULL";
const FINISH_SIDS: &str =
    "UPDATE client_sessions SET finished_at = $2 WHERE session_id = $1 AND finished_at IS NULL";
/// What was handed out while its session was being announced.
const LATE_SIDS: &str = "SELECT s.id FROM sessions s JOIN client_sessions c ON c.session_id = s.id \
    WHERE s.expires_at > $1 AND s.expires_at <= $2 AND s.announced_at IS NOT NULL \
    AND c.finished_at IS NULL LIMIT $3";
const ENDED_SIDS: &str = "SELECT c.sid, c.client_id, s.account_uid, k.registration, k.disabled_at \
    FROM client_sessions c JOIN sessions s ON s.id = c.session_id \
    JOIN clients k ON k.client_id = c.client_id WHERE c.finished_at IS NOT NULL \
    AND c.announced_at IS NULL AND c.finished_at <= $1 ORDER BY c.finished_at, c.sid LIMIT $2";
const ANNOUNCE_SID: &str =
    "UPDATE client_sessions SET announced_at = $2 WHERE sid = $1 AND announced_at IS NULL";
const ADD: &str = "INSERT INTO logout_deliveries (id, client_id, account_uid, sid, created_at, \
    tries, next_try_at) VALUES ($1, $2, $3, $4, $5, 0, $5)";
/// The first of each client, so that no client's many keep another's waiting: what was tried least
/// comes first.
const DUE: &str = "SELECT id, client_id, account_uid, sid, created_at, tries, next_try_at FROM \
    (SELECT id, client_id, account_uid, sid, created_at, tries, next_try_at, ROW_NUMBER() OVER \
    (PARTITION BY client_id ORDER BY tries, next_try_at, id) AS place FROM logout_deliveries \
    WHERE next_try_at <= $1) AS due WHERE place <= $2 ORDER BY tries, next_try_at, id";
const TAKE: &str = "UPDATE logout_deliveries SET tries = tries + 1, next_try_at = $3 \
    WHERE id = $1 AND next_try_at = $2";
const DELIVERED: &str = "UPDATE logout_deliveries SET delivered_at = $2, next_try_at = NULL, \
    last_outcome = $3 WHERE id = $1 AND delivered_at IS NULL";
const FAILED: &str = "UPDATE logout_deliveries SET next_try_at = $3, last_outcome = $4 \
    WHERE id = $1 AND next_try_at = $2";
const GIVEN_UP: &str = "UPDATE logout_deliveries SET next_try_at = NULL, given_up_at = $3, \
    last_outcome = $4 WHERE id = $1 AND next_try_at = $2";
const POSTPONE: &str = "UPDATE logout_deliveries SET next_try_at = $3 \
    WHERE client_id = $1 AND next_try_at <= $2";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("announce a session", ANNOUNCE_SESSION),
    ("finish the sids of a session", FINISH_SIDS),
    ("announce a sid", ANNOUNCE_SID),
    ("take a logout on", TAKE),
    ("logout delivered", DELIVERED),
    ("logout failed", FAILED),
    ("logout given up", GIVEN_UP),
    ("postpone logouts", POSTPONE),
];

impl Store {
    /// Ends what clients have of sessions that ended, and notes for each client that wants to hear
    /// of it what is to be delivered. `limit` is how much of each is done in one transaction. Of
    /// several nodes that look at the same time one announces an end.
    pub async fn announce_ended_sessions(&self, now: i64, limit: i64) -> Result<Announced> {
        let sessions = self.announce_sessions(now, limit).await?;
        let sids = self.announce_sids(now, limit).await?;
        Ok(Announced { more: sessions.more || sids >= limit, ..sessions })
    }

    async fn announce_sessions(&self, now: i64, limit: i64) -> Result<Announced> {
        let ended: Vec<(String, String)> = on!(self, read, db => sqlx::query_as(ENDED_SESSIONS)
            .bind(now).bind(limit).fetch_all(db).await)?;
        let late: Vec<(String,)> = on!(self, read, db => sqlx::query_as(LATE_SIDS)
            .bind(now - JUST_NOW).bind(now).bind(limit).fetch_all(db).await)?;
        if ended.is_empty() && late.is_empty() {
            return Ok(Announced::default());
        }
        let more = i64::try_from(ended.len()).unwrap_or(limit) >= limit;
        let mut accounts = BTreeSet::new();
        in_transaction!(self, tx => {
            for (id, account_uid) in &ended {
                let is_ours = sqlx::query(ANNOUNCE_SESSION).bind(id).bind(now)
                    .execute(&mut *tx).await?.rows_affected() == 1;
                if is_ours {
                    accounts.insert(account_uid.clone());
                }
            }
            let ended = ended.iter().map(|(id, _)| id);
            for id in ended.chain(late.iter().map(|(id,)| id)) {
                sqlx::query(FINISH_SIDS).bind(id).bind(now).execute(&mut *tx).await?;
            }
        });
        Ok(Announced { accounts: accounts.into_iter().collect(), more })
    }

    async fn announce_sids(&self, now: i64, limit: i64) -> Result<i64> {
        let ended: Vec<EndedRow> = on!(self, read, db => sqlx::query_as(ENDED_SIDS)
            .bind(now).bind(limit).fetch_all(db).await)?;
        if ended.is_empty() {
            return Ok(0);
        }
        in_transaction!(self, tx => {
            for row in &ended {
                let is_ours = sqlx::query(ANNOUNCE_SID).bind(&row.sid).bind(now)
                    .execute(&mut *tx).await?.rows_affected() == 1;
                if is_ours && row.has_receiver(&self.registrations) {
                    sqlx::query(ADD).bind(random::id()).bind(&row.client_id)
                        .bind(&row.account_uid).bind(&row.sid).bind(now)
                        .execute(&mut *tx).await?;
                }
            }
        });
        Ok(i64::try_from(ended.len()).unwrap_or(limit))
    }

    /// What is due, of each client `most` at most.
    pub async fn due_logouts(&self, most: i64, now: i64) -> Result<Vec<Delivery>> {
        Ok(on!(self, read, db => sqlx::query_as(DUE).bind(now).bind(most).fetch_all(db).await)?)
    }

    /// Takes deliveries on until `until`; gives those that nobody else took before.
    pub async fn take_logouts(&self, due: Vec<Delivery>, until: i64) -> Result<Vec<Delivery>> {
        let mut due = due;
        // Nodes that take the same ones wait for each other, and not in a circle.
        due.sort_by(|one, other| one.id.cmp(&other.id));
        let mut taken = Vec::new();
        in_transaction!(self, tx => {
            for one in due {
                let is_ours = sqlx::query(TAKE).bind(&one.id).bind(one.next_try_at).bind(until)
                    .execute(&mut *tx).await?.rows_affected() == 1;
                if is_ours {
                    taken.push(Delivery { tries: one.tries + 1, next_try_at: until, ..one });
                }
            }
        });
        Ok(taken)
    }

    /// Writes that a client has heard it.
    pub async fn logout_delivered(&self, id: &str, outcome: &str, now: i64) -> Result<()> {
        on!(self, write, db => sqlx::query(DELIVERED).bind(id).bind(now).bind(outcome)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Writes that a client has not heard it, and when it is tried again; `None` gives it up.
    /// Nothing is written when somebody else has taken it on since.
    pub async fn logout_failed(
        &self,
        taken: &Delivery,
        outcome: &str,
        next_try_at: Option<i64>,
        now: i64,
    ) -> Result<()> {
        let sql = if next_try_at.is_some() { FAILED } else { GIVEN_UP };
        on!(self, write, db => sqlx::query(sql).bind(&taken.id).bind(taken.next_try_at)
            .bind(next_try_at.unwrap_or(now)).bind(outcome).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Puts off what else is due for a client that cannot be reached.
    pub async fn postpone_logouts(&self, client_id: &str, until: i64, now: i64) -> Result<u64> {
        Ok(on!(self, write, db => sqlx::query(POSTPONE).bind(client_id).bind(now).bind(until)
            .execute(db).await?.rows_affected()))
    }

    /// Deletes up to `limit` deliveries from before `before`, whatever came of them.
    pub async fn purge_logouts(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM logout_deliveries WHERE id IN \
            (SELECT id FROM logout_deliveries WHERE created_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}
