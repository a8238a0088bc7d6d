//! What the server writes into its log while a test looks: all that an operator can ask for.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, dynamic_filter_fn, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static WATCHERS: AtomicUsize = AtomicUsize::new(0);
static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Writes down the log of all servers of this process for as long as it lives.
pub struct Log {
    /// Where this one began to look.
    from: usize,
}

impl Log {
    pub fn watch() -> Self {
        install();
        let written = written();
        WATCHERS.fetch_add(1, Ordering::SeqCst);
        Self { from: written.len() }
    }

    /// All that was written since this one began to look.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&written()[self.from..]).into_owned()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let mut written = written();
        if WATCHERS.fetch_sub(1, Ordering::SeqCst) == 1 {
            written.clear();
        }
    }
}

/// Must come before the first Rocket is made, which would put its own logger here.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // As much as anybody can ask for, and by the sharpest words for it.
        let most = vestibule::cli::log_filter("trace,rocket::server[{message}]=trace");
        let is_watched = dynamic_filter_fn(|_, _| WATCHERS.load(Ordering::SeqCst) > 0)
            .and(most.expect("a filter"))
            .and(filter_fn(vestibule::cli::is_for_logs));
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(|| Writer)
            .with_filter(is_watched);
        tracing_subscriber::registry().with(lines).init();
    });
}

fn written() -> MutexGuard<'static, Vec<u8>> {
    WRITTEN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        written().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
