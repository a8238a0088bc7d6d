//! Operations: asked by a client, answered by a person, completed by the client.

use sqlx::FromRow;
use std::sync::Arc;

use super::{Result, Store, on};
use crate::domain::client::Registration;
use crate::domain::operation::{
    FRESH_SIGN_IN, Line, MOST_FAILED_SIGN_INS, MOST_LISTED, Outcome, Question, may_ask,
};
use crate::domain::scope::Scope;
use crate::domain::secret::SecretHash;

/// An operation to be written.
#[derive(Debug)]
pub struct NewOperation<'a> {
    /// 32 hex characters.
    pub id: &'a str,
    /// SHA-256 of the secret that the waiting page presents.
    pub wait_secret: &'a SecretHash,
    /// Who asks.
    pub client_id: &'a str,
    /// Who is asked; `None` where nobody can be.
    pub account_uid: Option<&'a str>,
    /// What is asked.
    pub question: &'a Question,
    /// From 10 to 99.
    pub number: i64,
    /// By which the client may ask again and get the same operation.
    pub idempotency_key: Option<&'a str>,
    /// SHA-256 of what was asked for, so that another question is noticed.
    pub request_hash: &'a SecretHash,
    /// Until when there may be an answer.
    pub expires_at: i64,
    /// What it comes to at once, if nobody needs to be asked.
    pub outcome: Option<Outcome>,
}

/// What came of adding an operation.
#[derive(Debug)]
pub enum Added {
    /// It was added.
    New(Operation),
    /// It was there already, under the same key.
    Same(Operation),
    /// The key was used with another question.
    Different,
}

/// An operation as it is in the database.
#[derive(Clone, Debug)]
pub struct Operation {
    /// 32 hex characters.
    pub id: String,
    /// Who asks.
    pub client: Arc<Registration>,
    /// Who is asked; `None` where nobody can be.
    pub account_uid: Option<String>,
    /// What is asked.
    pub question: Question,
    /// What the waiting page shows, from 10 to 99.
    pub number: i64,
    /// Until when there may be an answer.
    pub expires_at: i64,
    /// The mark of the browser with the waiting page: the hash of its device cookie.
    pub device_hash: Option<String>,
    /// When it ended, if it has.
    pub finished_at: Option<i64>,
    /// When the person who confirmed it signed in.
    pub auth_time: Option<i64>,
    /// Whether that person picked the number, having been asked for it.
    pub number_matched: bool,
    /// When the client got its result.
    pub completed_at: Option<i64>,
    /// Whether the client may still ask this person.
    pub may_ask: bool,
    /// How it ended; `None` while it is pending.
    pub outcome: Option<Outcome>,
}

/// By whom and how an operation is confirmed.
#[derive(Debug)]
pub struct Confirmation<'a> {
    /// Who is asked.
    pub account_uid: &'a str,
    /// On which browser; its person must have signed in lately.
    pub session_id: &'a str,
    /// Whether the number was asked for, and picked.
    pub number_matched: bool,
}

#[derive(FromRow)]
pub(super) struct OperationRow {
    id: String,
    account_uid: Option<String>,
    title: String,
    lines: String,
    number: i64,
    expires_at: i64,
    device_hash: Option<String>,
    outcome: Option<String>,
    finished_at: Option<i64>,
    auth_time: Option<i64>,
    number_matched: Option<i64>,
    completed_at: Option<i64>,
    registration: String,
    disabled_at: Option<i64>,
    consented: Option<String>,
}

macro_rules! operation_by {
    ($where:literal) => {
        concat!(
            "SELECT o.id, o.account_uid, o.title, o.lines, o.number, o.expires_at, ",
            "o.device_hash, o.outcome, o.finished_at, o.auth_time, o.number_matched, ",
            "o.completed_at, c.registration, c.disabled_at, k.scope AS consented ",
            "FROM operations o JOIN clients c ON c.client_id = o.client_id LEFT JOIN consents k ",
            "ON k.account_uid = o.account_uid AND k.client_id = o.client_id WHERE ",
            $where
        )
    };
}
pub(super) use operation_by;

const ADD: &str = "INSERT INTO operations (id, client_id, account_uid, wait_secret_hash, \
    idempotency_key, request_hash, title, lines, number, failed_sign_ins, created_at, expires_at, \
    outcome, finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12, $13) \
    ON CONFLICT (client_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING";
const OF_KEY: &str =
    "SELECT id, request_hash FROM operations WHERE client_id = $1 AND idempotency_key = $2";
