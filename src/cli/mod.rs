//! The command line: one file for each command. A command makes a `Report` of what it did, or
//! says in a `Failure` why it could not; only this module prints.

mod account;
mod client;
mod database;
mod demo;
mod key;
mod logging;
mod migrate;
mod report;
mod serve;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::report::{Failure, Report};
use crate::config::{ConfigError, Settings};

const ABOUT: &str = "\
The accounts server of a family of web sites: one sign-in, and every sibling site knows who is \
there.

Every command reads the same configuration: the table [default.vestibule] of Rocket.toml, of the \
file in ROCKET_CONFIG or of the one given with --config, then VESTIBULE_… variables, which win \
(`__` goes into a table: VESTIBULE_BRAND__NAME).";

const EXAMPLES: &str = "\
Examples:
  vestibule demo                 try everything, with nothing to configure
  vestibule serve                run the accounts server
  vestibule account list         who has an account
  vestibule client add --help    let another site ask who is signed in

Exit codes: 0 it worked, 1 it did not (one sentence on standard error says why) or `client check` \
found an error, 2 the command line was not understood.";

/// The filter of the log for what `RUST_LOG` says, if it can be read: tests log by it.
#[doc(hidden)]
#[must_use]
pub fn log_filter(written: &str) -> Option<tracing_subscriber::EnvFilter> {
    logging::filter(written).ok()
}

/// What no log gets, whatever is asked for: tests log by it.
#[doc(hidden)]
#[must_use]
pub fn is_for_logs(metadata: &tracing::Metadata<'_>) -> bool {
    logging::is_for_logs(metadata)
}

/// What can be typed.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, long_about = ABOUT, after_help = EXAMPLES)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// Read this file instead of Rocket.toml or the one in `ROCKET_CONFIG`
    #[arg(long, global = true, value_name = "FILE", help_heading = "For every command")]
    config: Option<PathBuf>,
    /// Print JSON, for scripts; a failure is {"error": "…"} on standard error
    #[arg(long, global = true, help_heading = "For every command")]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the accounts server
    #[command(long_about = serve::ABOUT)]
    Serve(serve::Options),
    /// Run the accounts server and its sample sites, with nothing to configure
    #[command(long_about = demo::ABOUT)]
    Demo(demo::Options),
    /// Bring the tables of the database up to this version
    #[command(long_about = migrate::ABOUT)]
    Migrate(migrate::Options),
    /// Add, list, disable and enable accounts, and set their passwords
    #[command(long_about = account::ABOUT)]
    Account(account::Options),
    /// Register the sites that may ask who is signed in
    #[command(long_about = client::ABOUT)]
    Client(client::Options),
    /// List and change the keys that sign tokens, and the key that seals them
    #[command(long_about = key::ABOUT)]
    Key(key::Options),
}

impl Common {
    fn settings(&self) -> Result<Settings, ConfigError> {
        Settings::load(self.config.as_deref(), std::env::vars_os())
    }
}

/// Runs the command that was typed, and prints what came of it.
#[must_use]
pub fn main() -> ExitCode {
    keep_files_private();
    let typed: Vec<OsString> = std::env::args_os().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && typed.iter().any(|word| word == "--json") => {
            Failure::from(&error).print(true);
            return ExitCode::from(2);
        }
        // Help and the version too: clap knows where each goes. A closed pipe is no failure.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = arguments.common.json;
    let done = run(arguments).and_then(|report| report.print(json).map(|()| report.is_bad));
    done.map_or_else(
        |failure| {
            failure.print(json);
            ExitCode::FAILURE
        },
        |is_bad| if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS },
    )
}

fn run(arguments: Arguments) -> Result<Report, Failure> {
    let common = &arguments.common;
    match arguments.command {
        Command::Serve(options) => serve::run(common, &options),
        Command::Demo(options) => demo::run(common, options),
        Command::Migrate(options) => soon(migrate::run(common, &options)),
        Command::Account(options) => soon(account::run(common, options)),
        Command::Client(options) => soon(client::run(common, options)),
        Command::Key(options) => soon(key::run(common, options)),
    }
}

/// Runs a short command: on this thread, for it waits more than it works.
fn soon(command: impl Future<Output = Result<Report, Failure>>) -> Result<Report, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::new(format!("No runtime: {error}.")))?.block_on(command)
}

/// What is written from now on (a database, its log) is for its owner only.
fn keep_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}
