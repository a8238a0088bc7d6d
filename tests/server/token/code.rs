//! A code becomes tokens, once, within a minute.

use super::{
    ALL, REFRESH, assert_all_dead, assert_one_of_fifty_redeems, is_hex, lives, opens_userinfo,
    server, setup, shop_code, shopping, stall_tokens,
};
use crate::support::{Authorize, TestServer, nonce};

#[rocket::async_test]
async fn a_code_becomes_tokens() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let answer = server.backend("shop").token(&asked.redemption(&code)).await;
    let tokens = answer.tokens();
    assert_eq!(answer.header("Content-Type"), "application/json");
    let mut names: Vec<&String> = tokens.body.as_object().expect("an object").keys().collect();
    names.sort();
    let wanted = ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"];
    assert_eq!(names, wanted);
    assert_eq!(tokens.body["expires_in"], 600);
    let mut scope: Vec<&str> = tokens.scope.split(' ').collect();
    scope.sort_unstable();
    assert_eq!(scope, ["email", "openid", "payments", "profile"]);
    assert!(is_hex(&tokens.access) && is_hex(tokens.refresh()), "{:?}", tokens.body);
    assert_ne!(tokens.access, tokens.refresh());
    assert!(opens_userinfo(&server, &tokens.access).await);
}

#[rocket::async_test]
async fn who_did_not_ask_for_openid_gets_no_id_token() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "payments").await;
    assert_eq!(tokens.scope, "payments");
    assert_eq!(tokens.id, None);
    assert!(lives(&server.backend("shop"), &tokens.access).await);
}

#[rocket::async_test]
async fn a_client_that_may_not_refresh_gets_no_refresh_token() {
    let mut setup = setup().await;
    setup.registration("shop").grant_types.retain(|grant_type| grant_type != REFRESH);
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, ALL).await;
    assert_eq!(tokens.refresh, None);
    let answer = server.backend("shop").refresh(&nonce()).await;
    answer.assert_error(400, "unauthorized_client");
}

#[rocket::async_test]
async fn a_client_that_may_not_use_codes_is_told_so() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let answer = server.backend("pay").token(&asked.redemption(&code)).await;
    answer.assert_error(400, "unauthorized_client");
}

#[rocket::async_test]
async fn a_code_lives_a_minute_and_no_longer() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let (early, late) = (shop_code(&alice).await, shop_code(&alice).await);
    server.clock.advance(59_999);
    assert_eq!(shop.token(&early.1.redemption(&early.0)).await.status, 200);
    server.clock.advance(1);
    let refused = async || {
        let answer = shop.token(&late.1.redemption(&late.0)).await;
        answer.assert_error(400, "invalid_grant");
    };
    refused().await;
    server.clock.advance(-30_000);
    refused().await;
}

#[rocket::async_test]
async fn a_code_that_was_never_given_is_refused() {
    let server = server().await;
    let asked = Authorize::shop();
    for code in [nonce(), "0".repeat(64), "f".repeat(64)] {
        let answer = server.backend("shop").token(&asked.redemption(&code)).await;
        answer.assert_error(400, "invalid_grant");
    }
}

/// Alice's shop tokens with the code they came from, and a token that was narrowed from them.
async fn redeemed(server: &TestServer) -> (String, Authorize, Vec<String>, String) {
    let alice = server.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let shop = server.backend("shop");
    let tokens = shop.redeem(&code, &asked).await;
    let narrowed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    let next = shop.refresh(tokens.refresh()).await.tokens();
    let access = vec![tokens.access, narrowed.access, next.access.clone()];
    (code, asked, access, next.refresh().to_owned())
}

#[rocket::async_test]
async fn a_code_that_comes_twice_ends_all_that_came_of_it() {
    let server = server().await;
    let (code, asked, access, refresh) = redeemed(&server).await;
    let other_browser = server.browser();
    other_browser.sign_in("alice", crate::support::PASSWORD).await;
    let others = server.shop_tokens(&other_browser, ALL).await;
    let shop = server.backend("shop");
    for token in &access {
        assert!(lives(&shop, token).await);
    }
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    let access: Vec<&str> = access.iter().map(String::as_str).collect();
    assert_all_dead(&server, &shop, &access, &refresh).await;
    assert!(!lives(&server.backend("pay"), access[1]).await);
    assert!(lives(&shop, &others.access).await, "other grants go on");
    assert_eq!(shop.refresh(others.refresh()).await.status, 200);
}

#[rocket::async_test]
async fn a_code_that_comes_again_long_after_its_minute_ends_them_too() {
    let server = server().await;
    let (code, asked, access, refresh) = redeemed(&server).await;
    server.clock.advance(5 * 60_000);
    let shop = server.backend("shop");
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    let access: Vec<&str> = access.iter().map(String::as_str).collect();
    assert_all_dead(&server, &shop, &access, &refresh).await;
}

#[rocket::async_test]
async fn a_code_that_somebody_else_brings_again_ends_them_too() {
    for (client_id, verifier) in [("stall", None), ("shop", Some("a".repeat(43)))] {
        let server = server().await;
        let (code, mut asked, access, refresh) = redeemed(&server).await;
        asked.verifier = verifier.unwrap_or(asked.verifier);
        let answer = server.backend(client_id).token(&asked.redemption(&code)).await;
        answer.assert_error(400, "invalid_grant");
        let access: Vec<&str> = access.iter().map(String::as_str).collect();
        assert_all_dead(&server, &server.backend("shop"), &access, &refresh).await;
    }
}

#[rocket::async_test]
async fn of_fifty_redemptions_at_once_exactly_one_succeeds() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    assert_one_of_fifty_redeems(&[&server], &alice).await;
}

#[rocket::async_test]
async fn each_of_two_clients_has_a_grant_of_its_own() {
    let (server, alice, shops) = shopping().await;
    let stalls = stall_tokens(&server, &alice, "openid profile").await;
    let (shop, stall) = (server.backend("shop"), server.backend("stall"));
    assert_eq!(stall.revoke(stalls.refresh()).await.status, 200);
    assert_all_dead(&server, &stall, &[&stalls.access], stalls.refresh()).await;
    assert!(lives(&shop, &shops.access).await);
}
