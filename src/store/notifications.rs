//! What the processes that share a PostgreSQL tell each other. Messages are not kept: who does not
//! listen does not hear them.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::time::timeout;

use super::{Pool, Result, Store, StoreError};

/// Silence after which it is looked whether the connection still stands: a host that is gone says
/// nothing, for hours.
const SILENCE: Duration = Duration::from_secs(30);
/// How long the answer to that, and a new connection, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// One for all: who shares the database under another schema is heard too, and not known.
const CHANNEL: &str = "vestibule";

/// A connection that hears what is said. It is lost at the first error; another is to be opened.
pub struct Listener {
    listener: PgListener,
    /// The connections of the store: when they are closed, this ends too.
    store: PgPool,
}

impl Store {
    /// Whether other processes may use this database: not on SQLite.
    #[must_use]
    pub fn may_have_other_nodes(&self) -> bool {
        matches!(self.pool, Pool::Postgres(_))
    }

    /// Whether [`Store::close`] was called. An SQLite file is not asked.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(&self.pool, Pool::Postgres(pool) if pool.is_closed())
    }

    /// Says something to every process that listens, this one too. A message has at most 7,999
    /// bytes, or none of these is sent.
    pub async fn notify(&self, messages: &[String]) -> Result<()> {
        const SQL: &str = "SELECT pg_notify($1, message) FROM UNNEST($2::TEXT[]) AS message";
        if let Pool::Postgres(pool) = &self.pool {
            self.count_query();
            sqlx::query(SQL).bind(CHANNEL).bind(messages).execute(pool).await?;
        }
        Ok(())
    }

    /// Opens a connection of its own that hears what is said from now on.
    pub async fn listen(&self) -> Result<Listener> {
        let Pool::Postgres(store) = &self.pool else {
            return Err(StoreError::new("nobody else uses an SQLite file"));
        };
        // Not one of the store's own, which may all be busy when it is wanted again.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with((*store.connect_options()).clone());
        let open = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            // By itself it would connect again after some errors and not after others.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok::<_, sqlx::Error>(listener)
        };
        let opened = timeout(PATIENCE, open).await;
        let listener = opened.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Listener { listener, store: store.clone() })
    }
}

impl Listener {
    /// Waits for the next message. An error means that some may have been lost.
    pub async fn next(&mut self) -> Result<String> {
        loop {
            let mut closing = self.store.close_event();
            let next = timeout(SILENCE, closing.do_until(self.listener.try_recv())).await;
            let Ok(next) = next else {
                self.check().await?;
                continue;
            };
            let Some(message) = next?? else {
                return Err(StoreError::new("the connection that listens was lost"));
            };
            return Ok(message.payload().to_owned());
        }
    }

    async fn check(&mut self) -> Result<()> {
        let asked = timeout(PATIENCE, sqlx::query("SELECT 1").execute(&mut self.listener)).await;
        asked.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(())
    }
}
