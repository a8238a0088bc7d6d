//! What opens nothing.

use vestibule::domain::secret::Secret;
use vestibule::stomp::{Command, Frame};

use super::{asked, row};
use crate::support::waiting_page::{PAGE, WaitingPage, connect, registration, subscribe};
use crate::support::{Log, NOTES, SPECS, WIKI};

#[rocket::async_test]
async fn a_wrong_secret_and_what_is_no_secret_open_nothing() {
    let (server, _, operation) = asked().await;
    let upper = operation.wait_secret.to_uppercase();
    let doubled = operation.wait_secret.repeat(2);
    let foreign = Secret::random().reveal();
    let mut said = std::collections::BTreeSet::new();
    for passcode in [
        &foreign,
        &upper,
        &doubled,
        "",
        &operation.id,
        &operation.web_socket_id,
        &operation.wait_secret[1..],
    ] {
        let mut page = server.socket().await;
        page.send(&connect(PAGE, passcode)).await;
        let (text, code) = page.end().await;
        assert_eq!(code, Some(1008), "{passcode}");
        said.insert(text);
    }
    assert_eq!(said.len(), 1, "all are told the same");
    let mut page = server.socket().await;
    page.send(&Frame::new(Command::Connect).with("accept-version", "1.2").with("login", PAGE))
        .await;
    page.assert_refused(1008).await;
    assert_eq!(row(&server, &operation).await.registration, None);
}

#[rocket::async_test]
async fn a_page_of_another_site_has_no_use_for_the_secret() {
    let (server, _, operation) = asked().await;
    for origin in [WIKI, SPECS, "http://notes.vestibule.localhost:8003", "https://evil.example"] {
        let mut page = WaitingPage::open(&server.url, &[("Origin", origin)]).await;
        page.send(&connect(PAGE, &operation.wait_secret)).await;
        page.assert_refused(1008).await;
    }
    let mut page = WaitingPage::open(&server.url, &[("Origin", NOTES)]).await;
    page.send(&connect(PAGE, &operation.wait_secret)).await;
    assert_eq!(page.frame().await.command, Command::Connected);
}

#[rocket::async_test]
async fn a_page_has_a_name_that_can_be_kept() {
    let (server, _, operation) = asked().await;
    for page in [
        "",
        "too-short",
        "0123456789abcde",
        &"a".repeat(129),
        "0123456789abcdef ",
        "é123456789abcdef",
    ] {
        let mut socket = server.socket().await;
        socket.send(&connect(page, &operation.wait_secret)).await;
        socket.assert_refused(1008).await;
    }
    for page in ["0123456789abcdef", &"-_Az".repeat(32)] {
        server.connected_as(page, &operation).await;
    }
}

#[rocket::async_test]
async fn nothing_is_said_before_connect() {
    let (server, _, operation) = asked().await;
    for frame in [
        subscribe("a", "/user/topic/authorization"),
        registration("/app/registration", &operation.web_socket_id),
        Frame::new(Command::Disconnect),
        Frame::new(Command::Begin).with("transaction", "t"),
    ] {
        let mut page = server.socket().await;
        page.send(&frame).await;
        page.assert_refused(1002).await;
    }
    assert_eq!(row(&server, &operation).await.registration, None);
}

#[rocket::async_test]
async fn no_secret_of_a_socket_is_in_the_log() {
    let log = Log::watch();
    let (server, _, operation) = asked().await;
    let cookie = format!("__Host-device={}", Secret::random().reveal());
    let headers = [("Origin", NOTES), ("Cookie", cookie.as_str())];
    let mut page = WaitingPage::open(&server.url, &headers).await;
    page.send(&connect(PAGE, &operation.wait_secret)).await;
    assert_eq!(page.frame().await.command, Command::Connected);
    page.subscribe().await;
    assert!(page.register(&operation).await);
    page.close(Some(1000)).await;
    let text = log.text();
    assert!(text.contains("closed by the page"), "the end is logged");
    let device = cookie.trim_start_matches("__Host-device=");
    for secret in [operation.wait_secret.as_str(), device, &operation.web_socket_id] {
        assert!(!text.contains(secret));
    }
}

#[rocket::async_test]
async fn no_page_waits_for_a_client_that_was_disabled() {
    let (server, _, operation) = asked().await;
    let disabled = server.store.disable_client("notes", server.clock.now()).await;
    assert!(disabled.expect("the database answers"));
    let mut page = server.socket().await;
    page.send(&connect(PAGE, &operation.wait_secret)).await;
    page.assert_refused(1008).await;
}
