//! The wiki's pages and every revision of them, in its own SQLite.

use crate::clock::Clock;
use crate::demo::when;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row, SqlitePool};

const TABLES: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS pages (
        slug TEXT PRIMARY KEY NOT NULL,
        title TEXT NOT NULL,
        latest BIGINT NOT NULL
    )",
    "CREATE TABLE IF NOT EXISTS revisions (
        slug TEXT NOT NULL REFERENCES pages (slug),
        number BIGINT NOT NULL,
        text TEXT NOT NULL,
        author TEXT NOT NULL,
        written_at BIGINT NOT NULL,
        PRIMARY KEY (slug, number)
    )",
];

/// What a fresh wiki begins with.
const FIRST_PAGES: [(&str, &str); 3] = [
    ("Front page", include_str!("first/front_page.txt")),
    ("How it knows you", include_str!("first/how_it_knows_you.txt")),
    ("Things to try", include_str!("first/things_to_try.txt")),
];

/// The wiki's content.
pub(super) struct Pages {
    pool: SqlitePool,
    clock: Clock,
}

/// A page as it was at one time.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Revision {
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) number: i64,
    pub(super) text: String,
    pub(super) author: String,
    /// In words for people.
    pub(super) at: String,
}

/// How writing a page went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done,
    /// There is such a page already, or it has been changed meanwhile.
    Conflict,
}

impl Pages {
    /// Creates what is not there yet.
    pub(super) async fn open(pool: SqlitePool, clock: Clock) -> Result<Self, Error> {
        for table in TABLES {
            sqlx::query(table).execute(&pool).await?;
        }
        let pages = Self { pool, clock };
        for (title, text) in FIRST_PAGES {
            pages.create(title, text, "Wiki").await?;
        }
        Ok(pages)
    }

    /// All pages, by title.
    pub(super) async fn all(&self) -> Result<Vec<Revision>, Error> {
        const SQL: &str = "SELECT p.slug, title, number, text, author, written_at
            FROM pages p JOIN revisions r ON r.slug = p.slug AND r.number = p.latest
            ORDER BY title";
        sqlx::query(SQL).try_map(|row| read(&row)).fetch_all(&self.pool).await
    }

    /// A page as it is now.
    pub(super) async fn latest(&self, slug: &str) -> Result<Option<Revision>, Error> {
        const SQL: &str = "SELECT p.slug, title, number, text, author, written_at
            FROM pages p JOIN revisions r ON r.slug = p.slug AND r.number = p.latest
            WHERE p.slug = $1";
        sqlx::query(SQL).bind(slug).try_map(|row| read(&row)).fetch_optional(&self.pool).await
    }

    /// A page as it was.
    pub(super) async fn revision(
        &self,
        slug: &str,
        number: i64,
    ) -> Result<Option<Revision>, Error> {
        const SQL: &str = "SELECT p.slug, title, number, text, author, written_at
            FROM pages p JOIN revisions r ON r.slug = p.slug
            WHERE p.slug = $1 AND number = $2";
        let query = sqlx::query(SQL).bind(slug).bind(number);
        query.try_map(|row| read(&row)).fetch_optional(&self.pool).await
    }

    /// Who wrote a page, the newest first.
    pub(super) async fn history(&self, slug: &str) -> Result<Vec<Revision>, Error> {
        const SQL: &str = "SELECT p.slug, title, number, text, author, written_at
            FROM pages p JOIN revisions r ON r.slug = p.slug
            WHERE p.slug = $1 ORDER BY number DESC";
        sqlx::query(SQL).bind(slug).try_map(|row| read(&row)).fetch_all(&self.pool).await
    }

    /// Writes a new page.
    pub(super) async fn create(
        &self,
        title: &str,
        text: &str,
        author: &str,
    ) -> Result<Written, Error> {
        const SQL: &str =
            "INSERT INTO pages (slug, title, latest) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING";
        let slug = slug(title);
        let mut transaction = self.pool.begin().await?;
        let query = sqlx::query(SQL).bind(&slug).bind(title);
        let added = query.execute(&mut *transaction).await?;
        self.finish(transaction, added.rows_affected(), (&slug, 1), text, author).await
    }

    /// Writes the next revision of a page, if `number` is still the latest one.
    pub(super) async fn edit(
        &self,
        slug: &str,
        number: i64,
        text: &str,
        author: &str,
    ) -> Result<Written, Error> {
        const SQL: &str = "UPDATE pages SET latest = latest + 1 WHERE slug = $1 AND latest = $2";
        let mut transaction = self.pool.begin().await?;
        let query = sqlx::query(SQL).bind(slug).bind(number);
        let changed = query.execute(&mut *transaction).await?;
        let next = number.saturating_add(1);
        self.finish(transaction, changed.rows_affected(), (slug, next), text, author).await
    }

    async fn finish(
        &self,
        mut transaction: sqlx::SqliteTransaction<'_>,
        claimed: u64,
        (slug, number): (&str, i64),
        text: &str,
        author: &str,
    ) -> Result<Written, Error> {
        const SQL: &str = "INSERT INTO revisions (slug, number, text, author, written_at)
            VALUES ($1, $2, $3, $4, $5)";
        if claimed == 0 {
            return Ok(Written::Conflict);
        }
        let query = sqlx::query(SQL).bind(slug).bind(number).bind(text).bind(author);
        query.bind(self.clock.now()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Written::Done)
    }
}

fn read(row: &SqliteRow) -> Result<Revision, Error> {
    Ok(Revision {
        slug: row.try_get("slug")?,
        title: row.try_get("title")?,
        number: row.try_get("number")?,
        text: row.try_get("text")?,
        author: row.try_get("author")?,
        at: when(row.try_get("written_at")?),
    })
}

/// The title as it stands in addresses: letters and digits in lower case, `-` for the rest.
pub(super) fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqlitePoolOptions;

    async fn pages() -> Pages {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        Pages::open(pool, Clock::manual(0)).await.expect("creates its tables")
    }

    #[tokio::test]
    async fn of_two_edits_of_one_revision_the_second_is_a_conflict() {
        let pages = pages().await;
        assert_eq!(
            pages.edit("front-page", 1, "by alice", "Alice").await.expect("works"),
            Written::Done
        );
        let late = pages.edit("front-page", 1, "by bob", "Bob").await.expect("works");
        assert_eq!(late, Written::Conflict);
        let page = pages.latest("front-page").await.expect("works").expect("is there");
        assert_eq!(
            (page.number, page.author.as_str(), page.text.as_str()),
            (2, "Alice", "by alice")
        );
        let authors: Vec<String> = pages
            .history("front-page")
            .await
            .expect("works")
            .into_iter()
            .map(|r| r.author)
            .collect();
        assert_eq!(authors, ["Alice", "Wiki"]);
    }

    #[tokio::test]
    async fn a_page_of_the_same_title_is_not_overwritten() {
        let pages = pages().await;
        let again = pages.create("FRONT  page!", "mine", "Bob").await.expect("works");
        assert_eq!(again, Written::Conflict);
        assert_eq!(pages.all().await.expect("works").len(), FIRST_PAGES.len());
        assert_eq!(
            pages.edit("no-such-page", 0, "x", "Bob").await.expect("works"),
            Written::Conflict
        );
    }

    #[test]
    fn titles_become_addresses() {
        assert_eq!(slug("  Things, to try! "), "things-to-try");
        assert_eq!(slug("Ärger & Öl"), "ärger-öl");
        assert_eq!(slug("…"), "");
    }
}
