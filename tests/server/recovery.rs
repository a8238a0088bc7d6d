//! A backend swaps a payload for the profile, once.

use serde_json::json;

use crate::support::{NOTES, TestServer, WIKI, nonce};

#[rocket::async_test]
async fn a_payload_becomes_a_profile_once() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;

    let first = server.backend("wiki").recover(&payload, Some(&nonce)).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let profile = first.json();
    assert_eq!(profile["username"], "alice");
    let sid = profile["sid"].as_str().expect("a sid");
    assert!(server.backend("wiki").is_active(sid).await);

    let second = server.backend("wiki").recover(&payload, Some(&nonce)).await;
    assert_eq!(second.status, 410);
    assert_eq!(second.json()["error"], "invalid_grant");
    assert!(!server.backend("wiki").is_active(sid).await, "what the first one opened is closed");
}

#[rocket::async_test]
async fn asking_without_minting_gives_no_payload() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let asked = alice.ask("notes", NOTES, false, None).await.json();
    assert_eq!(asked["hasSession"], json!(true));
    assert_eq!(asked["recoveryPayload"], json!(null));
}
