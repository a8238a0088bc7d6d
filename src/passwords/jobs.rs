//! Jobs: how they wait, are taken, and answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::queue::Queue;
use super::stored::{self, Memory, Stored};
use super::{Busy, Cost, Lane, PoolSettings, Verdict};
use crate::clock::Clock;

/// What the threads of a pool and its callers share.
pub(super) struct Jobs {
    waiting: Mutex<Waiting>,
    ready: Condvar,
    clock: Clock,
    cost: Cost,
    dummy: Stored,
    max_wait_ms: u64,
    run: AtomicU64,
}

struct Waiting {
    queue: Queue<Job>,
    closed: bool,
}

/// One password. Dropped unanswered, for whatever reason, it answers [`Busy`].
pub(super) struct Job {
    password: Zeroizing<String>,
    task: Task,
    since: i64,
}

/// What to do with it, and whom to tell.
pub(super) enum Task {
    Hash(oneshot::Sender<String>),
    Verify { stored: Option<String>, answer: oneshot::Sender<Verdict> },
}

impl Job {
    /// Nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool {
        match &self.task {
            Task::Hash(answer) => answer.is_closed(),
            Task::Verify { answer, .. } => answer.is_closed(),
        }
    }
}

impl Jobs {
    /// `None` when no hash of this cost can be computed.
    pub(super) fn new(settings: &PoolSettings, clock: Clock) -> Option<Self> {
        let queue = Queue::new(settings.queue, settings.per_network);
        Some(Self {
            waiting: Mutex::new(Waiting { queue, closed: false }),
            ready: Condvar::new(),
            clock,
            cost: settings.cost,
            dummy: Stored::dummy(settings.cost)?,
            max_wait_ms: settings.max_wait_ms,
            run: AtomicU64::new(0),
        })
    }

    pub(super) fn cost(&self) -> Cost {
        self.cost
    }

    /// How many hashes were computed.
    pub(super) fn run(&self) -> u64 {
        self.run.load(Ordering::Relaxed)
    }

    pub(super) fn busy(&self) -> Busy {
        Busy { retry_after: self.max_wait_ms.div_ceil(1_000).max(1) }
    }

    /// No thread takes another job.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    pub(super) fn push(
        &self,
        lane: Lane,
        password: Zeroizing<String>,
        task: Task,
    ) -> Result<(), Busy> {
        let job = Job { password, task, since: self.clock.now() };
        let mut waiting = self.lock();
        // Only a full queue is searched for jobs that are of no use, so that a flood costs little.
        let pushed = waiting.queue.push(lane, job).or_else(|job| {
            self.drop_useless(&mut waiting.queue);
            waiting.queue.push(lane, job)
        });
        drop(waiting);
        self.ready.notify_one();
        pushed.map_err(|_| self.busy())
    }

    /// Waits for the next job; `None` when the pool is closed.
    pub(super) fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            self.drop_useless(&mut waiting.queue);
            if let Some(job) = waiting.queue.pop() {
                return Some(job);
            }
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drop_useless(&self, queue: &mut Queue<Job>) {
        let oldest = self.clock.now().saturating_sub_unsigned(self.max_wait_ms);
        queue.drop_all(|job| job.since < oldest || job.is_abandoned());
    }

    pub(super) fn compute(&self, job: Job, memory: &mut Memory) {
        self.run.fetch_add(1, Ordering::Relaxed);
        let password = job.password.as_bytes();
        // A caller who went away meanwhile does not hear the answer: nothing to do about it.
        match job.task {
            Task::Hash(answer) => {
                if let Some(hashed) = stored::hash(password, self.cost, memory) {
                    let _ = answer.send(hashed);
                }
            }
            Task::Verify { stored, answer } => {
                let _ = answer.send(self.verify(password, stored.as_deref(), memory));
            }
        }
    }

    fn verify(&self, password: &[u8], phc: Option<&str>, memory: &mut Memory) -> Verdict {
        let stored = phc.and_then(Stored::parse);
        if phc.is_some() && stored.is_none() {
            tracing::error!("a stored password hash cannot be read; nobody can sign in with it");
        }
        let matches = stored.as_ref().unwrap_or(&self.dummy).matches(password, memory);
        let outdated = stored.as_ref().is_some_and(|stored| stored.is_outdated(self.cost));
        Verdict { matches: matches && stored.is_some(), outdated }
    }
}

/// Runs jobs until the pool is closed. A panic costs its own job, never the thread.
pub(super) fn serve(jobs: &Jobs, mut compute: impl FnMut(Job)) {
    while let Some(job) = jobs.next() {
        // Whatever a panic left in the working memory, the next job overwrites it.
        if catch_unwind(AssertUnwindSafe(|| compute(job))).is_err() {
            tracing::error!("a password job panicked");
        }
    }
}
