//! A server that is told to end finishes what runs.

use rocket::tokio;
use rustix::process::Signal;
use std::time::{Duration, Instant};

use super::{Place, form};
use crate::support::{Answer, PASSWORD};

#[rocket::async_test]
async fn a_sign_in_that_runs_is_finished_first() {
    let place = Place::with_cost("47104", "12").await;
    let mut node = place.serve().await;
    // As long as a sign-in will take: one hash.
    let begun = Instant::now();
    super::session(&node.browser().sign_up("alice").await);
    let one_hash = begun.elapsed();

    let browser = node.browser();
    let request = form(&browser, "/signin", &[("login", "alice"), ("password", PASSWORD)]);
    let running = tokio::spawn(Answer::of(request));
    tokio::time::sleep(one_hash / 4).await;
    node.program.signal(Signal::TERM);
    tokio::time::sleep(one_hash / 8).await;
    assert!(!running.is_finished(), "it was still running when the signal came");
    let answer = running.await.expect("it is answered");
    let made = super::session(&answer);
    assert_eq!(node.program.ended().await.code(), Some(0), "{}", node.program.output());
    let refused = tokio::net::TcpStream::connect(&node.url["http://".len()..]).await;
    assert!(refused.is_err(), "nobody listens any more");

    assert!(place.serve().await.knows(&made).await);
}

#[rocket::async_test]
async fn a_server_with_nothing_to_finish_ends_at_once() {
    let place = Place::new().await.with_grace(50);
    for signal in [Signal::TERM, Signal::INT] {
        let mut node = place.serve().await;
        let begun = Instant::now();
        node.program.signal(signal);
        assert_eq!(node.program.ended().await.code(), Some(0), "{}", node.program.output());
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
}

#[rocket::async_test]
async fn connections_that_browsers_keep_do_not_keep_a_server_from_ending() {
    let place = Place::new().await.with_grace(1);
    let mut node = place.serve().await;
    let browser = node.browser();
    assert_eq!(browser.get("/signin").await.status, 200);
    node.program.signal(Signal::TERM);
    assert_eq!(node.program.ended().await.code(), Some(0), "{}", node.program.output());
    drop(browser);
}

#[rocket::async_test]
async fn a_server_that_ended_leaves_a_database_that_the_next_one_opens() {
    let place = Place::new().await;
    let mut node = place.serve().await;
    let made = super::session(&node.browser().sign_up("alice").await);
    node.program.signal(Signal::TERM);
    assert_eq!(node.program.ended().await.code(), Some(0));
    if let Some(file) = place.database.file() {
        let journal = file.with_extension("db-wal");
        assert!(!journal.exists(), "everything is in the file, which may be copied now");
    }
    assert!(place.serve().await.knows(&made).await);
}
