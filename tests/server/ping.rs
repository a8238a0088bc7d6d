//! What a page gets for the string `ping:<username>`.

use serde_json::json;

use crate::support::{NOTES, SPECS, TestServer, WIKI};

#[rocket::async_test]
async fn a_ping_by_the_persons_own_name_mints_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for (client_id, origin) in [("notes", NOTES), ("wiki", WIKI)] {
        for name in ["alice", "ALICE"] {
            let body = alice.ping(client_id, origin, name).await;
            assert_eq!(body["hasSession"], json!(true), "{client_id} {name}");
            assert_eq!(body["recoveryPayload"], json!(null));
            assert!(body.get("sameUser").is_none() && body.get("error").is_none());
        }
    }
    assert_eq!(server.minted().await, 0);
}

#[rocket::async_test]
async fn a_ping_by_another_name_mints_and_says_so() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for name in ["bob", "alic", "alice2", "alice@example.org", ""] {
        let body = alice.ping("notes", NOTES, name).await;
        assert_eq!(body["hasSession"], json!(true), "{name}");
        assert_eq!(body["sameUser"], json!(false), "{name}");
        let payload = body["recoveryPayload"].as_str().expect("a payload");
        let profile = server.backend("notes").recover(payload, None).await.json();
        assert_eq!(profile["username"], "alice");
    }
}

#[rocket::async_test]
async fn whose_session_it_is_goes_to_clients_with_consent_only() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for name in ["alice", "bob"] {
        let body = alice.ping("specs", SPECS, name).await;
        assert_eq!(body["error"], "consent_required");
        assert_eq!(body["hasSession"], json!(false));
        assert!(body.get("sameUser").is_none(), "{body}");
    }
    let stranger = server.browser().ping("notes", NOTES, "alice").await;
    assert_eq!(stranger["error"], "login_required");
    assert!(stranger.get("sameUser").is_none());
}
