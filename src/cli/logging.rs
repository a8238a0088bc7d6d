//! The log: structured, to standard error, as text or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
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
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(if written.is_empty() { default } else { &written })?)
        .with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().try_init(),
        LogFormat::Json => {
            builder.json().flatten_event(true).with_span_list(false).finish().try_init()
        }
    };
    started.map_err(|error| Failure::new(format!("The log cannot be started: {error}.")))
}

/// What somebody asked for, without what nobody may have: below warnings, this part of Rocket writes
/// whole requests and answers down, with their queries, cookies and credentials.
pub(super) fn filter(written: &str) -> Result<EnvFilter, Failure> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    let filter = builder.parse(written).map_err(|error| {
        Failure::new(format!("RUST_LOG is not a filter such as `info,vestibule=debug`: {error}."))
    })?;
    let silent = "rocket::server=warn".parse().expect("a directive, written here");
    Ok(filter.add_directive(silent))
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
