//! A database of its own for each test: an SQLite file, or a schema in the PostgreSQL that
//! `TEST_POSTGRES` names.

use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::path::{Path, PathBuf};
use vestibule::random;

/// Where one test keeps its data.
pub enum Database {
    Sqlite { folder: tempfile::TempDir },
    Postgres { url: String },
}

impl Database {
    pub async fn new() -> Self {
        if let Ok(server) = std::env::var("TEST_POSTGRES") {
            return Self::new_schema(&server).await;
        }
        Self::new_file()
    }

    /// An SQLite file that is not there yet, whatever the other tests run on.
    pub fn new_file() -> Self {
        Self::Sqlite { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// An SQLite file that begins as a copy of another, whatever the other tests run on.
    pub fn copy_of(file: &Path) -> Self {
        let database = Self::new_file();
        let copy = database.file().expect("a file");
        std::fs::copy(file, copy).expect("the file can be copied");
        database
    }

    async fn new_schema(server: &str) -> Self {
        let schema = format!("test_{}", random::id());
        let mut connection = PgConnection::connect(server).await.expect("PostgreSQL answers");
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        sqlx::query(create).execute(&mut connection).await.expect("a schema can be made");
        let joint = if server.contains('?') { '&' } else { '?' };
        Self::Postgres { url: format!("{server}{joint}options=-csearch_path%3D{schema}") }
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => {
                format!("sqlite://{}", folder.path().join("test.db").display())
            }
            Self::Postgres { url } => url.clone(),
        }
    }

    /// The file, on SQLite.
    pub fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite { folder } => Some(folder.path().join("test.db")),
            Self::Postgres { .. } => None,
        }
    }

    /// Every row of a table as text, columns joined by `|`, in the order of the first column.
    pub async fn rows(&self, table: &str, columns: &[&str]) -> Vec<String> {
        let parts: Vec<String> =
            columns.iter().map(|c| format!("COALESCE(CAST({c} AS TEXT), 'null')")).collect();
        self.texts(&format!("SELECT {} FROM {table} ORDER BY 1", parts.join(" || '|' || "))).await
    }

    /// All that is in the database, to look for what must not be there.
    pub async fn everything(&self) -> String {
        let Some(file) = self.file() else {
            return self.every_row().await;
        };
        let parts = [file.clone(), file.with_extension("db-wal")];
        let bytes = parts.iter().flat_map(|part| std::fs::read(part).unwrap_or_default());
        String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
    }

    async fn every_row(&self) -> String {
        let named = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables \
            WHERE table_schema = current_schema()";
        let mut all = String::new();
        for table in self.texts(named).await {
            let rows = self.texts(&format!("SELECT CAST(t AS TEXT) FROM {table} t")).await;
            all.push_str(&rows.join("\n"));
        }
        all
    }

    /// The first column, as text, of whatever a statement gives.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite { .. } => {
                let mut connection =
                    SqliteConnection::connect(&self.url()).await.expect("the file opens");
                let rows =
                    sqlx::query(sql).fetch_all(&mut connection).await.expect("the query runs");
                rows.iter().map(|row| row.get::<String, _>(0)).collect()
            }
            Self::Postgres { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                let rows =
                    sqlx::query(sql).fetch_all(&mut connection).await.expect("the query runs");
                rows.iter().map(|row| row.get::<String, _>(0)).collect()
            }
        }
    }

    /// Runs a statement.
    pub async fn execute(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite { .. } => {
                let mut connection =
                    SqliteConnection::connect(&self.url()).await.expect("the file opens");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statement runs");
            }
            Self::Postgres { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statement runs");
            }
        }
    }

    /// Every table that the server has made, by name.
    pub async fn tables(&self) -> Vec<String> {
        let sql = if self.is_postgres() {
            "SELECT table_name::text FROM information_schema.tables \
             WHERE table_schema = current_schema() ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"
        };
        let tables = self.texts(sql).await.into_iter();
        tables.filter(|name| !name.starts_with('_')).collect()
    }

    /// The columns of a table, by name.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        let sql = if self.is_postgres() {
            format!(
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}' ORDER BY 1"
            )
        } else {
            format!("SELECT name FROM pragma_table_info('{table}') ORDER BY 1")
        };
        self.texts(&sql).await
    }

    /// Every row of every table, but for the columns named.
    pub async fn every_row_but(&self, but: &[&str]) -> Vec<String> {
        let mut everything = Vec::new();
        for table in self.tables().await {
            let columns = self.columns(&table).await;
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let columns: Vec<&str> = columns.into_iter().filter(|c| !but.contains(c)).collect();
            let rows = self.rows(&table, &columns).await;
            everything.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        everything
    }
}
