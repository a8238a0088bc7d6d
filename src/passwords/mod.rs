//! Password hashes: made and checked by a pool that stays bounded whatever comes in.
//!
//! A hash is meant to be expensive (46 MiB and some 40 ms at the default cost), so it is the one
//! thing a stranger can make the server do that could take it down. A few threads of their own do
//! all of it, in memory they keep. What waits is bounded and fair between networks, and what
//! waited too long is dropped: the answer is then [`Busy`], for a 503.
//!
//! Passwords are hashed whole, never truncated, after normalisation to NFC: the same characters
//! may arrive composed from one keyboard and decomposed from another. Nothing else is changed, no
//! white space trimmed, no case folded.

mod cost;
mod jobs;
mod pool;
mod priority;
mod queue;
mod stored;

use serde::Deserialize;

pub use cost::Cost;
pub use pool::{Pool, StartError};

use crate::limits::NetworkKey;

/// Who asks for a hash: what fairness goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Networks take turns.
    pub network: NetworkKey,
    /// Whether this device signed in to this account before: it waits in a line of its own.
    pub known_device: bool,
    /// Whether its network tries suspiciously often: it waits behind other strangers.
    pub suspect: bool,
}

/// What checking a password said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is the password.
    pub matches: bool,
    /// What is stored was made with another cost than the current one: if the password matches,
    /// hash it again.
    pub outdated: bool,
}

/// The pool cannot take this job now. Nothing was learnt about the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// In how many seconds to come back, for `Retry-After`; at least 1.
    pub retry_after: u64,
}

/// The size of a [`Pool`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoolSettings {
    /// What a hash costs.
    pub cost: Cost,
    /// Hashing threads. Each keeps `cost.memory_kib` from its first job on. By default one for
    /// each core, up to 4.
    pub threads: usize,
    /// Jobs that may wait, in each of the two lines: known devices and strangers.
    pub queue: usize,
    /// Of these, jobs of one network.
    pub per_network: usize,
    /// A job that waited longer is dropped, milliseconds.
    pub max_wait_ms: u64,
    /// How far the threads step back behind those that answer requests (Linux, 0 to 19). On a core
    /// that is busy otherwise, 5 leaves the hashes a fifth of it and 19 next to nothing.
    pub niceness: u8,
}

impl Default for PoolSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cost: Cost::default(),
            threads: cores.min(4),
            queue: 256,
            per_network: 64,
            max_wait_ms: 5_000,
            niceness: 5,
        }
    }
}
