//! Operations that end by themselves: nobody answers in time, or their page has left for good.

use super::ends::OPERATIONS;
use super::{Result, Store, in_transaction, on};
use crate::domain::operation::Outcome;

const LEFT: &str = "SELECT id FROM operations WHERE outcome IS NULL AND left_at IS NOT NULL \
    AND left_at <= $1 ORDER BY left_at, id LIMIT $2";
const CANCEL_LEFT: &str = "UPDATE operations SET outcome = $2, finished_at = $3 \
    WHERE id = $1 AND outcome IS NULL AND left_at <= $4 AND expires_at > $3";

pub(super) const LOOKUPS: &[(&str, &str)] =
    &[("operations that were left", LEFT), ("cancel an operation that was left", CANCEL_LEFT)];

impl Store {
    /// Writes down that nobody answered this one in time, if that is so and nobody has.
    pub(super) async fn expire_operation(&self, id: &str, now: i64) -> Result<()> {
        on!(self, write, db => sqlx::query(OPERATIONS.expire).bind(id)
            .bind(Outcome::Expired.as_str()).bind(now).execute(db).await.map(|_| ()))?;
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
}
