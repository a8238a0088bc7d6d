mod hashing;
mod threads;
mod waiting;

use super::*;
use crate::limits::NetworkKey;

const COST: Cost = Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
const PASSWORD: &str = "looking-glass-1871";

fn settings() -> PoolSettings {
    PoolSettings { cost: COST, threads: 2, ..PoolSettings::default() }
}

fn lane(network: u8) -> Lane {
    Lane {
        network: NetworkKey::of([192, 0, 2, network].into()),
        known_device: false,
        suspect: false,
    }
}

fn pool() -> Pool {
    Pool::start(settings(), Clock::manual(0)).expect("a pool")
}
