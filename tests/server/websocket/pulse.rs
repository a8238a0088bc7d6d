//! Heart-beats, pings, and silence.

use rocket::tokio::time::sleep;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use vestibule::domain::operation::Outcome;
use vestibule::events::Event;
use vestibule::stomp::{Command, Frame};

use super::{asked_on, until_given_up};
use crate::support::waiting_page::{AUTHORIZATION, PAGE, WaitingPage, subscribe};
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
    setup.config.socket_times.silence = SHORT;
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "100,0").await;
    // Nobody reads here, so not even a ping is answered.
    until_given_up(&server, &operation).await;
    assert_eq!(page.end().await, (None, Some(4002)));
    assert_eq!(notes.state(&operation.id).await, "pending");
}

#[rocket::async_test]
async fn a_hidden_page_whose_heart_beats_are_late_stays_while_it_answers_pings() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.heart_beat = SHORT;
    let (server, _, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "100,0").await;
    for _ in 0..3 {
        page.next_but_frames(Message::is_ping).await;
    }
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn a_socket_does_not_outlive_its_operation() {
    let mut setup = Setup::with_operations().await;
    setup.config.socket_times.ended = SHORT;
    let (server, notes, operation) = asked_on(setup).await;
    let mut page = waiting(&server, &operation, "0,0").await;
    server.ends(&operation.id, Outcome::Refused).await;
    assert_eq!(page.result().await, "CANCELED");
    assert_eq!(page.end().await, (None, Some(1000)));

    let operation = notes.asked("alice").await;
    server.clock.advance(3_600_000);
    let mut idle = server.connected(&operation).await;
    assert_eq!(idle.end().await, (None, Some(1000)), "though it never registered");
}

#[rocket::async_test]
async fn a_database_that_does_not_answer_costs_no_socket() {
    let (server, _, operation) = asked_on(Setup::with_operations().await).await;
    let mut page = waiting(&server, &operation, "0,0").await;
    server.store.close().await;
    server.events.publish(Event::Operation(operation.id.clone())).await;
    for _ in 0..3 {
        page.send(&subscribe("more", AUTHORIZATION).with("receipt", "r")).await;
        assert_eq!(page.frame().await.command, Command::Receipt);
        page.send(&Frame::new(Command::Unsubscribe).with("id", "more")).await;
        sleep(SHORT).await;
    }
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
    assert_eq!(page.end().await, (None, Some(4002)));
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
