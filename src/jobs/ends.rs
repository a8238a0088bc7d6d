//! Ends flows, and identifications that a page waits for, which nobody ended in time; and hints those
//! whom no message reached.

use futures_util::future::FutureExt;
use rocket::Shutdown;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::{Clock, SECOND};
use crate::events::{Event, Events};
use crate::store::ends::Expiring;
use crate::store::{Store, StoreError};

/// How often it is looked for what is over.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for ends that were not heard of; by far most are.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How many are ended in one transaction.
const BATCH: i64 = 100;
/// How far back a sweep looks: the time since the last one, and as much as the clocks of nodes may
/// differ, with the time that a commit may take.
const OVERLAP: i64 = 40 * SECOND;
/// Ends looked at in one sweep, the latest first.
const MOST: i64 = 20_000;

/// Ends what has expired; tells all nodes. How many it were. Several nodes may do this: each end is
/// written, and told, by one of them.
pub async fn end_expired(
    store: &Store,
    events: &Events,
    what: Expiring,
    now: i64,
    shutdown: &mut Shutdown,
) -> Result<usize, StoreError> {
    let mut count = 0;
    loop {
        let expired = store.expire(what, now, BATCH).await?;
        let batch = expired.len();
        events.publish_all(expired.into_iter().map(event_of(what)).collect()).await;
        count += batch;
        if batch == 0 || (&mut *shutdown).now_or_never().is_some() {
            return Ok(count);
        }
        // The writer serves everybody: let others have it between two batches.
        tokio::task::yield_now().await;
    }
}

/// Looks for what ended lately, on whatever node, and hints who waits for it here. A page that was
/// told waits no more, so most hints reach nobody.
pub async fn hint_ended(
    store: &Store,
    events: &Events,
    what: Expiring,
    now: i64,
) -> Result<usize, StoreError> {
    let ended = store.finished_since(what, now - OVERLAP, MOST).await?;
    let count = ended.len();
    for id in ended {
        events.hint(&event_of(what)(id));
    }
    Ok(count)
}

fn event_of(what: Expiring) -> fn(String) -> Event {
    match what {
        Expiring::Flows => Event::Flow,
        Expiring::Monitors => Event::Identification,
        Expiring::Operations => Event::Operation,
    }
}

/// Both, again and again, until the server stops.
pub(super) async fn run(
    store: Store,
    events: Events,
    what: Expiring,
    clock: Clock,
    mut shutdown: Shutdown,
) {
    let (mut ends, mut sweeps) = (interval(EVERY), interval(SWEEP_EVERY));
    ends.set_missed_tick_behavior(MissedTickBehavior::Delay);
    sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        let done = tokio::select! {
            () = &mut shutdown => return,
            _ = ends.tick() => {
                end_expired(&store, &events, what, clock.now(), &mut shutdown).await
            }
            _ = sweeps.tick() => hint_ended(&store, &events, what, clock.now()).await,
        };
        if let Err(error) = &done
            && !is_failing
        {
            tracing::warn!(%error, ?what, "what is over will be ended, and looked for, later");
        }
        is_failing = done.is_err();
    }
}
