//! Monitors: each ties a page that waits for an identification to the window in which that is done.

use sqlx::FromRow;
use std::sync::Arc;

use super::{Result, Store, in_transaction, on};
use crate::domain::client::Registration;
use crate::domain::identification::{LIFETIME, MOST_WAITING, Outcome};
use crate::domain::secret::SecretHash;

/// A monitor to be written.
#[derive(Debug)]
pub struct NewMonitor<'a> {
    /// 32 hex characters.
    pub id: &'a str,
    /// For whom the page waits.
    pub account_uid: &'a str,
    /// Whose page waits.
    pub client_id: &'a str,
    /// The origin of that page.
    pub origin: &'a str,
    /// SHA-256 of the browser's cookie, if it has one.
    pub cookie: Option<&'a SecretHash>,
    /// SHA-256 of the token that takes its place in the window's address.
    pub token: &'a SecretHash,
    /// SHA-256 of what the page presents to ask for the outcome.
    pub secret: &'a SecretHash,
    /// Which provider the person is sent to; `None`: the person chooses.
    pub provider: Option<&'a str>,
}

/// A monitor as it is in the database.
#[derive(Clone, Debug)]
pub struct Monitor {
    /// 32 hex characters.
    pub id: String,
    /// For whom the page waits.
    pub account_uid: String,
    /// Whose page waits.
    pub client: Arc<Registration>,
    /// The origin of that page.
    pub origin: String,
    /// Whether its window is known by the browser's cookie, not by a token in its address.
    pub by_cookie: bool,
    /// Which provider the person is sent to; `None`: the person chooses.
    pub provider: Option<String>,
    /// Until when it may be ended.
    pub expires_at: i64,
    /// When the person was sent to the provider.
    pub started_at: Option<i64>,
    /// What was asked of the provider, sealed.
    pub sealed: Option<String>,
    /// How it ended; `None` while it is pending.
    pub outcome: Option<Outcome>,
    /// When the person proved who they are.
    pub identified_at: Option<i64>,
    /// What the proof is worth.
    pub level: Option<String>,
}

/// What came of binding one.
#[derive(Debug)]
pub struct Bound {
    /// Whether the browser's cookie was taken: one that is bound already is not.
    pub by_cookie: bool,
    /// The ids of those that wait no longer, because of this one.
    pub given_up: Vec<String>,
}

/// The beginning of the way to a provider.
#[derive(Debug)]
pub struct Started<'a> {
    /// Which one.
    pub provider: &'a str,
    /// SHA-256 of the secret of the browser that is sent there.
    pub browser: &'a SecretHash,
    /// SHA-256 of what comes back unchanged.
    pub state: &'a SecretHash,
    /// What was asked, sealed.
    pub sealed: &'a str,
}

#[derive(FromRow)]
struct MonitorRow {
    id: String,
    account_uid: String,
    origin: String,
    by_cookie: i64,
    provider: Option<String>,
    expires_at: i64,
    started_at: Option<i64>,
    sealed: Option<String>,
    outcome: Option<String>,
    identified_at: Option<i64>,
    level: Option<String>,
    registration: String,
}

const ADD: &str = "INSERT INTO monitors (id, account_uid, client_id, origin, token_hash, \
    secret_hash, by_cookie, provider, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (token_hash) DO NOTHING";
const WAITING: &str = "SELECT id FROM monitors WHERE account_uid = $1 AND client_id = $2 \
    AND outcome IS NULL AND id <> $3 ORDER BY created_at DESC, id LIMIT 1000";

macro_rules! monitor_where {
    ($where:literal) => {
        concat!(
            "SELECT m.id, m.account_uid, m.origin, m.by_cookie, m.provider, m.expires_at, ",
            "m.started_at, m.sealed, m.outcome, m.identified_at, m.level, c.registration ",
            "FROM monitors m JOIN clients c ON c.client_id = m.client_id ",
            "WHERE c.disabled_at IS NULL AND ",
            $where
        )
    };
}

const BY_ID: &str = monitor_where!("m.id = $1");
const BY_SECRET: &str = monitor_where!("m.secret_hash = $1");
const BY_TOKEN: &str = monitor_where!("m.token_hash = $1");
const BY_STATE: &str = monitor_where!("m.state_hash = $1");
const START: &str = "UPDATE monitors SET provider = $2, browser_hash = $3, state_hash = $4, \
    sealed = $5, started_at = $6 WHERE id = $1 AND started_at IS NULL AND outcome IS NULL \
    AND expires_at > $6";
const COME_BACK: &str = "UPDATE monitors SET returned_at = $4 WHERE state_hash = $1 \
    AND browser_hash = $2 AND provider = $3 AND returned_at IS NULL AND outcome IS NULL \
    AND expires_at > $4";
pub(super) const FINISH: &str = "UPDATE monitors SET outcome = $2, finished_at = $3 \
    WHERE id = $1 AND outcome IS NULL AND expires_at > $3";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("monitors that wait for somebody", WAITING),
    ("monitor", BY_ID),
    ("monitor by its secret", BY_SECRET),
    ("monitor by its token", BY_TOKEN),
    ("monitor by its state", BY_STATE),
    ("start an identification", START),
    ("come back from a provider", COME_BACK),
    ("finish a monitor", FINISH),
];

