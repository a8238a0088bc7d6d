//! Flows: begun by a page that waits, confirmed in the window that it opened, ended there, and
//! collected by the page.

use sqlx::FromRow;
use std::sync::Arc;

use super::grants::{ADD as ADD_GRANT, NewGrant};
use super::{Result, Store, in_transaction, on};
use crate::domain::client::Registration;
use crate::domain::flow::Outcome;
use crate::domain::grant::CODE_LIFETIME;
use crate::domain::secret::SecretHash;
use crate::random;

/// A flow to be written.
#[derive(Debug)]
pub struct NewFlow<'a> {
    /// SHA-256 of the waiting secret.
    pub id: &'a str,
    /// Whose page waits.
    pub client_id: &'a str,
    /// The origin of that page.
    pub origin: &'a str,
    /// The authorization request, form-encoded.
    pub request: &'a str,
    /// From 10 to 99.
    pub number: i64,
    /// Until when it may be ended.
    pub expires_at: i64,
}

/// What came of beginning a flow.
#[derive(Debug)]
pub enum Begun {
    /// It is new.
    New(Flow),
    /// It was begun before, with the same request.
    Same(Flow),
    /// The secret was used with another request.
    Different,
}

/// A flow as it is in the database.
#[derive(Clone, Debug)]
pub struct Flow {
    /// SHA-256 of the waiting secret.
    pub id: String,
    /// Whose page waits.
    pub client: Arc<Registration>,
    /// The origin of that page.
    pub origin: String,
    /// The authorization request, form-encoded.
    pub request: String,
    /// What the waiting page shows, from 10 to 99.
    pub number: i64,
    /// When it was begun.
    pub created_at: i64,
    /// Until when it may be ended.
    pub expires_at: i64,
    /// The mark of the browser in which it was confirmed.
    pub browser_hash: Option<String>,
    /// How it ended; `None` while it is pending.
    pub outcome: Option<Outcome>,
    /// Error code and sentence, where the authorization endpoint has refused.
    pub refusal: Option<(String, String)>,
    /// When the waiting page was first given its code.
    pub collected_at: Option<i64>,
}

impl Flow {
    /// Whether it was confirmed in the browser with this secret.
    #[must_use]
    pub fn is_confirmed_by(&self, browser: Option<&SecretHash>) -> bool {
        let marks = browser.zip(self.browser_hash.as_deref());
        marks.is_some_and(|(own, stored)| own.matches(stored))
    }
}

#[derive(FromRow)]
struct FlowRow {
    id: String,
    origin: String,
    request: String,
    number: i64,
    created_at: i64,
    expires_at: i64,
    browser_hash: Option<String>,
    outcome: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    collected_at: Option<i64>,
    registration: String,
}

const ADD: &str = "INSERT INTO flows (id, client_id, origin, request, number, created_at, \
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
const BY_ID: &str = "SELECT f.id, f.origin, f.request, f.number, f.created_at, f.expires_at, \
    f.browser_hash, f.outcome, f.error, f.error_description, f.collected_at, c.registration \
    FROM flows f JOIN clients c ON c.client_id = f.client_id \
    WHERE f.id = $1 AND c.disabled_at IS NULL";
const CONFIRM: &str = "UPDATE flows SET browser_hash = $2, confirmed_at = $3 WHERE id = $1 \
    AND confirmed_at IS NULL AND outcome IS NULL AND expires_at > $3";
const GIVE_UP: &str = "UPDATE flows SET outcome = $2, finished_at = $3 WHERE id = $1 \
    AND confirmed_at IS NULL AND outcome IS NULL AND expires_at > $3";
const ANSWER: &str = "UPDATE flows SET outcome = $3, error = $4, error_description = $5, \
    finished_at = $6 WHERE id = $1 AND browser_hash = $2 AND outcome IS NULL AND expires_at > $6";
const COLLECT: &str = "UPDATE flows SET collected_at = $2 \
    WHERE id = $1 AND outcome = $3 AND collected_at IS NULL";
/// A code lives from when it is given.
const RENEW_CODE: &str = "UPDATE grants SET code_expires_at = $2, expires_at = $2 \
    WHERE code_hash = $1 AND code_used_at IS NULL";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("flow", BY_ID),
    ("confirm a flow", CONFIRM),
    ("give a flow up", GIVE_UP),
    ("answer a flow", ANSWER),
    ("collect a code", COLLECT),
    ("renew a code", RENEW_CODE),
];

impl Store {
    /// Begins a flow, unless there is one with this secret.
    pub async fn begin_flow(&self, new: &NewFlow<'_>, now: i64) -> Result<Begun> {
        let added = on!(self, write, db => sqlx::query(ADD).bind(new.id).bind(new.client_id)
            .bind(new.origin).bind(new.request).bind(new.number).bind(now).bind(new.expires_at)
            .execute(db).await?.rows_affected());
        let flow = self.flow(new.id, now).await?;
        Ok(match flow {
            Some(flow) if added == 1 => Begun::New(flow),
            Some(flow) if is_same(&flow, new) => Begun::Same(flow),
            _ => Begun::Different,
        })
    }

