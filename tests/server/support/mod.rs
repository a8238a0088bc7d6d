//! A real server on a port of its own with a database of its own, and clients for each role.

mod backend;
mod browser;
mod crawl;
mod database;
mod flows;
pub mod identification;
mod logs;
mod openid;
mod operations;
mod page;
mod program;
mod surface;
mod tokens;
pub mod waiting_events;
pub mod waiting_page;

use rocket::fairing::AdHoc;
use rocket::tokio;
use std::sync::Arc;
use std::time::Duration;
use vestibule::clock::Clock;
use vestibule::config::{Config, DeclaredClient};
use vestibule::domain::client::Registration;
use vestibule::domain::origin::{Embedder, Origin};
use vestibule::domain::seal::SealingKey;
use vestibule::domain::secret::{Secret, SecretHash};
use vestibule::events::Events;
use vestibule::jobs::Jobs;
use vestibule::limits;
use vestibule::passwords::{Cost, Lane, Pool};
use vestibule::store::Store;
use vestibule::web::app::App;

pub use backend::Backend;
pub use browser::{Answer, Browser, FORM, encode, http};
pub use crawl::{Seen, answers_without_database, every_answer};
pub use database::Database;
pub use flows::{Waits, proof_of};
pub use logs::Log;
pub use openid::{
    ACCESS_TOKEN, Authorize, EXCHANGE, PAY, SHOP, SHOP_CALLBACK, Sent, WIDGET_CALLBACK, challenge,
    widget,
};
pub use operations::{Operation, question};
pub use page::plain;
pub use program::Program;
pub use surface::{Body, Endpoint};
pub use tokens::{IdToken, Tokens};

/// The issuer of every test server; requests reach it on whatever port it has.
pub const ISSUER: &str = "http://accounts.vestibule.localhost:8000";
pub const WIKI: &str = "http://wiki.vestibule.localhost:8001";
pub const NOTES: &str = "http://notes.vestibule.localhost:8002";
pub const SPECS: &str = "http://specs.example.localhost:8005";
/// 21 November 2026, 20:37 UTC.
pub const START: i64 = 1_795_293_420_000;
pub const PASSWORD: &str = "looking-glass-1871";

/// A running accounts server. Dropped, it stops.
pub struct TestServer {
    pub url: String,
    pub store: Store,
    pub clock: Clock,
    pub database: Arc<Database>,
    /// Every route that is mounted.
    pub endpoints: Vec<Endpoint>,
    /// Where this server hashes passwords.
    pub passwords: Pool,
    /// The bus of this node.
    pub events: Events,
    /// What this server does by itself, every now and then.
    pub jobs: Box<Jobs>,
    shutdown: rocket::Shutdown,
}

/// What a test wants other than usual.
pub struct Setup {
    pub config: Config,
    pub clock: Clock,
    pub database: Arc<Database>,
}

impl Setup {
    /// The demo's family: wiki and notes of the organisation, specs of another.
    pub async fn new() -> Self {
        Self::on(Database::new().await)
    }

    /// The same on a database of the test's choosing.
    pub fn on(database: Database) -> Self {
        let database = Arc::new(database);
        let issuer = Origin::parse(ISSUER).expect("an origin");
        let mut config = Config::new(issuer, database.url(), SealingKey::new(&[7; 32]));
        config.password_hash.cost = Cost { memory_kib: 8, iterations: 1, parallelism: 1 };
        config.password_hash.threads = 1;
        config.limits = limits::Settings::all(limits::Rate::new(10_000, 1));
        config.clients = vec![wiki(), notes(), specs()];
        Self { config, clock: Clock::manual(START), database }
    }

    /// With every limit as people have it.
    pub fn with_real_limits(mut self) -> Self {
        self.config.limits = limits::Settings::default();
        self
    }

    /// The test's own address is a proxy whose `X-Forwarded-For` is believed.
    pub fn behind_a_proxy(mut self) -> Self {
        self.config.proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        self
    }

    pub async fn start(self) -> TestServer {
        TestServer::start(self).await
    }
}

/// The secret of a test client.
pub fn secret_of(client_id: &str) -> String {
    format!("{client_id}-secret-{}", "0123456789abcdef".repeat(3))
}

/// What the database holds of a secret.
pub fn hash(secret: &str) -> String {
    SecretHash::of(secret.as_bytes()).as_str().to_owned()
}

