//! What the bridge's script is told: whether somebody is signed in, and payloads.

use serde_json::{Value, json};
use std::collections::HashSet;
use vestibule::limits;

use crate::support::{
    ISSUER, NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, hash, nonce, secret_of,
};

#[rocket::async_test]
async fn nobody_signed_in_is_told_so() {
    let server = TestServer::new().await;
    let stranger = server.browser();
    for mint in [true, false] {
        let answer = stranger.ask("wiki", WIKI, mint, Some(&nonce())).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({ "hasSession": false, "recoveryPayload": null, "error": "login_required",
                "mark": "" })
        );
    }
    stranger.set_cookie("__Host-session", &nonce());
    let answer = stranger.ask("wiki", WIKI, true, Some(&nonce())).await;
    assert_eq!(answer.json()["error"], "login_required", "a made-up cookie opens nothing");
    assert_eq!(server.minted().await, 0);
}

#[rocket::async_test]
async fn a_payload_is_64_lower_case_hex_and_never_the_same() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let mut seen = HashSet::new();
    for _ in 0..30 {
        let answer = alice.ask("wiki", WIKI, true, Some(&nonce())).await;
        assert_eq!(answer.header("Cache-Control"), "no-store");
        let body = answer.json();
        assert_eq!((&body["hasSession"], &body["expiresIn"]), (&json!(true), &json!(60)));
        assert!(body.get("error").is_none() && body.get("sameUser").is_none());
        let payload = body["recoveryPayload"].as_str().expect("a payload").to_owned();
        assert!(payload.len() == 64, "{payload}");
        assert!(payload.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{payload}");
        assert!(seen.insert(payload), "a payload came twice");
    }
    let digits: HashSet<char> = seen.iter().flat_map(|payload| payload.chars()).collect();
    assert_eq!(digits.len(), 16, "every digit occurs somewhere");
}

#[rocket::async_test]
async fn only_hashes_are_in_the_database() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    server.backend("wiki").recover(&payload, Some(&nonce)).await;
    let all = server.database.everything().await;
    let secrets = [
        payload,
        nonce,
        alice.cookie("__Host-session").expect("a session"),
        alice.cookie("__Host-session-none").expect("its second secret"),
        alice.cookie("__Host-device").expect("a mark of the device"),
        secret_of("wiki"),
    ];
    for secret in secrets {
        assert!(!all.contains(&secret), "{secret} is in the database");
        assert!(all.contains(&hash(&secret)), "the hash of {secret} is not in the database");
    }
    assert!(!all.contains(PASSWORD));
}

#[rocket::async_test]
async fn asking_alone_mints_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for (client_id, origin) in [("wiki", WIKI), ("notes", NOTES)] {
        let body = alice.ask(client_id, origin, false, None).await.json();
        assert_eq!(body["hasSession"], json!(true));
        assert_eq!(body["recoveryPayload"], json!(null));
        assert!(body.get("error").is_none() && body.get("expiresIn").is_none());
    }
    assert_eq!(server.minted().await, 0);
}

#[rocket::async_test]
async fn a_client_that_requires_a_nonce_gets_no_payload_without_one() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let refused = |body: &Value| {
        assert_eq!(body["hasSession"], json!(false));
        assert_eq!(body["recoveryPayload"], json!(null));
        assert_eq!(body["error"], "nonce_required");
        assert!(body.get("sameUser").is_none());
    };
    refused(&alice.ask("wiki", WIKI, true, None).await.json());
    refused(&alice.ping("wiki", WIKI, "bob").await);
    assert_eq!(server.minted().await, 0);
    // Notes does not require one.
    assert_eq!(alice.mint("notes", NOTES, None).await.len(), 64);
}

#[rocket::async_test]
async fn an_origin_that_is_not_exactly_the_clients_is_refused() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let look_alikes = [
        "http://wiki.vestibule.localhost:8001/",
        "http://wiki.vestibule.localhost:80011",
        "http://wiki.vestibule.localhost",
        "http://wiki.vestibule.localhost:8002",
        "https://wiki.vestibule.localhost:8001",
        "http://WIKI.vestibule.localhost:8001",
        "HTTP://wiki.vestibule.localhost:8001",
        "http://wiki.vestibule.localhost:8001.evil.test",
        "http://wiki.vestibule.localhost.evil.test:8001",
        "http://evilwiki.vestibule.localhost:8001",
        "http://alice@wiki.vestibule.localhost:8001",
        " http://wiki.vestibule.localhost:8001",
        "http://wiki.vestibule.localhost:8001 http://evil.test",
        "null",
        "*",
        "",
        NOTES,
        SPECS,
        ISSUER,
    ];
    for origin in look_alikes {
        let answer = alice.ask("wiki", origin, true, Some(&nonce())).await;
        answer.assert_error(403, "access_denied");
    }
    // An embedder of notes may frame it, and is not answered.
    alice.ask("notes", WIKI, true, None).await.assert_error(403, "access_denied");
    assert_eq!(server.minted().await, 0);
}

