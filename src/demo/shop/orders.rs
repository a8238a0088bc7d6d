//! The orders, in the shop's own SQLite. What is paid is decided here, by one statement.

use super::goods::good;
use super::invoices::{self, Invoice};
use crate::clock::Clock;
use crate::demo::money::euros;
use crate::demo::when;
use crate::domain::secret::SecretHash;
use crate::random;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row, SqlitePool};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY NOT NULL,
    good TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    cents BIGINT NOT NULL,
    visit TEXT NOT NULL,
    sub TEXT,
    ordered_at BIGINT NOT NULL,
    paid_at BIGINT,
    receipt TEXT
)";

/// Reads orders, each with what is known of its invoice.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, good, quantity, cents, visit, sub, ordered_at, paid_at, receipt,
            invoiced_at, identified_at, provider, level
            FROM orders LEFT JOIN invoices ON order_id = id ",
            $rest
        )
    };
}

/// Most pieces in one order.
pub(super) const MOST: i64 = 9;

/// All orders.
pub(super) struct Orders {
    pub(super) pool: SqlitePool,
    pub(super) clock: Clock,
}

/// An order as pages show it.
#[derive(Debug, Serialize)]
pub(super) struct Order {
    pub(super) id: String,
    /// The beginning of the id, which is enough for people.
    number: String,
    slug: String,
    pub(super) title: String,
    pub(super) quantity: i64,
    amount: String,
    ordered: String,
    /// When it was paid, in words.
    pub(super) paid: Option<String>,
    receipt: Option<String>,
    /// That it goes on invoice.
    pub(super) invoice: Option<Invoice>,
    #[serde(skip)]
    pub(super) cents: i64,
    /// Since when it is the order that it is.
    #[serde(skip)]
    pub(super) ordered_at: i64,
    /// Whose it is; nobody's yet when it was ordered by somebody not signed in.
    #[serde(skip)]
    pub(super) sub: Option<String>,
    /// The browser that it was ordered with.
    #[serde(skip)]
    visit: String,
}

/// What a payment came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Paid {
    Done,
    /// It has been paid before, or is not the order that was seen.
    Conflict,
}

impl Orders {
    /// Creates what is not there yet.
    pub(super) async fn open(pool: SqlitePool, clock: Clock) -> Result<Self, Error> {
        for table in [TABLE, invoices::TABLE] {
            sqlx::query(table).execute(&pool).await?;
        }
        Ok(Self { pool, clock })
    }

    /// Orders one piece, for a person or for a browser; gives the order's id.
    pub(super) async fn place(
        &self,
        slug: &str,
        cents: i64,
        visit: &SecretHash,
        sub: Option<&str>,
    ) -> Result<String, Error> {
        const SQL: &str = "INSERT INTO orders (id, good, quantity, cents, visit, sub, ordered_at)
            VALUES ($1, $2, 1, $3, $4, $5, $6)";
        let id = random::id();
        let query = sqlx::query(SQL).bind(&id).bind(slug).bind(cents);
        let query = query.bind(visit.as_str()).bind(sub).bind(self.clock.now());
        query.execute(&self.pool).await?;
        Ok(id)
    }

    /// What was ordered with this browser before anybody signed in is theirs from now on, and no earlier:
    /// what they proved before is not about it.
    pub(super) async fn claim(&self, visit: &SecretHash, sub: &str) -> Result<(), Error> {
        const SQL: &str =
            "UPDATE orders SET sub = $1, ordered_at = $3 WHERE visit = $2 AND sub IS NULL";
        let query = sqlx::query(SQL).bind(sub).bind(visit.as_str()).bind(self.clock.now());
        query.execute(&self.pool).await.map(drop)
    }

    /// One order, whoever it belongs to.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Order>, Error> {
        const SQL: &str = select!("WHERE id = $1");
        sqlx::query(SQL).bind(id).try_map(|row| read(&row)).fetch_optional(&self.pool).await
    }

    /// A person's orders, the newest first.
    pub(super) async fn of(&self, sub: &str) -> Result<Vec<Order>, Error> {
        const SQL: &str = select!("WHERE sub = $1 ORDER BY ordered_at DESC LIMIT 100");
        sqlx::query(SQL).bind(sub).try_map(|row| read(&row)).fetch_all(&self.pool).await
    }

    /// Changes how many are ordered, while nothing is settled; says whether it did. It is a new order
    /// from then on: what was proved for the one before it is not for this one.
    pub(super) async fn change(&self, id: &str, quantity: i64, cents: i64) -> Result<bool, Error> {
        const SQL: &str = "UPDATE orders SET quantity = $2, cents = $3, ordered_at = $4
            WHERE id = $1 AND paid_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM invoices WHERE order_id = orders.id)";
        let query = sqlx::query(SQL).bind(id).bind(quantity).bind(cents).bind(self.clock.now());
        Ok(query.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Notes that exactly this amount was paid, once.
    pub(super) async fn pay(&self, id: &str, cents: i64, receipt: &str) -> Result<Paid, Error> {
        const SQL: &str = "UPDATE orders SET paid_at = $3, receipt = $4
            WHERE id = $1 AND cents = $2 AND paid_at IS NULL AND sub IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM invoices WHERE order_id = orders.id)";
        let query = sqlx::query(SQL).bind(id).bind(cents).bind(self.clock.now()).bind(receipt);
        let done = query.execute(&self.pool).await?.rows_affected() > 0;
        Ok(if done { Paid::Done } else { Paid::Conflict })
    }
}

