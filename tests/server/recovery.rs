//! A backend swaps a payload for the profile, once.

use serde_json::json;
use tokio::task::JoinSet;
use vestibule::config::DeclaredClient;
use vestibule::domain::origin::Origin;
use vestibule::domain::scope::Scope;

use crate::support::{
    Backend, Browser, NOTES, PASSWORD, START, Setup, TestServer, WIKI, nonce, wiki,
};

const SECOND_WIKI: &str = "https://wiki.example.org:8443";

/// A wiki that lives at two origins.
fn wiki_at_two_origins() -> DeclaredClient {
    let mut client = wiki();
    let second = Origin::parse(SECOND_WIKI).expect("an origin");
    client.registration.origins.push(second);
    client
}

/// The uid of the only account.
async fn uid(server: &TestServer) -> String {
    let accounts = server.store.list_accounts(None, 2).await.expect("the database answers");
    assert_eq!(accounts.len(), 1);
    accounts[0].uid.clone()
}

#[rocket::async_test]
async fn a_payload_becomes_a_profile_once() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    server.clock.advance(5_000);

    let first = server.backend("wiki").recover(&payload, Some(&nonce)).await;
    assert_eq!(first.status, 200, "{}", first.text);
    assert_eq!(first.header("Cache-Control"), "no-store");
    let profile = first.json();
    let sid = profile["sid"].as_str().expect("a sid").to_owned();
    assert_eq!(
        profile,
        json!({
            "uid": uid(&server).await, "sid": sid, "authTime": START / 1_000,
            "username": "alice", "fullName": "Full Name of alice",
            "email": "alice@example.org", "emailVerified": false,
        })
    );
    assert!(server.backend("wiki").is_active(&sid).await);

    let second = server.backend("wiki").recover(&payload, Some(&nonce)).await;
    second.assert_error(410, "invalid_grant");
    assert!(!server.backend("wiki").is_active(&sid).await, "what the first one opened is closed");
    assert!(alice.is_signed_in().await, "the person's own session goes on");

    let again = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let fresh = server.backend("wiki").recover(&again, Some(&nonce)).await.json();
    assert_ne!(fresh["sid"], json!(sid), "a closed handle is not opened again");
}

#[rocket::async_test]
async fn a_replay_by_somebody_else_ends_it_too() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let payload = alice.mint("notes", NOTES, None).await;
    let profile = server.backend("notes").recover(&payload, None).await.json();
    let sid = profile["sid"].as_str().expect("a sid");
    let foreign = server.backend("wiki").recover(&payload, None).await;
    foreign.assert_error(403, "access_denied");
    assert!(!server.backend("notes").is_active(sid).await);
}

#[rocket::async_test]
async fn of_fifty_redemptions_at_once_exactly_one_succeeds() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for _ in 0..3 {
        let payload = alice.mint("notes", NOTES, None).await;
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let (notes, payload) = (server.backend("notes"), payload.clone());
            calls.spawn(async move { notes.recover(&payload, None).await });
        }
        let answers = calls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(won.len(), 1);
        for answer in lost {
            answer.assert_error(410, "invalid_grant");
        }
        let sid = won[0].json()["sid"].as_str().expect("a sid").to_owned();
        assert!(!server.backend("notes").is_active(&sid).await, "a replay ended it");
    }
}

