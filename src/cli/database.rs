//! The database, as commands open it.

use std::path::PathBuf;

use super::Common;
use super::report::{Failure, Report, count};
use crate::clock::Clock;
use crate::config::Settings;
use crate::store::Store;

/// Runs a command that only reads and writes rows: with what is configured, the database, and the
/// time it is.
pub(super) async fn with_store(
    common: &Common,
    command: impl AsyncFnOnce(&Settings, &Store, i64) -> Result<Report, Failure>,
) -> Result<Report, Failure> {
    let settings = common.settings()?;
    let store = open_ready(&settings).await?;
    let report = command(&settings, &store, Clock::system().now()).await;
    store.close().await;
    report
}

/// Opens a database whose tables are up to date.
async fn open_ready(settings: &Settings) -> Result<Store, Failure> {
    let url = settings.database_url()?;
    if let Some(file) = missing_file(url) {
        let file = file.display();
        return Err(Failure::new(format!(
            "There is no database {file} yet; `vestibule migrate` makes it."
        )));
    }
    let store = Store::open(url).await?;
    let pending = store.pending_migrations().await?.len();
    if pending > 0 {
        let pending = count(pending, "migration");
        return Err(Failure::new(format!(
            "The database lacks {pending} of this version; run `vestibule migrate` first."
        )));
    }
    Ok(store)
}

/// The file of a SQLite database that is not there (opening it would make it).
pub(super) fn missing_file(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("sqlite:")?;
    let path = rest.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("//").unwrap_or(path);
    let is_file = !path.is_empty() && path != ":memory:" && !rest.contains("mode=memory");
    let path = percent_encoding::percent_decode_str(path).decode_utf8().ok()?;
    let path = PathBuf::from(path.as_ref());
    (is_file && !path.exists()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_can_be_missing() {
        let missing = |url| missing_file(url).map(|path| path.display().to_string());
        assert_eq!(missing("sqlite:///nowhere/a%20b.db?mode=rwc"), Some("/nowhere/a b.db".into()));
        assert_eq!(missing("sqlite:nowhere.db"), Some("nowhere.db".into()));
        for url in
            ["sqlite::memory:", "sqlite://x?mode=memory", "postgres://x/y", "sqlite:Cargo.toml"]
        {
            assert_eq!(missing(url), None, "{url}");
        }
    }
}
