//! One kind of bucket for many keys: takes, gives back, forgets.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

use super::steady::Steady;
use super::{Limited, Rate};

/// What a bucket belongs to: a keyed hash, so that no typed login stays in memory.
pub(super) type Key = u64;

/// The buckets of one rule, one for each key.
///
/// The arithmetic is governor's (GCRA: a single instant for each key, the time at which its bucket
/// is full again). The map is ours for two reasons: a token can be given back, and the number of
/// keys is bounded.
#[derive(Debug)]
pub(super) struct Buckets {
    limiter: RateLimiter<Key, Map, Steady, NoOpMiddleware<Nanos>>,
    map: Map,
    clock: Steady,
    start: Nanos,
    every: Nanos,
}

impl Buckets {
    pub(super) fn new(rate: Rate, max_keys: usize, clock: &Steady) -> Self {
        let (quota, every) = quota(rate);
        let map = Map { full_at: Arc::default(), max_keys: max_keys.max(2) };
        Self {
            start: clock.now(),
            limiter: RateLimiter::new(quota, map.clone(), clock.clone()),
            map,
            clock: clock.clone(),
            every,
        }
    }

    /// Takes a token, or says how long there will be none.
    pub(super) fn take(&self, key: Key) -> Result<(), Limited> {
        self.limiter.check_key(&key).map_err(|none| {
            let wait = none.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            Limited { retry_after_seconds: seconds.max(1) }
        })
    }

    /// Returns a token that [`Buckets::take`] gave; never more than the bucket holds.
    pub(super) fn give_back(&self, key: Key) {
        if let Some(full_at) = self.map.lock().get_mut(&key) {
            *full_at = full_at.saturating_sub(self.every);
        }
    }

    /// How many tokens a bucket lacks.
    pub(super) fn missing(&self, key: Key) -> u64 {
        let now = self.clock.now().duration_since(self.start);
        let full_at = self.map.lock().get(&key).copied().unwrap_or_default();
        full_at.saturating_sub(now) / self.every
    }

    /// Forgets the buckets that are full again: they are as good as new.
    pub(super) fn sweep(&self) {
        let now = self.clock.now().duration_since(self.start);
        let mut map = self.map.lock();
        map.retain(|_, full_at| *full_at > now);
        map.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.map.lock().len()
    }
}

/// A rate in governor's terms. Governor multiplies without a check, so absurd rates are cut down
/// to what its nanoseconds can express.
fn quota(rate: Rate) -> (Quota, Nanos) {
    const YEAR: u64 = 366 * 86_400_000_000_000;
    let every = rate.every_ms.saturating_mul(1_000_000).clamp(1_000_000, YEAR);
    let most = u32::try_from(u64::MAX / 4 / every).unwrap_or(u32::MAX);
    let burst = NonZeroU32::new(rate.burst.min(most)).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(Duration::from_nanos(every)).expect("at least a millisecond");
    (quota.allow_burst(burst), every.into())
}

/// For each key the instant, counted from the start, at which its bucket is full again.
#[derive(Clone, Debug)]
struct Map {
    full_at: Arc<Mutex<HashMap<Key, Nanos>>>,
    max_keys: usize,
}

impl Map {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Nanos>> {
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Map {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut full_at = self.lock();
        let (decision, next) = decide(full_at.get(key).copied())?;
        if full_at.len() >= self.max_keys && !full_at.contains_key(key) {
            forget_the_fullest(&mut full_at);
        }
        full_at.insert(*key, next);
        Ok(decision)
    }
}

/// Makes room by forgetting the half that is nearest to full. Whoever floods the map with fresh
/// keys pushes out his own: the bucket somebody has emptied is the last to go.
fn forget_the_fullest(full_at: &mut HashMap<Key, Nanos>) {
    let mut instants: Vec<Nanos> = full_at.values().copied().collect();
    let middle = instants.len() / 2;
    let (_, median, _) = instants.select_nth_unstable(middle);
    let median = *median;
    full_at.retain(|_, instant| *instant > median);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, MINUTE};

    fn buckets(max_keys: usize) -> (Clock, Buckets) {
        let clock = Clock::manual(1_800_000_000_000);
        let steady = Steady::new(clock.clone());
        (clock, Buckets::new(Rate::new(3, MINUTE.unsigned_abs()), max_keys, &steady))
    }

    fn taken(buckets: &Buckets, key: Key) -> usize {
        std::iter::repeat_with(|| buckets.take(key)).take_while(Result::is_ok).count()
    }

    #[test]
    fn a_bucket_holds_its_burst_and_fills_with_time() {
        let (clock, buckets) = buckets(10);
        assert_eq!(taken(&buckets, 1), 3);
        assert_eq!(taken(&buckets, 2), 3, "another key has its own");
        clock.advance(MINUTE - 1);
        assert_eq!(buckets.take(1), Err(Limited { retry_after_seconds: 1 }));
        clock.advance(1);
        assert_eq!(taken(&buckets, 1), 1);
        assert_eq!(buckets.take(1), Err(Limited { retry_after_seconds: 60 }));
        clock.advance(100 * MINUTE);
        assert_eq!(taken(&buckets, 1), 3);
    }

    #[test]
    fn a_token_given_back_can_be_taken_again_once() {
        let (clock, buckets) = buckets(10);
        assert_eq!(taken(&buckets, 1), 3);
        buckets.give_back(1);
        assert_eq!(taken(&buckets, 1), 1);
        clock.advance(10 * MINUTE);
        for _ in 0..5 {
            buckets.give_back(1);
        }
        assert_eq!(taken(&buckets, 1), 3, "never more than it holds");
    }

    #[test]
    fn absurd_rates_are_cut_down() {
        let (clock, _) = buckets(10);
        for rate in [Rate::new(u32::MAX, u64::MAX), Rate::new(0, 0), Rate::new(u32::MAX, 1)] {
            let buckets = Buckets::new(rate, 0, &Steady::new(clock.clone()));
            assert!(buckets.take(1).is_ok());
            buckets.give_back(1);
            assert!(buckets.take(1).is_ok());
        }
    }

    #[test]
    fn a_sweep_forgets_full_buckets_only() {
        let (clock, buckets) = buckets(10);
        assert!(buckets.take(1).is_ok());
        assert_eq!(taken(&buckets, 2), 3);
        clock.advance(MINUTE);
        buckets.sweep();
        assert_eq!(buckets.len(), 1);
        assert_eq!(taken(&buckets, 2), 1);
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_keeps_the_emptied_bucket() {
        let (clock, buckets) = buckets(100);
        assert_eq!(taken(&buckets, 1), 3);
        for key in 1_000..11_000 {
            clock.advance(1);
            assert!(buckets.take(key).is_ok());
            assert!(buckets.len() <= 100);
        }
        assert!(buckets.take(1).is_err(), "ten seconds refill nothing");
    }
}
