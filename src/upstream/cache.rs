//! What a provider publishes, fetched when it is needed and kept for a while. One request at a time
//! goes out for it, and one that is down is not asked by everybody in turn.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use super::Failure;
use crate::clock::{Clock, HOUR, MINUTE, SECOND};

/// How long something that was read is taken for what is still published.
pub(super) const FRESH: i64 = 10 * MINUTE;
/// How long it is used while the provider cannot be reached.
pub(super) const KEEP: i64 = HOUR;
/// How often it is fetched at most, whoever is not content with what was read.
pub(super) const FETCH_EVERY: i64 = 30 * SECOND;
/// The same while there is nothing to be used.
pub(super) const RETRY_EVERY: i64 = 5 * SECOND;

/// Something that a provider publishes.
pub(super) struct Cache<T> {
    known: RwLock<Known<T>>,
    /// Held by whoever fetches.
    turn: Mutex<()>,
}

struct Known<T> {
    /// What was read last, and when.
    value: Option<(Arc<T>, i64)>,
    /// When it was tried last, and what went wrong.
    tried: Option<(i64, Option<Failure>)>,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        let known = Known { value: None, tried: None };
        Self { known: RwLock::new(known), turn: Mutex::default() }
    }
}

impl<T> Known<T> {
    fn younger_than(&self, age: i64, now: i64) -> Option<Arc<T>> {
        let (value, at) = self.value.as_ref()?;
        (*at..at.saturating_add(age)).contains(&now).then(|| Arc::clone(value))
    }

    fn may_be_tried(&self, now: i64) -> bool {
        let pause = if self.value.is_some() { FETCH_EVERY } else { RETRY_EVERY };
        self.tried.as_ref().is_none_or(|(at, _)| !(*at..at.saturating_add(pause)).contains(&now))
    }

    /// What was read, though it may be old, or what went wrong. Who misbehaves is not excused.
    fn outcome(&self, now: i64) -> Result<Arc<T>, Failure> {
        let failure = self.tried.as_ref().and_then(|(_, failure)| failure.clone());
        match (self.younger_than(KEEP, now), failure) {
            (Some(value), None | Some(Failure::Unreachable(_))) => Ok(value),
            (_, Some(failure)) => Err(failure),
            (None, None) => Err(Failure::Unreachable("nothing was read for an hour".into())),
        }
    }
}

impl<T> Cache<T> {
    /// What is published. It is fetched if it was not read lately, or if what was read is not
    /// enough; then it may still not be enough, which the caller sees.
    pub(super) async fn get<F: Future<Output = Result<T, Failure>>>(
        &self,
        clock: &Clock,
        is_enough: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<T>, Failure> {
        let found = |age: i64| {
            let value = self.read(|known| known.younger_than(age, clock.now()));
            value.filter(|value| is_enough(value))
        };
        if let Some(value) = found(FRESH) {
            return Ok(value);
        }
        let _turn = match (self.turn.try_lock(), found(KEEP)) {
            (Ok(turn), _) => turn,
            // Somebody else is about to renew it.
            (Err(_), Some(value)) => return Ok(value),
            (Err(_), None) => self.turn.lock().await,
        };
        if let Some(value) = found(FRESH) {
            return Ok(value);
        }
        if self.read(|known| known.may_be_tried(clock.now())) {
            let fetched = fetch().await;
            self.note(fetched, clock.now());
        }
        self.read(|known| known.outcome(clock.now()))
    }

    fn note(&self, fetched: Result<T, Failure>, now: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(value) => {
                *known = Known { value: Some((Arc::new(value), now)), tried: Some((now, None)) };
            }
            Err(failure) => {
                if known.younger_than(KEEP, now).is_some() {
                    tracing::warn!(%failure, "what a provider publishes could not be renewed");
                }
                known.tried = Some((now, Some(failure)));
            }
        }
    }

    fn read<R>(&self, look: impl FnOnce(&Known<T>) -> R) -> R {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }
}
