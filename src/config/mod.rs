//! Every option: what it is, its default, its check. [`Settings`] is what somebody wrote;
//! [`Config`] is what a server can run with.

mod clients;
mod files;
mod identification;
mod providers;
mod settings;
mod sockets;
mod source;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use rocket::figment::Figment;

pub use self::identification::{Conflict, Identification};
pub use self::settings::{Settings, key_file};
pub use self::sockets::SocketTimes;
use crate::domain::client::Registration;
use crate::domain::origin::Origin;
use crate::domain::provider::Provider;
use crate::domain::seal::SealingKey;
use crate::limits;
use crate::passwords::Cost;

/// A complete configuration: nothing that a server needs is missing.
#[derive(Clone)]
pub struct Config {
    /// The address of this server, from which every link and cookie rule is made.
    pub issuer: Origin,
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// Seals what must be readable again in the database.
    pub key_encryption_key: Arc<SealingKey>,
    /// Networks whose client-address header is believed.
    pub proxies: Vec<IpNet>,
    /// Inner networks that clients' addresses may be in, for calls from here to there.
    pub outgoing_networks: Vec<IpNet>,
    /// Whether people may make accounts by themselves.
    pub sign_up: SignUp,
    /// How pages present themselves.
    pub brand: Brand,
    /// How the log is written.
    pub log: LogFormat,
    /// What a password hash costs, and how many are made at once.
    pub password_hash: PasswordHash,
    /// How often things may be tried; not configurable but in code.
    pub limits: limits::Settings,
    /// How long waiting pages' sockets may take for what; not configurable but in code.
    pub socket_times: SocketTimes,
    /// The clients that the configuration declares.
    pub clients: Vec<DeclaredClient>,
    /// The OpenID providers that can prove who somebody is, in the order in which they are shown.
    pub providers: Vec<Provider>,
    /// How identifications are kept.
    pub identification: Identification,
    /// What Rocket reads for itself: address, port, limits and so on.
    pub rocket: Figment,
}

impl Config {
    /// A configuration made in code, with defaults for everything else and Rocket's own figment.
    #[must_use]
    pub fn new(issuer: Origin, database_url: impl Into<String>, key: SealingKey) -> Self {
        Self {
            issuer,
            database_url: database_url.into(),
            key_encryption_key: Arc::new(key),
            proxies: Vec::new(),
            outgoing_networks: Vec::new(),
            sign_up: SignUp::default(),
            brand: Brand::default(),
            log: LogFormat::default(),
            password_hash: PasswordHash::default(),
            limits: limits::Settings::default(),
            socket_times: SocketTimes::default(),
            clients: Vec::new(),
            providers: Vec::new(),
            identification: Identification::default(),
            rocket: source::without_address_header(rocket::Config::figment()),
        }
    }
}

/// Shows where it runs and nothing that could be a secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Whether people may make accounts by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody may.
    #[default]
    Open,
    /// Only `vestibule account add` makes accounts.
    Closed,
}

impl SignUp {
    /// Whether anybody may.
    #[must_use]
    pub fn is_open(self) -> bool {
        self == Self::Open
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object in each line.
    Json,
}

/// How pages present themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brand {
    /// The name of the site, also a word that passwords must not lean on.
    pub name: String,
    /// Shown instead of the built-in mark.
    pub logo: Option<Logo>,
    /// `#rrggbb`, the colour of buttons and links.
    pub accent: Option<String>,
}

impl Default for Brand {
    fn default() -> Self {
        Self { name: "Vestibule".into(), logo: None, accent: None }
    }
}

/// A picture, read when the server starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// `image/svg+xml` or `image/png`.
    pub media_type: &'static str,
    /// The file's content.
    pub bytes: Arc<[u8]>,
}

/// What a password hash costs, and how many are made at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordHash {
    /// Parameters of Argon2id.
    pub cost: Cost,
    /// Threads of the pool; each keeps `cost.memory_kib` for itself.
    pub threads: usize,
}

impl Default for PasswordHash {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cost: Cost::default(), threads: threads.min(4) }
    }
}

/// A client that stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredClient {
    /// What is registered.
    pub registration: Registration,
    /// SHA-256 of its secret; a public client has none.
    pub secret_hash: Option<String>,
}

/// Why a configuration is not taken: one sentence for each problem, with the cure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// All of them, in the order in which the keys are read.
    pub problems: Vec<String>,
}

impl ConfigError {
    /// `Ok` when there is no problem.
    fn unless_empty(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl From<String> for ConfigError {
    fn from(problem: String) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
