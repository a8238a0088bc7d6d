//! Sessions in a table of the application's own database.

use super::session::{Session, SessionStore, StoreError, StoredSession};
use sqlx::{ColumnIndex, Database, Decode, PgPool, Row, SqlitePool, Type};

/// Keeps sessions in the table `relying_sessions` of a SQLite or PostgreSQL database, which it
/// creates when it is not there.
pub struct SqlxStore(Pool);

enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// Runs the same expression on whichever database it is.
macro_rules! on {
    ($store:expr, $db:ident => $run:expr) => {
        match &$store.0 {
            Pool::Sqlite($db) => $run.await.map_err(StoreError::new),
            Pool::Postgres($db) => $run.await.map_err(StoreError::new),
        }
    };
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS relying_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    uid TEXT NOT NULL,
    sid TEXT NOT NULL,
    username TEXT,
    full_name TEXT,
    email TEXT,
    email_verified BIGINT NOT NULL,
    auth_time BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    checked_at BIGINT NOT NULL
)";
const INDEXES: [&str; 3] = [
    "CREATE INDEX IF NOT EXISTS relying_sessions_seen_at ON relying_sessions (seen_at)",
    "CREATE INDEX IF NOT EXISTS relying_sessions_sid ON relying_sessions (sid)",
    "CREATE INDEX IF NOT EXISTS relying_sessions_uid ON relying_sessions (uid)",
];

impl SqlxStore {
    /// On SQLite.
    pub async fn sqlite(pool: SqlitePool) -> Result<Self, StoreError> {
        Self(Pool::Sqlite(pool)).prepared().await
    }

    /// On PostgreSQL.
    pub async fn postgres(pool: PgPool) -> Result<Self, StoreError> {
        Self(Pool::Postgres(pool)).prepared().await
    }

    async fn prepared(self) -> Result<Self, StoreError> {
        // PostgreSQL lets two first starts at the same time collide in spite of IF NOT EXISTS,
        // over the table and over each index; the next try of the one that lost finds it.
        for _ in 0..=INDEXES.len() {
            if self.create().await.is_ok() {
                return Ok(self);
            }
        }
        self.create().await?;
        Ok(self)
    }

    async fn create(&self) -> Result<(), StoreError> {
        on!(self, db => done(sqlx::query(TABLE).execute(db)))?;
        for index in INDEXES {
            on!(self, db => done(sqlx::query(index).execute(db)))?;
        }
        Ok(())
    }
}

#[rocket::async_trait]
impl SessionStore for SqlxStore {
    async fn add(&self, id: &str, session: &StoredSession) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO relying_sessions (id, uid, sid, username, full_name, email,
                email_verified, auth_time, created_at, ends_at, seen_at, checked_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let person = &session.person;
        on!(self, db => done(sqlx::query(SQL)
            .bind(id)
            .bind(&person.uid)
            .bind(&person.sid)
            .bind(&person.username)
            .bind(&person.full_name)
            .bind(&person.email)
            .bind(i64::from(person.email_verified))
            .bind(person.auth_time)
            .bind(session.created_at)
            .bind(session.ends_at)
            .bind(session.seen_at)
            .bind(session.checked_at)
            .execute(db)))
    }

    async fn find(&self, id: &str) -> Result<Option<StoredSession>, StoreError> {
        const SQL: &str = "SELECT uid, sid, username, full_name, email, email_verified, auth_time,
                created_at, ends_at, seen_at, checked_at
            FROM relying_sessions WHERE id = $1";
        on!(self, db => sqlx::query(SQL).bind(id).try_map(|row| read(&row)).fetch_optional(db))
    }

    async fn touch(&self, id: &str, seen_at: i64, checked_at: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE relying_sessions SET seen_at = $2, checked_at = $3 WHERE id = $1";
        on!(self, db => done(sqlx::query(SQL)
            .bind(id)
            .bind(seen_at)
            .bind(checked_at)
            .execute(db)))
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM relying_sessions WHERE id = $1";
        on!(self, db => done(sqlx::query(SQL).bind(id).execute(db)))
    }

    async fn remove_sign_in(&self, sid: &str) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM relying_sessions WHERE sid = $1";
        on!(self, db => done(sqlx::query(SQL).bind(sid).execute(db)))
    }

    async fn remove_account(&self, uid: &str) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM relying_sessions WHERE uid = $1";
        on!(self, db => done(sqlx::query(SQL).bind(uid).execute(db)))
    }

    async fn purge(&self, now: i64, seen_before: i64) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM relying_sessions WHERE ends_at <= $1 OR seen_at < $2";
        on!(self, db => done(sqlx::query(SQL).bind(now).bind(seen_before).execute(db)))
    }
}

/// How many rows were written is not asked.
async fn done<T, E>(query: impl Future<Output = Result<T, E>>) -> Result<(), E> {
    query.await.map(drop)
}

fn read<'r, R: Row>(row: &'r R) -> Result<StoredSession, sqlx::Error>
where
    &'static str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    Ok(StoredSession {
        person: Session {
            uid: row.try_get("uid")?,
            sid: row.try_get("sid")?,
            username: row.try_get("username")?,
            full_name: row.try_get("full_name")?,
            email: row.try_get("email")?,
            email_verified: row.try_get::<i64, _>("email_verified")? != 0,
            auth_time: row.try_get("auth_time")?,
        },
        created_at: row.try_get("created_at")?,
        ends_at: row.try_get("ends_at")?,
        seen_at: row.try_get("seen_at")?,
        checked_at: row.try_get("checked_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::session::samples;
    use super::*;
    use sqlx::sqlite::SqlitePoolOptions;

    #[tokio::test]
    async fn it_keeps_sessions_as_every_store_does() {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        let store = SqlxStore::sqlite(pool.clone()).await.expect("creates its table");
        samples::behaves(&store).await;
        SqlxStore::sqlite(pool).await.expect("finds its table again");
    }
}
