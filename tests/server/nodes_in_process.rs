//! Two nodes on one database behave as one.

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, nonce};

async fn two_nodes() -> (TestServer, TestServer) {
    let setup = Setup::new().await;
    let config = setup.config.clone();
    let first = setup.start().await;
    let second = first.second_node(config).await;
    assert_ne!(first.url, second.url);
    (first, second)
}

#[rocket::async_test]
async fn a_session_made_on_one_is_known_on_the_other() {
    let (first, second) = two_nodes().await;
    let here = first.signed_up("alice").await;
    let there = here.at(&second.url);
    assert!(there.is_signed_in().await);
    let asked = there.ask("notes", NOTES, false, None).await.json();
    assert_eq!(asked["hasSession"], json!(true));
    assert_eq!(asked["mark"], here.ask("notes", NOTES, false, None).await.json()["mark"]);
    let elsewhere = second.browser();
    assert_eq!(elsewhere.sign_in("alice", PASSWORD).await.status, 303);
    assert!(elsewhere.at(&first.url).is_signed_in().await);
}

#[rocket::async_test]
async fn a_payload_minted_on_one_is_redeemed_on_the_other_once() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let looked = second.backend("wiki").validate(&payload, Some(&nonce)).await;
    assert_eq!(looked.status, 200, "{}", looked.text);
    let answer = second.backend("wiki").recover(&payload, Some(&nonce)).await;
    assert_eq!(answer.json()["username"], "alice");
    let sid = answer.json()["sid"].as_str().expect("a sid").to_owned();
    assert!(first.backend("wiki").is_active(&sid).await);
    let again = first.backend("wiki").recover(&payload, Some(&nonce)).await;
    again.assert_error(410, "invalid_grant");
    assert!(!second.backend("wiki").is_active(&sid).await);
}

#[rocket::async_test]
async fn in_a_race_across_both_exactly_one_redemption_succeeds() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    for _ in 0..3 {
        let payload = alice.mint("notes", NOTES, None).await;
        let mut calls = JoinSet::new();
        for turn in 0..50 {
            let node = if turn % 2 == 0 { &first } else { &second };
            let (notes, payload) = (node.backend("notes"), payload.clone());
            calls.spawn(async move { notes.recover(&payload, None).await });
        }
        let answers = calls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(won.len(), 1);
        for answer in lost {
            answer.assert_error(410, "invalid_grant");
        }
        let sid = won[0].json()["sid"].as_str().expect("a sid").to_owned();
        assert!(!first.backend("notes").is_active(&sid).await, "a replay ended it");
    }
}

#[rocket::async_test]
async fn a_sign_out_on_one_is_final_on_the_other() {
    let (first, second) = two_nodes().await;
    let here = first.signed_up("alice").await;
    let there = here.at(&second.url);
    let (used, unused) =
        (there.mint("notes", NOTES, None).await, there.mint("notes", NOTES, None).await);
    let profile = second.backend("notes").recover(&used, None).await.json();
    let sid = profile["sid"].as_str().expect("a sid");
    assert!(there.is_signed_in().await);

    here.sign_out().await;
    assert!(!there.is_signed_in().await, "this browser still has the cookie; it opens nothing");
    let body = there.ask("notes", NOTES, true, None).await.json();
    assert_eq!(body["error"], "login_required");
    assert!(!second.backend("notes").is_active(sid).await);
    second.backend("notes").recover(&unused, None).await.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn a_changed_password_on_one_is_final_on_the_other() {
    let (first, second) = two_nodes().await;
    let here = first.signed_up("alice").await;
    let there = here.at(&second.url);
    assert_eq!(here.change_password("another-glass-1872").await.status, 303);
    assert!(!there.is_signed_in().await);
    assert_eq!(second.browser().sign_in("alice", PASSWORD).await.status, 422);
    assert_eq!(second.browser().sign_in("alice", "another-glass-1872").await.status, 303);
}

#[rocket::async_test]
async fn consents_and_clients_changed_on_one_count_on_the_other() {
    let (first, second) = two_nodes().await;
    let here = first.signed_up("alice").await;
    let there = here.at(&second.url);
    let ask = async || there.ask("specs", SPECS, false, None).await;
    assert_eq!(ask().await.json()["error"], "consent_required");
    here.consent("specs", "allow").await;
    assert_eq!(ask().await.json()["hasSession"], json!(true));

    first.store.disable_client("specs", first.clock.now()).await.expect("the database answers");
    assert_eq!(ask().await.status, 403);
    assert_eq!(there.get("/bridge?client_id=specs").await.status, 404);
    let answer = second.backend("specs").recover(&nonce(), None).await;
    answer.assert_error(401, "invalid_client");
}

#[rocket::async_test]
async fn of_fifty_sign_ups_with_one_name_across_both_one_succeeds() {
    let (first, second) = two_nodes().await;
    let mut calls = JoinSet::new();
    for turn in 0..50 {
        let browser = if turn % 2 == 0 { first.browser() } else { second.browser() };
        calls.spawn(async move { browser.sign_up("alice").await.status });
    }
    let statuses = calls.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    let others = statuses.iter().filter(|status| **status != 303);
    assert!(others.clone().all(|status| [422, 503].contains(status)), "{statuses:?}");
    assert_eq!(first.database.rows("accounts", &["username"]).await, ["alice"]);
}

#[rocket::async_test]
async fn a_node_that_stops_takes_nothing_with_it() {
    let (first, second) = two_nodes().await;
    let here = first.signed_up("alice").await;
    let payload = here.mint("notes", NOTES, None).await;
    first.stop().await;
    let there = here.at(&second.url);
    assert!(there.is_signed_in().await);
    let answer = second.backend("notes").recover(&payload, None).await;
    assert_eq!(answer.json()["username"], "alice");
}
