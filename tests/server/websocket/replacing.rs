//! The same page again: after a cut connection, or twice at once.

use rocket::tokio;
use vestibule::domain::operation::Outcome;
use vestibule::stomp::Command;

use super::{asked, row, until_given_up};
use crate::support::waiting_page::{AUTHORIZATION, PAGE, subscribe};

#[rocket::async_test]
async fn the_same_page_replaces_its_own_socket() {
    let (server, _, operation) = asked().await;
    let mut old = server.waiting(&operation).await;
    let mut new = server.waiting(&operation).await;
    let (said, code) = old.end().await;
    assert_eq!((said.as_deref(), code), (Some("replaced"), Some(4001)));
    server.confirms(&operation.id, "alice").await;
    assert_eq!(new.result().await, "CONFIRMED");
}

#[rocket::async_test]
async fn a_replaced_socket_can_no_longer_cancel() {
    let (server, notes, _) = asked().await;
    for code in [Some(1000), Some(1001), None] {
        let operation = notes.asked("alice").await;
        let mut old = server.waiting(&operation).await;
        // Answered only after the look that belongs to the registration.
        old.send(&subscribe("more", AUTHORIZATION).with("receipt", "r")).await;
        assert_eq!(old.frame().await.command, Command::Receipt);
        // On another node, whose word has not come yet.
        let replaced = server.store.register_page(&operation.id, PAGE, "the other one", None).await;
        assert!(replaced.expect("the database answers"));
        old.close(code).await;
        assert_eq!(notes.state(&operation.id).await, "pending", "{code:?}");
        let registered = row(&server, &operation).await.registration;
        assert_eq!(registered.as_deref(), Some("the other one"), "{code:?}");
    }
    let left = server.database.rows("operations", &["left_at", "outcome"]).await;
    assert!(left.iter().all(|row| row == "null|null"), "{left:?}");
}

#[rocket::async_test]
async fn the_store_takes_no_farewell_of_an_earlier_registration() {
    let (server, _, operation) = asked().await;
    let (store, id, now) = (&server.store, operation.id.as_str(), server.clock.now());
    for registration in ["old", "new"] {
        let registered = store.register_page(id, PAGE, registration, None).await;
        assert!(registered.expect("the database answers"));
    }
    assert!(!store.finish_by_page(id, "old", now).await.expect("the database answers"));
    store.page_left(id, "old", now).await.expect("the database answers");
    store.page_gone(id, "old").await.expect("the database answers");
    let rows = server.database.rows("operations", &["registration", "left_at", "outcome"]).await;
    assert_eq!(rows, ["new|null|null"]);
    assert!(store.finish_by_page(id, "new", now).await.expect("the database answers"));
}

#[rocket::async_test]
async fn a_page_whose_connection_was_cut_comes_back() {
    let (server, notes, operation) = asked().await;
    drop(server.waiting(&operation).await);
    until_given_up(&server, &operation).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
    server.confirms(&operation.id, "alice").await;
    assert_eq!(server.waiting(&operation).await.result().await, "CONFIRMED");
}

#[rocket::async_test]
async fn of_two_sockets_of_a_page_at_once_one_stays() {
    let (server, notes, _) = asked().await;
    for _ in 0..10 {
        let operation = notes.asked("alice").await;
        let (mut one, mut other) =
            (server.connected(&operation).await, server.connected(&operation).await);
        one.subscribe().await;
        other.subscribe().await;
        let both = tokio::join!(one.register(&operation), other.register(&operation));
        assert_eq!(both, (true, true));
        server.ends(&operation.id, Outcome::Refused).await;
        let (first, second) = tokio::join!(one.outcome(), other.outcome());
        let (stays, goes) = if first.is_ok() { (first, second) } else { (second, first) };
        assert_eq!(stays, Ok("CANCELED".to_owned()));
        assert_eq!(goes, Err(Some(4001)));
    }
}
