//! Operations on several nodes, and with a database that is away for a while.

use std::time::Duration;

use rocket::tokio::time::sleep;
use rustix::process::Signal;
use vestibule::events::Event;

use super::own_postgres::OwnPostgres;
use super::{own, two};
use crate::events::operations::{outcomes, server, waits};
use crate::events::{hears, is_hinted};
use crate::support::Setup;

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn what_is_confirmed_on_one_node_is_known_to_who_waits_on_the_other() {
    let (one, other) = two(Setup::with_operations().await).await;
    let asked = one.backend("wiki").asked("alice").await;
    let waiting = waits(&one, &asked.id);
    sleep(Duration::from_millis(300)).await;
    other.confirms(&asked.id, "alice").await;
    let answer = waiting.await.expect("it is answered");
    assert_eq!(answer.json()["state"], "confirmed");
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_forged_message_has_the_row_read_and_is_not_believed() {
    let server = server().await;
    hears(&server.events, &server.store).await;
    let asked = server.backend("wiki").asked("alice").await;
    let waiting = waits(&server, &asked.id);
    let mut hinted = server.events.subscribe(Event::Operation(asked.id.clone()));
    let id = &asked.id;
    for forged in [
        format!(r#"{{"node":"x","event":{{"operation":"{id}"}}}}"#),
        format!(r#"{{"node":"x","event":{{"operation":"{id}"}},"outcome":"confirmed"}}"#),
        format!(r#"{{"node":"x","event":{{"confirmed":"{id}"}}}}"#),
        format!(r#"{{"node":"x","event":{{"operation":"{}"}}}}"#, "f".repeat(32)),
        "y".repeat(7_999),
    ] {
        let notify = format!("SELECT pg_notify('vestibule', '{forged}')");
        server.database.execute(&notify).await;
    }
    assert!(is_hinted(&mut hinted).await, "it is a hint like any other");
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "who waits has read that it is pending");
    assert_eq!(outcomes(&server).await, ["null"]);
    server.confirms(id, "alice").await;
    assert_eq!(waiting.await.expect("it is answered").json()["state"], "confirmed");
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn who_waits_is_answered_after_the_database_was_restarted() {
    let mut postgres = OwnPostgres::start().await;
    let (one, other) = two(own(&postgres).await).await;
    let asked = one.backend("wiki").asked("alice").await;
    let waiting = waits(&one, &asked.id);
    sleep(Duration::from_millis(300)).await;
    postgres.stop(Signal::INT);
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "a database that is away is no end");
    postgres.resume().await;
    other.confirms(&asked.id, "alice").await;
    assert_eq!(waiting.await.expect("it is answered").json()["state"], "confirmed");
}
