//! Connections that are lost: what was said meanwhile is made up for.

use std::time::Duration;

use rocket::tokio::time::{sleep, timeout};
use rustix::process::Signal;

use super::own_postgres::OwnPostgres;
use crate::events::{Node, is_hinted, is_left_alone, operation};

const LISTENERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
    WHERE query ILIKE 'LISTEN%'";

/// Holds that each hears what the other says.
async fn assert_they_hear_each_other(one: &Node, other: &Node) {
    for (here, there) in [(one, other), (other, one)] {
        let event = operation();
        let mut waiting = there.events.subscribe(event.clone());
        here.events.publish(event).await;
        assert!(is_hinted(&mut waiting).await);
        // By what was said, not by a gap that was just made up for.
        assert!(is_left_alone(&mut waiting).await);
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_listener_that_is_cut_off_listens_again_and_hints_everybody() {
    let postgres = OwnPostgres::start().await;
    let url = postgres.url("postgres");
    let (one, other) = (Node::on(&url).await, Node::on(&url).await);
    for _ in 0..3 {
        let mut waiting: Vec<_> = (0..50).map(|_| one.events.subscribe(operation())).collect();
        postgres.execute("postgres", LISTENERS).await;
        for one in &mut waiting {
            assert!(is_hinted(one).await, "something may have been missed");
        }
        sleep(Duration::from_millis(500)).await;
        assert_they_hear_each_other(&one, &other).await;
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_database_that_is_restarted_is_listened_to_again() {
    let mut postgres = OwnPostgres::start().await;
    let url = postgres.url("postgres");
    let (one, other) = (Node::on(&url).await, Node::on(&url).await);
    // As an operator does it, and as if the power had failed.
    for signal in [Signal::INT, Signal::QUIT, Signal::KILL] {
        let event = operation();
        let mut here = other.events.subscribe(event.clone());
        let mut there = one.events.subscribe(event.clone());
        postgres.stop(signal);
        sleep(Duration::from_millis(300)).await;
        other.events.publish(event).await;
        assert!(is_hinted(&mut here).await, "who is here is told without the database");
        assert!(is_left_alone(&mut there).await, "nobody can tell the other node");
        postgres.resume().await;
        assert!(is_hinted(&mut there).await, "it makes up for what it missed");
        sleep(Duration::from_secs(6)).await;
        assert_they_hear_each_other(&one, &other).await;
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_connection_of_which_nothing_is_heard_any_more_is_replaced() {
    let postgres = OwnPostgres::start().await;
    let url = postgres.url("postgres");
    let one = Node::on(&url).await;
    postgres.pause_listeners().await;
    let other = Node::on(&url).await;
    let mut waiting = one.events.subscribe(operation());
    let hinted = timeout(Duration::from_mins(1), waiting.changed()).await;
    hinted.expect("the silence is noticed, and everybody hinted");
    sleep(Duration::from_millis(500)).await;
    assert_they_hear_each_other(&one, &other).await;
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_message_in_another_encoding_does_nothing() {
    let postgres = OwnPostgres::start().await;
    let create = "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0";
    postgres.execute("postgres", create).await;
    let url = postgres.url("ascii");
    let (one, other) = (Node::on(&url).await, Node::on(&url).await);
    postgres.execute("ascii", "NOTIFY vestibule, E'\\xff\\xfe'").await;
    assert_they_hear_each_other(&one, &other).await;
    assert!(!one.listening.is_finished());
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_database_without_a_free_connection_keeps_no_publisher() {
    let postgres = OwnPostgres::start().await;
    let url = postgres.url("postgres");
    let (one, other) = (Node::on(&url).await, Node::on(&url).await);
    // Statements that wait for a lock, until there is no connection of this node left.
    postgres.execute("postgres", "CREATE TABLE server_secrets (id TEXT)").await;
    let locked = postgres.url("postgres");
    let mut holder =
        <sqlx::PgConnection as sqlx::Connection>::connect(&locked).await.expect("it answers");
    let lock = "BEGIN; LOCK TABLE server_secrets IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(lock).execute(&mut holder).await.expect("it is locked");
    let pings = (0..16).map(|_| one.store.ping());
    let busy = futures_util::future::join_all(pings);
    let publishes = async {
        sleep(Duration::from_secs(1)).await;
        let event = operation();
        let mut here = one.events.subscribe(event.clone());
        let mut there = other.events.subscribe(event.clone());
        one.events.publish(event).await;
        assert!(is_hinted(&mut here).await);
        assert!(is_left_alone(&mut there).await, "there was no connection to say it by");
        sqlx::raw_sql("COMMIT").execute(&mut holder).await.expect("it is free again");
        assert!(is_hinted(&mut there).await, "the telling went on");
    };
    let both = async { rocket::tokio::join!(busy, publishes) };
    timeout(Duration::from_secs(30), both).await.expect("it ends");
}
