//! What is waited for and ends by itself when its time is over: flows, operations, and pages that wait
//! for an identification. The columns that say so are the same in all three tables.

use super::{Result, Store, in_transaction, on};
use crate::domain::{flow, identification, operation};

/// One of these tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiring {
    /// Windows in which somebody signs in.
    Flows,
    /// Pages that wait for an identification.
    Monitors,
    /// Questions to a person.
    Operations,
}

/// The queries of a table.
pub(super) struct Queries {
    due: &'static str,
    pub(super) expire: &'static str,
    finished_since: &'static str,
    purge: &'static str,
}

macro_rules! queries_of {
    ($table:literal) => {
        Queries {
            due: concat!(
                "SELECT id FROM ",
                $table,
                " WHERE outcome IS NULL AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"
            ),
            expire: concat!(
                "UPDATE ",
                $table,
                " SET outcome = $2, finished_at = $3 ",
                "WHERE id = $1 AND outcome IS NULL AND expires_at <= $3"
            ),
            finished_since: concat!(
                "SELECT id FROM ",
                $table,
                " WHERE finished_at IS NOT NULL AND finished_at >= $1 ",
                "ORDER BY finished_at DESC LIMIT $2"
            ),
            purge: concat!(
                "DELETE FROM ",
                $table,
                " WHERE id IN (SELECT id FROM ",
                $table,
                " WHERE finished_at IS NOT NULL AND finished_at < $1 LIMIT $2)"
            ),
        }
    };
}

const FLOWS: Queries = queries_of!("flows");
const MONITORS: Queries = queries_of!("monitors");
pub(super) const OPERATIONS: Queries = queries_of!("operations");

pub(super) const LOOKUPS: &[(&str, &str)] = &[
    ("flows that are due", FLOWS.due),
    ("expire a flow", FLOWS.expire),
    ("flows that ended lately", FLOWS.finished_since),
    ("monitors that are due", MONITORS.due),
    ("expire a monitor", MONITORS.expire),
    ("monitors that ended lately", MONITORS.finished_since),
    ("operations that are due", OPERATIONS.due),
    ("expire an operation", OPERATIONS.expire),
    ("operations that ended lately", OPERATIONS.finished_since),
];

impl Expiring {
    fn queries(self) -> Queries {
        match self {
            Self::Flows => FLOWS,
            Self::Monitors => MONITORS,
            Self::Operations => OPERATIONS,
        }
    }

    /// The outcome of what nobody ended in time.
    fn expired(self) -> &'static str {
        match self {
            Self::Flows => flow::Outcome::Expired.as_str(),
            Self::Monitors => identification::Outcome::Expired.as_str(),
            Self::Operations => operation::Outcome::Expired.as_str(),
        }
    }
}

impl Store {
    /// Writes down what was not ended in time, up to `limit`; gives the ids.
    pub async fn expire(&self, what: Expiring, now: i64, limit: i64) -> Result<Vec<String>> {
        let queries = what.queries();
        let due: Vec<(String,)> = on!(self, read, db => sqlx::query_as(queries.due).bind(now)
            .bind(limit).fetch_all(db).await)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        Ok(in_transaction!(self, tx => {
            let mut ended = Vec::new();
            for (id,) in due {
                let done = sqlx::query(queries.expire).bind(&id).bind(what.expired()).bind(now)
                    .execute(&mut *tx).await?.rows_affected();
                ended.extend((done == 1).then_some(id));
            }
            ended
        }))
    }

    /// What ended at this instant or later, the latest first, up to `limit`.
    pub async fn finished_since(
        &self,
        what: Expiring,
        instant: i64,
        limit: i64,
    ) -> Result<Vec<String>> {
        let queries = what.queries();
        let rows: Vec<(String,)> = on!(self, read, db => sqlx::query_as(queries.finished_since)
            .bind(instant).bind(limit).fetch_all(db).await)?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Deletes up to `limit` of what ended before `before`.
    pub async fn purge_finished(&self, what: Expiring, before: i64, limit: i64) -> Result<u64> {
        let queries = what.queries();
        Ok(on!(self, write, db => sqlx::query(queries.purge).bind(before).bind(limit)
            .execute(db).await?.rows_affected()))
    }
}
