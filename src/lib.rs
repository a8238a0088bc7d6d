//! Vestibule: the accounts server of a family of web sites. One sign-in, and every sibling site
//! knows who is there.
//!
//! [`attach`] turns any Rocket into an accounts server; [`relying`] is what the backends of the
//! other sites use. Read the modules in this order.

pub mod clock;
pub mod random;

pub mod config;
pub mod domain;
pub mod keys;
pub mod limits;
pub mod outgoing;
pub mod passwords;
pub mod stomp;
pub mod store;
pub mod upstream;

pub mod check;
pub mod events;
pub mod jobs;
pub mod web;

pub mod relying;

pub mod cli;
pub mod demo;

use rocket::config::Sig;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::figment::providers::Serialized;
use rocket::{Build, Ignite, Rocket};
use std::fmt;
use tokio::signal::unix::{SignalKind, signal};

use clock::Clock;
use config::Config;
use jobs::{Jobs, Logouts, UnderWay};
use store::{Store, StoreError};
use web::app::App;

/// Why a server could not be started, in one sentence.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Turns a Rocket into an accounts server: opens the database, brings its tables and the declared
/// clients up to date, and mounts everything.
pub async fn attach(rocket: Rocket<Build>, config: &Config) -> Result<Rocket<Build>, StartError> {
    let store = Store::open(&config.database_url).await?;
    attach_to(rocket, config, store, Clock::system()).await
}

/// As [`attach`], with a database that is open already and a clock.
pub async fn attach_to(
    rocket: Rocket<Build>,
    config: &Config,
    store: Store,
    clock: Clock,
) -> Result<Rocket<Build>, StartError> {
    for migration in store.migrate().await? {
        tracing::info!(migration, "the tables were brought up to date");
    }
    let declared: Vec<_> = config
        .clients
        .iter()
        .map(|client| (client.registration.clone(), client.secret_hash.clone()))
        .collect();
    let synced = store.sync_declared_clients(&declared, clock.now()).await?;
    tracing::info!(added = ?synced.added, changed = ?synced.changed, disabled = ?synced.disabled,
        "clients are as declared");
    let app = App::start(config, store.clone(), clock.clone()).await.map_err(StartError)?;
    let jobs = jobs(&app);
    // The template engine insists on a folder, though every template is inside the binary.
    let folder = tempfile::tempdir()
        .map_err(|error| StartError(format!("no temporary folder could be made: {error}")))?;
    let figment = own_settings(rocket.figment().clone(), folder.path());
    Ok(web::mount(rocket.configure(figment).manage(folder), app).attach(jobs))
}

/// The work that nobody waits for, as the server of this state does it.
#[must_use]
pub fn jobs(app: &App) -> Jobs {
    let store = app.store.aside();
    Jobs {
        logouts: Logouts {
            store: store.clone(),
            clock: app.clock.clone(),
            keys: app.keys.clone(),
            outgoing: app.outgoing.clone(),
            issuer: app.issuer.clone(),
            pairwise_salt: app.pairwise_salt.clone(),
            events: app.events.clone(),
            under_way: UnderWay::default(),
        },
        store,
        clock: app.clock.clone(),
        keep_identifications: app.identifying.settings.keep_days,
        limits: app.limits.clone(),
        keys: app.keys.clone(),
        events: app.events.clone(),
        wake: app.wake.clone(),
    }
}

/// What of Rocket's configuration is not anybody's choice, in whatever profile.
fn own_settings(figment: Figment, template_dir: &std::path::Path) -> Figment {
    figment
        // Rocket would believe an `X-Real-IP` from anybody.
        .merge(Serialized::global("ip_header", false))
        .merge(Serialized::global("template_dir", template_dir))
}

/// Serves until the process is told to stop, then finishes what runs.
pub async fn launch(config: Config) -> Result<(), StartError> {
    let store = Store::open(&config.database_url).await?;
    let rocket = rocket::custom(config.rocket.clone());
    let rocket = attach_to(rocket, &config, store.clone(), Clock::system()).await?;
    let issuer = config.issuer.clone();
    let rocket = rocket.attach(AdHoc::on_liftoff("say where", |rocket| {
        Box::pin(async move {
            let (address, port) = (rocket.config().address, rocket.config().port);
            tracing::info!(%issuer, "listening at http://{address}:{port}");
        })
    }));
    let ended = match rocket.ignite().await {
        Ok(rocket) => {
            heed_signals(&rocket);
            rocket.launch().await
        }
        Err(error) => Err(error),
    };
    store.close().await;
    ended.map(|_| ()).map_err(|error| StartError(error.to_string()))
}

/// Heeds the signals that end a server from now on. Rocket does so a moment after it listens, and
/// until then one would kill the process.
fn heed_signals(rocket: &Rocket<Ignite>) {
    let settings = &rocket.config().shutdown;
    let kinds = [
        (settings.signals.contains(&Sig::Term), SignalKind::terminate()),
        (settings.ctrlc, SignalKind::interrupt()),
    ];
    for (_, kind) in kinds.into_iter().filter(|(is_heeded, _)| *is_heeded) {
        match signal(kind) {
            Ok(mut signals) => {
                let shutdown = rocket.shutdown();
                tokio::spawn(async move {
                    signals.recv().await;
                    shutdown.notify();
                });
            }
            Err(error) => tracing::warn!(%error, "a signal cannot be heeded before the start"),
        }
    }
}
