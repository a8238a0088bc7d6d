//! The server: the floor and the accounts server in one process, on one core.

use std::io::Read;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::futures::future::join;
use rocket::{Build, Rocket, State, get, routes};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;
use vestibule::clock::Clock;
use vestibule::passwords::Cost;
use vestibule::store::Store;

use super::{Result, known, process};

/// What a server started by the bench is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub database: PathBuf,
    /// The limits of production; otherwise next to none.
    pub usual_limits: bool,
    /// Whether the floor runs beside it.
    pub floor: bool,
}

const SERVER: &str = "--server";
const USUAL_LIMITS: &str = "--usual-limits";
const FLOOR: &str = "--floor";

impl Role {
    pub fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = vec![SERVER.into(), self.database.clone().into()];
        arguments.extend(self.usual_limits.then(|| USUAL_LIMITS.into()));
        arguments.extend(self.floor.then(|| FLOOR.into()));
        arguments
    }

    /// `None` when this process is the load.
    pub fn of_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        arguments.find(|argument| argument == SERVER)?;
        let database = arguments.next()?.into();
        let rest: Vec<_> = arguments.collect();
        Some(Self {
            database,
            usual_limits: rest.iter().any(|argument| argument == USUAL_LIMITS),
            floor: rest.iter().any(|argument| argument == FLOOR),
        })
    }
}

/// Serves until the load closes our standard input.
pub fn run(role: &Role) -> Result<()> {
    process::pin_to(process::SERVERS)?;
    start_log()?;
    // As Rocket makes it, with `workers = 1`.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(serve(role))
}

/// As `vestibule serve` logs: every request, in text, to standard error, which the load has
/// directed into a file.
fn start_log() -> Result<()> {
    let filter = "info,rocket=warn,rocket::launch=error,hyper=warn,sqlx=warn";
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_new(filter)?)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init()
}

async fn serve(role: &Role) -> Result<()> {
    let config = known::config(&role.database, role.usual_limits)?;
    let store = Store::open(&config.database_url).await?;
    let rocket = rocket::custom(figment());
    let accounts = vestibule::attach_to(rocket, &config, store.clone(), Clock::system()).await?;
    let accounts = telling_its_port("accounts", accounts).ignite().await?;
    let stop = accounts.shutdown();
    let launched = if role.floor {
        let floor =
            rocket::custom(figment()).manage(BareHash::start()?).mount("/", routes![empty, hash]);
        let floor = telling_its_port("floor", floor).ignite().await?;
        let stop_floor = floor.shutdown();
        at_the_end_of_input(move || {
            stop.notify();
            stop_floor.notify();
        });
        let (accounts, floor) = join(Box::pin(accounts.launch()), Box::pin(floor.launch())).await;
        accounts.and(floor)
    } else {
        at_the_end_of_input(move || stop.notify());
        accounts.launch().await
    };
    store.close().await;
    launched.map(|_| ()).map_err(|error| error.to_string().into())
}

fn figment() -> Figment {
    rocket::Config::figment()
        .merge(("address", "127.0.0.1"))
        .merge(("port", 0))
        .merge(("workers", 1))
        .merge(("shutdown.grace", 1))
        .merge(("shutdown.mercy", 1))
}

fn telling_its_port(name: &'static str, rocket: Rocket<Build>) -> Rocket<Build> {
    rocket.attach(AdHoc::on_liftoff("port", move |rocket| {
        Box::pin(async move { println!("{name} {}", rocket.config().port) })
    }))
}

/// No server outlives the bench, however that ends.
fn at_the_end_of_input(act: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        // An error is an end, too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        act();
    });
}

#[get("/")]
fn empty() {}

/// A hash of the usual cost, computed by nothing but argon2 on a thread of its own.
#[get("/hash")]
async fn hash(bare: &State<BareHash>) -> Option<()> {
    let (done, answer) = oneshot::channel();
    bare.0.send(done).ok()?;
    answer.await.ok()
}

struct BareHash(mpsc::Sender<oneshot::Sender<()>>);

impl BareHash {
    fn start() -> Result<Self> {
        let cost = Cost::default();
        let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(32))?;
        let (sender, asked) = mpsc::channel::<oneshot::Sender<()>>();
        thread::Builder::new().name("hash-bare".into()).spawn(move || {
            let mut memory = Vec::new();
            for done in asked {
                memory.resize(params.block_count(), Block::new());
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                let hashed = argon2.hash_password_into_with_memory(
                    known::PASSWORD.as_bytes(),
                    b"sixteen bytes ok",
                    &mut [0; 32],
                    &mut memory,
                );
                if hashed.is_ok() {
                    // Whoever asked may have gone.
                    let _ = done.send(());
                }
            }
        })?;
        Ok(Self(sender))
    }
}
