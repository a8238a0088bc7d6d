//! Connections to an SQLite file, and those of them that read.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// How long a caller waits for a connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection is trusted to be well.
const TRUST: Duration = Duration::from_secs(1);

/// A connection, opened anew if it breaks.
///
/// It has a thread of its own, and a query is a trip to it and back. The pool of sqlx makes a
/// second trip after each use, in a task of its own, to ask whether the connection is still well:
/// for a file, which does not go away, that doubles the price of a look-up. So there is no pool
/// here, and a connection is asked once in a while.
pub(super) struct Connection {
    options: SqliteConnectOptions,
    open: Option<SqliteConnection>,
    asked: Instant,
}

impl Connection {
    pub(super) async fn open(options: &SqliteConnectOptions) -> sqlx::Result<Self> {
        Ok(Self {
            options: options.clone(),
            open: Some(connect(options).await?),
            asked: Instant::now(),
        })
    }

    /// Sees to it that the connection is well, if that was not done for a while.
    pub(super) async fn refresh(&mut self) -> sqlx::Result<()> {
        let Some(connection) = &mut self.open else {
            return Err(sqlx::Error::PoolClosed);
        };
        if self.asked.elapsed() < TRUST {
            return Ok(());
        }
        if let Err(error) = connection.ping().await {
            tracing::warn!(%error, "a connection to the database is opened anew");
            *connection = connect(&self.options).await?;
        }
        self.asked = Instant::now();
        Ok(())
    }

    pub(super) fn get(&mut self) -> &mut SqliteConnection {
        self.open.as_mut().expect("it was refreshed, so it is open")
    }

    pub(super) async fn close(&mut self) {
        let Some(connection) = self.open.take() else {
            return;
        };
        if let Err(error) = connection.close().await {
            tracing::warn!(%error, "a connection to the database did not close");
        }
    }
}

/// Connects once the file is not locked. SQLite waits for locks by itself, except while another
/// process that opens a new file at the same time switches it to WAL, which takes a moment.
async fn connect(options: &SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
    const BUSY: &str = "5";
    for _ in 0..100 {
        match options.connect().await {
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(BUSY) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            connected => return connected,
        }
    }
    options.connect().await
}

/// Connections that read, each lent to one caller at a time.
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
    count: u32,
}

impl Readers {
    /// Opens so many.
    pub(super) async fn open(options: &SqliteConnectOptions, count: u32) -> sqlx::Result<Self> {
        let mut idle = Vec::new();
        for _ in 0..count {
            idle.push(Connection::open(options).await?);
        }
        Ok(Self { permits: Semaphore::new(idle.len()), idle: Mutex::new(idle), count })
    }

    /// Lends a connection, the one that came back last: its cache is the warmest.
    pub(super) async fn lend(&self) -> sqlx::Result<Lent<'_>> {
        let permit = match self.permits.try_acquire() {
            Ok(permit) => permit,
            Err(_) => self.wait(1).await?,
        };
        let idle = self.idle().pop();
        let mut lent = Lent { from: self, connection: idle, _permit: permit };
        match &mut lent.connection {
            Some(connection) => connection.refresh().await?,
            None => return Err(sqlx::Error::PoolClosed),
        }
        Ok(lent)
    }

    async fn wait(&self, count: u32) -> sqlx::Result<SemaphorePermit<'_>> {
        let permits = timeout(PATIENCE, self.permits.acquire_many(count)).await;
        let permits = permits.map_err(|_| sqlx::Error::PoolTimedOut)?;
        permits.map_err(|_| sqlx::Error::PoolClosed)
    }

    /// Waits until all are back, for a while, then closes them and lends no more.
    pub(super) async fn close(&self) {
        let all = self.wait(self.count).await;
        self.permits.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for mut connection in idle {
            connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers")
            .field("idle", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}

/// A connection on loan. Dropped, it goes back.
pub(super) struct Lent<'a> {
    from: &'a Readers,
    connection: Option<Connection>,
    _permit: SemaphorePermit<'a>,
}

impl Lent<'_> {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("it was lent").get()
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.from.idle().extend(self.connection.take());
    }
}
