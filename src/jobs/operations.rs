//! Ends operations that nobody ended, and hints those whom no message reached.

use futures_util::future::FutureExt;
use rocket::Shutdown;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::{Clock, SECOND};
use crate::domain::operation::TIME_TO_COME_BACK;
use crate::events::{Event, Events};
use crate::store::ends::Expiring;
use crate::store::{Store, StoreError};

/// How often it is looked for operations that are over.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for ends that were not heard of; by far most are.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Operations ended in one transaction.
const BATCH: i64 = 100;
/// How far back a sweep looks, since the last one that succeeded: as much as the clocks of nodes
/// may differ, with the time that a commit may take.
const OVERLAP: i64 = 30 * SECOND;
/// Ends looked at in one sweep, the latest first.
const MOST: i64 = 20_000;

/// Ends what has expired, and what its page has left for good; tells all nodes. How many it were.
/// Several nodes may do this: each end is written, and told, by one of them.
pub async fn end_operations(
    store: &Store,
    events: &Events,
    now: i64,
    shutdown: &mut Shutdown,
) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let expired = store.expire(Expiring::Operations, now, BATCH).await?;
        events.operations_ended(store, &expired, now).await;
        let left = store.cancel_left_operations(now - TIME_TO_COME_BACK, now, BATCH).await?;
        events.operations_ended(store, &left, now).await;
        let batch = expired.len() + left.len();
        count += batch;
        if batch == 0 || (&mut *shutdown).now_or_never().is_some() {
            return Ok(count);
        }
        // The writer serves everybody: let others have it between two batches.
        tokio::task::yield_now().await;
    }
}

/// Looks for operations that ended, on whatever node, and hints who waits for them here: a message
/// that was lost costs some seconds and nothing else.
#[derive(Debug, Default)]
pub struct Sweep {
    /// What the last one found, which need not be hinted again.
    known: HashSet<String>,
    /// When that was.
    last: Option<i64>,
}

impl Sweep {
    /// One look. How many ends are new since the last one.
    pub async fn run(
        &mut self,
        store: &Store,
        events: &Events,
        now: i64,
    ) -> Result<usize, StoreError> {
        let since = self.last.unwrap_or(now).min(now) - OVERLAP;
        let ended = store.finished_since(Expiring::Operations, since, MOST).await?;
        let mut count = 0;
        for id in ended.iter().filter(|&id| !self.known.contains(id)) {
            events.hint(&Event::Operation(id.clone()));
            count += 1;
        }
        self.known = ended.into_iter().collect();
        self.last = Some(now);
        Ok(count)
    }
}

/// Both, again and again, until the server stops.
pub(super) async fn run(store: Store, events: Events, clock: Clock, mut shutdown: Shutdown) {
    let (mut ends, mut sweeps) = (interval(EVERY), interval(SWEEP_EVERY));
    ends.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut sweep, mut is_failing) = (Sweep::default(), false);
    loop {
        let done = tokio::select! {
            () = &mut shutdown => return,
            _ = ends.tick() => {
                end_operations(&store, &events, clock.now(), &mut shutdown).await
            }
            _ = sweeps.tick() => sweep.run(&store, &events, clock.now()).await,
        };
        if let Err(error) = &done
            && !is_failing
        {
            tracing::warn!(%error, "operations will be ended, and looked for, later");
        }
        is_failing = done.is_err();
    }
}
