//! The notes themselves, in their own SQLite.

use crate::clock::Clock;
use crate::demo::when;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row, SqlitePool};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target TEXT NOT NULL,
    uid TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    written_at BIGINT NOT NULL
)";
const INDEXES: [&str; 2] = [
    "CREATE INDEX IF NOT EXISTS notes_target ON notes (target)",
    "CREATE INDEX IF NOT EXISTS notes_uid ON notes (uid)",
];

/// Most notes that are shown at once, the newest of them.
const MOST: i64 = 200;

/// All notes.
pub(super) struct Writings {
    pool: SqlitePool,
    clock: Clock,
}

/// A note on a page.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Note {
    id: i64,
    target: String,
    author: String,
    text: String,
    /// In words for people.
    at: String,
    /// Whether it is the asking person's own.
    mine: bool,
}

impl Writings {
    /// Creates what is not there yet.
    pub(super) async fn open(pool: SqlitePool, clock: Clock) -> Result<Self, Error> {
        sqlx::query(TABLE).execute(&pool).await?;
        for index in INDEXES {
            sqlx::query(index).execute(&pool).await?;
        }
        Ok(Self { pool, clock })
    }

    /// The notes on a page, the oldest first, as one person or nobody sees them.
    pub(super) async fn on(&self, target: &str, uid: Option<&str>) -> Result<Vec<Note>, Error> {
        const SQL: &str = "SELECT id, target, uid, author, text, written_at FROM notes
            WHERE target = $1 ORDER BY id DESC LIMIT $2";
        let query = sqlx::query(SQL).bind(target).bind(MOST);
        let mut notes = query.try_map(|row| read(&row, uid)).fetch_all(&self.pool).await?;
        notes.reverse();
        Ok(notes)
    }

    /// A person's own notes, the newest first.
    pub(super) async fn by(&self, uid: &str) -> Result<Vec<Note>, Error> {
        const SQL: &str = "SELECT id, target, uid, author, text, written_at FROM notes
            WHERE uid = $1 ORDER BY id DESC LIMIT $2";
        let query = sqlx::query(SQL).bind(uid).bind(MOST);
        query.try_map(|row| read(&row, Some(uid))).fetch_all(&self.pool).await
    }

    /// Writes a note.
    pub(super) async fn add(
        &self,
        target: &str,
        uid: &str,
        author: &str,
        text: &str,
    ) -> Result<(), Error> {
        const SQL: &str = "INSERT INTO notes (target, uid, author, text, written_at)
            VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(SQL).bind(target).bind(uid).bind(author).bind(text);
        query.bind(self.clock.now()).execute(&self.pool).await.map(drop)
    }

    /// Removes a person's own note; says whether there was one.
    pub(super) async fn remove(&self, id: i64, uid: &str) -> Result<bool, Error> {
        const SQL: &str = "DELETE FROM notes WHERE id = $1 AND uid = $2";
        let gone = sqlx::query(SQL).bind(id).bind(uid).execute(&self.pool).await?;
        Ok(gone.rows_affected() > 0)
    }
}

fn read(row: &SqliteRow, uid: Option<&str>) -> Result<Note, Error> {
    Ok(Note {
        id: row.try_get("id")?,
        target: row.try_get("target")?,
        author: row.try_get("author")?,
        text: row.try_get("text")?,
        at: when(row.try_get("written_at")?),
        mine: uid == Some(row.try_get("uid")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqlitePoolOptions;

    #[tokio::test]
    async fn notes_belong_to_a_page_and_a_person() {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        let writings = Writings::open(pool, Clock::manual(0)).await.expect("creates its table");
        writings.add("p", "a", "Alice", "first").await.expect("works");
        writings.add("p", "b", "Bob", "second").await.expect("works");
        writings.add("q", "b", "Bob", "elsewhere").await.expect("works");

        let seen = writings.on("p", Some("b")).await.expect("works");
        let seen: Vec<_> = seen.iter().map(|n| (n.text.as_str(), n.mine)).collect();
        assert_eq!(seen, [("first", false), ("second", true)]);
        assert!(writings.on("p", None).await.expect("works").iter().all(|note| !note.mine));
        assert_eq!(writings.by("b").await.expect("works").len(), 2);
        assert!(!writings.remove(1, "b").await.expect("works"), "it is Alice's");
        assert!(writings.remove(1, "a").await.expect("works"));
        assert_eq!(writings.on("p", None).await.expect("works").len(), 1);
    }
}
