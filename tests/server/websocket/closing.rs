//! How a socket ends, and what follows from it.

use rocket::tokio;
use vestibule::domain::operation::{Outcome, TIME_TO_COME_BACK};
use vestibule::stomp::{Command, Frame};

use super::{asked, row, until_given_up};
use crate::support::waiting_page::WaitingPage;
use crate::support::{Operation, TestServer};

/// Does what a job does, so many milliseconds later.
async fn later(server: &TestServer, milliseconds: i64) {
    server.clock.advance(milliseconds);
    let now = server.clock.now();
    let canceled = server.store.cancel_left_operations(now - TIME_TO_COME_BACK, now, 100).await;
    canceled.expect("the database answers");
}

/// Takes its leave as `@stomp/stompjs` does.
async fn disconnected(server: &TestServer, operation: &Operation) -> WaitingPage {
    let mut page = server.waiting(operation).await;
    page.send(&Frame::new(Command::Disconnect).with("receipt", "close-1")).await;
    let receipt = page.frame().await;
    assert_eq!(receipt.command, Command::Receipt);
    assert_eq!(receipt.header("receipt-id"), Some("close-1"));
    page
}

#[rocket::async_test]
async fn a_page_that_is_closed_cancels() {
    let (server, notes, operation) = asked().await;
    server.waiting(&operation).await.close(Some(1000)).await;
    assert_eq!(notes.state(&operation.id).await, "canceled");
    assert_eq!(row(&server, &operation).await.outcome, Some(Outcome::Left));

    let operation = notes.asked("alice").await;
    disconnected(&server, &operation).await.close(None).await;
    assert_eq!(notes.state(&operation.id).await, "canceled");
}

#[rocket::async_test]
async fn who_waits_by_rest_hears_at_once_that_the_page_was_closed() {
    let (server, notes, operation) = asked().await;
    let page = server.waiting(&operation).await;
    let (answer, ()) =
        tokio::join!(notes.operation(&operation.id, "?wait=20"), page.close(Some(1000)));
    assert_eq!(answer.json()["state"], "canceled", "{}", answer.text);
}

#[rocket::async_test]
async fn a_page_that_is_left_cancels_unless_it_comes_back() {
    let (server, notes, _) = asked().await;
    for code in [Some(1001), None] {
        let operation = notes.asked("alice").await;
        server.waiting(&operation).await.close(code).await;
        assert_eq!(row(&server, &operation).await.registration, None);
        later(&server, 9_000).await;
        assert_eq!(notes.state(&operation.id).await, "pending", "{code:?}");
        later(&server, 1_000).await;
        assert_eq!(notes.state(&operation.id).await, "canceled", "{code:?}");

        let operation = notes.asked("alice").await;
        server.waiting(&operation).await.close(code).await;
        later(&server, 9_000).await;
        let mut page = server.waiting(&operation).await;
        later(&server, 60_000).await;
        assert_eq!(notes.state(&operation.id).await, "pending", "{code:?}");
        server.ends(&operation.id, Outcome::Refused).await;
        assert_eq!(page.result().await, "CANCELED");
    }
}

#[rocket::async_test]
async fn a_page_that_took_its_leave_and_then_navigates_may_come_back() {
    let (server, notes, operation) = asked().await;
    disconnected(&server, &operation).await.close(Some(1001)).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
    later(&server, 10_000).await;
    assert_eq!(notes.state(&operation.id).await, "canceled");
}

#[rocket::async_test]
async fn a_cut_connection_cancels_nothing() {
    let (server, notes, operation) = asked().await;
    drop(server.waiting(&operation).await);
    until_given_up(&server, &operation).await;
    later(&server, 60_000).await;
    assert_eq!(notes.state(&operation.id).await, "pending");

    let operation = notes.asked("alice").await;
    drop(disconnected(&server, &operation).await);
    until_given_up(&server, &operation).await;
    later(&server, 60_000).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn another_code_than_a_browser_s_own_cancels_nothing() {
    let (server, notes, operation) = asked().await;
    server.waiting(&operation).await.close(Some(3000)).await;
    assert_eq!(row(&server, &operation).await.registration, None);
    later(&server, 60_000).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn a_page_that_is_not_registered_cancels_nothing() {
    let (server, notes, operation) = asked().await;
    server.connected(&operation).await.close(Some(1000)).await;
    let _first = server.waiting(&operation).await;
    let mut second = server.connected_as("another-page-instance", &operation).await;
    second.subscribe().await;
    assert!(!second.register(&operation).await);
    second.close(Some(1000)).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn what_has_ended_stays_as_it_ended() {
    let (server, notes, operation) = asked().await;
    let mut page = server.waiting(&operation).await;
    server.confirms(&operation.id, "alice").await;
    assert_eq!(page.result().await, "CONFIRMED");
    page.close(Some(1000)).await;
    assert_eq!(notes.state(&operation.id).await, "confirmed");
}

#[rocket::async_test]
async fn a_server_that_stops_says_so_and_cancels_nothing() {
    let (server, notes, operation) = asked().await;
    let other = notes.asked("alice").await;
    let mut page = server.waiting(&operation).await;
    let mut left = disconnected(&server, &other).await;
    let mut silent = server.socket().await;
    server.shutdown().notify();
    for socket in [&mut page, &mut left, &mut silent] {
        assert_eq!(socket.end().await, (None, Some(1001)));
    }
    for operation in [&operation, &other] {
        let row = row(&server, operation).await;
        assert_eq!((row.outcome, row.registration), (None, None));
    }
    later(&server, 60_000).await;
    assert_eq!(row(&server, &operation).await.outcome, None);
}

#[rocket::async_test]
async fn a_frame_after_disconnect_is_refused() {
    let (server, notes, operation) = asked().await;
    let mut page = disconnected(&server, &operation).await;
    page.send(&Frame::new(Command::Disconnect)).await;
    page.assert_refused(1002).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
    assert_eq!(row(&server, &operation).await.registration, None);
}
