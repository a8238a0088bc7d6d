//! Which operation belongs to which order, in pay's own SQLite. The secrets of those who wait are
//! not here: by the same key the accounts server tells them again.

use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row, SqlitePool};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS questions (
    order_id TEXT PRIMARY KEY NOT NULL,
    attempt BIGINT NOT NULL,
    operation_id TEXT,
    cents BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    result TEXT
)";

/// The last question about each order.
pub(super) struct Questions {
    pool: SqlitePool,
}

/// What was asked about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Past {
    /// Which question about this order it was.
    pub(super) attempt: i64,
    /// None once it was taken back.
    pub(super) operation_id: Option<String>,
    /// The price that was asked about.
    pub(super) cents: i64,
    /// How long the person was given.
    pub(super) seconds: i64,
    /// The signed result, once it was had: it is given only once.
    pub(super) result: Option<String>,
}

impl Questions {
    /// Creates what is not there yet.
    pub(super) async fn open(pool: SqlitePool) -> Result<Self, Error> {
        sqlx::query(TABLE).execute(&pool).await?;
        Ok(Self { pool })
    }

    /// The last one about an order.
    pub(super) async fn about(&self, order: &str) -> Result<Option<Past>, Error> {
        const SQL: &str = "SELECT attempt, operation_id, cents, seconds, result
            FROM questions WHERE order_id = $1";
        sqlx::query(SQL).bind(order).try_map(|row| read(&row)).fetch_optional(&self.pool).await
    }

    /// Notes a question. An older one than what is known changes nothing.
    pub(super) async fn note(&self, order: &str, asked: &Past) -> Result<(), Error> {
        const SQL: &str =
            "INSERT INTO questions (order_id, attempt, operation_id, cents, seconds, result)
            VALUES ($1, $2, $3, $4, $5, NULL)
            ON CONFLICT (order_id) DO UPDATE SET attempt = $2, operation_id = $3, cents = $4,
                seconds = $5, result = NULL
            WHERE questions.attempt < $2";
        let query = sqlx::query(SQL).bind(order).bind(asked.attempt).bind(&asked.operation_id);
        query.bind(asked.cents).bind(asked.seconds).execute(&self.pool).await.map(drop)
    }

    /// Keeps the result of the operation that is asked about, and of no other.
    pub(super) async fn keep(&self, operation: &str, result: &str) -> Result<(), Error> {
        const SQL: &str = "UPDATE questions SET result = $2 WHERE operation_id = $1";
        sqlx::query(SQL).bind(operation).bind(result).execute(&self.pool).await.map(drop)
    }

    /// From now on nothing comes of this operation, whatever the accounts server says of it.
    pub(super) async fn drop_operation(&self, operation: &str) -> Result<(), Error> {
        const SQL: &str = "UPDATE questions SET operation_id = NULL, result = NULL
            WHERE operation_id = $1";
        sqlx::query(SQL).bind(operation).execute(&self.pool).await.map(drop)
    }
}

fn read(row: &SqliteRow) -> Result<Past, Error> {
    Ok(Past {
        attempt: row.try_get("attempt")?,
        operation_id: row.try_get("operation_id")?,
        cents: row.try_get("cents")?,
        seconds: row.try_get("seconds")?,
        result: row.try_get("result")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::sqlite::SqlitePoolOptions;

    fn past(attempt: i64, operation: &str) -> Past {
        let operation_id = Some(operation.to_owned());
        Past { attempt, operation_id, cents: 100, seconds: 300, result: None }
    }

    #[tokio::test]
    async fn the_newest_question_counts_and_its_result_goes_with_it() {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        let questions = Questions::open(pool).await.expect("creates its table");
        let now = async || questions.about("o").await.expect("works");
        assert_eq!(now().await, None);
        questions.note("o", &past(1, "first")).await.expect("works");
        questions.keep("first", "signed").await.expect("works");
        questions.note("o", &past(1, "first")).await.expect("works");
        let kept = Past { result: Some("signed".to_owned()), ..past(1, "first") };
        assert_eq!(now().await, Some(kept), "the same question again takes nothing away");

        questions.note("o", &past(2, "second")).await.expect("works");
        questions.note("o", &past(1, "first")).await.expect("works");
        questions.keep("first", "signed").await.expect("works");
        assert_eq!(now().await, Some(past(2, "second")));
        questions.drop_operation("second").await.expect("works");
        questions.keep("second", "signed").await.expect("works");
        assert_eq!(now().await, Some(Past { operation_id: None, ..past(2, "") }));
    }
}
