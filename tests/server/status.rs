//! A backend asks whether the session behind its handle still lives.

use serde_json::json;

use crate::support::{Browser, NOTES, PASSWORD, Setup, TestServer, WIKI, nonce};

const HOUR: i64 = 60 * 60 * 1_000;

/// The handle that notes has of this browser's session.
async fn sid(server: &TestServer, browser: &Browser) -> String {
    let payload = browser.mint("notes", NOTES, None).await;
    let profile = server.backend("notes").recover(&payload, None).await.json();
    profile["sid"].as_str().expect("a sid").to_owned()
}

async fn is_active(server: &TestServer, sid: &str) -> bool {
    server.backend("notes").is_active(sid).await
}

#[rocket::async_test]
async fn a_session_is_active_until_it_is_signed_out() {
    let server = TestServer::new().await;
    let (alice, elsewhere) = (server.signed_up("alice").await, server.browser());
    elsewhere.sign_in("alice", PASSWORD).await;
    let (here, there) = (sid(&server, &alice).await, sid(&server, &elsewhere).await);
    assert!(is_active(&server, &here).await && is_active(&server, &there).await);
    let answer = server.backend("notes").call("status", &json!({ "sid": here })).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "active": true })));
    assert_eq!(answer.header("Cache-Control"), "no-store");

    alice.sign_out().await;
    assert!(!is_active(&server, &here).await);
    assert!(is_active(&server, &there).await, "another browser's session goes on");
    alice.sign_in("alice", PASSWORD).await;
    assert!(!is_active(&server, &here).await, "signing in again opens another one");
}

#[rocket::async_test]
async fn a_sign_out_through_the_bridge_reaches_every_client() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let notes = sid(&server, &alice).await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let profile = server.backend("wiki").recover(&payload, Some(&nonce)).await.json();
    let wiki = profile["sid"].as_str().expect("a sid");
    let leave = json!({ "clientId": "wiki", "origin": WIKI });
    alice.bridge_call("/bridge/signout", &leave).await;
    assert!(!is_active(&server, &notes).await && !server.backend("wiki").is_active(wiki).await);
}

#[rocket::async_test]
async fn a_changed_password_ends_it_everywhere() {
    let server = TestServer::new().await;
    let (alice, elsewhere) = (server.signed_up("alice").await, server.browser());
    elsewhere.sign_in("alice", PASSWORD).await;
    let (here, there) = (sid(&server, &alice).await, sid(&server, &elsewhere).await);
    assert_eq!(alice.change_password("another-glass-1872").await.status, 303);
    assert!(!is_active(&server, &here).await && !is_active(&server, &there).await);
}

#[rocket::async_test]
async fn a_revoked_session_is_not_active() {
    let server = TestServer::new().await;
    let (alice, elsewhere) = (server.signed_up("alice").await, server.browser());
    elsewhere.sign_in("alice", PASSWORD).await;
    let (here, there) = (sid(&server, &alice).await, sid(&server, &elsewhere).await);
    alice.post("/account/sessions/end-others", &[]).await;
    assert!(is_active(&server, &here).await && !is_active(&server, &there).await);
}

#[rocket::async_test]
async fn a_disabled_account_has_no_active_session() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let sid = sid(&server, &alice).await;
    let accounts = server.store.list_accounts(None, 1).await.expect("the database answers");
    let (uid, now) = (&accounts[0].uid, server.clock.now());
    server.store.disable_account(uid, now).await.expect("the database answers");
    assert!(!is_active(&server, &sid).await);
    server.store.enable_account(uid, now).await.expect("the database answers");
    assert!(!is_active(&server, &sid).await, "enabling it again brings nothing back");
}

#[rocket::async_test]
async fn a_session_that_ran_out_is_not_active() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let sid = sid(&server, &alice).await;
    server.clock.advance(8 * HOUR - 1);
    assert!(is_active(&server, &sid).await, "asking about it is not using it");
    server.clock.advance(1);
    assert!(!is_active(&server, &sid).await, "eight hours without use");

    alice.sign_in("alice", PASSWORD).await;
    let sid = self::sid(&server, &alice).await;
    for _ in 0..5 {
        server.clock.advance(5 * HOUR - 1);
        assert_eq!(is_active(&server, &sid).await, alice.is_signed_in().await);
    }
    assert!(!is_active(&server, &sid).await, "a day in any case");
}

#[rocket::async_test]
async fn another_clients_handle_is_not_active() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let sid = sid(&server, &alice).await;
    assert!(!server.backend("wiki").is_active(&sid).await);
    assert!(is_active(&server, &sid).await, "asking about a foreign one changes nothing");
    assert!(!is_active(&server, &"0".repeat(32)).await);
}

#[rocket::async_test]
async fn the_sessions_own_id_is_no_handle() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    sid(&server, &alice).await;
    let ids = server.database.rows("sessions", &["id"]).await;
    assert_eq!(ids.len(), 1);
    assert!(!is_active(&server, &ids[0]).await);
}

#[rocket::async_test]
async fn something_that_is_no_handle_is_refused_before_any_query() {
    let server = TestServer::new().await;
    let before = server.store.queries();
    let hex = "0123456789abcdef".repeat(2);
    let wrong = [
        "",
        "0",
        &hex[1..],
        &format!("{hex}0"),
        &hex.to_uppercase(),
        &"g".repeat(32),
        &"é".repeat(16),
        &format!(" {}", &hex[1..]),
        &"0".repeat(64),
        "' OR 1=1 --",
    ];
    for sid in wrong {
        let answer = server.backend("notes").call("status", &json!({ "sid": sid })).await;
        answer.assert_error(400, "invalid_request");
    }
    assert_eq!(server.store.queries(), before);
}

#[rocket::async_test]
async fn asking_needs_the_clients_secret() {
    let setup = Setup::new().await;
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let sid = sid(&server, &alice).await;
    let stranger = server.backend("notes").with_secret(&nonce());
    let answer = stranger.call("status", &json!({ "sid": sid })).await;
    answer.assert_error(401, "invalid_client");
}
