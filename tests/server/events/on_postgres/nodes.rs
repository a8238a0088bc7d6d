//! Two nodes on one PostgreSQL.

use std::time::Duration;

use rocket::tokio::time::timeout;

use crate::events::{Node, is_hinted, is_left_alone, operation};
use crate::support::Database;
use vestibule::events::Event;

async fn two() -> (Database, Node, Node) {
    let database = Database::new().await;
    let (one, other) = (Node::on(&database.url()).await, Node::on(&database.url()).await);
    (database, one, other)
}

/// As another node would write it.
fn message(event: &Event) -> String {
    serde_json::json!({ "node": "0123456789abcdef", "event": event }).to_string()
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn what_one_says_the_other_hears() {
    let (_database, one, other) = two().await;
    for event in [operation(), Event::Sessions("0".repeat(32))] {
        let mut here = one.events.subscribe(event.clone());
        let mut there =
            [other.events.subscribe(event.clone()), other.events.subscribe(event.clone())];
        let mut stranger = other.events.subscribe(operation());
        one.events.publish(event).await;
        assert!(is_hinted(&mut here).await);
        for waiting in &mut there {
            assert!(is_hinted(waiting).await);
        }
        assert!(is_left_alone(&mut stranger).await);
        assert!(is_left_alone(&mut here).await, "nobody is hinted by their own echo");
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn many_said_at_once_are_all_heard() {
    let (_database, one, other) = two().await;
    let events: Vec<Event> = (0..1_500).map(|_| operation()).collect();
    let waiting: Vec<_> =
        events.iter().map(|event| other.events.subscribe(event.clone())).collect();
    let (first, rest) = events.split_at(1_200);
    let alone = rest.iter().map(|event| one.events.publish(event.clone()));
    let alone = futures_util::future::join_all(alone);
    rocket::tokio::join!(one.events.publish_all(first.to_vec()), alone);
    for mut one in waiting {
        assert!(is_hinted(&mut one).await);
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn what_is_malformed_does_nothing() {
    let (_database, one, other) = two().await;
    let event = operation();
    let mut waiting = one.events.subscribe(event.clone());
    let good = message(&event);
    let forged = [
        String::new(),
        "x".repeat(7_999),
        "[".repeat(7_999),
        good[1..].to_owned(),
        good.replace("operation", "wishes"),
        good.replace("0123456789abcdef", &"0".repeat(7_800)),
        format!("{good}{good}"),
        good.replace("event", "events"),
        "{\"node\":null,\"event\":{\"operation\":null}}".into(),
    ];
    other.store.notify(&forged).await.expect("PostgreSQL takes them");
    assert!(is_left_alone(&mut waiting).await);
    let unknown: Vec<String> = (0..10).map(|_| message(&operation())).collect();
    other.store.notify(&unknown).await.expect("PostgreSQL takes them");
    assert!(is_left_alone(&mut waiting).await);
    other.store.notify(&[good]).await.expect("PostgreSQL takes it");
    assert!(is_hinted(&mut waiting).await, "it listens as before");
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_flood_stops_nothing() {
    let (database, one, other) = two().await;
    let event = operation();
    let mut waiting = one.events.subscribe(event.clone());
    let flood = "SELECT pg_notify('vestibule', 'flood ' || n || repeat('x', n % 1000)) \
        FROM generate_series(1, 10000) n";
    database.execute(flood).await;
    other.events.publish(event).await;
    assert!(is_hinted(&mut waiting).await);
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn an_event_that_cannot_be_said_is_heard_here_and_takes_nobody_along() {
    let (_database, one, other) = two().await;
    let (large, good) = (Event::Operation("0".repeat(9_000)), operation());
    let mut here = one.events.subscribe(large.clone());
    let mut there = other.events.subscribe(good.clone());
    one.events.publish_all(vec![large, good]).await;
    assert!(is_hinted(&mut here).await && is_hinted(&mut there).await);
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_closed_database_ends_the_listening() {
    let (_database, one, mut other) = two().await;
    let close = timeout(Duration::from_secs(10), other.store.close()).await;
    close.expect("the listener keeps no connection of the store");
    let ended = timeout(Duration::from_secs(10), &mut other.listening).await;
    ended.expect("it ends").expect("it does not panic");
    let event = operation();
    let mut here = other.events.subscribe(event.clone());
    other.events.publish(event.clone()).await;
    assert!(is_hinted(&mut here).await, "who is here is told without the database");
    drop(one);
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn who_subscribes_between_the_write_and_its_message_misses_nothing() {
    let (_database, one, other) = two().await;
    let wrong = std::sync::atomic::AtomicBool::new(false);
    for _ in 0..100 {
        let event = operation();
        let row = std::sync::atomic::AtomicBool::new(false);
        let writes = async {
            row.store(true, std::sync::atomic::Ordering::SeqCst);
            other.events.publish(event.clone()).await;
        };
        let waits = async {
            let mut waiting = one.events.subscribe(event.clone());
            while !row.load(std::sync::atomic::Ordering::SeqCst) {
                if !is_hinted(&mut waiting).await {
                    wrong.store(true, std::sync::atomic::Ordering::SeqCst);
                    return;
                }
            }
        };
        rocket::tokio::join!(writes, waits);
    }
    assert!(!wrong.into_inner());
    assert_eq!(one.events.awaited(), 0, "nothing is left of them");
}
