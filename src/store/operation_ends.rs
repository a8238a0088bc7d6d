//! Operations that end by themselves, what ended lately, and what is old enough to be forgotten.

use super::{Result, Store, in_transaction, on};
use crate::domain::operation::Outcome;

const DUE: &str = "SELECT id FROM operations WHERE outcome IS NULL AND expires_at <= $1 \
    ORDER BY expires_at, id LIMIT $2";
const EXPIRE: &str = "UPDATE operations SET outcome = $2, finished_at = $3 \
    WHERE id = $1 AND outcome IS NULL AND expires_at <= $3";
const LEFT: &str = "SELECT id FROM operations WHERE outcome IS NULL AND left_at IS NOT NULL \
    AND left_at <= $1 ORDER BY left_at, id LIMIT $2";
const CANCEL_LEFT: &str = "UPDATE operations SET outcome = $2, finished_at = $3 \
    WHERE id = $1 AND outcome IS NULL AND left_at <= $4 AND expires_at > $3";
const FINISHED_SINCE: &str = "SELECT id FROM operations WHERE finished_at IS NOT NULL \
    AND finished_at >= $1 ORDER BY finished_at DESC LIMIT $2";

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("operations that are due", DUE),
    ("expire an operation", EXPIRE),
    ("operations that were left", LEFT),
    ("cancel an operation that was left", CANCEL_LEFT),
    ("operations that ended lately", FINISHED_SINCE),
];

impl Store {
    /// Writes down which operations nobody answered in time, up to `limit`; gives their ids.
    pub async fn expire_operations(&self, now: i64, limit: i64) -> Result<Vec<String>> {
        let due: Vec<(String,)> = on!(self, read, db => sqlx::query_as(DUE).bind(now).bind(limit)
            .fetch_all(db).await)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        Ok(in_transaction!(self, tx => {
            let mut ended = Vec::new();
            for (id,) in due {
                let done = sqlx::query(EXPIRE).bind(&id).bind(Outcome::Expired.as_str()).bind(now)
                    .execute(&mut *tx).await?.rows_affected();
                ended.extend((done == 1).then_some(id));
            }
            ended
        }))
    }

    /// Writes down that nobody answered this one in time, if that is so and nobody has.
    pub(super) async fn expire_operation(&self, id: &str, now: i64) -> Result<()> {
        on!(self, write, db => sqlx::query(EXPIRE).bind(id).bind(Outcome::Expired.as_str())
            .bind(now).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Cancels operations whose page was left at `before` or earlier and has not come back, up to
    /// `limit`; gives their ids.
    pub async fn cancel_left_operations(
        &self,
        before: i64,
        now: i64,
        limit: i64,
    ) -> Result<Vec<String>> {
        let left: Vec<(String,)> = on!(self, read, db => sqlx::query_as(LEFT).bind(before)
            .bind(limit).fetch_all(db).await)?;
        if left.is_empty() {
            return Ok(Vec::new());
        }
        Ok(in_transaction!(self, tx => {
            let mut ended = Vec::new();
            for (id,) in left {
                let done = sqlx::query(CANCEL_LEFT).bind(&id).bind(Outcome::Left.as_str())
                    .bind(now).bind(before).execute(&mut *tx).await?.rows_affected();
                ended.extend((done == 1).then_some(id));
            }
            ended
        }))
    }

    /// The operations that ended at this instant or later, the latest first, up to `limit`.
    pub async fn operations_finished_since(&self, instant: i64, limit: i64) -> Result<Vec<String>> {
        let rows: Vec<(String,)> = on!(self, read, db => sqlx::query_as(FINISHED_SINCE)
            .bind(instant).bind(limit).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Deletes up to `limit` operations that ended before `before`.
    pub async fn purge_operations(&self, before: i64, limit: i64) -> Result<u64> {
        const SQL: &str = "DELETE FROM operations WHERE id IN \
            (SELECT id FROM operations WHERE finished_at IS NOT NULL AND finished_at < $1 LIMIT $2)";
        Ok(on!(self, write, db => sqlx::query(SQL).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}
