//! Flows that nobody ended: they expire, whoever waits is told, and they are forgotten.

use serde_json::json;
use vestibule::clock::{HOUR, MINUTE, SECOND};
use vestibule::jobs::{end_expired, hint_ended, purge};
use vestibule::store::ends::Expiring;

use super::{finish, provider, with_alice};
use crate::support::TestServer;

async fn flows(server: &TestServer) -> Vec<String> {
    server.database.rows("flows", &["outcome"]).await
}

#[rocket::async_test]
async fn a_flow_lasts_a_quarter_of_an_hour() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    server.clock.advance(15 * MINUTE - SECOND);
    server.hold_pending(&waits).await;
    server.clock.advance(SECOND);
    assert_eq!(server.error_of(&waits).await, "expired_token");
    alice.confirm(&waits).await;
    alice.answer_window(&waits, "cancel", "").await;
    assert_eq!(server.error_of(&waits).await, "expired_token");
    assert_eq!(alice.cookie(&waits.cookie()), None);
}

#[rocket::async_test]
async fn a_flow_that_expired_is_forgotten_an_hour_later() {
    let (server, alice) = with_alice().await;
    let (waits, done) = (server.begun().await, server.begun().await);
    finish(&alice, &done).await;
    let mut shutdown = server.shutdown();
    let (store, now) = (&server.store, || server.clock.now());
    server.clock.advance(15 * MINUTE);
    // The job of the server may have been faster.
    let ended = end_expired(store, &server.events, Expiring::Flows, now(), &mut shutdown).await;
    assert!(ended.expect("a database") <= 1);
    assert_eq!(flows(&server).await, ["authorized", "expired"]);
    let hinted = hint_ended(store, &server.events, Expiring::Flows, now()).await;
    assert!(hinted.expect("a database") >= 1);
    server.clock.advance(HOUR);
    assert_eq!(server.error_of(&waits).await, "expired_token");
    purge(store, now(), &mut shutdown).await.expect("a database");
    assert_eq!(flows(&server).await, ["expired"]);
    server.clock.advance(SECOND);
    purge(store, now(), &mut shutdown).await.expect("a database");
    assert!(flows(&server).await.is_empty());
    let answer = server.outcome_with(&[("waiting_secret", &waits.secret)], &[]).await;
    answer.assert_error(404, "not_found");
}

#[rocket::async_test]
async fn a_flow_of_a_client_that_was_switched_off_is_not_there() {
    let server = provider().await;
    let waits = server.begun().await;
    server.store.disable_client("widget", server.clock.now()).await.expect("the database");
    let answer = server.outcome_with(&[("waiting_secret", &waits.secret)], &[]).await;
    answer.assert_error(404, "not_found");
    let window = server.browser();
    assert_eq!(window.confirm(&waits).await.status, 404);
    window.prove(&waits, &waits.secret).await.assert_error(404, "not_found");
    let row = server.database.rows("flows", &["browser_hash", "outcome"]).await;
    assert_eq!(json!(row), json!(["null|null"]));
}
