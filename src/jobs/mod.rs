//! Work that nobody waits for. A job is a function that does one batch and may be run by several
//! nodes; a fairing runs them until the server stops.

mod deliver_logouts;
mod ends;
mod operations;
mod purge;
mod under_way;
mod wake;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Orbit, Rocket, Shutdown};
use std::time::Duration;

use crate::clock::Clock;
use crate::events::Events;
use crate::keys::{Keys, Renewed};
use crate::limits::Limits;
use crate::store::ends::Expiring;
use crate::store::{Store, StoreError};

pub use deliver_logouts::Logouts;
pub use ends::{end_expired, hint_ended};
pub use operations::{Sweep, end_operations};
pub use purge::{purge, purge_identifications};
pub use under_way::UnderWay;
pub use wake::Wake;

/// How often the jobs run.
const EVERY: Duration = Duration::from_mins(1);

/// What the jobs work on.
#[derive(Clone)]
pub struct Jobs {
    /// The database that is purged.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// For how many days proofs of who somebody is are kept.
    pub keep_identifications: u32,
    /// The limits that are swept.
    pub limits: Limits,
    /// The keys that are renewed.
    pub keys: Keys,
    /// What other nodes say is heard by it.
    pub events: Events,
    /// What tells clients that sessions ended.
    pub logouts: Logouts,
    /// Asks for that at once.
    pub wake: Wake,
}

#[rocket::async_trait]
impl Fairing for Jobs {
    fn info(&self) -> Info {
        Info { name: "jobs", kind: Kind::Liftoff }
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        tokio::spawn(run(self.clone(), rocket.shutdown()));
        tokio::spawn(listen(self.events.clone(), rocket.shutdown()));
        let (store, events, clock) = (self.store.clone(), self.events.clone(), self.clock.clone());
        tokio::spawn(operations::run(store, events, clock, rocket.shutdown()));
        for what in [Expiring::Flows, Expiring::Monitors] {
            let (store, events) = (self.store.clone(), self.events.clone());
            tokio::spawn(ends::run(store, events, what, self.clock.clone(), rocket.shutdown()));
        }
        let (logouts, wake) = (self.logouts.clone(), self.wake.clone());
        tokio::spawn(deliver_logouts::run(logouts, wake, rocket.shutdown()));
    }
}

/// Hears the other nodes, until the server stops.
async fn listen(events: Events, shutdown: Shutdown) {
    tokio::select! {
        () = shutdown => {}
        () = events.listen() => {}
    }
}

async fn run(jobs: Jobs, mut shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        jobs.limits.sweep();
        match jobs.purge(&mut shutdown).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "purged what was over"),
            Err(error) => tracing::warn!(%error, "the purge will be tried again"),
        }
        match jobs.keys.renew(jobs.clock.now()).await {
            Ok(Renewed { made: 0, deleted: 0 }) => {}
            Ok(Renewed { made, deleted }) => tracing::info!(made, deleted, "renewed signing keys"),
            Err(error) => tracing::warn!(%error, "the renewal of keys will be tried again"),
        }
    }
}

impl Jobs {
    /// Deletes what is over, and the proofs that were kept as long as is configured; how many rows it
    /// were.
    pub async fn purge(&self, shutdown: &mut Shutdown) -> Result<u64, StoreError> {
        let (store, now) = (&self.store, self.clock.now());
        let rows = purge(store, now, shutdown).await?;
        Ok(rows + purge_identifications(store, self.keep_identifications, now, shutdown).await?)
    }
}
