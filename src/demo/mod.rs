//! The demo: the accounts server, its relying sites, and a bank that knows who people are, in one
//! process, in the first minute.
//!
//! Each site is a Rocket instance of its own, on its own origin, and knows the accounts server by
//! its public surface only. Wiki, notes and specs use the kit [`crate::relying`] in the backend and
//! `/sdk/vestibule.js` in the page; shop and pay show how a site does without both, by OpenID
//! Connect and tokens.

mod accounts;
mod bank;
mod clients;
mod error;
mod introspection;
mod jwt;
mod money;
mod notes;
mod off_band;
mod oidc;
mod own_page;
mod pay;
mod ports;
mod provider;
mod serve;
mod server;
mod shell;
mod shop;
#[cfg(test)]
mod signing_key;
mod site;
mod sites;
mod specs;
#[cfg(test)]
mod tests;
mod welcome;
mod wiki;

pub use error::DemoError;

use sites::Sites;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What the person who starts the demo may choose.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Port of the accounts server; the sites take the ones after it.
    pub first_port: u16,
    /// Folder that keeps accounts, pages, notes and orders; without one they go when the demo ends.
    pub data: Option<PathBuf>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { first_port: 8_000, data: None }
    }
}

/// Runs the demo until Ctrl-C.
pub async fn run(options: DemoOptions) -> Result<(), DemoError> {
    let sites = Sites::from_port(options.first_port)?;
    ports::check(&sites)?;
    let place = Place::open(options.data)?;
    let (accounts, bank) = (accounts::server(&sites), bank::server(&sites));
    let (accounts, bank) = tokio::try_join!(accounts.launch(&place), bank.launch(&place))?;
    let servers = vec![
        accounts,
        bank,
        wiki::site(&sites, &place).await?,
        notes::site(&sites, &place).await?,
        shop::site(&sites, &place).await?,
        pay::site(&sites, &place).await?,
        specs::site(&sites, &place)?,
    ];
    serve::until_interrupted(servers, &welcome::text(&sites, place.kept.as_deref())).await
}

/// Where state lives on disk.
struct Place {
    /// Removed when the demo ends; holds an empty folder for the template engine, and everything
    /// when nothing is kept.
    temporary: TempDir,
    kept: Option<PathBuf>,
}

impl Place {
    fn open(kept: Option<PathBuf>) -> Result<Self, DemoError> {
        let temporary = TempDir::with_prefix("vestibule-demo-")
            .map_err(|error| DemoError::new(format!("no temporary folder: {error}")))?;
        let place = Self { temporary, kept };
        for folder in [&place.templates(), place.state()] {
            std::fs::create_dir_all(folder).map_err(|error| {
                DemoError::new(format!("the folder {} cannot be used: {error}", folder.display()))
            })?;
        }
        Ok(place)
    }

    /// Folder for databases.
    fn state(&self) -> &Path {
        self.kept.as_deref().unwrap_or(self.temporary.path())
    }

    /// An empty folder: templates are inside the binary, but the engine wants one.
    fn templates(&self) -> PathBuf {
        self.temporary.path().join("no-templates")
    }
}

/// An instant in words for people.
fn when(milliseconds: i64) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day], [hour]:[minute] UTC");
    let instant = time::OffsetDateTime::from_unix_timestamp(milliseconds / 1_000);
    instant.ok().and_then(|instant| instant.format(&format).ok()).unwrap_or_default()
}
