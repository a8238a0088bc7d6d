//! Heart-beats, pings, and silence.

use rocket::tokio::time::sleep;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use vestibule::domain::operation::Outcome;
use vestibule::stomp::{Command, Frame};

use super::{asked_on, until_given_up};
use crate::support::waiting_page::{PAGE, WaitingPage};
use crate::support::{Operation, Setup, TestServer};

const SHORT: Duration = Duration::from_millis(100);

/// A registered page that offers these heart-beats.
async fn waiting(server: &TestServer, operation: &Operation, heart_beat: &str) -> WaitingPage {
    let mut page = server.socket().await;
    let connect = Frame::new(Command::Connect)
        .with("accept-version", "1.2")
        .with("heart-beat", heart_beat)
        .with("login", PAGE)
        .with("passcode", &operation.wait_secret);
    page.send(&connect).await;
    assert_eq!(page.frame().await.command, Command::Connected);
    page.subscribe().await;
    assert!(page.register(operation).await);
    page
}

#[rocket::async_test]
async fn the_server_beats_as_often_as_the_page_wants() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.heart_beat = SHORT;
    let (server, _, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "0,50").await;
    for _ in 0..3 {
        page.next_but_frames(|message| *message == Message::Text("\n".into())).await;
    }
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn a_page_that_misses_its_heart_beats_is_closed_and_cancels_nothing() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.heart_beat = SHORT;
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "100,0").await;
    page.assert_refused(1002).await;
    until_given_up(&server, &operation).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn a_page_that_beats_stays() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.heart_beat = Duration::from_secs(1);
    let (server, _, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "50,0").await;
    // Longer than the silence that would end it.
    for _ in 0..50 {
        page.write(Message::Text("\n".into())).await;
        sleep(Duration::from_millis(50)).await;
    }
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn a_page_without_heart_beats_is_pinged() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.ping = SHORT;
    let (server, _, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "0,0").await;
    for _ in 0..3 {
        page.next_but_frames(Message::is_ping).await;
    }
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn a_page_that_leaves_a_ping_unanswered_is_closed_and_cancels_nothing() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.ping = SHORT;
    setup.config.socket_times.silence = SHORT;
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "0,0").await;
    // Nobody reads here, so nobody answers.
    until_given_up(&server, &operation).await;
    page.assert_refused(1002).await;
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn a_page_that_took_its_leave_and_does_not_close_is_closed() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.farewell = SHORT;
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "0,0").await;
    page.send(&Frame::new(Command::Disconnect)).await;
    assert_eq!(page.end().await, (None, Some(1000)));
    assert_eq!(notes.state(&operation.id).await, "pending");
}
