//! What every handler may need: made once at start, shared by all.

use super::body::Fields;
use super::error::Problem;
use crate::clock::Clock;
use crate::config::{Brand, Config, PasswordHash, SignUp};
use crate::domain::client::Client;
use crate::domain::origin::Origin;
use crate::domain::return_to::ReturnTo;
use crate::limits::Limits;
use crate::passwords::{Pool, PoolSettings};
use crate::store::Store;
use ipnet::IpNet;

/// The server's own state. It holds no person's state: that is in the database.
pub struct App {
    /// This server's origin; nothing is ever derived from a Host header.
    pub issuer: Origin,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Where passwords are hashed.
    pub passwords: Pool,
    /// How often things may be tried.
    pub limits: Limits,
    /// Name, logo and colour.
    pub brand: Brand,
    /// Whether people may make accounts themselves.
    pub sign_up: SignUp,
    /// Addresses whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
    /// Mixed into the identifiers that clients of another organisation see.
    pub pairwise_salt: Vec<u8>,
}

impl App {
    /// Milliseconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The client with this id, if it is registered and not disabled.
    pub async fn active_client(&self, client_id: &str) -> Result<Option<Client>, Problem> {
        if !crate::domain::client::is_id(client_id) {
            return Ok(None);
        }
        let client = self.store.client(client_id).await?;
        Ok(client.filter(|client| client.disabled_at.is_none()))
    }

    /// Checks a `next` parameter; absent or empty means the account page.
    pub async fn return_to(&self, next: &str) -> Result<ReturnTo, Problem> {
        if next.is_empty() {
            return Ok(ReturnTo::Path("/account".into()));
        }
        if let Some(own) = ReturnTo::parse(next, &self.issuer, &[]) {
            return self.through_consent(own).await;
        }
        let clients = self.store.list_clients().await?;
        ReturnTo::parse(next, &self.issuer, &clients).ok_or_else(unregistered)
    }

    /// What is known of a consent page that is to be shown next: its client, and where it leads.
    async fn through_consent(&self, own: ReturnTo) -> Result<ReturnTo, Problem> {
        let ReturnTo::Path(path) = &own else { return Ok(own) };
        let Some(query) = path.strip_prefix("/consent?") else { return Ok(own) };
        let query = Fields::parse(query);
        let (client_id, next) = (query.text("client_id")?, query.text("next")?);
        let Some(client) = self.active_client(&client_id).await? else { return Ok(own) };
        let onward = ReturnTo::parse_for(&client, &next, &self.issuer);
        Ok(ReturnTo::Consent {
            path: path.clone(),
            client_name: client.registration.client_name.clone(),
            onward: onward.map(|to| to.onward().to_vec()).unwrap_or_default(),
        })
    }

    /// As [`App::return_to`], for a page about one client.
    pub fn return_to_client(&self, client: &Client, next: &str) -> Result<ReturnTo, Problem> {
        ReturnTo::parse_for(client, next, &self.issuer).ok_or_else(unregistered)
    }

    /// Starts what the server needs, and makes its own secrets at the first start.
    pub async fn start(config: &Config, store: Store, clock: Clock) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let salt = store.server_secret("pairwise", &config.key_encryption_key, clock.now()).await;
        Ok(Self {
            issuer: config.issuer.clone(),
            pairwise_salt: salt.map_err(|e| text(&e))?,
            store,
            passwords: Pool::start(pool_settings(config), clock.clone()).map_err(|e| text(&e))?,
            limits: Limits::new(clock.clone(), &config.limits),
            clock,
            brand: config.brand.clone(),
            sign_up: config.sign_up,
            proxies: config.proxies.clone(),
        })
    }
}

fn unregistered() -> Problem {
    Problem::bad_request(
        "The address to go back to is not registered for this site. \
         Go back to the site you came from and try again.",
    )
}

fn pool_settings(config: &Config) -> PoolSettings {
    let PasswordHash { cost, threads } = config.password_hash;
    PoolSettings { cost, threads, ..PoolSettings::default() }
}
