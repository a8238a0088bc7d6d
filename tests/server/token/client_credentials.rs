//! A client that acts for itself (RFC 6749 §4.4).

use serde_json::json;

use super::{API, assert_refused, lives, server, setup, shopping};
use crate::support::{Answer, Backend, TestServer};

async fn ask(client: &Backend, more: &[(&str, &str)]) -> Answer {
    client.token(&[&[("grant_type", "client_credentials")][..], more].concat()).await
}

async fn own_token(server: &TestServer) -> String {
    ask(&server.backend("shop"), &[("scope", "payments")]).await.tokens().access
}

#[rocket::async_test]
async fn a_client_gets_a_token_of_its_own_and_no_more() {
    let server = server().await;
    let answer = ask(&server.backend("shop"), &[("scope", "payments")]).await;
    let tokens = answer.tokens();
    let mut names: Vec<&String> = tokens.body.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(names, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!((tokens.scope.as_str(), &tokens.body["expires_in"]), ("payments", &json!(600)));
    let said = server.backend("shop").introspect(&tokens.access).await;
    assert_eq!(said["active"], json!(true));
    assert_eq!(said["client_id"], "shop");
    for person in ["username", "auth_time", "sid"] {
        assert!(said.get(person).is_none(), "there is nobody: {said}");
    }
    assert!(said.get("sub").is_none_or(|sub| sub == "shop"), "{said}");
}

#[rocket::async_test]
async fn who_asks_for_no_scope_gets_what_is_registered_but_for_a_person() {
    let server = server().await;
    for more in [&[][..], &[("scope", "")][..]] {
        let tokens = ask(&server.backend("shop"), more).await.tokens();
        let names: Vec<&str> = tokens.scope.split(' ').collect();
        assert!(names.contains(&"payments"), "{}", tokens.scope);
        assert!(!names.contains(&"openid"), "{}", tokens.scope);
        assert!(tokens.refresh.is_none() && tokens.id.is_none());
    }
}

#[rocket::async_test]
async fn what_implies_a_personal_scope_is_left_out_too() {
    let mut setup = setup().await;
    let registered = "openid profile:write email payments stock:write";
    setup.registration("shop").scope = super::scope(registered);
    let server = setup.start().await;
    let tokens = ask(&server.backend("shop"), &[]).await.tokens();
    assert_eq!(tokens.scope, "payments stock:write");
    for scope in ["profile:write", "payments profile:write"] {
        let answer = ask(&server.backend("shop"), &[("scope", scope)]).await;
        assert_refused(&answer, &["invalid_scope"], scope);
    }
}

#[rocket::async_test]
async fn there_is_no_person_to_ask_openid_of() {
    let server = server().await;
    for scope in ["openid", "openid payments", "payments openid"] {
        let answer = ask(&server.backend("shop"), &[("scope", scope)]).await;
        assert_refused(&answer, &["invalid_scope"], scope);
    }
}

#[rocket::async_test]
async fn a_scope_that_is_not_registered_is_refused() {
    let server = server().await;
    for scope in ["admin", "payments admin", "payment", "paymentsx", "PAYMENTS", "pay\"ments"] {
        let answer = ask(&server.backend("shop"), &[("scope", scope)]).await;
        assert_refused(&answer, &["invalid_scope"], scope);
    }
    let narrower = ask(&server.backend("shop"), &[("scope", "payments:read")]).await;
    assert_eq!(narrower.tokens().scope, "payments:read", "it is implied");
}

#[rocket::async_test]
async fn a_public_client_has_nothing_to_prove_who_it_is() {
    let mut setup = setup().await;
    setup.registration("widget").grant_types.push("client_credentials".into());
    let server = setup.start().await;
    let answer = ask(&server.public("widget"), &[("scope", "profile")]).await;
    assert!([400, 401].contains(&answer.status), "{}", answer.text);
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(["unauthorized_client", "invalid_client"].contains(&error.as_str()), "{error}");
}

#[rocket::async_test]
async fn a_client_that_is_not_registered_for_it_is_told_so() {
    let server = server().await;
    let answer = ask(&server.backend("pay"), &[("scope", "profile")]).await;
    answer.assert_error(400, "unauthorized_client");
    let answer = ask(&server.public("widget"), &[("scope", "profile")]).await;
    answer.assert_error(400, "unauthorized_client");
}

#[rocket::async_test]
async fn a_token_without_a_person_opens_no_profile() {
    let server = server().await;
    let token = own_token(&server).await;
    for path in ["/oauth/userinfo", "/v1/profile"] {
        let answer = server.with_bearer(path, &token).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text);
        assert_eq!(answer.json()["error"], "insufficient_scope", "{path}");
        let header = answer.header("WWW-Authenticate");
        assert!(header.starts_with("Bearer realm=\"vestibule\""), "{header}");
        assert!(header.contains("error=\"insufficient_scope\""), "{header}");
    }
}

#[rocket::async_test]
async fn it_may_be_aimed_at_what_is_registered() {
    let server = server().await;
    let shop = server.backend("shop");
    for (name, value) in [("audience", "pay"), ("resource", API), ("audience", API)] {
        let tokens = ask(&shop, &[("scope", "payments"), (name, value)]).await.tokens();
        assert_eq!(shop.introspect(&tokens.access).await["aud"], value);
        assert_eq!(lives(&server.backend("pay"), &tokens.access).await, value == "pay");
    }
    for (name, value) in [
        ("audience", "wiki"),
        ("audience", "Pay"),
        ("audience", "shop"),
        ("resource", "https://api.example.org/"),
        ("resource", "https://api.example.org/pay/"),
        ("resource", "https://api.example.org/pay#here"),
        ("resource", "/pay"),
        ("resource", "pay"),
    ] {
        let answer = ask(&shop, &[("scope", "payments"), (name, value)]).await;
        assert_refused(&answer, &["invalid_target"], value);
    }
}

#[rocket::async_test]
async fn it_dies_after_ten_minutes_and_with_its_client() {
    let server = server().await;
    let shop = server.backend("shop");
    let token = own_token(&server).await;
    server.clock.advance(599_999);
    assert!(lives(&shop, &token).await);
    server.clock.advance(1);
    assert!(!lives(&shop, &token).await);

    let token = own_token(&server).await;
    let now = server.clock.now();
    assert!(server.store.disable_client("shop", now).await.expect("the database answers"));
    assert!(server.store.enable_client("shop", now).await.expect("the database answers"));
    assert!(!lives(&shop, &token).await, "for good");
}

#[rocket::async_test]
async fn it_may_be_narrowed_and_revoked_like_any_other() {
    let (server, alice, _) = shopping().await;
    let shop = server.backend("shop");
    let token = own_token(&server).await;
    let narrowed = shop.narrow(&token, "payments", &[("audience", "pay")]).await.tokens();
    let said = server.backend("pay").introspect(&narrowed.access).await;
    assert_eq!((&said["active"], &said["client_id"]), (&json!(true), &json!("shop")));
    assert!(said.get("username").is_none(), "{said}");
    shop.narrow(&token, "profile", &[]).await.assert_error(400, "invalid_scope");
    alice.sign_out().await;
    assert!(lives(&shop, &token).await, "it hangs on nobody's session");
    shop.revoke(&token).await;
    assert!(!lives(&shop, &token).await && !lives(&shop, &narrowed.access).await);
}
