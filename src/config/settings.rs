//! What somebody wrote, read and checked key by key.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use rocket::figment::Figment;
use rocket::figment::value::Value;

use super::table::{Reading, Table};
use super::{
    Brand, Config, ConfigError, DeclaredClient, Identification, LogFormat, PasswordHash, SignUp,
    SocketTimes, clients, files, identification, providers, source,
};
use crate::domain::origin::Origin;
use crate::domain::provider::Provider;
use crate::domain::seal::SealingKey;
use crate::limits;
use crate::passwords::Cost;

/// A configuration as it is written: every key is good, but some that a server needs may be
/// missing. Commands that only work on the database need no more.
pub struct Settings {
    /// See [`Config::issuer`].
    pub issuer: Option<Origin>,
    /// See [`Config::database_url`].
    pub database_url: Option<String>,
    /// The file with the key of [`Config::key_encryption_key`]; not read yet.
    pub key_encryption_key_file: Option<PathBuf>,
    /// See [`Config::proxies`].
    pub proxies: Vec<IpNet>,
    /// See [`Config::outgoing_networks`].
    pub outgoing_networks: Vec<IpNet>,
    /// See [`Config::sign_up`].
    pub sign_up: SignUp,
    /// See [`Config::brand`].
    pub brand: Brand,
    /// See [`Config::log`].
    pub log: LogFormat,
    /// See [`Config::password_hash`].
    pub password_hash: PasswordHash,
    /// See [`Config::clients`].
    pub clients: Vec<DeclaredClient>,
    /// See [`Config::providers`].
    pub providers: Vec<Provider>,
    /// See [`Config::identification`].
    pub identification: Identification,
    /// See [`Config::rocket`].
    pub rocket: Figment,
}

impl Settings {
    /// Reads `file`, or the one that Rocket reads, and `VESTIBULE_…` variables, which win.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let figment = source::figment(file, variables)?;
        let problems = source::problems_outside(&figment);
        match (Self::from_figment(figment), ConfigError::unless_empty(problems)) {
            (settings, Ok(())) => settings,
            (Ok(_), Err(outside)) => Err(outside),
            (Err(inside), Err(mut outside)) => {
                outside.problems.extend(inside.problems);
                Err(outside)
            }
        }
    }

    /// Reads the table `vestibule` of a figment made elsewhere.
    pub fn from_figment(figment: Figment) -> Result<Self, ConfigError> {
        let dict = match figment.find_value(source::TABLE) {
            Ok(Value::Dict(_, dict)) => dict,
            Ok(_) => return Err(format!("Write a table [default.{}].", source::TABLE).into()),
            Err(error) if error.missing() => rocket::figment::value::Dict::new(),
            Err(error) => return Err(error.to_string().into()),
        };
        let reading = Reading::of(&figment);
        let settings = read(reading.root(dict), &figment);
        ConfigError::unless_empty(reading.into_problems())?;
        Ok(settings)
    }

    /// The address of the database, which every command needs.
    pub fn database_url(&self) -> Result<&str, ConfigError> {
        let missing = || {
            "`database_url` is missing: write where the database is, such as database_url = \
             \"sqlite://vestibule.db\" or VESTIBULE_DATABASE_URL=postgres://…."
        };
        self.database_url.as_deref().ok_or_else(|| missing().to_owned().into())
    }

    /// What a server can safely run with, or everything that is missing or unsafe.
    pub fn for_serving(self) -> Result<Config, ConfigError> {
        let key = self.key();
        let mut problems = self.problems_of_serving();
        problems.extend(key.as_ref().err().cloned());
        ConfigError::unless_empty(problems)?;
        let (Some(issuer), Some(database_url), Ok(key)) = (self.issuer, self.database_url, key)
        else {
            return Err("The configuration is incomplete.".to_owned().into());
        };
        Ok(Config {
            issuer,
            database_url,
            key_encryption_key: Arc::new(key),
            proxies: self.proxies,
            outgoing_networks: self.outgoing_networks,
            sign_up: self.sign_up,
            brand: self.brand,
            log: self.log,
            password_hash: self.password_hash,
            limits: limits::Settings::default(),
            socket_times: SocketTimes::default(),
            clients: self.clients,
            providers: self.providers,
            identification: self.identification,
            rocket: self.rocket,
        })
    }

    fn problems_of_serving(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.issuer.is_none() {
            problems.push(
                "`issuer` is missing: write the address under which browsers reach this server, \
                 such as issuer = \"https://accounts.example.org\"."
                    .into(),
            );
        }
        match self.database_url() {
            Err(missing) => problems.extend(missing.problems),
            Ok(url) if is_in_memory(url) => problems.push(
                "`database_url` is in memory, so that every account would be lost at the end: \
                 write a file, such as \"sqlite://vestibule.db\"."
                    .into(),
            ),
            Ok(_) => {}
        }
        if !self.password_hash.cost.is_safe() {
            problems.push(
                "`password_hash` is cheaper than any of OWASP's recommendations: leave it out, \
                 or write at least memory_kib = 47104, iterations = 1 (or 19456 and 2, 12288 \
                 and 3, 9216 and 4, 7168 and 5)."
                    .into(),
            );
        }
        problems
    }

    /// The key of [`Config::key_encryption_key`], for commands that read or seal what is sealed.
    pub fn key_encryption_key(&self) -> Result<SealingKey, ConfigError> {
        self.key().map_err(ConfigError::from)
    }

    fn key(&self) -> Result<SealingKey, String> {
        let Some(path) = &self.key_encryption_key_file else {
            let missing = "`key_encryption_key_file` is missing";
            return Err(format!("{missing}: {}, and name it.", files::MAKE_A_KEY));
        };
        key_file(path).map_err(|error| format!("`key_encryption_key_file`: {error}."))
    }
}

