//! The pages that wait for an operation's outcome: one for each operation, whichever socket it has
//! at the moment.

use sqlx::FromRow;

use super::operations::{Operation, OperationRow, operation_by};
use super::{Result, Store, in_transaction, on};
use crate::domain::operation::Outcome;
use crate::domain::secret::SecretHash;

/// What a socket has to know again after each hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How it ended; `None` while it is pending.
    pub outcome: Option<Outcome>,
    /// The socket that is registered for it now.
    pub registration: Option<String>,
}

#[derive(FromRow)]
struct WaitingRow {
    outcome: Option<String>,
    expires_at: i64,
    registration: Option<String>,
}

const BY_WAIT_SECRET: &str = operation_by!("o.wait_secret_hash = $1 AND c.disabled_at IS NULL");
const WAITING: &str = "SELECT outcome, expires_at, registration FROM operations WHERE id = $1";
const REGISTER: &str = "UPDATE operations SET page_instance = $2, registration = $3, \
    device_hash = $4, left_at = NULL \
    WHERE id = $1 AND (registration IS NULL OR page_instance = $2)";
const GONE: &str = "UPDATE operations SET registration = NULL WHERE id = $1 AND registration = $2";
const LEFT: &str = "UPDATE operations SET registration = NULL, left_at = $3 \
    WHERE id = $1 AND registration = $2";
const FINISH_BY_PAGE: &str = "UPDATE operations SET outcome = $3, finished_at = $4 \
    WHERE id = $1 AND registration = $2 AND outcome IS NULL AND expires_at > $4";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("operation by wait secret", BY_WAIT_SECRET),
    ("what a page waits for", WAITING),
    ("register a waiting page", REGISTER),
    ("a waiting page is gone", GONE),
    ("a waiting page was left", LEFT),
    ("finish an operation by its page", FINISH_BY_PAGE),
];

impl Store {
    /// The operation that a waiting page has the secret of, unless its client is disabled.
    pub async fn operation_by_wait_secret(&self, secret: &SecretHash) -> Result<Option<Operation>> {
        let row: Option<OperationRow> = on!(self, read, db => sqlx::query_as(BY_WAIT_SECRET)
            .bind(secret.as_str()).fetch_optional(db).await)?;
        row.map(|row| self.operation(row)).transpose()
    }

    /// Makes a socket the one that is registered for an operation, in place of an earlier socket of
    /// the same page; false while another page is registered. `device` is the hash of the browser's
    /// device cookie.
    pub async fn register_page(
        &self,
        id: &str,
        page_instance: &str,
        registration: &str,
        device: Option<&SecretHash>,
    ) -> Result<bool> {
        let registered = on!(self, write, db => sqlx::query(REGISTER).bind(id).bind(page_instance)
            .bind(registration).bind(device.map(SecretHash::as_str))
            .execute(db).await?.rows_affected());
        Ok(registered == 1)
    }

    /// How it stands with an operation now. That nobody answered in time is written down before it
    /// is told, so that no answer comes after it.
    pub async fn waiting(&self, id: &str, now: i64) -> Result<Option<Waiting>> {
        let read = async || -> Result<Option<WaitingRow>> {
            Ok(on!(self, read, db => sqlx::query_as(WAITING).bind(id).fetch_optional(db).await)?)
        };
        let mut row = read().await?;
        if row.as_ref().is_some_and(|row| row.outcome.is_none() && row.expires_at <= now) {
            self.expire_operation(id, now).await?;
            row = read().await?;
        }
        Ok(row.map(|row| Waiting {
            outcome: row.outcome.as_deref().and_then(Outcome::parse),
            registration: row.registration,
        }))
    }

    /// Notes that a socket is gone, and that nothing follows from it.
    pub async fn page_gone(&self, id: &str, registration: &str) -> Result<()> {
        on!(self, write, db => sqlx::query(GONE).bind(id).bind(registration).execute(db).await
            .map(|_| ()))?;
        Ok(())
    }

    /// Notes that a page is being left, be it only to be loaded again.
    pub async fn page_left(&self, id: &str, registration: &str, now: i64) -> Result<()> {
        on!(self, write, db => sqlx::query(LEFT).bind(id).bind(registration).bind(now)
            .execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Ends a pending operation because its page was closed, and frees its registration; false when
    /// it had ended before, or the socket is not the registered one.
    pub async fn finish_by_page(&self, id: &str, registration: &str, now: i64) -> Result<bool> {
        let finished = in_transaction!(self, tx => {
            let finished = sqlx::query(FINISH_BY_PAGE).bind(id).bind(registration)
                .bind(Outcome::Left.as_str()).bind(now).execute(&mut *tx).await?.rows_affected();
            sqlx::query(GONE).bind(id).bind(registration).execute(&mut *tx).await?;
            finished
        });
        Ok(finished == 1)
    }
}