#[rocket::async_test]
async fn a_payload_lives_a_minute_and_no_longer() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let notes = server.backend("notes");
    let early = alice.mint("notes", NOTES, None).await;
    let late = alice.mint("notes", NOTES, None).await;
    server.clock.advance(59_999);
    assert_eq!(notes.recover(&early, None).await.status, 200);
    server.clock.advance(1);
    notes.recover(&late, None).await.assert_error(410, "invalid_grant");
    server.clock.advance(-30_000);
    notes.recover(&late, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn a_payload_that_was_never_minted_is_gone() {
    let server = TestServer::new().await;
    for payload in [nonce(), "0".repeat(64), "f".repeat(64)] {
        let answer = server.backend("notes").recover(&payload, None).await;
        answer.assert_error(410, "invalid_grant");
    }
}

/// What one case presents: the client, the nonce, the origin.
type Presented<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

async fn present(server: &TestServer, payload: &str, (id, nonce, at): Presented<'_>) -> u16 {
    let client: Backend = server.backend(id);
    let answer = match at {
        Some(origin) => client.recover_at(origin, payload, nonce).await,
        None => client.recover(payload, nonce).await,
    };
    if answer.status != 200 {
        answer.assert_error(403, "access_denied");
    }
    answer.status
}

#[rocket::async_test]
async fn what_was_bound_must_be_presented_and_nothing_else() {
    let mut setup = Setup::new().await;
    setup.config.clients[0] = wiki_at_two_origins();
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let (bound, other) = (nonce(), nonce());
    let (good, wrong) = (Some(bound.as_str()), Some(other.as_str()));
    let upper = bound.to_uppercase();
    let refused: [(&str, &str, Option<&str>, Presented<'_>); 13] = [
        ("another nonce", "wiki", good, ("wiki", wrong, Some(WIKI))),
        ("no nonce", "wiki", good, ("wiki", None, Some(WIKI))),
        ("a nonce like it", "wiki", good, ("wiki", Some(&bound[1..]), Some(WIKI))),
        ("a nonce in capitals", "wiki", good, ("wiki", Some(&upper), Some(WIKI))),
        ("the other origin", "wiki", good, ("wiki", good, Some(SECOND_WIKI))),
        ("no origin", "wiki", good, ("wiki", good, None)),
        ("a foreign origin", "wiki", good, ("wiki", good, Some(NOTES))),
        ("an origin like it", "wiki", good, ("wiki", good, Some(&WIKI[..WIKI.len() - 1]))),
        ("an empty origin", "wiki", good, ("wiki", good, Some(""))),
        ("another client", "wiki", good, ("notes", good, Some(WIKI))),
        ("a nonce though none was bound", "notes", None, ("notes", good, None)),
        ("a wrong origin though there is one", "notes", None, ("notes", None, Some(WIKI))),
        ("another client without a nonce", "notes", None, ("wiki", None, Some(NOTES))),
    ];
    for (what, id, nonce, presented) in refused {
        let origin = if id == "wiki" { WIKI } else { NOTES };
        let payload = alice.mint(id, origin, nonce).await;
        assert_eq!(present(&server, &payload, presented).await, 403, "{what}");
        let right = server.backend(id).recover_at(origin, &payload, nonce).await;
        assert_eq!(right.status, 410, "{what}: it is burnt");
    }
    let rows = server.database.rows("client_sessions", &["sid"]).await;
    assert_eq!(rows, Vec::<String>::new(), "none of these opened anything");
    for (id, origin, nonce, presented) in [
        ("wiki", WIKI, good, ("wiki", good, Some(WIKI))),
        ("wiki", SECOND_WIKI, good, ("wiki", good, Some(SECOND_WIKI))),
        ("notes", NOTES, None, ("notes", None, None)),
        ("notes", NOTES, None, ("notes", None, Some(NOTES))),
        ("notes", NOTES, good, ("notes", good, None)),
    ] {
        let payload = alice.mint(id, origin, nonce).await;
        assert_eq!(present(&server, &payload, presented).await, 200, "{id} {origin}");
    }
}

#[rocket::async_test]
async fn null_is_the_same_as_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let payload = alice.mint("notes", NOTES, None).await;
    let body = json!({ "recoveryPayload": payload, "nonce": null, "origin": null });
    assert_eq!(server.backend("notes").call("recover", &body).await.status, 200);
}

#[rocket::async_test]
async fn a_client_learns_what_its_scope_covers() {
    for (scope, members) in [
        ("openid", vec!["authTime", "sid", "uid"]),
        ("openid profile", vec!["authTime", "fullName", "sid", "uid", "username"]),
        ("openid email", vec!["authTime", "email", "emailVerified", "sid", "uid"]),
    ] {
        let mut setup = Setup::new().await;
        setup.config.clients[1].registration.scope = Scope::parse(scope).expect("a scope");
        let server = setup.start().await;
        let alice = server.signed_up("alice").await;
        let payload = alice.mint("notes", NOTES, None).await;
        let profile = server.backend("notes").recover(&payload, None).await.json();
        let mut names: Vec<&String> = profile.as_object().expect("an object").keys().collect();
        names.sort();
        assert_eq!(names, members, "{scope}");
    }
}

#[rocket::async_test]
async fn a_client_has_one_handle_of_a_session() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let sid = async |browser: &Browser, id: &str, origin: &str, nonce: Option<&str>| {
        let payload = browser.mint(id, origin, nonce).await;
        let profile = server.backend(id).recover(&payload, nonce).await.json();
        profile["sid"].as_str().expect("a sid").to_owned()
    };
    let nonce = nonce();
    let first = sid(&alice, "notes", NOTES, None).await;
    assert_eq!(sid(&alice, "notes", NOTES, None).await, first);
    assert_ne!(sid(&alice, "wiki", WIKI, Some(&nonce)).await, first, "others have their own");
    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    assert_ne!(sid(&elsewhere, "notes", NOTES, None).await, first, "and other sessions");
    let mark = alice.ask("notes", NOTES, false, None).await.json()["mark"].clone();
    assert_ne!(json!(first), mark);
}
