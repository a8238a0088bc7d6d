//! The only place that knows SQL. One text for each query serves both databases: `$1`
//! placeholders, `RETURNING`, `ON CONFLICT`, columns of TEXT and BIGINT.
//!
//! One method is one transaction. What refuses access is read here on every request.

pub mod accounts;
pub mod clients;
mod connections;
pub mod consents;
pub mod ends;
mod error;
pub mod flows;
pub mod grants;
pub mod identifications;
pub mod keys;
mod living_grant;
pub mod logouts;
pub mod monitors;
pub mod notifications;
mod operation_ends;
pub mod operations;
pub mod payloads;
pub mod refresh;
mod registrations;
pub mod secrets;
pub mod sessions;
pub mod sids;
pub mod tokens;
pub mod visits;
pub mod waiting_pages;
mod writer;

use sqlx::Acquire;
use sqlx::migrate::{AppliedMigration, Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use connections::Readers;
pub use error::StoreError;
pub use living_grant::Grant;
use registrations::Registrations;
use writer::Writer;

type Result<T> = std::result::Result<T, StoreError>;

/// Connections of SQLite that read.
const READERS: u32 = 2;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    queries: Arc<AtomicU64>,
    registrations: Registrations,
}

/// SQLite has one connection that writes and several that read beside it (WAL).
#[derive(Clone, Debug)]
enum Pool {
    Sqlite { read: Arc<Readers>, write: Writer },
    Postgres(PgPool),
}

/// Expands an expression for each driver, outside a transaction. `read` connections see all that
/// was committed; `write` is the one connection of SQLite that may write.
macro_rules! on {
    ($store:expr, read, $db:ident => $body:expr) => {{
        $store.count_query();
        match &$store.pool {
            $crate::store::Pool::Sqlite { read, .. } => {
                let mut lent = read.lend().await?;
                let $db = lent.connection();
                $body
            }
            $crate::store::Pool::Postgres($db) => $body,
        }
    }};
    ($store:expr, write, $db:ident => $body:expr) => {{
        $store.count_query();
        match &$store.pool {
            $crate::store::Pool::Sqlite { write, .. } => {
                let mut turn = write.turn().await?;
                let outcome = {
                    let $db = turn.connection();
                    $body
                };
                turn.end().await?;
                outcome
            }
            $crate::store::Pool::Postgres($db) => $body,
        }
    }};
}

/// Expands a block for each driver inside a transaction that it commits at the end. A failing `?`
/// rolls back, on SQLite with everybody who shares the transaction: so an outcome that is no failure
/// is the value of the block, never an early `return`.
macro_rules! in_transaction {
    ($store:expr, $tx:ident => $body:block) => {{
        $store.count_query();
        match &$store.pool {
            $crate::store::Pool::Sqlite { write, .. } => {
                let mut turn = write.turn().await?;
                turn.begin().await?;
                let outcome = {
                    let $tx = turn.connection();
                    $body
                };
                turn.end().await?;
                outcome
            }
            $crate::store::Pool::Postgres(pool) => {
                let mut $tx = pool.begin().await?;
                let outcome = $body;
                $tx.commit().await?;
                outcome
            }
        }
    }};
}

pub(crate) use {in_transaction, on};

impl Store {
    /// Opens `sqlite://…` (the file is made if it is missing) or `postgres://…`. Changes no table:
    /// see [`Store::migrate`].
    pub async fn open(url: &str) -> Result<Self> {
        let pool = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Pool::Postgres(open_postgres(url).await?)
        } else {
            open_sqlite(url).await?
        };
        Ok(Self { pool, queries: Arc::default(), registrations: Registrations::default() })
    }

    /// Brings the tables up to this version; gives the descriptions of what was applied.
    pub async fn migrate(&self) -> Result<Vec<String>> {
        // Nothing locks SQLite for migrations, nor PostgreSQL before their own table is there. Of
        // two processes that start at the same time one fails, at most once for that table and for
        // each migration, and finds it done when it tries again.
        for _ in 0..=MIGRATIONS.iter().count() {
            if let Ok(applied) = self.try_to_migrate().await {
                return Ok(applied);
            }
        }
        self.try_to_migrate().await
    }

    async fn try_to_migrate(&self) -> Result<Vec<String>> {
        let pending = self.pending_migrations().await?;
        on!(self, write, db => MIGRATIONS.run(db).await)?;
        Ok(pending)
    }

    /// The descriptions of the migrations that this version has and the database has not.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let applied = on!(self, write, db => applied(&mut *db.acquire().await?).await?);
        let is_pending = |version| applied.iter().all(|done| done.version != version);
        let all = MIGRATIONS.iter().filter(|m| is_pending(m.version));
        Ok(all.map(|m| format!("{:04} {}", m.version, m.description)).collect())
    }

    /// Whether the database answers and has all the tables of this version.
    pub async fn ping(&self) -> Result<()> {
        const SQL: &str = "SELECT COUNT(*) FROM server_secrets";
        on!(self, read, db => sqlx::query(SQL).execute(db).await.map(|_| ()))?;
        Ok(())
    }

    /// Closes every connection, after what runs has ended.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Pool::Postgres(pool) => pool.close().await,
        }
    }

    /// The same database for work that nobody asked for: it does not count in
    /// [`Store::queries`].
    #[must_use]
    pub fn aside(&self) -> Self {
        Self { queries: Arc::default(), ..self.clone() }
    }

    /// How many times the database was asked anything; tests hold "before any query" by it.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    fn count_query(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
    }
}

async fn applied(connection: &mut impl Migrate) -> Result<Vec<AppliedMigration>> {
    let table = &MIGRATIONS.table_name;
    // Nodes that start at the same moment take turns.
    connection.lock().await?;
    let made = connection.ensure_migrations_table(table).await;
    connection.unlock().await?;
    made?;
    Ok(connection.list_applied_migrations(table).await?)
}

async fn open_postgres(url: &str) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url)?.application_name("vestibule");
    let pool = PgPoolOptions::new()
        .max_connections(16)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await?;
    Ok(pool)
}

async fn open_sqlite(url: &str) -> Result<Pool> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .journal_mode(SqliteJournalMode::Wal)
        // What was acknowledged survives a loss of power, not only a killed process.
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-8192");
    Ok(Pool::Sqlite {
        write: Writer::open(&options).await?,
        read: Arc::new(Readers::open(&options, READERS).await?),
    })
}

/// Every look-up by a secret or an id, by name: tests ask both databases for the plan of each and
/// hold that it uses an index.
#[doc(hidden)]
#[must_use]
pub fn lookups() -> Vec<(&'static str, &'static str)> {
    [
        accounts::LOOKUPS,
        clients::LOOKUPS,
        consents::LOOKUPS,
        ends::LOOKUPS,
        flows::LOOKUPS,
        grants::LOOKUPS,
        identifications::LOOKUPS,
        logouts::LOOKUPS,
        monitors::LOOKUPS,
        operation_ends::LOOKUPS,
        operations::LOOKUPS,
        payloads::LOOKUPS,
        refresh::LOOKUPS,
        secrets::LOOKUPS,
        sessions::LOOKUPS,
        sids::LOOKUPS,
        tokens::LOOKUPS,
        visits::LOOKUPS,
        waiting_pages::LOOKUPS,
    ]
    .concat()
}
