//! The accounts server of the demo, configured as anybody would.

use super::sites::{Client, PERSON, Sites};
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

/// The table `vestibule` of its configuration.
#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    database_url: String,
    key_encryption_key_file: String,
    sign_up: &'static str,
    clients: &'a [Client],
}

/// Everything that a configuration file would say.
fn figment(sites: &Sites, place: &Place) -> Figment {
    let file = |name: &str| place.state().join(name).display().to_string();
    let configuration = Configuration {
        issuer: &sites.accounts.origin,
        database_url: format!("sqlite://{}", file("accounts.db")),
        key_encryption_key_file: file("accounts.key"),
        sign_up: "open",
        clients: &sites.clients,
    };
    site::figment(&sites.accounts, place).merge(("vestibule", configuration))
}

/// The accounts server, not yet launched, with everything of the figment in force and the person
/// there.
pub(super) async fn launch(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    make_key(&place.state().join("accounts.key"))?;
    let settings = Settings::from_figment(figment(sites, place)).map_err(failed)?;
    let config = settings.for_serving().map_err(failed)?;
    let rocket = rocket::custom(config.rocket.clone());
    let rocket = crate::attach(rocket, &config).await.map_err(failed)?;
    if let Some(app) = rocket.state::<App>() {
        seed(app).await?;
    }
    Ok(rocket)
}

fn failed(error: impl std::fmt::Display) -> DemoError {
    DemoError::new(format!("the accounts server cannot start: {error}"))
}

/// Makes the key-encryption key at the first start; it is for its owner only.
fn make_key(file: &Path) -> Result<(), DemoError> {
    if file.exists() {
        return Ok(());
    }
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut key| key.write_all(&random::bytes::<32>())).map_err(failed)
}

/// Adds the person, unless a kept folder has them already.
async fn seed(app: &App) -> Result<(), DemoError> {
    if app.store.account_by_login(PERSON.username).await.map_err(failed)?.is_some() {
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
    let busy = |_| DemoError::new("no password could be hashed");
    let hash = app.passwords.hash(lane, PERSON.password).await.map_err(busy)?;
    app.store.add_account(&profile, &hash, app.now()).await.map_err(failed)?;
    Ok(())
}
