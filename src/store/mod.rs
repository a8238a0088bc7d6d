//! The only place that knows SQL. One text for each query serves both databases: `$1`
//! placeholders, `RETURNING`, `ON CONFLICT`, columns of TEXT and BIGINT.
//!
//! One method is one transaction. What refuses access is read here on every request.

pub mod accounts;
pub mod clients;
pub mod consents;
mod error;
pub mod payloads;
mod secrets;
pub mod sessions;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    queries: Arc<AtomicU64>,
}

/// SQLite has one connection that writes and several that read beside it (WAL).
#[derive(Clone, Debug)]
enum Pool {
    Sqlite { read: SqlitePool, write: SqlitePool },
    Postgres(PgPool),
}

/// Expands an expression for each driver, outside a transaction. `read` connections see all that
/// was committed; `write` is the one connection of SQLite that may write.
macro_rules! on {
    ($store:expr, $which:ident, $db:ident => $body:expr) => {{
        $store.count_query();
        match &$store.pool {
            $crate::store::Pool::Sqlite { $which: $db, .. } => $body,
            $crate::store::Pool::Postgres($db) => $body,
        }
    }};
}

/// Expands a block for each driver inside a transaction that it commits at the end. An early
/// `return` or `?` rolls back.
macro_rules! in_transaction {
    ($store:expr, $tx:ident => $body:block) => {{
        $store.count_query();
        match &$store.pool {
            $crate::store::Pool::Sqlite { write, .. } => {
                // Takes the write lock at once, so that no upgrade can fail in the middle.
                let mut $tx = write.begin_with("BEGIN IMMEDIATE").await?;
                let outcome = $body;
                $tx.commit().await?;
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
        Ok(Self { pool, queries: Arc::default() })
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
        let applied = on!(self, write, db => {
            let mut connection = db.acquire().await?;
            // Nodes that start at the same moment take turns.
            connection.lock().await?;
            let made = connection.ensure_migrations_table(&MIGRATIONS.table_name).await;
            connection.unlock().await?;
            made?;
            connection.list_applied_migrations(&MIGRATIONS.table_name).await?
        });
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

    /// How many times the database was asked anything; tests hold "before any query" by it.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    fn count_query(&self) {
        self.queries.fetch_add(1, Ordering::Relaxed);
    }
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
        .pragma("cache_size", "-8192")
        .pragma("mmap_size", "134217728");
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None)
            // The file does not go away; asking it first would double the work.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(5))
    };
    let write = connect_sqlite(pool(1), &options).await?;
    let read = connect_sqlite(pool(4), &options).await?;
    Ok(Pool::Sqlite { read, write })
}

/// Connects once the file is not locked. SQLite waits for locks by itself, except while another
/// process that opens a new file at the same time switches it to WAL, which takes a moment.
async fn connect_sqlite(
    pool: SqlitePoolOptions,
    options: &SqliteConnectOptions,
) -> Result<SqlitePool> {
    const BUSY: &str = "5";
    for _ in 0..100 {
        match pool.clone().connect_with(options.clone()).await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connected => return Ok(connected?),
        }
    }
    Ok(pool.connect_with(options.clone()).await?)
}

/// Every look-up by a secret or an id, by name: tests ask both databases for the plan of each and
/// hold that it uses an index.
#[doc(hidden)]
#[must_use]
pub fn lookups() -> Vec<(&'static str, &'static str)> {
    [accounts::LOOKUPS, clients::LOOKUPS, consents::LOOKUPS, payloads::LOOKUPS, sessions::LOOKUPS]
        .concat()
}
