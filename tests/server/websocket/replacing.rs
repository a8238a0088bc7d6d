//! The same page again: after a cut connection, or twice at once.

use rocket::tokio;
use vestibule::domain::operation::Outcome;

use super::{asked, row, until_given_up};

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
    let (server, notes, operation) = asked().await;
    let old = server.waiting(&operation).await;
    let mut new = server.connected(&operation).await;
    new.subscribe().await;
    assert!(new.register(&operation).await);
    let registered = row(&server, &operation).await.registration;
    // Its closing and the server's may meet.
    drop(old);
    assert_eq!(notes.state(&operation.id).await, "pending");
    assert_eq!(row(&server, &operation).await.registration, registered);
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(new.result().await, "CANCELED");
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
