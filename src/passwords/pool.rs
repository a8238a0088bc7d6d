//! The pool as its callers see it.

use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::jobs::{Job, Jobs, Task, serve};
use super::priority;
use super::stored::Memory;
use super::{Busy, Cost, Lane, PoolSettings, Verdict};
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// The hash pool. Clones share it; its threads end with the last of them.
///
/// ```
/// use vestibule::clock::Clock;
/// use vestibule::limits::NetworkKey;
/// use vestibule::passwords::{Cost, Lane, Pool, PoolSettings};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// // A cost for tests; the default one is for people.
/// let cost = Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
/// let settings = PoolSettings { cost, ..PoolSettings::default() };
/// let pool = Pool::start(settings, Clock::system()).unwrap();
///
/// let network = NetworkKey::of([192, 0, 2, 1].into());
/// let lane = Lane { network, known_device: false, suspect: false };
/// let stored = pool.hash(lane, "looking-glass-1871").await.unwrap();
/// let verdict = pool.verify(lane, "looking-glass-1871", Some(&stored)).await.unwrap();
/// assert!(verdict.matches && !verdict.outdated);
/// # }
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Handle>);

/// Why there is no pool.
#[derive(Debug)]
pub enum StartError {
    /// There is no Argon2id of this cost, or it is beyond all bounds.
    Cost(Cost),
    /// The system gives no thread.
    Thread(std::io::Error),
}

impl Pool {
    /// Starts the threads. They reserve their memory and touch it with their first job.
    pub fn start(settings: PoolSettings, clock: Clock) -> Result<Self, StartError> {
        let pool = Self::without_threads(&settings, clock)?;
        for n in 0..settings.threads.max(1) {
            let jobs = Arc::clone(pool.jobs());
            let thread = std::thread::Builder::new().name(format!("hash-{n}"));
            thread.spawn(move || work(&jobs, settings.niceness)).map_err(StartError::Thread)?;
        }
        Ok(pool)
    }

    fn without_threads(settings: &PoolSettings, clock: Clock) -> Result<Self, StartError> {
        let jobs = Jobs::new(settings, clock).ok_or(StartError::Cost(settings.cost))?;
        Ok(Self(Arc::new(Handle(Arc::new(jobs)))))
    }

    fn jobs(&self) -> &Arc<Jobs> {
        &self.0.0
    }

    /// Hashes a new password: a PHC string to store.
    pub async fn hash(&self, lane: Lane, password: &str) -> Result<String, Busy> {
        let (answer, hashed) = oneshot::channel();
        self.ask(lane, password, Task::Hash(answer), hashed).await
    }

    /// Checks a password against what is stored of it.
    ///
    /// For an account there is not (`None`) one and the same job runs, against a hash that nothing
    /// fits; so it does when what is stored cannot be read, which is logged as an error.
    pub async fn verify(
        &self,
        lane: Lane,
        password: &str,
        stored: Option<&str>,
    ) -> Result<Verdict, Busy> {
        let (answer, verdict) = oneshot::channel();
        let task = Task::Verify { stored: stored.map(str::to_owned), answer };
        self.ask(lane, password, task, verdict).await
    }

    /// How many hashes were computed since the start.
    #[must_use]
    pub fn jobs_run(&self) -> u64 {
        self.jobs().run()
    }

    async fn ask<A>(
        &self,
        lane: Lane,
        password: &str,
        task: Task,
        answer: oneshot::Receiver<A>,
    ) -> Result<A, Busy> {
        let jobs = self.jobs();
        jobs.push(lane, normalised(password), task)?;
        answer.await.map_err(|_| jobs.busy())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("cost", &self.jobs().cost()).finish_non_exhaustive()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost(cost) => write!(
                f,
                "passwords cannot be hashed with m={} KiB, t={}, p={}",
                cost.memory_kib, cost.iterations, cost.parallelism
            ),
            Self::Thread(_) => f.write_str("the system gives no thread to hash passwords with"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Cost(_) => None,
            Self::Thread(error) => Some(error),
        }
    }
}

/// Closes the pool when the last [`Pool`] is dropped, or when not all threads could be started.
struct Handle(Arc<Jobs>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn work(jobs: &Jobs, niceness: u8) {
    priority::lower(niceness);
    let mut memory = Memory::reserve(jobs.cost());
    serve(jobs, |job: Job| jobs.compute(job, &mut memory));
}

/// The composed form of a password, in memory that is wiped.
fn normalised(password: &str) -> Zeroizing<String> {
    // No character of NFC is more than three times as long: nothing is left behind by growing.
    let mut composed = Zeroizing::new(String::with_capacity(3 * password.len()));
    composed.extend(password.nfc());
    composed
}
