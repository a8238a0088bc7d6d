//! `vestibule migrate`.

use clap::Args;
use serde_json::json;

use super::Common;
use super::database::missing_file;
use super::report::{Failure, Report, count};
use crate::store::Store;

pub(super) const ABOUT: &str = "\
Brings the tables of the database up to this version.

A SQLite file that is not there yet is made, readable for its owner only. `vestibule serve` does \
the same when it starts; run it by itself to do it before a new version is put in front of people, \
or to see with --dry-run what would be done. What was applied stays applied: a database of a newer \
version is refused.";

const EXAMPLES: &str = "\
Examples:
  vestibule migrate --dry-run
  VESTIBULE_DATABASE_URL=postgres://localhost/vestibule vestibule migrate";

/// What `migrate` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Options {
    /// Only say what would be applied
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(common: &Common, options: &Options) -> Result<Report, Failure> {
    let settings = common.settings()?;
    let url = settings.database_url()?;
    if options.dry_run {
        // An empty database lacks what one that is not there yet would lack.
        let url = missing_file(url).map_or(url, |_| "sqlite::memory:");
        let store = Store::open(url).await?;
        let pending = store.pending_migrations().await?;
        store.close().await;
        return Ok(report("pending", "would be applied", &pending));
    }
    let store = Store::open(url).await?;
    let applied = store.migrate().await?;
    store.close().await;
    Ok(report("applied", "applied", &applied))
}

fn report(key: &str, done: &str, migrations: &[String]) -> Report {
    let json = json!({ key: migrations });
    if migrations.is_empty() {
        return Report::new("The database is up to date.", json);
    }
    let (number, list) = (count(migrations.len(), "migration"), migrations.join("\n  "));
    Report::new(format!("{number} {done}:\n  {list}"), json)
}
