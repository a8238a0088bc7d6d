//! Who waits, and who is told to come back. These pools have no thread: the test takes the jobs
//! itself, so that it decides when.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::*;

const BUSY: Busy = Busy { retry_after: 5 };

struct Unserved {
    pool: Pool,
    clock: Clock,
}

fn unserved(settings: PoolSettings) -> Unserved {
    let clock = Clock::manual(1_800_000_000_000);
    let pool = Pool::without_threads(&settings, clock.clone()).expect("a pool");
    Unserved { pool, clock }
}

impl Unserved {
    /// Does what a thread does, for one job; there must be one.
    fn serve_one(&self) {
        let job = self.pool.jobs().next().expect("the pool is open");
        self.pool.jobs().compute(job, &mut Memory::reserve(COST));
    }
}

fn poll<F: Future>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn networks_take_turns() {
    let unserved = unserved(settings());
    let (flood, other) = (lane(1), lane(2));
    let mut first = pin!(unserved.pool.hash(flood, PASSWORD));
    let mut second = pin!(unserved.pool.hash(flood, PASSWORD));
    let mut late = pin!(unserved.pool.verify(other, PASSWORD, None));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut second).is_pending());
    assert!(poll(&mut late).is_pending());
    unserved.serve_one();
    unserved.serve_one();
    assert!(poll(&mut first).is_ready());
    assert!(poll(&mut second).is_pending(), "its network had its turn");
    assert!(poll(&mut late).is_ready());
}

#[test]
fn a_known_device_has_a_place_in_a_flood() {
    let unserved = unserved(PoolSettings { queue: 1, ..settings() });
    let mut flood = pin!(unserved.pool.verify(lane(1), "wrong", None));
    assert!(poll(&mut flood).is_pending());
    let mut stranger = pin!(unserved.pool.verify(lane(2), PASSWORD, None));
    assert_eq!(poll(&mut stranger), Poll::Ready(Err(BUSY)));
    let known = Lane { known_device: true, ..lane(2) };
    let mut known = pin!(unserved.pool.verify(known, PASSWORD, None));
    assert!(poll(&mut known).is_pending());
    unserved.serve_one();
    assert!(poll(&mut known).is_ready(), "and it is the first");
}

#[test]
fn what_does_not_fit_is_busy_at_once() {
    let unserved = unserved(PoolSettings { queue: 3, per_network: 2, ..settings() });
    let mut first = pin!(unserved.pool.hash(lane(1), PASSWORD));
    let mut second = pin!(unserved.pool.hash(lane(1), PASSWORD));
    let mut third = pin!(unserved.pool.hash(lane(1), PASSWORD));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut second).is_pending());
    assert_eq!(poll(&mut third), Poll::Ready(Err(BUSY)));
    assert_eq!(unserved.pool.jobs_run(), 0);
}

#[test]
fn a_job_pushed_out_by_another_network_is_busy() {
    let unserved = unserved(PoolSettings { queue: 2, ..settings() });
    let mut first = pin!(unserved.pool.hash(lane(1), PASSWORD));
    let mut second = pin!(unserved.pool.hash(lane(1), PASSWORD));
    let mut other = pin!(unserved.pool.hash(lane(2), PASSWORD));
    assert!(poll(&mut first).is_pending());
    assert!(poll(&mut second).is_pending());
    assert!(poll(&mut other).is_pending());
    assert_eq!(poll(&mut second), Poll::Ready(Err(BUSY)));
}

#[test]
fn who_waited_too_long_is_dropped_and_told() {
    let unserved = unserved(settings());
    let mut early = pin!(unserved.pool.hash(lane(1), PASSWORD));
    assert!(poll(&mut early).is_pending());
    unserved.clock.advance(1);
    let mut late = pin!(unserved.pool.hash(lane(1), PASSWORD));
    assert!(poll(&mut late).is_pending());
    unserved.clock.advance(5_000);
    unserved.serve_one();
    assert_eq!(poll(&mut early), Poll::Ready(Err(BUSY)));
    assert!(matches!(poll(&mut late), Poll::Ready(Ok(_))), "exactly the limit is in time");
    assert_eq!(unserved.pool.jobs_run(), 1);
}

#[test]
fn who_went_away_is_skipped_and_leaves_room() {
    let unserved = unserved(PoolSettings { queue: 1, ..settings() });
    {
        let mut gone = pin!(unserved.pool.hash(lane(1), PASSWORD));
        assert!(poll(&mut gone).is_pending());
    }
    let mut next = pin!(unserved.pool.hash(lane(1), PASSWORD));
    assert!(poll(&mut next).is_pending(), "the queue was full of nobody");
    unserved.serve_one();
    assert!(poll(&mut next).is_ready());
    assert_eq!(unserved.pool.jobs_run(), 1);
}

#[test]
fn a_panic_costs_its_own_job_only() {
    let unserved = unserved(settings());
    let mut unlucky = pin!(unserved.pool.hash(lane(1), PASSWORD));
    let mut next = pin!(unserved.pool.hash(lane(1), PASSWORD));
    assert!(poll(&mut unlucky).is_pending());
    assert!(poll(&mut next).is_pending());
    let jobs = unserved.pool.jobs();
    let mut served = 0;
    serve(jobs, |job| {
        served += 1;
        assert!(served > 1, "the panic of this test");
        jobs.compute(job, &mut Memory::reserve(COST));
        jobs.close();
    });
    assert_eq!(poll(&mut unlucky), Poll::Ready(Err(BUSY)));
    assert!(matches!(poll(&mut next), Poll::Ready(Ok(_))));
}
