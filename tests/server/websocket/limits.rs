//! How much of what a socket may have.

use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use vestibule::stomp::{Command, Frame, MOST_OCTETS};

use super::{asked, asked_on, row, until_given_up};
use crate::support::Setup;
use crate::support::waiting_page::{
    AUTHORIZATION, PAGE, REGISTRATION, connect, registration, subscribe,
};

#[rocket::async_test]
async fn a_sixth_socket_with_the_same_secret_is_refused() {
    let (server, notes, operation) = asked().await;
    let mut five = Vec::new();
    for _ in 0..5 {
        five.push(server.connected(&operation).await);
    }
    let mut sixth = server.socket().await;
    sixth.send(&connect(PAGE, &operation.wait_secret)).await;
    sixth.assert_refused(1008).await;
    server.connected(&notes.asked("alice").await).await;
    // A place is free as soon as its socket is closed.
    five.pop().expect("a socket").close(Some(1000)).await;
    five.push(server.connected(&operation).await);
}

#[rocket::async_test]
async fn a_seventeenth_subscription_is_refused() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    for number in 0..16 {
        page.send(&subscribe(&number.to_string(), AUTHORIZATION).with("receipt", "r")).await;
        assert_eq!(page.frame().await.command, Command::Receipt);
    }
    page.send(&Frame::new(Command::Unsubscribe).with("id", "7")).await;
    page.send(&subscribe("again", AUTHORIZATION).with("receipt", "r")).await;
    assert_eq!(page.frame().await.command, Command::Receipt);
    page.send(&subscribe("17", AUTHORIZATION)).await;
    page.assert_refused(1002).await;
}

#[rocket::async_test]
async fn an_id_is_subscribed_once() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.send(&subscribe("a", AUTHORIZATION)).await;
    page.send(&subscribe("a", REGISTRATION)).await;
    page.assert_refused(1002).await;
}

#[rocket::async_test]
async fn a_ninth_try_to_register_is_refused() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.subscribe().await;
    for _ in 0..8 {
        page.send(&registration("/app/registration", "12345678")).await;
        assert_eq!(page.message(REGISTRATION).await["registrationSucceeded"], false);
    }
    page.send(&registration("/app/registration", &operation.web_socket_id)).await;
    page.assert_refused(1008).await;
}

/// A frame of so many octets.
fn sized(octets: usize) -> Message {
    let head = "SEND\ndestination:/app/registration\n\n{\"webSocketId\":\"a\"";
    let filling = " ".repeat(octets - head.len() - "}\0".len());
    Message::Text(format!("{head}{filling}}}\0"))
}

#[rocket::async_test]
async fn a_frame_that_is_too_large_is_refused() {
    let (server, _, operation) = asked().await;
    let mut page = server.connected(&operation).await;
    page.subscribe().await;
    page.write(sized(MOST_OCTETS)).await;
    assert_eq!(page.message(REGISTRATION).await["registrationSucceeded"], false);
    page.write(sized(MOST_OCTETS + 1)).await;
    page.assert_refused(1009).await;

    // So large that it is not even read.
    for octets in [10_000, 100_000] {
        let mut page = server.connected(&operation).await;
        page.write(sized(octets)).await;
        page.assert_refused(1009).await;
    }
    // In portions.
    let mut page = server.connected(&operation).await;
    page.write(Message::Text("SEND\n\n".into())).await;
    page.stuff(&Message::Text("a".repeat(4_000)), 3).await;
    page.assert_refused(1009).await;
    for line in [format!("a:{}\n", "b".repeat(1_023)), "a:b\n".repeat(33)] {
        let mut page = server.socket().await;
        page.write(Message::Text(format!("CONNECT\n{line}\n\0"))).await;
        page.assert_refused(1009).await;
    }
}

#[rocket::async_test]
async fn a_page_that_does_not_connect_is_closed() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.connect = Duration::from_millis(100);
    let (server, _, _) = asked_on(setup).await;
    let mut silent = server.socket().await;
    silent.assert_refused(1008).await;
    let mut busy = server.socket().await;
    // Heart-beats are no CONNECT. Between two of them the end is seen.
    while busy.stuff(&Message::Text("\n".into()), 1).await {
        rocket::tokio::time::sleep(Duration::from_millis(10)).await;
    }
    busy.assert_refused(1008).await;
}

#[rocket::async_test]
async fn a_page_that_does_not_read_is_dropped() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.write = Duration::from_millis(300);
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = server.waiting(&operation).await;
    let long = registration("/app/registration", &operation.web_socket_id)
        .with("receipt", "r".repeat(1_000))
        .encode();
    let long = Message::Text(String::from_utf8(long).expect("text"));
    assert!(!page.stuff(&long, 50_000).await, "the server hangs up");
    until_given_up(&server, &operation).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
    assert_eq!(row(&server, &operation).await.outcome, None);
}
