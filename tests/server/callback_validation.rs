//! A backend looks at a payload without using it.

use serde_json::json;

use crate::support::{NOTES, Setup, TestServer, WIKI, nonce};

#[rocket::async_test]
async fn ones_own_payload_is_looked_at_and_lives_on() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let wiki = server.backend("wiki");
    for (passed, left) in [(0, 60), (20_000, 40), (39_500, 0), (499, 0)] {
        server.clock.advance(passed);
        let answer = wiki.validate(&payload, Some(&nonce)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json(), json!({ "valid": true, "expiresIn": left }));
        assert_eq!(answer.header("Cache-Control"), "no-store");
    }
    let rows = server.database.rows("recovery_payloads", &["used_at", "sid"]).await;
    assert_eq!(rows, ["null|null"], "looking writes nothing");
    let answer = wiki.recover(&payload, Some(&nonce)).await;
    assert_eq!(answer.status, 200, "and consumes nothing: {}", answer.text);
}

#[rocket::async_test]
async fn it_names_the_origin_like_a_redemption() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let payload = alice.mint("notes", NOTES, None).await;
    let notes = server.backend("notes");
    assert_eq!(notes.validate_at(NOTES, &payload, None).await.status, 200);
    notes.validate_at(WIKI, &payload, None).await.assert_error(403, "access_denied");
    notes.validate_at(NOTES, &payload, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn a_client_with_two_origins_must_name_one() {
    let mut setup = Setup::new().await;
    let second = vestibule::domain::origin::Origin::parse(WIKI).expect("an origin");
    setup.config.clients[1].registration.origins.push(second);
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let notes = server.backend("notes");
    let payload = alice.mint("notes", WIKI, None).await;
    assert_eq!(notes.validate_at(WIKI, &payload, None).await.status, 200);
    notes.validate(&payload, None).await.assert_error(403, "access_denied");
    notes.recover_at(WIKI, &payload, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn a_foreign_or_wrongly_bound_payload_is_burnt() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let (bound, other) = (nonce(), nonce());
    let cases = [
        ("notes", Some(bound.as_str())),
        ("notes", None),
        ("wiki", Some(other.as_str())),
        ("wiki", None),
    ];
    for (client_id, presented) in cases {
        let payload = alice.mint("wiki", WIKI, Some(&bound)).await;
        let refused = server.backend(client_id).validate(&payload, presented).await;
        refused.assert_error(403, "access_denied");
        let own = server.backend("wiki").recover(&payload, Some(&bound)).await;
        assert_eq!(own.status, 410, "{client_id} {presented:?}: it is burnt");
    }
    let payload = alice.mint("notes", NOTES, None).await;
    let refused = server.backend("notes").validate(&payload, Some(&other)).await;
    refused.assert_error(403, "access_denied");
    server.backend("notes").validate(&payload, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn what_can_no_longer_be_redeemed_is_not_valid() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let notes = server.backend("notes");
    notes.validate(&nonce(), None).await.assert_error(410, "invalid_grant");

    let used = alice.mint("notes", NOTES, None).await;
    let profile = notes.recover(&used, None).await.json();
    notes.validate(&used, None).await.assert_error(410, "invalid_grant");
    let sid = profile["sid"].as_str().expect("a sid");
    assert!(notes.is_active(sid).await, "looking is no redemption and ends nothing");

    let old = alice.mint("notes", NOTES, None).await;
    server.clock.advance(60_000);
    notes.validate(&old, None).await.assert_error(410, "invalid_grant");

    let orphan = alice.mint("notes", NOTES, None).await;
    alice.sign_out().await;
    notes.validate(&orphan, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn another_clients_payload_is_refused_even_when_it_was_used() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let payload = alice.mint("notes", NOTES, None).await;
    assert_eq!(server.backend("notes").recover(&payload, None).await.status, 200);
    let answer = server.backend("wiki").validate(&payload, None).await;
    answer.assert_error(403, "access_denied");
}