const OF_CLIENT: &str = operation_by!("o.id = $1 AND o.client_id = $2");
const FOR_ACCOUNT: &str = operation_by!("o.id = $1 AND o.account_uid = $2");
const WAITING_FOR: &str = operation_by!(
    "o.account_uid = $1 AND o.outcome IS NULL AND o.expires_at > $2 \
    ORDER BY o.created_at DESC, o.id LIMIT 1000"
);
const CONFIRM: &str = "UPDATE operations SET outcome = $3, finished_at = $4, number_matched = $5, \
    auth_time = (SELECT s.auth_time FROM sessions s WHERE s.id = $6) \
    WHERE id = $1 AND account_uid = $2 AND outcome IS NULL AND expires_at > $4 AND EXISTS \
    (SELECT s.id FROM sessions s JOIN accounts a ON a.uid = s.account_uid WHERE s.id = $6 \
    AND s.account_uid = $2 AND s.auth_time > $7 AND s.finished_at IS NULL \
    AND s.idle_expires_at > $4 AND s.expires_at > $4 AND a.disabled_at IS NULL)";
const FINISH: &str = "UPDATE operations SET outcome = $2, finished_at = $3 \
    WHERE id = $1 AND outcome IS NULL AND expires_at > $3";
const COMPLETE: &str = "UPDATE operations SET completed_at = $3 \
    WHERE id = $1 AND client_id = $2 AND outcome = $4 AND completed_at IS NULL";
const COUNT_FAILED: &str = "UPDATE operations SET failed_sign_ins = failed_sign_ins + 1, \
    outcome = CASE WHEN failed_sign_ins + 1 >= $3 THEN $4 ELSE outcome END, \
    finished_at = CASE WHEN failed_sign_ins + 1 >= $3 THEN $2 ELSE finished_at END \
    WHERE id = $1 AND outcome IS NULL AND expires_at > $2 RETURNING outcome";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("operation of an idempotency key", OF_KEY),
    ("operation of a client", OF_CLIENT),
    ("operation for an account", FOR_ACCOUNT),
    ("operations waiting for an account", WAITING_FOR),
    ("confirm an operation", CONFIRM),
    ("finish an operation", FINISH),
    ("complete an operation", COMPLETE),
    ("count a failed sign-in", COUNT_FAILED),
];

impl Store {
    /// Writes an operation, unless its key was used before.
    pub async fn add_operation(&self, new: &NewOperation<'_>, now: i64) -> Result<Added> {
        let lines = serde_json::to_string(&new.question.lines)?;
        let (outcome, finished) = (new.outcome.map(Outcome::as_str), new.outcome.map(|_| now));
        let added = on!(self, write, db => sqlx::query(ADD).bind(new.id).bind(new.client_id)
            .bind(new.account_uid).bind(new.wait_secret.as_str()).bind(new.idempotency_key)
            .bind(new.request_hash.as_str()).bind(&new.question.title).bind(&lines)
            .bind(new.number).bind(now).bind(new.expires_at).bind(outcome).bind(finished)
            .execute(db).await?.rows_affected());
        if added == 1 {
            let operation = self.operation_of(new.id, new.client_id, now).await?;
            return Ok(operation.map_or(Added::Different, Added::New));
        }
        let (key, request) = (new.idempotency_key.unwrap_or_default(), new.request_hash);
        let repeated = self.repeated_operation(new.client_id, key, request, now).await?;
        Ok(repeated.unwrap_or(Added::Different))
    }

    /// What a client got under a key before, if it did; the same again only for the same request.
    pub async fn repeated_operation(
        &self,
        client_id: &str,
        key: &str,
        request: &SecretHash,
        now: i64,
    ) -> Result<Option<Added>> {
        let before: Option<(String, String)> = on!(self, read, db => sqlx::query_as(OF_KEY)
            .bind(client_id).bind(key).fetch_optional(db).await)?;
        let Some((id, before)) = before else { return Ok(None) };
        if !request.matches(&before) {
            return Ok(Some(Added::Different));
        }
        Ok(self.operation_of(&id, client_id, now).await?.map(Added::Same))
    }

    /// The operation with this id, if this client asked for it.
    pub async fn operation_of(
        &self,
        id: &str,
        client_id: &str,
        now: i64,
    ) -> Result<Option<Operation>> {
        self.settled_operation(OF_CLIENT, [id, client_id], now).await
    }

