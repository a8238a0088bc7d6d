//! Drives connections: each sends the next request as soon as it has its answer.

use rocket::futures::future::join_all;
use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::Result;
use super::http::{Answer, Connection};
use super::process::Cpu;

/// Sends what `next` gives, on all connections, until it gives nothing more; shows every answer,
/// with the time it took, to `seen`. Each connection pauses for `pause` between two requests.
pub async fn drive(
    connections: &mut [Connection],
    pause: Duration,
    next: impl FnMut() -> Option<Vec<u8>>,
    seen: impl FnMut(&Answer<'_>, Duration) -> Result<()>,
) -> Result<()> {
    let (next, seen) = (RefCell::new(next), RefCell::new(seen));
    let (next, seen) = (&next, &seen);
    let driven = connections.iter_mut().map(async |connection| {
        loop {
            let Some(request) = (next.borrow_mut())() else {
                return Ok(());
            };
            let began = Instant::now();
            let answer = connection.send(&request).await?;
            (seen.borrow_mut())(&answer, began.elapsed())?;
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
    });
    join_all(driven).await.into_iter().collect()
}

/// What came of some requests that are all to be answered alike.
#[derive(Default)]
pub struct Slice {
    pub took: Duration,
    pub latencies: Vec<Duration>,
}

impl Slice {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        count(self.latencies.len()) / self.took.as_secs_f64()
    }
}

/// Sends all these requests; every answer must have this status, and is shown to `seen`.
pub async fn send_all(
    connections: &mut [Connection],
    requests: Vec<Vec<u8>>,
    status: u16,
    mut seen: impl FnMut(&Answer<'_>) -> Result<()>,
) -> Result<Slice> {
    let mut slice = Slice::default();
    let mut requests = requests.into_iter();
    let began = Instant::now();
    let answered = |answer: &Answer<'_>, took| {
        expect(answer, status)?;
        slice.latencies.push(took);
        seen(answer)
    };
    drive(connections, Duration::ZERO, || requests.next(), answered).await?;
    slice.took = began.elapsed();
    Ok(slice)
}

/// What requests took of a process.
pub struct Cost {
    /// Microseconds of CPU for each.
    pub micros_each: f64,
    pub slice: Slice,
}

/// As [`send_all`], with the CPU time that the process behind these connections took, but for that
/// of hashing passwords.
pub async fn cost_of(
    pid: u32,
    connections: &mut [Connection],
    requests: Vec<Vec<u8>>,
    status: u16,
    seen: impl FnMut(&Answer<'_>) -> Result<()>,
) -> Result<Cost> {
    let before = Cpu::of(pid)?;
    let slice = send_all(connections, requests, status, seen).await?;
    let cpu = Cpu::of(pid)?.since(before).others;
    Ok(Cost { micros_each: cpu.as_secs_f64() * 1e6 / count(slice.latencies.len()), slice })
}

/// An error when an answer has another status.
pub fn expect(answer: &Answer<'_>, status: u16) -> Result<()> {
    if answer.status == status {
        return Ok(());
    }
    let body = String::from_utf8_lossy(answer.body);
    Err(format!("{} instead of {status}: {body}", answer.status).into())
}

/// The value below which this share of all lies.
pub fn quantile(values: &[Duration], share: f64) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = (count(sorted.len()) * share).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into what was counted"
    )]
    let index = index as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A count as something to calculate with.
#[expect(clippy::cast_precision_loss, reason = "nothing is counted beyond some millions")]
pub fn count(of: usize) -> f64 {
    of as f64
}
