//! What introspection tells those who may ask.

use serde_json::{Value, json};
use vestibule::domain::scope::Scope;

use super::{STALL_CALLBACK, setup, shopping, stall_tokens, uid};
use crate::support::{Answer, Authorize, ISSUER, START, Setup, TestServer, declared};
use vestibule::domain::client::Registration;

fn names(said: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        said.as_object().expect("an object").keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[rocket::async_test]
async fn the_owner_is_told_all_of_it() {
    let (server, _alice, tokens) = shopping().await;
    server.clock.advance(5_000);
    let shop = server.backend("shop");
    let request = shop.form("/oauth/introspect", &[("token", &tokens.access)]);
    let answer = Answer::of(request).await;
    assert_eq!(answer.header("Cache-Control"), "no-store");
    assert_eq!(answer.header("Content-Type"), "application/json");
    let said = answer.json();
    let known = [
        "active",
        "aud",
        "auth_time",
        "client_id",
        "exp",
        "iat",
        "iss",
        "scope",
        "sid",
        "sub",
        "token_type",
        "username",
    ];
    assert!(names(&said).iter().all(|name| known.contains(name)), "{said}");
    for (name, value) in [
        ("active", json!(true)),
        ("client_id", json!("shop")),
        ("token_type", json!("Bearer")),
        ("iss", json!(ISSUER)),
        ("aud", json!(ISSUER)),
        ("iat", json!(START / 1_000)),
        ("exp", json!(START / 1_000 + 600)),
        ("auth_time", json!(START / 1_000)),
        ("sub", json!(uid(&server, "alice").await)),
        ("username", json!("alice")),
    ] {
        assert_eq!(said[name], value, "{name} of {said}");
    }
    let mut scope: Vec<&str> = said["scope"].as_str().expect("a scope").split(' ').collect();
    scope.sort_unstable();
    assert_eq!(scope, ["email", "openid", "payments", "profile"]);
    let claims = server.verify(tokens.id.as_deref().expect("an id token"), "shop").await.claims;
    assert_eq!(said["sub"], claims["sub"]);
    if let Some(sid) = said.get("sid") {
        assert_eq!(*sid, claims["sid"]);
    }
}

#[rocket::async_test]
async fn a_resource_server_is_told_the_person_and_the_relier() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    server.clock.advance(30_000);
    let aimed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    let said = server.backend("pay").introspect(&aimed.access).await;
    for (name, value) in [
        ("scope", json!("payments")),
        ("aud", json!("pay")),
        ("client_id", json!("shop")),
        ("act", json!({ "sub": "shop", "client_id": "shop" })),
        ("iat", json!(START / 1_000 + 30)),
        ("exp", json!(START / 1_000 + 600)),
        ("sub", json!(uid(&server, "alice").await)),
    ] {
        assert_eq!(said[name], value, "{name} of {said}");
    }
    let claims = server.verify(tokens.id.as_deref().expect("an id token"), "shop").await.claims;
    assert_ne!(said.get("sid"), claims.get("sid"), "the shop's handle is the shop's: {said}");
}

/// A resource server with this scope, at which the shop may aim.
async fn with_ledger(scope: &str, first_party: bool) -> TestServer {
    let mut setup: Setup = setup().await;
    setup.config.clients.push(declared(Registration {
        grant_types: Vec::new(),
        scope: Scope::parse(scope).expect("a scope"),
        first_party,
        ..Registration::named("ledger", "https://ledger.example.com")
    }));
    for client_id in ["shop", "stall"] {
        setup.registration(client_id).audiences.push("ledger".into());
    }
    setup.start().await
}

/// What the ledger sees of a token with this scope that the shop has narrowed for it.
async fn seen(server: &TestServer, scope: &str) -> Value {
    let alice = server.browser();
    if alice.sign_in("alice", crate::support::PASSWORD).await.status != 303 {
        alice.sign_up("alice").await;
    }
    let tokens = server.shop_tokens(&alice, "openid profile email payments").await;
    let aimed = [("audience", "ledger")];
    let token = server.backend("shop").narrow(&tokens.access, scope, &aimed).await.tokens();
    server.backend("ledger").introspect(&token.access).await
}

#[rocket::async_test]
async fn the_name_goes_to_whom_may_know_it() {
    for (scope, first_party, asked, told) in [
        ("openid profile", true, "payments", true),
        ("openid profile", false, "payments", false),
        ("openid", true, "payments", false),
        ("openid", true, "profile", true),
        ("openid", false, "profile payments", true),
        ("openid profile", false, "openid payments", false),
        ("openid profile", false, "profile:email", false),
    ] {
        let server = with_ledger(scope, first_party).await;
        let said = seen(&server, asked).await;
        let wanted = if told { json!("alice") } else { json!(null) };
        assert_eq!(said["active"], true);
        assert_eq!(said["username"], wanted, "{scope} {first_party} {asked}: {said}");
        for unasked in ["name", "email", "email_verified", "preferred_username"] {
            assert!(said.get(unasked).is_none(), "{said}");
        }
    }
}

#[rocket::async_test]
async fn a_foreign_resource_server_is_told_no_identifier_that_others_know() {
    let server = with_ledger("openid", false).await;
    let (first, second) = (seen(&server, "payments").await, seen(&server, "payments").await);
    let sub = first["sub"].as_str().expect("a sub");
    assert_eq!(second["sub"], sub, "it is the same each time");
    let alice = uid(&server, "alice").await;
    assert_ne!(sub, alice);
    assert!(!first.to_string().contains(&alice), "{first}");
}

#[rocket::async_test]
async fn the_owner_sees_the_identifier_that_its_id_token_has() {
    let server = with_ledger("openid", true).await;
    let alice = server.signed_up("alice").await;
    let tokens = stall_tokens(&server, &alice, "openid profile").await;
    let said = server.backend("stall").introspect(&tokens.access).await;
    let claims = server.verify(tokens.id.as_deref().expect("an id token"), "stall").await.claims;
    assert_eq!(said["sub"], claims["sub"]);
    assert_ne!(said["sub"], json!(uid(&server, "alice").await));
    let person = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert_eq!(person["sub"], claims["sub"]);
}

#[rocket::async_test]
async fn several_receivers_are_a_list() {
    let (server, _alice, tokens) = shopping().await;
    let both = [("audience", "pay"), ("audience", "till")];
    let aimed = server.backend("shop").narrow(&tokens.access, "payments", &both).await.tokens();
    for receiver in ["pay", "till"] {
        let said = server.backend(receiver).introspect(&aimed.access).await;
        assert_eq!(said["aud"], json!(["pay", "till"]), "{said}");
    }
}

#[rocket::async_test]
async fn the_time_of_sign_in_is_the_sessions() {
    let server = setup().await.start().await;
    let alice = server.signed_up("alice").await;
    alice.consent("stall", "allow").await;
    server.clock.advance(3_600_000);
    let asked = Authorize::new("stall", STALL_CALLBACK);
    let code = alice.authorize(&asked).await.code(&asked);
    server.clock.advance(7_000);
    let tokens = server.backend("stall").redeem(&code, &asked).await;
    let said = server.backend("stall").introspect(&tokens.access).await;
    assert_eq!(said["auth_time"], START / 1_000);
    assert_eq!(said["iat"], START / 1_000 + 3_607);
}
