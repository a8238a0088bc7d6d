//! A Vestibule of the demo, configured as anybody would: the accounts server, and the bank's.

use super::clients::Client;
use super::sites::{PERSON, Site};
use super::{DemoError, Place, site};
use crate::config::Settings;
use crate::domain::account::Profile;
use crate::limits::NetworkKey;
use crate::passwords::Lane;
use crate::random;
use crate::web::app::App;
use rocket::figment::Figment;
use rocket::{Build, Rocket};
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// One server. Its database and its key are files of its own, named after the site.
pub(super) struct Server<'a> {
    pub(super) site: &'a Site,
    pub(super) brand: Option<Brand>,
    pub(super) clients: &'a [Client],
    pub(super) providers: Vec<Provider>,
}

/// How its pages look, with the names of the configuration file.
#[derive(Serialize)]
pub(super) struct Brand {
    pub(super) name: &'static str,
    pub(super) accent: &'static str,
}

/// A provider that can prove who somebody is, with the names of the configuration file.
#[derive(Serialize)]
pub(super) struct Provider {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) issuer: String,
    pub(super) client_id: &'static str,
    pub(super) client_secret: String,
    pub(super) scope: &'static str,
    pub(super) level: &'static str,
    pub(super) claims: Claims,
}

/// Which claim of the provider's holds what.
#[derive(Serialize)]
pub(super) struct Claims {
    pub(super) name: &'static str,
}

/// The table `vestibule` of its configuration.
#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    database_url: String,
    key_encryption_key_file: String,
    sign_up: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<&'a Brand>,
    clients: &'a [Client],
    providers: &'a [Provider],
}

impl Server<'_> {
    /// It, not yet launched, with everything of the configuration in force and the person there.
    pub(super) async fn launch(self, place: &Place) -> Result<Rocket<Build>, DemoError> {
        make_key(&self.file(place, "key")).map_err(|error| self.failed(error))?;
        let settings = Settings::from_figment(self.figment(place));
        let settings = settings.map_err(|error| self.failed(error))?;
        let config = settings.for_serving().map_err(|error| self.failed(error))?;
        let rocket = rocket::custom(config.rocket.clone());
        let rocket = crate::attach(rocket, &config).await.map_err(|error| self.failed(error))?;
        if let Some(app) = rocket.state::<App>() {
            seed(app).await.map_err(|error| self.failed(error))?;
        }
        Ok(rocket)
    }

    /// Everything that a configuration file would say.
    fn figment(&self, place: &Place) -> Figment {
        let configuration = Configuration {
            issuer: &self.site.origin,
            database_url: format!("sqlite://{}", self.file(place, "db").display()),
            key_encryption_key_file: self.file(place, "key").display().to_string(),
            sign_up: "open",
            brand: self.brand.as_ref(),
            clients: self.clients,
            providers: &self.providers,
        };
        site::figment(self.site, place).merge(("vestibule", configuration))
    }

    fn file(&self, place: &Place, extension: &str) -> std::path::PathBuf {
        place.state().join(self.site.name).with_extension(extension)
    }

    fn failed(&self, error: impl std::fmt::Display) -> DemoError {
        DemoError::new(format!("the server of {} cannot start: {error}", self.site.name))
    }
}

/// Makes the key-encryption key at the first start; it is for its owner only.
fn make_key(file: &Path) -> std::io::Result<()> {
    if file.exists() {
        return Ok(());
    }
    let mut key = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    key.write_all(&random::bytes::<32>())
}

/// Adds the person, unless a kept folder has them already.
async fn seed(app: &App) -> Result<(), String> {
    let known = app.store.account_by_login(PERSON.username).await;
    if known.map_err(|error| error.to_string())?.is_some() {
        return Ok(());
    }
    let profile = Profile {
        username: PERSON.username.to_owned(),
        email: PERSON.email.to_owned(),
        full_name: PERSON.full_name.to_owned(),
    };
    let lane = Lane {
        network: NetworkKey::of(Ipv4Addr::LOCALHOST.into()),
        known_device: false,
        suspect: false,
    };
    let busy = |_| "no password could be hashed".to_owned();
    let hash = app.passwords.hash(lane, PERSON.password).await.map_err(busy)?;
    let added = app.store.add_account(&profile, &hash, app.now()).await;
    added.map(drop).map_err(|error| error.to_string())
}
