//! The orders that go on invoice, beside the orders in the shop's own SQLite. An order is settled once,
//! and as it was when it was asked about: one statement decides.

use super::orders::{Order, Orders};
use super::proof::Proof;
use crate::demo::when;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};

pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS invoices (
    order_id TEXT PRIMARY KEY NOT NULL,
    invoiced_at BIGINT NOT NULL,
    identified_at BIGINT NOT NULL,
    provider TEXT NOT NULL,
    level TEXT NOT NULL
)";

/// That an order is on invoice, as pages show it. When what was proved, and by whom: who the customer
/// is, the shop is not told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Invoice {
    since: String,
    identified: String,
    provider: String,
    level: String,
}

impl Orders {
    /// Lets the order go on invoice; not if it has been settled, or changed, since it was looked at.
    pub(super) async fn put_on_invoice(&self, order: &Order, proof: &Proof) -> Result<bool, Error> {
        const SQL: &str =
            "INSERT INTO invoices (order_id, invoiced_at, identified_at, provider, level)
            SELECT id, $2, $3, $4, $5 FROM orders
            WHERE id = $1 AND ordered_at = $6 AND sub = $7 AND paid_at IS NULL
            ON CONFLICT (order_id) DO NOTHING";
        let query = sqlx::query(SQL).bind(&order.id).bind(self.clock.now());
        let query = query.bind(proof.identified_at).bind(&proof.provider).bind(&proof.level);
        let query = query.bind(order.ordered_at).bind(&order.sub);
        Ok(query.execute(&self.pool).await?.rows_affected() > 0)
    }
}

/// What of an order's row is about the invoice; nothing where there is none.
pub(super) fn read(row: &SqliteRow) -> Result<Option<Invoice>, Error> {
    let Some(since) = row.try_get::<Option<i64>, _>("invoiced_at")? else { return Ok(None) };
    Ok(Some(Invoice {
        since: when(since),
        identified: when(row.try_get("identified_at")?),
        provider: row.try_get("provider")?,
        level: row.try_get("level")?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::demo::shop::orders::Paid;
    use crate::domain::secret::Secret;
    use sqlx::sqlite::SqlitePoolOptions;

    fn proof() -> Proof {
        Proof { identified_at: 5, provider: "bank".to_owned(), level: "substantial".to_owned() }
    }

    async fn orders(clock: Clock) -> Orders {
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        Orders::open(pool, clock).await.expect("creates its tables")
    }

    async fn found(orders: &Orders, id: &str) -> Order {
        orders.find(id).await.expect("works").expect("is there")
    }

    #[tokio::test]
    async fn an_order_goes_on_invoice_once_and_is_settled_then() {
        let orders = orders(Clock::manual(0)).await;
        let visit = Secret::random().hash();
        let id = orders.place("atlas", 2_450, &visit, Some("alice")).await.expect("works");
        let order = found(&orders, &id).await;
        assert!(!order.is_settled());
        assert!(orders.put_on_invoice(&order, &proof()).await.expect("works"));
        assert!(!orders.put_on_invoice(&order, &proof()).await.expect("works"), "it is there");

        let order = found(&orders, &id).await;
        assert!(order.is_settled());
        assert_eq!(order.invoice.as_ref().map(|it| it.provider.as_str()), Some("bank"));
        assert_eq!(orders.pay(&id, 2_450, "r").await.expect("works"), Paid::Conflict);
        assert!(!orders.change(&id, 2, 4_900).await.expect("works"));
        assert!(orders.of("alice").await.expect("works")[0].is_settled());
    }

    #[tokio::test]
    async fn an_order_that_is_not_what_was_looked_at_goes_nowhere() {
        let clock = Clock::manual(0);
        let orders = orders(clock.clone()).await;
        let visit = Secret::random().hash();
        let id = orders.place("atlas", 2_450, &visit, Some("alice")).await.expect("works");
        let before = found(&orders, &id).await;
        clock.advance(1);
        assert!(orders.change(&id, 2, 4_900).await.expect("works"));
        assert!(!orders.put_on_invoice(&before, &proof()).await.expect("works"), "it is changed");
        let after = found(&orders, &id).await;
        assert!(after.ordered_at > before.ordered_at, "a changed order is a new one");

        assert_eq!(orders.pay(&id, 4_900, "r").await.expect("works"), Paid::Done);
        assert!(!orders.put_on_invoice(&after, &proof()).await.expect("works"), "it is paid");
        let id = orders.place("atlas", 2_450, &visit, None).await.expect("works");
        let nobodys = found(&orders, &id).await;
        assert!(!orders.put_on_invoice(&nobodys, &proof()).await.expect("works"));
    }
}
