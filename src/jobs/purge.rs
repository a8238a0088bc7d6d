//! Deletes what is over: payloads, sessions, flows, operations, identifications, remembered browsers, the
//! log of deliveries.

use futures_util::future::FutureExt;
use rocket::Shutdown;

use crate::clock::{DAY, HOUR};
use crate::store::ends::Expiring;
use crate::store::{Store, StoreError};

/// Rows deleted in one statement, so that nobody waits long for the writer.
const BATCH: i64 = 500;
/// How long a used payload is remembered, so that a second use is noticed.
const KEEP_PAYLOADS: i64 = HOUR;
/// How long a grant is remembered after its end, so that a second use of its code is noticed.
const KEEP_GRANTS: i64 = HOUR;
/// How long an ended session is remembered.
const KEEP_SESSIONS: i64 = DAY;
/// How long it can be asked what became of a flow.
const KEEP_FLOWS: i64 = HOUR;
/// How long it can be asked what became of an identification that a page waits for.
const KEEP_MONITORS: i64 = HOUR;
/// How long it can be asked what became of an operation.
const KEEP_OPERATIONS: i64 = DAY;
/// How long a browser is remembered that is not used to sign in.
const KEEP_DEVICES: i64 = 400 * DAY;
/// How long it can be looked up who heard of a logout.
const KEEP_LOGOUTS: i64 = 30 * DAY;

/// Deletes everything that is over, batch by batch, until it is done or the server stops; how
/// many rows it were.
pub async fn purge(store: &Store, now: i64, shutdown: &mut Shutdown) -> Result<u64, StoreError> {
    let mut deleted = 0;
    loop {
        let batch = store.purge_payloads(now - KEEP_PAYLOADS, BATCH).await?
            + store.purge_sessions(now - KEEP_SESSIONS, BATCH).await?
            + store.purge_devices(now - KEEP_DEVICES, BATCH).await?
            + store.purge_access_tokens(now, BATCH).await?
            + store.purge_grants(now - KEEP_GRANTS, BATCH).await?
            + store.purge_finished(Expiring::Flows, now - KEEP_FLOWS, BATCH).await?
            + store.purge_finished(Expiring::Monitors, now - KEEP_MONITORS, BATCH).await?
            + store.purge_finished(Expiring::Operations, now - KEEP_OPERATIONS, BATCH).await?
            + store.purge_logouts(now - KEEP_LOGOUTS, BATCH).await?;
        deleted += batch;
        if batch == 0 || (&mut *shutdown).now_or_never().is_some() {
            return Ok(deleted);
        }
        // The writer serves everybody: let others have it between two batches.
        tokio::task::yield_now().await;
    }
}

/// Deletes the proofs of who somebody is that were kept long enough, as [`purge`] does; how many rows
/// it were.
pub async fn purge_identifications(
    store: &Store,
    keep_days: u32,
    now: i64,
    shutdown: &mut Shutdown,
) -> Result<u64, StoreError> {
    let before = now - i64::from(keep_days) * DAY;
    let mut deleted = 0;
    loop {
        let batch = store.purge_identifications(before, BATCH).await?;
        deleted += batch;
        if batch == 0 || (&mut *shutdown).now_or_never().is_some() {
            return Ok(deleted);
        }
        tokio::task::yield_now().await;
    }
}
