//! A clock for governor that never runs backwards.

use std::sync::{Arc, Mutex, PoisonError};

use governor::nanos::Nanos;

use crate::clock::Clock;

/// Time that passed on a [`Clock`] since the start.
///
/// The clock of a machine may be set back. Then no time passes here, instead of everybody waiting
/// until it has caught up.
#[derive(Clone, Debug)]
pub(super) struct Steady(Arc<(Clock, Mutex<Passed>)>);

#[derive(Debug)]
struct Passed {
    last: i64,
    nanos: u64,
}

impl Steady {
    pub(super) fn new(clock: Clock) -> Self {
        let last = clock.now();
        Self(Arc::new((clock, Mutex::new(Passed { last, nanos: 0 }))))
    }
}

impl governor::clock::Clock for Steady {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let (clock, passed) = &*self.0;
        let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock.now();
        let step = u64::try_from(now.saturating_sub(passed.last)).unwrap_or(0);
        passed.nanos = passed.nanos.saturating_add(step.saturating_mul(1_000_000));
        passed.last = now;
        passed.nanos.into()
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::Clock as _;

    use super::*;

    #[test]
    fn a_clock_that_is_set_back_costs_nobody_an_hour() {
        let clock = Clock::manual(1_800_000_000_000);
        let steady = Steady::new(clock.clone());
        clock.advance(5);
        assert_eq!(steady.now().as_u64(), 5_000_000);
        clock.advance(-3_600_000);
        assert_eq!(steady.now().as_u64(), 5_000_000);
        clock.advance(7);
        assert_eq!(steady.now().as_u64(), 12_000_000);
    }
}
