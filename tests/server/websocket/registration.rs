//! Who is registered, and what is heard then.

use rocket::tokio;
use serde_json::json;
use vestibule::domain::operation::Outcome;
use vestibule::domain::secret::Secret;
use vestibule::stomp::{Command, Frame};

use super::{asked, row};
use crate::support::waiting_page::{
    AUTHORIZATION, PAGE, REGISTRATION, WaitingPage, connect, registration, subscribe,
};
use crate::support::{NOTES, hash};

#[rocket::async_test]
async fn a_page_registers_and_hears_that_the_person_has_confirmed() {
    let (server, _, operation) = asked().await;
    let mut page = server.waiting(&operation).await;
    server.confirms(&operation.id, "alice").await;
    let message = page.message(AUTHORIZATION).await;
    let web_socket_id = operation.web_socket_id.as_str();
    assert_eq!(message, json!({ "webSocketId": web_socket_id, "authResult": "CONFIRMED" }));
}

#[rocket::async_test]
async fn every_outcome_is_told_in_its_own_word() {
    let (server, notes, first) = asked().await;
    drop(first);
    for (outcome, word) in [
        (Outcome::Refused, "CANCELED"),
        (Outcome::Canceled, "CANCELED"),
        (Outcome::SignInFailed, "AUTH_FAILED"),
        (Outcome::NumberFailed, "AUTH_FAILED"),
        (Outcome::MethodFailed, "AUTH_METHOD_FAILED"),
    ] {
        let operation = notes.asked("alice").await;
        let mut page = server.waiting(&operation).await;
        server.ends(&operation.id, outcome).await;
        assert_eq!(page.result().await, word);
        page.close(Some(1000)).await;
    }
    let operation = notes.asked("alice").await;
    let mut page = server.waiting(&operation).await;
    assert_eq!(notes.cancel(&operation.id).await.status, 200);
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn the_server_says_what_it_is_when_it_is_connected_to() {
    let (server, _, operation) = asked().await;
    for command in [Command::Connect, Command::Stomp] {
        let mut page = server.socket().await;
        let connect = Frame::new(command)
            .with("accept-version", "1.0,1.2")
            .with("login", PAGE)
            .with("passcode", &operation.wait_secret);
        page.send(&connect).await;
        let connected = page.frame().await;
        assert_eq!(connected.command, Command::Connected);
        assert_eq!(connected.header("version"), Some("1.2"));
        assert_eq!(connected.header("heart-beat"), Some("10000,10000"));
        assert_eq!(connected.header("server"), Some("vestibule"));
        assert_eq!(connected.header("session").map(str::len), Some(32));
    }
}

#[rocket::async_test]
async fn the_source_document_s_destination_registers_too() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.subscribe().await;
    page.send(&registration(REGISTRATION, &operation.web_socket_id)).await;
    assert_eq!(page.message(REGISTRATION).await["registrationSucceeded"], true);
    // Once more changes nothing.
    assert!(page.register(&operation).await);
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn an_id_that_is_not_the_secret_s_is_not_registered() {
    let (server, notes, operation) = asked().await;
    let other = notes.asked("alice").await;
    let mut page = server.connected(&operation).await;
    page.subscribe().await;
    for id in [other.web_socket_id.as_str(), "12345678", "", &operation.id] {
        page.send(&registration("/app/registration", id)).await;
        let answer = page.message(REGISTRATION).await;
        assert_eq!(answer, json!({ "webSocketId": id, "registrationSucceeded": false }));
    }
    assert_eq!(row(&server, &operation).await.registration, None);
    assert_eq!(row(&server, &other).await.registration, None);
    assert!(page.register(&operation).await, "what was wrong before does not matter");
}

#[rocket::async_test]
async fn a_second_page_is_not_registered_and_hears_nothing() {
    let (server, _, operation) = asked().await;
    let mut first = server.waiting(&operation).await;
    let mut second = server.connected_as("another-page-instance", &operation).await;
    second.subscribe().await;
    assert!(!second.register(&operation).await);
    server.confirms(&operation.id, "alice").await;
    assert_eq!(first.result().await, "CONFIRMED");
    // What comes next is the answer to this, so there was no result before it.
    assert!(!second.register(&operation).await);
    second.close(Some(1000)).await;
    first.close(Some(1000)).await;
}

#[rocket::async_test]
async fn what_ended_before_the_registration_is_told_with_it() {
    let (server, _, operation) = asked().await;
    server.ends(&operation.id, Outcome::Refused).await;
    let mut page = server.waiting(&operation).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn what_ran_out_is_told_though_no_job_has_noted_it() {
    let (server, _, operation) = asked().await;
    server.clock.advance(3_600_000);
    let mut page = server.waiting(&operation).await;
    assert_eq!(page.result().await, "AUTH_FAILED");
}

#[rocket::async_test]
async fn what_ended_before_the_subscription_is_told_with_it() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.send(&registration("/app/registration", &operation.web_socket_id)).await;
    page.send(&subscribe("a", REGISTRATION)).await;
    // The answer has waited for somebody to hear it.
    assert_eq!(page.message(REGISTRATION).await["registrationSucceeded"], true);
    server.ends(&operation.id, Outcome::Refused).await;
    page.send(&subscribe("b", AUTHORIZATION)).await;
    assert_eq!(page.result().await, "CANCELED");
    // And once for each subscription.
    page.send(&subscribe("c", AUTHORIZATION)).await;
    let again = page.frame().await;
    assert_eq!(again.header("subscription"), Some("c"));
    page.send(&Frame::new(Command::Unsubscribe).with("id", "c").with("receipt", "r")).await;
    assert_eq!(page.frame().await.command, Command::Receipt);
}

#[rocket::async_test]
async fn a_subscription_alone_is_told_nothing() {
    let (server, _, operation) = asked().await;
    server.ends(&operation.id, Outcome::Refused).await;
    let mut page = server.connected(&operation).await;
    page.send(&subscribe("b", AUTHORIZATION).with("receipt", "r")).await;
    assert_eq!(page.frame().await.command, Command::Receipt);
    page.close(Some(1000)).await;
}

#[rocket::async_test]
async fn two_pages_at_once_are_one_registration() {
    let (server, notes, _) = asked().await;
    for _ in 0..10 {
        let operation = notes.asked("alice").await;
        let mut one = server.connected_as("one-0123456789abcdef", &operation).await;
        let mut other = server.connected_as("other-0123456789abcdef", &operation).await;
        one.subscribe().await;
        other.subscribe().await;
        let (first, second) = tokio::join!(one.register(&operation), other.register(&operation));
        assert!(first ^ second);
        server.ends(&operation.id, Outcome::Refused).await;
        let winner = if first { &mut one } else { &mut other };
        assert_eq!(winner.result().await, "CANCELED");
    }
}

#[rocket::async_test]
async fn the_browser_of_the_page_is_remembered_by_its_device() {
    let (server, _, operation) = asked().await;
    let device = Secret::random().reveal();
    let cookie = format!("__Host-device={device}");
    let mut page = WaitingPage::open(&server.url, &[("Origin", NOTES), ("Cookie", &cookie)]).await;
    page.send(&connect(PAGE, &operation.wait_secret)).await;
    assert_eq!(page.frame().await.command, Command::Connected);
    page.subscribe().await;
    assert!(page.register(&operation).await);
    let rows = server.database.rows("operations", &["device_hash"]).await;
    assert_eq!(rows, [hash(&device)]);
}
