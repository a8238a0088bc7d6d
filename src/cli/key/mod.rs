//! `vestibule key`.

mod list;
mod rewrap;
mod rotate;

use clap::{Args, Subcommand};

use super::Common;
use super::database::with_store;
use super::report::{Failure, Report};
use crate::config::Settings;
use crate::store::Store;

pub(super) const ABOUT: &str = "\
Lists and changes the keys that sign tokens, and the key that seals them, directly in the database.

Signing keys are made by the server: one for ES256 at its first start, one for another algorithm \
when a client is registered with it, and a new one in place of each after 90 days. Sites find the \
public halves at /oauth/jwks. Every server takes up a new key without a restart.

The private halves are sealed with the key-encryption key, which is in a file and not in the \
database; `vestibule key rewrap` changes it.";

const EXAMPLES: &str = "\
Examples:
  vestibule key list
  vestibule key rotate
  vestibule key rotate --algorithm ES256 --compromised
  vestibule key rewrap --new-key-file new.key";

/// What `key` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the signing keys: which one signs, which are published
    #[command(long_about = list::ABOUT, after_help = list::EXAMPLES)]
    List,
    /// Make a new signing key that takes the place of the present one
    #[command(long_about = rotate::ABOUT, after_help = rotate::EXAMPLES)]
    Rotate(rotate::Options),
    /// Change the key-encryption key: seal with another what is sealed in the database
    #[command(long_about = rewrap::ABOUT, after_help = rewrap::EXAMPLES)]
    Rewrap(rewrap::Options),
}

pub(super) async fn run(common: &Common, options: Options) -> Result<Report, Failure> {
    with_store(common, async |settings, store, now| {
        execute(settings, store, options.command, now).await
    })
    .await
}

async fn execute(
    settings: &Settings,
    store: &Store,
    command: Command,
    now: i64,
) -> Result<Report, Failure> {
    match command {
        Command::List => list::run(store, now).await,
        Command::Rotate(options) => rotate::run(settings, store, &options, now).await,
        Command::Rewrap(options) => rewrap::run(settings, store, &options).await,
    }
}
