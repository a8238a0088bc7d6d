//! Which socket stands for the page that waits, as the database has it.

use crate::support::{Operation, Setup, TestServer};
use vestibule::domain::operation::{Outcome, TIME_TO_COME_BACK};
use vestibule::store::waiting_pages::Waiting;

async fn asked() -> (TestServer, Operation) {
    let server = Setup::with_operations().await.start().await;
    server.signed_up("alice").await;
    let operation = server.backend("wiki").asked("alice").await;
    (server, operation)
}

async fn registers(server: &TestServer, id: &str, page: &str, socket: &str) -> bool {
    server.store.register_page(id, page, socket, None).await.expect("the database")
}

async fn row(server: &TestServer, id: &str) -> Waiting {
    let row = server.store.waiting(id, server.clock.now()).await;
    row.expect("the database").expect("it is there")
}

#[rocket::async_test]
async fn a_page_waits_alone_until_it_is_gone() {
    let (server, operation) = asked().await;
    let id = &operation.id;
    assert!(registers(&server, id, "page-one", "first").await);
    assert!(!registers(&server, id, "page-two", "second").await, "another page");
    assert!(registers(&server, id, "page-one", "third").await, "the same page again");
    assert_eq!(row(&server, id).await.registration.as_deref(), Some("third"));
    server.store.page_gone(id, "third").await.expect("the database");
    assert!(registers(&server, id, "page-two", "fourth").await, "nobody waits any more");
    assert!(!registers(&server, id, "page-one", "fifth").await);
    assert!(!registers(&server, &"0".repeat(32), "page-one", "sixth").await);
}

#[rocket::async_test]
async fn an_old_socket_changes_nothing() {
    let (server, operation) = asked().await;
    let (store, id, now) = (&server.store, &operation.id, server.clock.now());
    assert!(registers(&server, id, "page-one", "old").await);
    assert!(registers(&server, id, "page-one", "new").await);
    assert!(!store.finish_by_page(id, "old", now).await.expect("the database"));
    store.page_left(id, "old", now).await.expect("the database");
    store.page_gone(id, "old").await.expect("the database");
    let expected = Waiting { outcome: None, registration: Some("new".into()) };
    assert_eq!(row(&server, id).await, expected);
    let later = now + TIME_TO_COME_BACK;
    let left = store.cancel_left_operations(now, later, 10).await.expect("the database");
    assert!(left.is_empty(), "nobody has left");

    assert!(store.finish_by_page(id, "new", now).await.expect("the database"));
    let expected = Waiting { outcome: Some(Outcome::Left), registration: None };
    assert_eq!(row(&server, id).await, expected);
    assert!(!store.finish_by_page(id, "new", now).await.expect("the database"), "once");
}

#[rocket::async_test]
async fn whoever_comes_back_has_not_left() {
    let (server, operation) = asked().await;
    let (store, id, now) = (&server.store, &operation.id, server.clock.now());
    let later = now + TIME_TO_COME_BACK;
    assert!(registers(&server, id, "page-one", "first").await);
    store.page_left(id, "first", now).await.expect("the database");
    let early = store.cancel_left_operations(now - 1, later - 1, 10).await;
    assert!(early.expect("the database").is_empty());
    assert!(registers(&server, id, "page-one", "second").await);
    let none = store.cancel_left_operations(now, later, 10).await.expect("the database");
    assert!(none.is_empty(), "it is there again");

    store.page_left(id, "second", now).await.expect("the database");
    let left = store.cancel_left_operations(now, later, 10).await.expect("the database");
    assert_eq!(left, std::slice::from_ref(id));
    assert_eq!(row(&server, id).await.outcome, Some(Outcome::Left));
}