/// The key-encryption key in this file: 32 bytes, or 64 hexadecimal characters, that others cannot
/// read.
pub fn key_file(path: &Path) -> Result<SealingKey, String> {
    files::key(path).map(|key| SealingKey::new(&key))
}

/// Shows where it would run and nothing that could be a secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn read(mut table: Table<'_>, figment: &Figment) -> Settings {
    let settings = Settings {
        issuer: table.parsed("issuer", Origin::parse),
        database_url: table.parsed("database_url", database_url),
        key_encryption_key_file: table.path("key_encryption_key_file"),
        proxies: table.list("proxies", network).unwrap_or_default(),
        outgoing_networks: table.list("outgoing_networks", network).unwrap_or_default(),
        sign_up: table
            .parsed("sign_up", |text| {
                choice(text, [("open", SignUp::Open), ("closed", SignUp::Closed)])
            })
            .unwrap_or_default(),
        brand: brand(table.table("brand")),
        log: table
            .parsed("log", |text| {
                choice(text, [("text", LogFormat::Text), ("json", LogFormat::Json)])
            })
            .unwrap_or_default(),
        password_hash: password_hash(table.table("password_hash")),
        clients: clients::read(table.tables("clients")),
        providers: providers::read(table.tables("providers")),
        identification: identification::read(table.table("identification")),
        rocket: figment.clone(),
    };
    table.finish();
    settings
}

fn brand(mut table: Table<'_>) -> Brand {
    let name = |text: &str| {
        let length = text.trim().chars().count();
        let good = (1..=80).contains(&length) && !text.contains(char::is_control);
        good.then(|| text.trim().to_owned()).ok_or("write 1 to 80 characters")
    };
    let brand = Brand {
        name: table.parsed("name", name).unwrap_or_else(|| Brand::default().name),
        logo: table.file("logo", files::logo),
        accent: table.parsed("accent", colour),
    };
    table.finish();
    brand
}

fn password_hash(mut table: Table<'_>) -> PasswordHash {
    let default = PasswordHash::default();
    let parallelism = table.number("parallelism", 1..=16).unwrap_or(default.cost.parallelism);
    let hash = PasswordHash {
        cost: Cost {
            memory_kib: table
                .number("memory_kib", 8 * parallelism..=262_144)
                .unwrap_or(default.cost.memory_kib),
            iterations: table.number("iterations", 1..=32).unwrap_or(default.cost.iterations),
            parallelism,
        },
        threads: table.number("threads", 1..=256).map_or(default.threads, |n| n as usize),
    };
    table.finish();
    hash
}

pub(super) fn choice<T: Copy>(text: &str, known: [(&str, T); 2]) -> Result<T, String> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| format!("write \"{}\" or \"{}\", not \"{text}\"", known[0].0, known[1].0))
}

/// The value may hold a password, so the error does not show it.
fn database_url(text: &str) -> Result<String, &'static str> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    let good = known.iter().any(|scheme| text.starts_with(scheme));
    good.then(|| text.to_owned()).ok_or("begin it with sqlite:// or postgres://")
}

fn is_in_memory(url: &str) -> bool {
    url.strip_prefix("sqlite:").is_some_and(|rest| {
        let path = rest.split('?').next().unwrap_or_default().trim_start_matches("//");
        path.is_empty() || path.contains(":memory:") || rest.contains("mode=memory")
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().map(|address: std::net::IpAddr| IpNet::from(address));
    text.parse().or_else(|_| address()).map_err(|_| {
        format!("`{text}` is neither an address nor a network; write 127.0.0.1 or 10.0.0.0/8")
    })
}

fn colour(text: &str) -> Result<String, String> {
    let good = text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    good.then(|| text.to_lowercase()).ok_or_else(|| format!("write #rrggbb, not `{text}`"))
}
