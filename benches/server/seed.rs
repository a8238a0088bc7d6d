//! The databases: the same tables with few and with many sessions and access tokens in them.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use vestibule::clock::{Clock, DAY, HOUR};
use vestibule::domain::secret::SecretHash;
use vestibule::limits::NetworkKey;
use vestibule::passwords::{Lane, Pool, PoolSettings};
use vestibule::store::Store;

use super::known::{self, PASSWORD, secret, url, username};
use super::plan::Plan;
use super::{Result, seed_tokens};

/// Accounts that the load signs in to; each has a known device.
pub const ACCOUNTS: u32 = 500;
/// Rows written by one statement.
const BATCH: u32 = 20_000;

/// A database and how many sessions and access tokens it was given.
pub struct Database {
    pub file: PathBuf,
    pub sessions: u32,
}

/// The prepared files.
pub struct Databases {
    pub small: Database,
    pub large: Database,
}

/// Makes both files in a folder.
pub async fn prepare(folder: &Path, plan: &Plan) -> Result<Databases> {
    let [small, large] = plan.sessions;
    let password_hash = password_hash().await?;
    Ok(Databases {
        small: make(folder.join("small.db"), small, &password_hash).await?,
        large: make(folder.join("large.db"), large, &password_hash).await?,
    })
}

/// A hash as the server makes it.
async fn password_hash() -> Result<String> {
    let pool = Pool::start(PoolSettings::default(), Clock::system())?;
    let lane = Lane {
        network: NetworkKey::of([127, 0, 0, 1].into()),
        known_device: false,
        suspect: false,
    };
    let hashed = pool.hash(lane, PASSWORD).await;
    hashed.map_err(|_| "the hash pool is busy".into())
}

async fn make(file: PathBuf, sessions: u32, password_hash: &str) -> Result<Database> {
    let store = Store::open(&url(&file)).await?;
    store.migrate().await?;
    let now = Clock::system().now();
    let clients = known::clients().into_iter().map(|c| (c.registration, c.secret_hash));
    store.sync_declared_clients(&clients.collect::<Vec<_>>(), now).await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-1000000");
    let mut db = options.connect().await?;
    add_accounts(&mut db, password_hash, now).await?;
    for first in (0..sessions).step_by(BATCH as usize) {
        let batch = first..sessions.min(first + BATCH);
        add_sessions(&mut db, batch.clone(), now).await?;
        seed_tokens::add(&mut db, batch, now).await?;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await?;
    db.close().await?;
    Ok(Database { file, sessions })
}

async fn add_accounts(db: &mut SqliteConnection, password_hash: &str, now: i64) -> Result<()> {
    let rows: Vec<_> = (0..ACCOUNTS).map(|n| [username(n), hash("device", n)]).collect();
    let rows = serde_json::to_string(&rows)?;
    sqlx::query(
        "INSERT INTO accounts (uid, username, username_key, email, email_key, full_name, \
         password_hash, password_changed_at, created_at, updated_at) \
         SELECT printf('%032x', key), value->>0, value->>0, value->>0 || '@example.org', \
         value->>0 || '@example.org', 'Somebody ' || key, $2, $3, $3, $3 FROM json_each($1)",
    )
    .bind(&rows)
    .bind(password_hash)
    .bind(now)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO devices (id, account_uid, secret_hash, created_at, last_used_at) \
         SELECT lower(hex(randomblob(16))), printf('%032x', key), value->>1, $2, $2 \
         FROM json_each($1)",
    )
    .bind(&rows)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// What the database holds of a secret.
pub fn hash(of: &str, number: u32) -> String {
    SecretHash::of(secret(of, number).as_bytes()).as_str().to_owned()
}

/// The id of a row, which says nothing.
pub fn id(of: &str, number: u32) -> String {
    let mut id = secret(&format!("{of} id"), number);
    id.truncate(32);
    id
}

/// Sessions of nearly a month, last seen in an hour: no request of the load has to note that its
/// session was used, which happens every five minutes at most.
async fn add_sessions(
    db: &mut SqliteConnection,
    numbers: std::ops::Range<u32>,
    now: i64,
) -> Result<()> {
    let rows: Vec<_> = numbers.map(|n| [id("session", n), hash("session", n)]).collect();
    sqlx::query(
        "INSERT INTO sessions (id, account_uid, secret_hash, kept, user_agent, address, \
         created_at, auth_time, last_seen_at, idle_expires_at, expires_at) \
         SELECT value->>0, printf('%032x', key % $2), value->>1, 1, \
         'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', \
         '198.51.100.1', $3, $3, $3 + $4, $3 + $5, $3 + 2 * $5 FROM json_each($1)",
    )
    .bind(serde_json::to_string(&rows)?)
    .bind(ACCOUNTS)
    .bind(now)
    .bind(HOUR)
    .bind(14 * DAY)
    .execute(db)
    .await?;
    Ok(())
}
