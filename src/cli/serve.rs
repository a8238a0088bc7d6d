//! `vestibule serve`.

use std::time::Duration;

use clap::Args;
use rocket::figment::Figment;

use super::Common;
use super::logging;
use super::report::{Failure, Report};
use crate::config::LogFormat;

pub(super) const ABOUT: &str = "\
Runs the accounts server until it is told to end (Ctrl-C, SIGTERM); it then finishes what runs.

It refuses to start, and says what to do, when the issuer, the database or the key-encryption key \
is missing or unsafe. When it starts it brings the tables of the database up to date and makes the \
declared clients what the configuration says. Put a proxy with TLS in front of it and name that \
proxy's address in `proxies`.

Address and port are Rocket's own keys, in [default] or as ROCKET_ADDRESS, ROCKET_PORT. The \
log goes to standard error; RUST_LOG chooses what is in it, `log` (or --json) how it is written.";

const EXAMPLES: &str = "\
Examples:
  head -c 32 /dev/urandom > vestibule.key && chmod 600 vestibule.key
  VESTIBULE_ISSUER=https://accounts.example.org \\
  VESTIBULE_DATABASE_URL=sqlite://vestibule.db \\
  VESTIBULE_KEY_ENCRYPTION_KEY_FILE=vestibule.key  vestibule serve

  vestibule serve --config /etc/vestibule/Rocket.toml
  RUST_LOG=info,vestibule=debug vestibule serve";

/// What `serve` takes: nothing of its own.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {}

pub(super) fn run(common: &Common, _: &Options) -> Result<Report, Failure> {
    let config = common.settings()?.for_serving()?;
    logging::start(if common.json { LogFormat::Json } else { config.log }, logging::SERVER)?;
    raise_file_limit();
    let served = run_with(&config.rocket.clone(), crate::launch(config))?;
    served.map_err(|error| Failure::new(format!("The server cannot run: {error}.")))?;
    Ok(Report::nothing())
}

/// Every connection is a descriptor, and nothing else limits them.
pub(super) fn raise_file_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => tracing::info!(files, "limit of open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays as it is"),
    }
}

/// Runs a server in the runtime that Rocket makes for itself, as this figment wants it. (Rocket's
/// own function reads the figment of its default file, and warns about threads of other names.)
pub(super) fn run_with<T>(
    figment: &Figment,
    server: impl Future<Output = T>,
) -> Result<T, Failure> {
    const END: Duration = Duration::from_millis(500);
    let rocket = rocket::Config::try_from(figment)
        .map_err(|error| Failure::new(format!("Rocket refuses its configuration: {error}.")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(rocket.workers.max(1))
        .max_blocking_threads(rocket.max_blocking.max(1))
        .thread_name("rocket-worker-thread")
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("No runtime: {error}.")))?;
    let outcome = runtime.block_on(server);
    runtime.shutdown_timeout(END);
    Ok(outcome)
}