    /// The operation with this id, if this person is asked.
    pub async fn operation_for(
        &self,
        id: &str,
        account_uid: &str,
        now: i64,
    ) -> Result<Option<Operation>> {
        let operation = self.settled_operation(FOR_ACCOUNT, [id, account_uid], now).await?;
        Ok(operation.filter(|operation| operation.may_ask))
    }

    async fn settled_operation(
        &self,
        sql: &'static str,
        [id, whose]: [&str; 2],
        now: i64,
    ) -> Result<Option<Operation>> {
        let read = async || -> Result<Option<OperationRow>> {
            Ok(on!(self, read, db => sqlx::query_as(sql).bind(id).bind(whose)
                .fetch_optional(db).await)?)
        };
        let mut row = read().await?;
        if row.as_ref().is_some_and(|row| row.outcome.is_none() && row.expires_at <= now) {
            self.expire_operation(id, now).await?;
            row = read().await?;
        }
        row.map(|row| self.operation(row)).transpose()
    }

    /// What waits for this person's answer, the latest first; of each client the latest few, so
    /// that none can hide what others ask.
    pub async fn operations_waiting_for(&self, uid: &str, now: i64) -> Result<Vec<Operation>> {
        let rows: Vec<OperationRow> = on!(self, read, db => sqlx::query_as(WAITING_FOR)
            .bind(uid).bind(now).fetch_all(db).await)?;
        let mut shown: Vec<Operation> = Vec::new();
        for row in rows {
            let operation = self.operation(row)?;
            let same = shown.iter().filter(|other| Arc::ptr_eq(&other.client, &operation.client));
            if operation.may_ask && same.count() < MOST_LISTED {
                shown.push(operation);
            }
        }
        Ok(shown)
    }

    /// Notes that the person has approved; false when it had ended before, or the session has, or
    /// its sign-in is too old.
    pub async fn confirm_operation(
        &self,
        id: &str,
        by: &Confirmation<'_>,
        now: i64,
    ) -> Result<bool> {
        let confirmed = on!(self, write, db => sqlx::query(CONFIRM).bind(id).bind(by.account_uid)
            .bind(Outcome::Confirmed.as_str()).bind(now).bind(i64::from(by.number_matched))
            .bind(by.session_id).bind(now - FRESH_SIGN_IN).execute(db).await?.rows_affected());
        Ok(confirmed == 1)
    }

    /// Ends a pending operation in another way; false when it had ended before.
    pub async fn finish_operation(&self, id: &str, outcome: Outcome, now: i64) -> Result<bool> {
        let finished = on!(self, write, db => sqlx::query(FINISH).bind(id).bind(outcome.as_str())
            .bind(now).execute(db).await?.rows_affected());
        Ok(finished == 1)
    }

    /// Notes that the client gets the result of a confirmed operation; false when it has got it.
    pub async fn complete_operation(&self, id: &str, client_id: &str, now: i64) -> Result<bool> {
        let completed = on!(self, write, db => sqlx::query(COMPLETE).bind(id).bind(client_id)
            .bind(now).bind(Outcome::Confirmed.as_str()).execute(db).await?.rows_affected());
        Ok(completed == 1)
    }

    /// Counts a wrong password on the way to an operation; true when it was one too many.
    pub async fn count_failed_sign_in(&self, id: &str, now: i64) -> Result<bool> {
        let row: Option<(Option<String>,)> = on!(self, write, db => sqlx::query_as(COUNT_FAILED)
            .bind(id).bind(now).bind(MOST_FAILED_SIGN_INS).bind(Outcome::SignInFailed.as_str())
            .fetch_optional(db).await)?;
        Ok(row.is_some_and(|(outcome,)| outcome.is_some()))
    }

    pub(super) fn operation(&self, row: OperationRow) -> Result<Operation> {
        let client = self.registrations.parse(row.registration)?;
        let granted = row.consented.and_then(|scope| Scope::parse(&scope).ok());
        let lines: Vec<Line> = serde_json::from_str(&row.lines)?;
        Ok(Operation {
            may_ask: row.disabled_at.is_none() && may_ask(&client, granted.as_ref()),
            id: row.id,
            client,
            account_uid: row.account_uid,
            question: Question { title: row.title, lines },
            number: row.number,
            expires_at: row.expires_at,
            device_hash: row.device_hash,
            finished_at: row.finished_at,
            auth_time: row.auth_time,
            number_matched: row.number_matched == Some(1),
            completed_at: row.completed_at,
            outcome: row.outcome.as_deref().and_then(Outcome::parse),
        })
    }
}
