//! The priority of the hash threads: other routes go first, yet sign-ins go on.

/// Lowers the priority of the calling thread. Not being able to is no reason to stop.
#[cfg(target_os = "linux")]
pub(super) fn lower(niceness: u8) {
    use rustix::process::{getpriority_process, setpriority_process};

    // On Linux both concern the thread that has this id.
    let thread = Some(rustix::thread::gettid());
    let lowered = getpriority_process(thread)
        .and_then(|nice| setpriority_process(thread, nice + i32::from(niceness)));
    if let Err(error) = lowered {
        tracing::debug!(%error, "hash threads keep the priority of the others");
    }
}

/// Elsewhere a priority belongs to the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower(_niceness: u8) {}
