//! `GET /v1/profile`: what recovery gives, for a token.

use reqwest::Method;
use serde_json::json;

use super::{server, shopping, uid};
use crate::support::{Answer, SHOP, START, TestServer, nonce};

async fn profile(server: &TestServer, token: &str) -> serde_json::Value {
    let answer = server.with_bearer("/v1/profile", token).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("Cache-Control"), "no-store");
    answer.json()
}

#[rocket::async_test]
async fn it_is_the_object_that_recovery_gives_by_scope() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let uid = uid(&server, "alice").await;
    for (scope, mut wanted) in [
        ("openid", json!({})),
        ("openid profile", json!({ "username": "alice", "fullName": "Full Name of alice" })),
        ("openid email", json!({ "email": "alice@example.org", "emailVerified": false })),
    ] {
        let tokens = server.shop_tokens(&alice, scope).await;
        let said = profile(&server, &tokens.access).await;
        let id_token = tokens.id.as_deref().expect("an id token");
        let claims = server.verify(id_token, "shop").await.claims;
        wanted["uid"] = json!(uid);
        wanted["sid"] = claims["sid"].clone();
        wanted["authTime"] = json!(START / 1_000);
        assert_eq!(said, wanted, "{scope}");
    }
}

#[rocket::async_test]
async fn its_sid_is_the_clients_handle_of_the_session() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let whole = profile(&server, &tokens.access).await;
    let sid = whole["sid"].as_str().expect("a sid");
    assert!(shop.is_active(sid).await);
    assert!(!server.backend("wiki").is_active(sid).await, "it is the shop's");
    let next = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(profile(&server, &next.access).await["sid"], sid);
    let narrowed = shop.narrow(&tokens.access, "openid", &[]).await.tokens();
    let less = profile(&server, &narrowed.access).await;
    assert_eq!(less["sid"], sid);
    assert!(less.get("username").is_none(), "{less}");
    alice.sign_out().await;
    assert!(!shop.is_active(sid).await);
}

#[rocket::async_test]
async fn a_handle_that_was_ended_is_left_out() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let sid = profile(&server, &tokens.access).await["sid"].clone();
    let nonce = nonce();
    let payload = alice.mint("shop", SHOP, Some(&nonce)).await;
    let recovered = shop.recover(&payload, Some(&nonce)).await;
    assert_eq!(recovered.json()["sid"], sid, "{}", recovered.text);
    // The second redemption ends it.
    shop.recover(&payload, Some(&nonce)).await.assert_error(410, "invalid_grant");
    let person = profile(&server, &tokens.access).await;
    assert_eq!(person["username"], "alice");
    assert!(person.get("sid").is_none(), "{person}");
}

#[rocket::async_test]
async fn another_client_is_given_other_identifiers() {
    let (server, alice, tokens) = shopping().await;
    let widgets = server.widget_tokens(&alice, "openid profile").await;
    let here = profile(&server, &tokens.access).await;
    let there = profile(&server, &widgets.access).await;
    assert_ne!(here["uid"], there["uid"]);
    assert_ne!(here["sid"], there["sid"]);
    assert_eq!(there["username"], "alice");
}

#[rocket::async_test]
async fn a_replayed_code_leaves_no_handle_of_it() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (code, asked) = super::shop_code(&alice).await;
    let shop = server.backend("shop");
    let tokens = shop.redeem(&code, &asked).await;
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    assert_eq!(server.with_bearer("/v1/profile", &tokens.access).await.status, 401);
}

#[rocket::async_test]
async fn it_is_only_looked_at() {
    let (server, _alice, tokens) = shopping().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let request = server.plain_request(method.clone(), "/v1/profile");
        let answer = Answer::of(request.bearer_auth(&tokens.access)).await;
        assert!([404, 405].contains(&answer.status), "{method}: {}", answer.status);
    }
}