impl Store {
    /// Writes a monitor. Those of the same client that wait longest for the same person are given up
    /// when it is one too many.
    pub async fn bind_monitor(&self, new: &NewMonitor<'_>, now: i64) -> Result<Bound> {
        let room = usize::try_from(MOST_WAITING - 1).unwrap_or_default();
        let ways = new.cookie.map(|cookie| (cookie, 1_i64)).into_iter().chain([(new.token, 0)]);
        let ways: Vec<_> = ways.collect();
        Ok(in_transaction!(self, tx => {
            let mut by_cookie = false;
            for (hash, is_cookie) in &ways {
                let added = sqlx::query(ADD).bind(new.id).bind(new.account_uid)
                    .bind(new.client_id).bind(new.origin).bind(hash.as_str())
                    .bind(new.secret.as_str()).bind(is_cookie).bind(new.provider).bind(now)
                    .bind(now + LIFETIME).execute(&mut *tx).await?.rows_affected();
                if added == 1 {
                    by_cookie = *is_cookie == 1;
                    break;
                }
            }
            let others: Vec<(String,)> = sqlx::query_as(WAITING).bind(new.account_uid)
                .bind(new.client_id).bind(new.id).fetch_all(&mut *tx).await?;
            let mut given_up = Vec::new();
            for (id,) in others.into_iter().skip(room) {
                let done = sqlx::query(FINISH).bind(&id).bind(Outcome::Canceled.as_str())
                    .bind(now).execute(&mut *tx).await?.rows_affected();
                given_up.extend((done == 1).then_some(id));
            }
            Bound { by_cookie, given_up }
        }))
    }

    /// The monitor with this id, unless its client is disabled. One whose time is over has expired,
    /// whether or not that was written down.
    pub async fn monitor(&self, id: &str, now: i64) -> Result<Option<Monitor>> {
        self.monitor_by(BY_ID, id, now).await
    }

    /// The same by what its page presents to ask for the outcome.
    pub async fn monitor_by_secret(&self, hash: &SecretHash, now: i64) -> Result<Option<Monitor>> {
        self.monitor_by(BY_SECRET, hash.as_str(), now).await
    }

    /// The same by what its window presents.
    pub async fn monitor_by_token(&self, hash: &SecretHash, now: i64) -> Result<Option<Monitor>> {
        self.monitor_by(BY_TOKEN, hash.as_str(), now).await
    }

    async fn monitor_by(
        &self,
        sql: &'static str,
        value: &str,
        now: i64,
    ) -> Result<Option<Monitor>> {
        let row: Option<MonitorRow> =
            on!(self, read, db => sqlx::query_as(sql).bind(value).fetch_optional(db).await)?;
        row.map(|row| self.monitor_of(row, now)).transpose()
    }

    fn monitor_of(&self, row: MonitorRow, now: i64) -> Result<Monitor> {
        let outcome = row.outcome.as_deref().and_then(Outcome::parse);
        let expired = (row.expires_at <= now).then_some(Outcome::Expired);
        Ok(Monitor {
            id: row.id,
            account_uid: row.account_uid,
            client: self.registrations.parse(row.registration)?,
            origin: row.origin,
            by_cookie: row.by_cookie != 0,
            provider: row.provider,
            expires_at: row.expires_at,
            started_at: row.started_at,
            sealed: row.sealed,
            outcome: outcome.or(expired),
            identified_at: row.identified_at,
            level: row.level,
        })
    }

    /// Notes that the person is sent to a provider; false when that was done before, or it is over.
    pub async fn start_monitor(&self, id: &str, started: &Started<'_>, now: i64) -> Result<bool> {
        let done = on!(self, write, db => sqlx::query(START).bind(id).bind(started.provider)
            .bind(started.browser.as_str()).bind(started.state.as_str()).bind(started.sealed)
            .bind(now).execute(db).await?.rows_affected());
        Ok(done == 1)
    }

    /// The monitor that this state belongs to, if the browser with this secret was sent to this
    /// provider with it and now comes back for the first time.
    pub async fn come_back(
        &self,
        state: &SecretHash,
        browser: &SecretHash,
        provider: &str,
        now: i64,
    ) -> Result<Option<Monitor>> {
        let done = on!(self, write, db => sqlx::query(COME_BACK).bind(state.as_str())
            .bind(browser.as_str()).bind(provider).bind(now).execute(db).await?.rows_affected());
        if done == 1 { self.monitor_by(BY_STATE, state.as_str(), now).await } else { Ok(None) }
    }

    /// Ends a monitor without a proof; false when it is over.
    pub async fn finish_monitor(&self, id: &str, outcome: Outcome, now: i64) -> Result<bool> {
        let ended = on!(self, write, db => sqlx::query(FINISH).bind(id).bind(outcome.as_str())
            .bind(now).execute(db).await?.rows_affected());
        Ok(ended == 1)
    }
}
