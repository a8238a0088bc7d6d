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
    /// Whether another order of whoever this one is from rests on the proof. It is good for one: else
    /// whoever gets into the shop in somebody's name would only have to wait for their next proof.
    pub(super) async fn is_used(&self, order: &Order, proof: &Proof) -> Result<bool, Error> {
        const SQL: &str = "SELECT 1 FROM invoices i JOIN orders o ON o.id = i.order_id
            WHERE o.sub = $1 AND i.identified_at = $2 LIMIT 1";
        let query = sqlx::query(SQL).bind(&order.sub).bind(proof.identified_at);
        Ok(query.fetch_optional(&self.pool).await?.is_some())
    }

    /// Lets the order go on invoice; not if it has been settled, or changed, since it was looked at, nor
    /// by a proof that was used meanwhile.
    pub(super) async fn put_on_invoice(&self, order: &Order, proof: &Proof) -> Result<bool, Error> {
        const SQL: &str =
            "INSERT INTO invoices (order_id, invoiced_at, identified_at, provider, level)
            SELECT id, $2, $3, $4, $5 FROM orders
            WHERE id = $1 AND ordered_at = $6 AND sub = $7 AND paid_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM invoices i JOIN orders o ON o.id = i.order_id
                WHERE o.sub = $7 AND i.identified_at = $3)
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
    async fn a_proof_is_good_for_one_order() {
        let orders = orders(Clock::manual(0)).await;
        let visit = Secret::random().hash();
        let mut both = Vec::new();
        for sub in ["alice", "alice", "bob"] {
            let id = orders.place("atlas", 2_450, &visit, Some(sub)).await.expect("works");
            both.push(found(&orders, &id).await);
        }
        let [first, second, bobs] = &both[..] else { panic!("three orders") };
        assert!(!orders.is_used(second, &proof()).await.expect("works"));
        assert!(orders.put_on_invoice(first, &proof()).await.expect("works"));
        assert!(orders.is_used(second, &proof()).await.expect("works"));
        assert!(!orders.put_on_invoice(second, &proof()).await.expect("works"));
        let again = Proof { identified_at: 6, ..proof() };
        assert!(orders.put_on_invoice(second, &again).await.expect("works"));
        assert!(orders.put_on_invoice(bobs, &proof()).await.expect("works"), "it is another's");
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