impl Order {
    /// Whether it may be seen: by its owner, or, while it has none, by the browser it came from.
    pub(super) fn is_for(&self, sub: Option<&str>, visit: Option<&SecretHash>) -> bool {
        match &self.sub {
            Some(owner) => sub == Some(owner),
            None => visit.is_some_and(|visit| visit.as_str() == self.visit),
        }
    }

    /// Whether nothing is left to be done: it is paid, or on invoice.
    pub(super) fn is_settled(&self) -> bool {
        self.paid.is_some() || self.invoice.is_some()
    }

    /// What so many pieces cost, as long as the shop still has it.
    pub(super) fn cents_for(&self, quantity: i64) -> Option<i64> {
        let good = good(&self.slug).filter(|_| (1..=MOST).contains(&quantity))?;
        Some(good.cents * quantity)
    }
}

fn read(row: &SqliteRow) -> Result<Order, Error> {
    let (id, slug): (String, String) = (row.try_get("id")?, row.try_get("good")?);
    let (cents, paid_at): (i64, Option<i64>) = (row.try_get("cents")?, row.try_get("paid_at")?);
    let ordered_at = row.try_get("ordered_at")?;
    Ok(Order {
        number: id.chars().take(6).collect::<String>().to_uppercase(),
        title: good(&slug).map_or(slug.as_str(), |good| good.title).to_owned(),
        quantity: row.try_get("quantity")?,
        amount: euros(cents),
        ordered: when(ordered_at),
        paid: paid_at.map(when),
        receipt: row.try_get("receipt")?,
        invoice: invoices::read(row)?,
        cents,
        ordered_at,
        sub: row.try_get("sub")?,
        visit: row.try_get("visit")?,
        id,
        slug,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use sqlx::sqlite::SqlitePoolOptions;

    async fn orders() -> Orders {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        Orders::open(pool, Clock::manual(0)).await.expect("creates its table")
    }

    #[tokio::test]
    async fn an_order_is_paid_once_and_exactly() {
        let orders = orders().await;
        let visit = Secret::random().hash();
        let id = orders.place("atlas", 2_450, &visit, Some("alice")).await.expect("works");
        assert_eq!(orders.pay(&id, 2_449, "r").await.expect("works"), Paid::Conflict);
        assert!(orders.change(&id, 2, 4_900).await.expect("works"));
        assert_eq!(orders.pay(&id, 2_450, "r").await.expect("works"), Paid::Conflict);
        assert_eq!(orders.pay(&id, 4_900, "r").await.expect("works"), Paid::Done);
        assert_eq!(orders.pay(&id, 4_900, "s").await.expect("works"), Paid::Conflict);
        assert!(!orders.change(&id, 1, 2_450).await.expect("works"), "it is paid");
        let order = orders.find(&id).await.expect("works").expect("is there");
        assert_eq!((order.amount.as_str(), order.receipt.as_deref()), ("€49.00", Some("r")));
        assert_eq!(orders.pay("none", 1, "r").await.expect("works"), Paid::Conflict);
    }

    #[tokio::test]
    async fn an_order_is_for_its_browser_until_somebody_signs_in() {
        let orders = orders().await;
        let (visit, other) = (Secret::random().hash(), Secret::random().hash());
        let id = orders.place("doors", 3_200, &visit, None).await.expect("works");
        let found = || async { orders.find(&id).await.expect("works").expect("is there") };
        let order = found().await;
        assert!(order.is_for(None, Some(&visit)) && order.is_for(Some("bob"), Some(&visit)));
        assert!(!order.is_for(Some("alice"), Some(&other)) && !order.is_for(None, None));
        assert_eq!(orders.pay(&id, 3_200, "r").await.expect("works"), Paid::Conflict);

        orders.claim(&other, "bob").await.expect("works");
        orders.claim(&visit, "alice").await.expect("works");
        orders.claim(&visit, "bob").await.expect("works");
        let order = found().await;
        assert!(order.is_for(Some("alice"), None));
        assert!(!order.is_for(Some("bob"), Some(&visit)) && !order.is_for(None, Some(&visit)));
        assert_eq!(orders.of("alice").await.expect("works").len(), 1);
        assert!(orders.of("bob").await.expect("works").is_empty());
    }

    #[tokio::test]
    async fn an_order_is_as_new_as_its_owner() {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        let clock = Clock::manual(0);
        let orders = Orders::open(pool, clock.clone()).await.expect("creates its tables");
        let visit = Secret::random().hash();
        let id = orders.place("atlas", 2_450, &visit, None).await.expect("works");
        clock.advance(7);
        orders.claim(&visit, "alice").await.expect("works");
        clock.advance(1);
        orders.claim(&visit, "alice").await.expect("works");
        let order = orders.find(&id).await.expect("works").expect("is there");
        assert_eq!(order.ordered_at, 7);
    }

    #[tokio::test]
    async fn only_so_many_can_be_ordered() {
        let orders = orders().await;
        let visit = Secret::random().hash();
        let id = orders.place("atlas", 2_450, &visit, None).await.expect("works");
        let order = orders.find(&id).await.expect("works").expect("is there");
        assert_eq!(order.cents_for(MOST), Some(MOST * 2_450));
        assert_eq!((order.cents_for(0), order.cents_for(MOST + 1)), (None, None));
    }
}
