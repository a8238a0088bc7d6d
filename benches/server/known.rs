//! What the load and the server both know: names, secrets, addresses.

use std::path::Path;

use sha2::{Digest, Sha256};
use vestibule::config::{Config, DeclaredClient};
use vestibule::domain::client::Registration;
use vestibule::domain::origin::Origin;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::secret::SecretHash;
use vestibule::limits::{self, Rate};

use super::Result;

pub const ISSUER: &str = "http://accounts.vestibule.localhost:8000";
pub const WIKI: &str = "http://wiki.vestibule.localhost:8001";
pub const WIKI_SECRET: &str = "wiki-secret-0123456789abcdef0123456789abcdef";
pub const PASSWORD: &str = "looking-glass-1871";
pub const NONCE: &str = "0123456789abcdefghijklmnopqrstuv";

/// A configuration as in production: the usual password hash, the bench being a proxy that tells
/// from which network a request comes.
pub fn config(database: &Path, usual_limits: bool) -> Result<Config> {
    let issuer = Origin::parse(ISSUER).map_err(|error| format!("{ISSUER}: {error}"))?;
    let mut config = Config::new(issuer, url(database), SealingKey::new(&[7; 32]));
    if !usual_limits {
        config.limits = limits::Settings::all(Rate::new(1_000_000, 1));
    }
    config.proxies = vec!["127.0.0.1/32".parse()?];
    config.clients = vec![DeclaredClient {
        registration: Registration {
            return_uris: vec![format!("{WIKI}/sso/return")],
            first_party: true,
            ..Registration::named("wiki", WIKI)
        },
        secret_hash: Some(SecretHash::of(WIKI_SECRET.as_bytes()).as_str().to_owned()),
    }];
    Ok(config)
}

pub fn url(database: &Path) -> String {
    format!("sqlite://{}", database.display())
}

/// The secret of the session, or of the device, with this number.
pub fn secret(of: &str, number: u32) -> String {
    hex::encode(Sha256::digest(format!("bench {of} {number}")))
}

/// The username of the account with this number.
pub fn username(number: u32) -> String {
    format!("person{number}")
}
