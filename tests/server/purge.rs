//! What is over is deleted, batch by batch, and nothing else.

use vestibule::clock::{DAY, HOUR, MINUTE};
use vestibule::jobs::purge;

use crate::support::{NOTES, TestServer};

async fn purged(server: &TestServer) -> u64 {
    purge(&server.store, server.clock.now(), &mut server.shutdown()).await.expect("it is purged")
}

#[rocket::async_test]
async fn payloads_are_forgotten_an_hour_after_their_end() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for _ in 0..3 {
        alice.mint("notes", NOTES, None).await;
    }
    server.clock.advance(HOUR);
    assert_eq!(purged(&server).await, 0, "a second use must still be noticed");
    server.clock.advance(2 * MINUTE);
    let fresh = alice.mint("notes", NOTES, None).await;
    assert_eq!(purged(&server).await, 3);
    assert_eq!(server.backend("notes").recover(&fresh, None).await.status, 200);
}

#[rocket::async_test]
async fn ended_sessions_go_with_all_that_hung_on_them_and_living_ones_stay() {
    let server = TestServer::new().await;
    let (alice, bob) = (server.signed_up("alice").await, server.signed_up("bob").await);
    let payload = alice.mint("notes", NOTES, None).await;
    assert_eq!(server.backend("notes").recover(&payload, None).await.status, 200);
    alice.sign_out().await;
    server.clock.advance(7 * HOUR);
    assert!(bob.is_signed_in().await);
    server.clock.advance(7 * HOUR);
    assert!(bob.is_signed_in().await);
    server.clock.advance(7 * HOUR);
    assert!(bob.is_signed_in().await);
    server.clock.advance(DAY - 21 * HOUR + MINUTE);
    assert_eq!(purged(&server).await, 2, "the payload and the session");
    assert!(server.database.rows("client_sessions", &["sid"]).await.is_empty());
    assert_eq!(server.database.rows("sessions", &["id"]).await.len(), 1);
}

#[rocket::async_test]
async fn a_large_heap_goes_in_one_run_of_many_batches() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    alice.mint("notes", NOTES, None).await;
    let many = "INSERT INTO recovery_payloads (hash, session_id, client_id, origin, created_at, \
        expires_at) SELECT p.hash || n.value, p.session_id, p.client_id, p.origin, p.created_at, \
        p.expires_at FROM recovery_payloads p, numbers n RETURNING hash";
    let numbers = "WITH RECURSIVE numbers(value) AS \
        (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < 1200)";
    server.database.texts(&format!("{numbers} {many}")).await;
    server.clock.advance(2 * HOUR);
    assert_eq!(purged(&server).await, 1_201);
}
