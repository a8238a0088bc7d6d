//! What every handler may need: made once at start, shared by all.

use super::error::Problem;
use super::identification::Identifying;
use super::oauth::Documents;
use super::websocket::Crowd;
use crate::clock::Clock;
use crate::config::{Brand, Config, PasswordHash, SignUp};
use crate::domain::client::{Client, Registration};
use crate::domain::origin::Origin;
use crate::domain::return_to::{self, ReturnTo};
use crate::domain::secret::Secret;
use crate::domain::subject::subject;
use crate::events::Events;
use crate::jobs::Wake;
use crate::keys::Keys;
use crate::limits::Limits;
use crate::outgoing::Outgoing;
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
    /// What signs tokens.
    pub keys: Keys,
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
    /// What the OpenID provider says of itself.
    pub documents: Documents,
    /// Says on every node what has changed.
    pub events: Events,
    /// To be woken when sessions ended, so that clients hear of it at once.
    pub wake: Wake,
    /// The sockets of waiting pages, counted.
    pub crowd: Crowd,
    /// What looks at pages of clients.
    pub outgoing: Outgoing,
    /// By whom, and how, people are identified.
    pub identifying: Identifying,
    operations_key: Vec<u8>,
    flows_key: Vec<u8>,
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

    /// The identifier by which a client knows an account.
    #[must_use]
    pub fn subject(&self, client: &Registration, uid: &str) -> String {
        subject(&self.pairwise_salt, client, uid)
    }

    /// What the page that waits for an operation presents. It is not stored: the database has its
    /// hash, so that its holder can be found.
    #[must_use]
    pub fn wait_secret(&self, operation_id: &str) -> Secret {
        Secret::derived(&self.operations_key, operation_id)
    }

    /// Says that an operation has ended, after the commit.
    pub async fn operation_ended(&self, id: &str) {
        self.events.operations_ended(&self.store, &[id.to_owned()], self.now()).await;
    }

    /// What the numbers beside the waiting page's own follow from.
    #[must_use]
    pub fn number_seed(&self, operation_id: &str) -> Secret {
        Secret::derived(&self.operations_key, &format!("numbers {operation_id}"))
    }

    /// The code with which a flow ends. It is not stored: the database has its hash, so that it can
    /// be redeemed.
    #[must_use]
    pub fn flow_code(&self, flow_id: &str) -> Secret {
        Secret::derived(&self.flows_key, &format!("code {flow_id}"))
    }

    /// What the numbers beside the one of a flow's waiting page follow from.
    #[must_use]
    pub fn flow_number_seed(&self, flow_id: &str) -> Secret {
        Secret::derived(&self.flows_key, &format!("numbers {flow_id}"))
    }

    /// Checks a `next` parameter; absent or empty means the account page.
    pub async fn return_to(&self, next: &str) -> Result<ReturnTo, Problem> {
        if next.is_empty() {
            return Ok(ReturnTo::Path("/account".into()));
        }
        if let Some(own) = ReturnTo::parse(next, &self.issuer, &[]) {
            return self.leading_on(own).await;
        }
        let clients = self.store.list_clients().await?;
        ReturnTo::parse(next, &self.issuer, &clients).ok_or_else(unregistered)
    }

    /// What is known of a page that leads on to a client: which one it is, and where to.
    async fn leading_on(&self, own: ReturnTo) -> Result<ReturnTo, Problem> {
        let ReturnTo::Path(path) = own else { return Ok(own) };
        let client = match return_to::client_of(&path) {
            Some(client_id) => self.active_client(&client_id).await?,
            None => None,
        };
        Ok(match client {
            Some(client) => ReturnTo::through(&client, path, &self.issuer),
            None => ReturnTo::Path(path),
        })
    }

    /// As [`App::return_to`], for a page about one client.
    pub fn return_to_client(&self, client: &Client, next: &str) -> Result<ReturnTo, Problem> {
        ReturnTo::parse_for(client, next, &self.issuer).ok_or_else(unregistered)
    }

    /// Starts what the server needs, and makes its own secrets at the first start.
    pub async fn start(config: &Config, store: Store, clock: Clock) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let (key, now) = (&config.key_encryption_key, clock.now());
        let salt = store.server_secret("pairwise", key, now).await;
        let operations_key = store.server_secret("operations", key, now).await;
        let flows_key = store.server_secret("flows", key, now).await;
        let outgoing = Outgoing::new(&config.outgoing_networks)?;
        let identifying = Identifying::start(config, &store, &outgoing, &clock).await?;
        let sealing = config.key_encryption_key.clone();
        let keys = Keys::start(store.clone(), sealing, clock.now()).await;
        Ok(Self {
            documents: Documents::new(&config.issuer),
            issuer: config.issuer.clone(),
            pairwise_salt: salt.map_err(|e| text(&e))?,
            operations_key: operations_key.map_err(|e| text(&e))?,
            flows_key: flows_key.map_err(|e| text(&e))?,
            events: Events::new(store.aside()),
            store,
            keys: keys.map_err(|e| text(&e))?,
            passwords: Pool::start(pool_settings(config), clock.clone()).map_err(|e| text(&e))?,
            limits: Limits::new(clock.clone(), &config.limits),
            clock,
            brand: config.brand.clone(),
            sign_up: config.sign_up,
            proxies: config.proxies.clone(),
            wake: Wake::default(),
            crowd: Crowd::new(config.socket_times),
            outgoing,
            identifying,
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
