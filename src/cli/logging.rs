//! The log: structured, to standard error, as text or as JSON.

use std::io::IsTerminal;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::report::Failure;
use crate::config::LogFormat;

/// What a server logs when `RUST_LOG` says nothing. Rocket tells about its launch on the level of
/// warnings, and what it says of a request that went well is said better by our own log.
pub(super) const SERVER: &str = "info,rocket=warn,rocket::launch=error,hyper=warn,sqlx=warn";
/// What the demo logs, beside the text it prints.
pub(super) const DEMO: &str = "warn,rocket::launch=error";

/// Starts the log. Must come before Rocket is built, which else installs a log of its own; what it
/// writes with `log` goes to ours.
pub(super) fn start(format: LogFormat, default: &str) -> Result<(), Failure> {
    let written = std::env::var("RUST_LOG").unwrap_or_default();
    let filter = filter(if written.is_empty() { default } else { &written })?;
    let log = tracing_subscriber::registry().with(filter).with(filter_fn(is_for_logs));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => log.with(lines.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => {
            log.with(lines.json().flatten_event(true).with_span_list(false)).try_init()
        }
    };
    started.map_err(|error| Failure::new(format!("The log cannot be started: {error}.")))
}

/// What below warnings writes whole requests, answers and WebSocket frames down, with their queries,
/// cookies and credentials.
const TELLTALES: [&str; 3] = ["rocket::server", "tungstenite", "tokio_tungstenite"];

/// Whether anybody may have it in a log, whatever they ask for.
pub(super) fn is_for_logs(metadata: &Metadata<'_>) -> bool {
    let tells = TELLTALES.iter().any(|target| metadata.target().starts_with(target));
    !tells || *metadata.level() <= Level::WARN
}

/// What somebody asked for.
pub(super) fn filter(written: &str) -> Result<EnvFilter, Failure> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    builder.parse(written).map_err(|error| {
        Failure::new(format!("RUST_LOG is not a filter such as `info,vestibule=debug`: {error}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused() {
        for good in [SERVER, DEMO, "vestibule=debug"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        assert!(filter("vestibule=loud").is_err());
    }
}