/// A registration as configuration declares it, with its test secret.
pub fn declared(registration: Registration) -> DeclaredClient {
    let secret_hash = Some(hash(&secret_of(&registration.client_id)));
    DeclaredClient { registration, secret_hash }
}

pub fn wiki() -> DeclaredClient {
    declared(Registration {
        client_name: "Wiki".into(),
        return_uris: vec![format!("{WIKI}/sso/return")],
        redirect_uris: vec![format!("{WIKI}/oidc/callback")],
        first_party: true,
        ..Registration::named("wiki", WIKI)
    })
}

pub fn notes() -> DeclaredClient {
    let embedder = |origin: &str| Embedder::Origin(Origin::parse(origin).expect("an origin"));
    declared(Registration {
        client_name: "Notes".into(),
        embedders: vec![embedder(WIKI), embedder(SPECS)],
        return_uris: vec![format!("{NOTES}/sso/return")],
        first_party: true,
        require_nonce: false,
        ..Registration::named("notes", NOTES)
    })
}

pub fn specs() -> DeclaredClient {
    declared(Registration { client_name: "Specs".into(), ..Registration::named("specs", SPECS) })
}

impl TestServer {
    /// The usual one.
    pub async fn new() -> Self {
        Setup::new().await.start().await
    }

    async fn start(setup: Setup) -> Self {
        logs::install();
        let Setup { config, clock, database } = setup;
        let store = Store::open(&config.database_url).await.expect("the database opens");
        let figment = rocket::Config::figment()
            .merge(("port", 0))
            .merge(("address", "127.0.0.1"))
            .merge(("log_level", "off"))
            .merge(("workers", 2))
            .merge(("shutdown.ctrlc", false))
            .merge(("shutdown.signals", Vec::<String>::new()))
            .merge(("shutdown.grace", 1))
            .merge(("shutdown.mercy", 1));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let rocket =
            vestibule::attach_to(rocket::custom(figment), &config, store.clone(), clock.clone())
                .await
                .expect("the server can be made")
                .attach(AdHoc::on_liftoff("port", |rocket| {
                    Box::pin(async move {
                        let _ = sender.send(rocket.config().port);
                    })
                }))
                .ignite()
                .await
                .expect("the server ignites");
        let shutdown = rocket.shutdown();
        let endpoints = surface::endpoints_of(&rocket);
        let app = rocket.state::<App>().expect("its state");
        let (passwords, events) = (app.passwords.clone(), app.events.clone());
        let jobs = Box::new(vestibule::jobs(app));
        tokio::spawn(rocket.launch());
        let port = tokio::time::timeout(Duration::from_secs(30), receiver)
            .await
            .expect("the server starts in time")
            .expect("the server starts");
        let url = format!("http://127.0.0.1:{port}");
        Self { url, store, clock, database, endpoints, passwords, events, jobs, shutdown }
    }

    /// A second node on the same database.
    pub async fn second_node(&self, config: Config) -> Self {
        let (clock, database) = (self.clock.clone(), self.database.clone());
        Self::start(Setup { config, clock, database }).await
    }

    /// A browser that has seen nothing yet.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url)
    }

    /// A browser behind a proxy that says it is at this address; see [`Setup::behind_a_proxy`].
    pub fn browser_at(&self, address: &str) -> Browser {
        self.browser().saying("X-Forwarded-For", address)
    }

    /// A browser in which a new account was made and is signed in.
    pub async fn signed_up(&self, username: &str) -> Browser {
        let browser = self.browser();
        let answer = browser.sign_up(username).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        browser
    }

    /// What tells its parts to stop.
    pub fn shutdown(&self) -> rocket::Shutdown {
        self.shutdown.clone()
    }

    /// What this server would store of a password.
    pub async fn password_hash(&self, password: &str) -> String {
        let network = limits::NetworkKey::of([127, 0, 0, 1].into());
        let lane = Lane { network, known_device: true, suspect: false };
        self.passwords.hash(lane, password).await.expect("the pool has room")
    }

    /// The backend of a client.
    pub fn backend(&self, client_id: &str) -> Backend {
        Backend::new(&self.url, client_id, &secret_of(client_id))
    }

    /// How many payloads were ever minted.
    pub async fn minted(&self) -> usize {
        self.database.rows("recovery_payloads", &["hash"]).await.len()
    }

    /// Takes the node out of service, and the database from under it.
    pub async fn stop(self) {
        self.shutdown.clone().notify();
        self.store.close().await;
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

/// A nonce such as a relying party makes.
pub fn nonce() -> String {
    Secret::random().reveal()
}
