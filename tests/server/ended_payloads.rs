//! What ends a payload before its minute is over.

use serde_json::json;
use vestibule::domain::recovery_payload::Binding;
use vestibule::domain::secret::Secret;

use crate::support::{Browser, NOTES, PASSWORD, TestServer, WIKI, nonce};

/// The uid of the only account.
async fn uid(server: &TestServer) -> String {
    let accounts = server.store.list_accounts(None, 2).await.expect("the database answers");
    assert_eq!(accounts.len(), 1);
    accounts[0].uid.clone()
}

/// Payloads of alice for wiki (with this nonce) and for notes.
async fn two_payloads(alice: &Browser, nonce: &str) -> (String, String) {
    (alice.mint("wiki", WIKI, Some(nonce)).await, alice.mint("notes", NOTES, None).await)
}

async fn assert_both_dead(server: &TestServer, nonce: &str, (wiki, notes): &(String, String)) {
    let answer = server.backend("wiki").recover(wiki, Some(nonce)).await;
    answer.assert_error(410, "invalid_grant");
    let answer = server.backend("notes").validate(notes, None).await;
    answer.assert_error(410, "invalid_grant");
    let answer = server.backend("notes").recover(notes, None).await;
    answer.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn signing_out_kills_payloads() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payloads = two_payloads(&alice, &nonce).await;
    alice.sign_out().await;
    assert_both_dead(&server, &nonce, &payloads).await;

    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    alice.sign_in("alice", PASSWORD).await;
    let payloads = two_payloads(&elsewhere, &nonce).await;
    alice.post("/signout", &[("everywhere", "on")]).await;
    assert_both_dead(&server, &nonce, &payloads).await;

    alice.sign_in("alice", PASSWORD).await;
    let payloads = two_payloads(&alice, &nonce).await;
    let leave = json!({ "clientId": "notes", "origin": NOTES });
    alice.bridge_call("/bridge/signout", &leave).await;
    assert_both_dead(&server, &nonce, &payloads).await;
}

#[rocket::async_test]
async fn a_changed_password_kills_payloads() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payloads = two_payloads(&alice, &nonce).await;
    let changed = alice.change_password("another-glass-1872").await;
    assert_eq!(changed.status, 303, "{}", changed.text);
    assert_both_dead(&server, &nonce, &payloads).await;

    // From outside, as `vestibule account set-password` does it.
    let payloads = two_payloads(&alice, &nonce).await;
    let (uid, now) = (uid(&server).await, server.clock.now());
    assert!(server.store.set_password(&uid, "hash", now).await.expect("the database answers"));
    assert_both_dead(&server, &nonce, &payloads).await;
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_disabled_account_kills_payloads_for_good() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payloads = two_payloads(&alice, &nonce).await;
    let (uid, now) = (uid(&server).await, server.clock.now());
    assert!(server.store.disable_account(&uid, now).await.expect("the database answers"));
    let body = alice.ask("notes", NOTES, true, None).await.json();
    assert_eq!(body["error"], "login_required");
    assert!(server.store.enable_account(&uid, now).await.expect("the database answers"));
    assert_both_dead(&server, &nonce, &payloads).await;
}

#[rocket::async_test]
async fn a_disabled_client_kills_payloads_for_good() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let (wiki, notes) = two_payloads(&alice, &nonce).await;
    let now = server.clock.now();
    assert!(server.store.disable_client("notes", now).await.expect("the database answers"));
    server.backend("notes").recover(&notes, None).await.assert_error(401, "invalid_client");
    assert!(server.store.enable_client("notes", now).await.expect("the database answers"));
    server.backend("notes").recover(&notes, None).await.assert_error(410, "invalid_grant");
    let others = server.backend("wiki").recover(&wiki, Some(&nonce)).await;
    assert_eq!(others.status, 200, "those of other clients live on");
}

#[rocket::async_test]
async fn a_session_that_ran_out_kills_payloads() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    // It ends after eight hours without use. Asking is using it, so this one is minted for it
    // by hand.
    server.clock.advance(8 * 60 * 60 * 1_000 - 1);
    let (payload, now) = (Secret::random(), server.clock.now());
    let sessions = server.store.sessions_of(&uid(&server).await, now).await;
    let session = &sessions.expect("the database answers")[0];
    let binding = Binding { client_id: "notes".into(), origin: NOTES.into(), nonce_hash: None };
    let added = server.store.add_payload(&payload.hash(), &session.id, &binding, now).await;
    added.expect("the database answers");
    let (notes, payload) = (server.backend("notes"), payload.reveal());
    assert_eq!(notes.validate(&payload, None).await.status, 200);
    server.clock.advance(1);
    notes.validate(&payload, None).await.assert_error(410, "invalid_grant");
    notes.recover(&payload, None).await.assert_error(410, "invalid_grant");
    assert!(!alice.is_signed_in().await);
}
