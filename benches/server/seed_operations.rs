//! Operations that wait, and people who signed in just now to answer them.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use vestibule::clock::{Clock, HOUR};

use super::Result;
use super::known::PAY;
use super::seed::{ACCOUNTS, Database, hash, id};

/// What the waiting page shows, the same for all.
pub const NUMBER: u32 = 42;

/// Adds so many pending operations to a database that nobody has open. The one with a number is
/// for the account, and the session, with that number modulo [`ACCOUNTS`].
pub async fn add(database: &Database, operations: u32) -> Result<()> {
    let now = Clock::system().now();
    let mut db = SqliteConnectOptions::new().filename(&database.file).connect().await?;
    let rows = (0..operations).map(|n| [id("operation", n), hash("wait", n)]);
    sqlx::query(
        "INSERT INTO operations (id, client_id, account_uid, wait_secret_hash, \
         request_hash, title, lines, number, failed_sign_ins, created_at, expires_at) \
         SELECT value->>0, $2, printf('%032x', key % $3), value->>1, '', \
         'Pay for your order?', '[{\"label\":\"Amount\",\"value\":\"49.00\"}]', $4, 0, $5, \
         $5 + $6 FROM json_each($1)",
    )
    .bind(serde_json::to_string(&rows.collect::<Vec<_>>())?)
    .bind(PAY.id)
    .bind(ACCOUNTS)
    .bind(NUMBER)
    .bind(now)
    .bind(HOUR)
    .execute(&mut db)
    .await?;
    sqlx::query("UPDATE sessions SET auth_time = $1 WHERE id IN (SELECT value FROM json_each($2))")
        .bind(now)
        .bind(serde_json::to_string(&(0..ACCOUNTS).map(|n| id("session", n)).collect::<Vec<_>>())?)
        .execute(&mut db)
        .await?;
    db.close().await?;
    Ok(())
}