    /// The flow with this id, unless its client is disabled. One whose time is over has expired,
    /// whether or not that was written down.
    pub async fn flow(&self, id: &str, now: i64) -> Result<Option<Flow>> {
        let row: Option<FlowRow> = on!(self, read, db => sqlx::query_as(BY_ID).bind(id)
            .fetch_optional(db).await)?;
        row.map(|row| self.flow_of(row, now)).transpose()
    }

    fn flow_of(&self, row: FlowRow, now: i64) -> Result<Flow> {
        let outcome = row.outcome.as_deref().and_then(Outcome::parse);
        let expired = (row.expires_at <= now).then_some(Outcome::Expired);
        Ok(Flow {
            id: row.id,
            client: self.registrations.parse(row.registration)?,
            origin: row.origin,
            request: row.request,
            number: row.number,
            created_at: row.created_at,
            expires_at: row.expires_at,
            browser_hash: row.browser_hash,
            outcome: outcome.or(expired),
            refusal: row.error.zip(row.error_description),
            collected_at: row.collected_at,
        })
    }

    /// Notes in which browser the flow goes on; false when that is settled, or it is over.
    pub async fn confirm_flow(&self, id: &str, browser: &SecretHash, now: i64) -> Result<bool> {
        let confirmed = on!(self, write, db => sqlx::query(CONFIRM).bind(id)
            .bind(browser.as_str()).bind(now).execute(db).await?.rows_affected());
        Ok(confirmed == 1)
    }

    /// Ends a flow that was not confirmed; false when it was, or is over.
    pub async fn give_flow_up(&self, id: &str, outcome: Outcome, now: i64) -> Result<bool> {
        let ended = on!(self, write, db => sqlx::query(GIVE_UP).bind(id).bind(outcome.as_str())
            .bind(now).execute(db).await?.rows_affected());
        Ok(ended == 1)
    }

    /// Ends a flow that was confirmed in this browser with a code, and writes what the code opens;
    /// false, and nothing is written, when it is over or was confirmed elsewhere.
    pub async fn authorize_flow(
        &self,
        id: &str,
        browser: &SecretHash,
        grant: &NewGrant<'_>,
        now: i64,
    ) -> Result<bool> {
        let (grant_id, end) = (random::id(), now + CODE_LIFETIME);
        let (scope, audience) = (grant.scope.to_string(), grant.audience.to_string());
        let ended = in_transaction!(self, tx => {
            let ended = sqlx::query(ANSWER).bind(id).bind(browser.as_str())
                .bind(Outcome::Authorized.as_str()).bind(None::<&str>).bind(None::<&str>).bind(now)
                .execute(&mut *tx).await?.rows_affected();
            if ended == 1 {
                sqlx::query(ADD_GRANT).bind(&grant_id).bind(grant.client_id)
                    .bind(grant.account_uid).bind(grant.session_id).bind(&scope).bind(&audience)
                    .bind(grant.nonce).bind(grant.auth_time).bind(grant.redirect_uri)
                    .bind(grant.code_challenge).bind(grant.code.as_str()).bind(end).bind(now)
                    .execute(&mut *tx).await?;
            }
            ended
        });
        Ok(ended == 1)
    }

    /// Ends a flow that was confirmed in this browser with an error; false when it is over or was
    /// confirmed elsewhere.
    pub async fn refuse_flow(
        &self,
        id: &str,
        browser: &SecretHash,
        (error, text): (&str, &str),
        now: i64,
    ) -> Result<bool> {
        let ended = on!(self, write, db => sqlx::query(ANSWER).bind(id).bind(browser.as_str())
            .bind(Outcome::Refused.as_str()).bind(error).bind(text).bind(now)
            .execute(db).await?.rows_affected());
        Ok(ended == 1)
    }

    /// Notes that the waiting page is given the code of its flow; from the first time on the code
    /// lives [`CODE_LIFETIME`].
    pub async fn collect_flow(&self, id: &str, code: &SecretHash, now: i64) -> Result<()> {
        in_transaction!(self, tx => {
            let first = sqlx::query(COLLECT).bind(id).bind(now)
                .bind(Outcome::Authorized.as_str()).execute(&mut *tx).await?.rows_affected();
            if first == 1 {
                sqlx::query(RENEW_CODE).bind(code.as_str()).bind(now + CODE_LIFETIME)
                    .execute(&mut *tx).await?;
            }
        });
        Ok(())
    }
}

fn is_same(flow: &Flow, new: &NewFlow<'_>) -> bool {
    flow.client.client_id == new.client_id
        && flow.origin == new.origin
        && flow.request == new.request
}
