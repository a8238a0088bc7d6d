//! How much is measured.

use std::time::Duration;

/// Sizes and times; the full ones, or the quick ones.
pub struct Plan {
    /// Sessions, and access tokens, in the small and in the large database.
    pub sessions: [u32; 2],
    /// Turns of the floor and the routes.
    pub rounds: usize,
    /// Requests of a route in one turn.
    pub requests: usize,
    /// Browsers that are signed in at the peer.
    pub peer_sessions: u32,
    /// Starts of a server.
    pub starts: usize,
    /// Turns of the bare hash and sign-ins.
    pub sign_in_rounds: usize,
    /// Hashes, and sign-ins, in one turn.
    pub sign_ins: usize,
    /// Pages that wait at once; three times as many operations are confirmed.
    pub sockets: u32,
    /// Confirmations one by one.
    pub confirmations: u32,
    /// Loads of each page in a browser.
    pub loads: u32,
    /// How long each phase of the flood lasts.
    pub phase: Duration,
    /// How long the flood goes on before the second look at it.
    pub between: Duration,
}

impl Plan {
    /// Quick when `BENCH_QUICK` is set to anything but nothing.
    pub fn of_environment() -> Self {
        match std::env::var("BENCH_QUICK") {
            Ok(text) if !text.is_empty() => Self::quick(),
            _ => Self::full(),
        }
    }

    fn full() -> Self {
        Self {
            sessions: [1_000, 1_000_000],
            rounds: 21,
            requests: 400,
            peer_sessions: 400,
            starts: 9,
            sign_in_rounds: 9,
            sign_ins: 25,
            sockets: 10_000,
            confirmations: 1_000,
            loads: 100,
            phase: Duration::from_secs(6),
            between: Duration::from_secs(20),
        }
    }

    fn quick() -> Self {
        Self {
            sessions: [1_000, 50_000],
            rounds: 7,
            requests: 120,
            peer_sessions: 50,
            starts: 3,
            sign_in_rounds: 3,
            sign_ins: 15,
            sockets: 1_000,
            confirmations: 200,
            loads: 10,
            phase: Duration::from_secs(2),
            between: Duration::from_secs(14),
        }
    }
}
