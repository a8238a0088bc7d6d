//! What the kernel knows of a process.

use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::time::Duration;

use super::Result;

/// Where servers run, and where the load does.
pub const SERVERS: usize = 0;
pub const LOAD: usize = 1;

/// Keeps this thread, and the threads it will start, on one core.
pub fn pin_to(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores)
        .map_err(|error| format!("the bench needs two cores: {error}").into())
}

/// Has a process started that stays on the core of the servers: it begins where this thread is.
pub fn beside_servers<T>(start: impl FnOnce() -> T) -> Result<T> {
    pin_to(SERVERS)?;
    let started = start();
    pin_to(LOAD)?;
    Ok(started)
}

/// CPU time that the threads of a process have taken: those that hash passwords, and the others.
#[derive(Clone, Copy, Default)]
pub struct Cpu {
    pub hashing: Duration,
    pub others: Duration,
}

impl Cpu {
    pub fn of(pid: u32) -> Result<Self> {
        let mut cpu = Self::default();
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let thread = thread?.path();
            let name = fs::read_to_string(thread.join("comm"))?;
            let taken = fs::read_to_string(thread.join("schedstat"))?;
            let nanos = taken.split(' ').next().unwrap_or_default().parse()?;
            let sum = if name.starts_with("hash-") { &mut cpu.hashing } else { &mut cpu.others };
            *sum += Duration::from_nanos(nanos);
        }
        Ok(cpu)
    }

    /// What was taken since an earlier look.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            hashing: self.hashing.saturating_sub(earlier.hashing),
            others: self.others.saturating_sub(earlier.others),
        }
    }

    pub fn total(self) -> Duration {
        self.hashing + self.others
    }
}

/// A line of `/proc/<pid>/status` that counts memory (`VmRSS`, or `VmHWM` for the most it ever
/// was), in MiB.
pub fn memory(pid: u32, line: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let value = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))
        .and_then(|text| text.split_whitespace().next())
        .ok_or("the kernel does not count memory")?;
    Ok(value.parse::<f64>()? / 1_024.0)
}
