//! What ends a code before its minute is over, for good.

use super::{STALL_CALLBACK, assert_refused, disconnect, server, shop_code, shopping, uid};
use crate::support::{Authorize, Browser, NOTES, PASSWORD, TestServer};
use serde_json::json;

/// A code, and what it was asked for with.
type Given = (String, Authorize);

async fn assert_dead(server: &TestServer, client_id: &str, (code, asked): &Given, why: &str) {
    let answer = server.backend(client_id).token(&asked.redemption(code)).await;
    assert_refused(&answer, &["invalid_grant"], why);
}

async fn stall_code(alice: &Browser) -> Given {
    assert_eq!(alice.consent("stall", "allow").await.status, 303);
    let asked = Authorize::new("stall", STALL_CALLBACK).scope("openid profile");
    (alice.authorize(&asked).await.code(&asked), asked)
}

#[rocket::async_test]
async fn signing_out_kills_codes() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let given = shop_code(&alice).await;
    alice.sign_out().await;
    assert_dead(&server, "shop", &given, "signed out").await;

    alice.sign_in("alice", PASSWORD).await;
    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    let given = shop_code(&alice).await;
    elsewhere.post("/signout", &[("everywhere", "on")]).await;
    assert_dead(&server, "shop", &given, "signed out elsewhere").await;

    alice.sign_in("alice", PASSWORD).await;
    let given = shop_code(&alice).await;
    let leave = json!({ "clientId": "notes", "origin": NOTES });
    alice.bridge_call("/bridge/signout", &leave).await;
    assert_dead(&server, "shop", &given, "signed out through the bridge").await;
}

#[rocket::async_test]
async fn a_code_of_a_session_that_ended_elsewhere_is_dead() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    let given = shop_code(&alice).await;
    let others = shop_code(&elsewhere).await;
    let ended = elsewhere.post("/account/sessions/end-others", &[]).await;
    assert_eq!(ended.status, 303, "{}", ended.text);
    assert_dead(&server, "shop", &given, "ended by another session").await;
    let own = server.backend("shop").token(&others.1.redemption(&others.0)).await;
    assert_eq!(own.status, 200, "the code of the session that goes on");
}

#[rocket::async_test]
async fn a_changed_password_kills_codes() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let given = shop_code(&alice).await;
    assert_eq!(alice.change_password("another-glass-1872").await.status, 303);
    assert_dead(&server, "shop", &given, "changed by her").await;

    let given = shop_code(&alice).await;
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    assert!(server.store.set_password(&uid, "hash", now).await.expect("the database answers"));
    assert_dead(&server, "shop", &given, "set by the command line").await;
}

#[rocket::async_test]
async fn a_disabled_account_kills_codes_for_good() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (early, late) = (shop_code(&alice).await, shop_code(&alice).await);
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    assert!(server.store.disable_account(&uid, now).await.expect("the database answers"));
    assert_dead(&server, "shop", &early, "the account is disabled").await;
    assert!(server.store.enable_account(&uid, now).await.expect("the database answers"));
    assert_dead(&server, "shop", &late, "it was disabled").await;
}

#[rocket::async_test]
async fn a_disabled_client_kills_codes_for_good() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (given, others) = (shop_code(&alice).await, stall_code(&alice).await);
    let now = server.clock.now();
    assert!(server.store.disable_client("shop", now).await.expect("the database answers"));
    let answer = server.backend("shop").token(&given.1.redemption(&given.0)).await;
    answer.assert_error(401, "invalid_client");
    assert!(server.store.enable_client("shop", now).await.expect("the database answers"));
    assert_dead(&server, "shop", &given, "the client was disabled").await;
    let own = server.backend("stall").token(&others.1.redemption(&others.0)).await;
    assert_eq!(own.status, 200, "codes of other clients live on");
}

#[rocket::async_test]
async fn a_consent_that_is_taken_back_kills_codes_for_good() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (early, late) = (stall_code(&alice).await, stall_code(&alice).await);
    disconnect(&alice, "stall").await;
    assert_dead(&server, "stall", &early, "the consent is gone").await;
    assert_eq!(alice.consent("stall", "allow").await.status, 303);
    assert_dead(&server, "stall", &late, "it was gone").await;
}

#[rocket::async_test]
async fn a_session_that_ran_out_kills_codes() {
    let (server, alice, _) = shopping().await;
    // It ends a day after sign-in, however much it is used.
    for _ in 0..5 {
        server.clock.advance(4 * 60 * 60 * 1_000);
        assert!(alice.is_signed_in().await);
    }
    server.clock.advance(4 * 60 * 60 * 1_000 - 20_000);
    let (early, late) = (shop_code(&alice).await, shop_code(&alice).await);
    server.clock.advance(19_999);
    let answer = server.backend("shop").token(&early.1.redemption(&early.0)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    server.clock.advance(1);
    assert_dead(&server, "shop", &late, "the session ran out").await;
}

#[rocket::async_test]
async fn an_account_that_is_gone_takes_its_codes_and_tokens_along() {
    let (server, alice, tokens) = shopping().await;
    let given = shop_code(&alice).await;
    let uid = uid(&server, "alice").await;
    server.database.execute(&format!("DELETE FROM accounts WHERE uid = '{uid}'")).await;
    assert_dead(&server, "shop", &given, "the account is gone").await;
    assert!(!super::lives(&server.backend("shop"), &tokens.access).await);
}