#[rocket::async_test]
async fn a_client_that_is_not_there_is_refused() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    server.store.disable_client("notes", server.clock.now()).await.expect("the database answers");
    let long = "a".repeat(10_000);
    for client_id in ["nobody", "", "notes", "Wiki", "wiki ", "wi\nki", "ä", &long] {
        let answer = alice.ask(client_id, NOTES, true, None).await;
        answer.assert_error(403, "access_denied");
    }
    assert_eq!(server.minted().await, 0);
}

#[rocket::async_test]
async fn thirty_asks_a_minute_are_enough_for_a_session_and_client() {
    let mut setup = Setup::new().await;
    setup.config.limits = limits::Settings::default();
    let server = setup.start().await;
    let (alice, bob) = (server.signed_up("alice").await, server.signed_up("bob").await);
    // Asking and minting, objects and strings: they all count.
    for turn in 0..30 {
        let answer = match turn % 3 {
            0 => alice.ask("notes", NOTES, false, None).await,
            1 => alice.ask("notes", NOTES, true, None).await,
            _ => alice.ask("notes", NOTES, true, Some(&nonce())).await,
        };
        assert_eq!(answer.status, 200, "ask {turn}");
    }
    let before = server.minted().await;
    for mint in [true, false] {
        let refused = alice.ask("notes", NOTES, mint, None).await;
        refused.assert_error(429, "rate_limited");
        let wait: i64 = refused.header("Retry-After").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(server.minted().await, before);
    assert_eq!(alice.ask("wiki", WIKI, false, None).await.status, 200, "another client");
    assert_eq!(bob.ask("notes", NOTES, true, None).await.status, 200, "another session");

    server.clock.advance(60_000);
    for _ in 0..30 {
        assert_eq!(alice.ask("notes", NOTES, true, None).await.status, 200);
    }
    assert_eq!(alice.ask("notes", NOTES, true, None).await.status, 429);
}

#[rocket::async_test]
async fn nonces_are_url_safe_and_neither_short_nor_long() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let good = ["A".repeat(16), "a-Z_0".repeat(25), "9".repeat(128)];
    for nonce in &good {
        assert_eq!(alice.mint("wiki", WIKI, Some(nonce)).await.len(), 64, "{nonce}");
    }
    let before = (server.minted().await, server.store.queries());
    let bad =
        ["", "short", &"a".repeat(15), &"a".repeat(129), "has a space in it", "not+url/safe==="];
    for nonce in bad.into_iter().chain(["äöüäöüäöüäöüäöü", "tab\ttab\ttab\ttab\ttab"])
    {
        let answer = alice.ask("wiki", WIKI, true, Some(nonce)).await;
        answer.assert_error(400, "invalid_request");
    }
    assert_eq!((server.minted().await, server.store.queries()), before, "before any query");
}

#[rocket::async_test]
async fn the_sessions_secrets_are_in_no_answer() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let secrets: Vec<String> = ["__Host-session", "__Host-session-none", "__Host-device"]
        .map(|name| alice.cookie(name).expect("a cookie"))
        .into();
    let nonce = nonce();
    let asked = alice.ask("wiki", WIKI, true, Some(&nonce)).await;
    let payload = asked.json()["recoveryPayload"].as_str().expect("a payload").to_owned();
    let wiki = server.backend("wiki");
    let answers = [
        alice.get("/account").await,
        alice.get("/bridge?client_id=wiki").await,
        alice.get("/consent?client_id=specs").await,
        alice.get("/signout").await,
        wiki.validate(&payload, Some(&nonce)).await,
        wiki.recover(&payload, Some(&nonce)).await,
        wiki.recover(&payload, Some(&nonce)).await,
        asked,
    ];
    for answer in answers {
        let headers = format!("{:?}", answer.headers);
        for secret in &secrets {
            assert!(!answer.text.contains(secret), "{}", answer.text);
            assert!(!headers.contains(secret), "{headers}");
        }
    }
}
