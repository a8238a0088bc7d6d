//! Whose token may be narrowed, to what scope, for how long, and how often.

use serde_json::json;

use super::{chain, narrowed};
use crate::support::{ACCESS_TOKEN, PAY, TestServer};
use crate::token::{
    ALL, assert_refused, lives, opens_userinfo, server, setup, shopping, stall_tokens,
};

#[rocket::async_test]
async fn a_token_becomes_a_narrower_one_for_somebody_else() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let answer = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await;
    let fresh = answer.tokens();
    let mut names: Vec<&String> = fresh.body.as_object().expect("an object").keys().collect();
    names.sort();
    let wanted = ["access_token", "expires_in", "issued_token_type", "scope", "token_type"];
    assert_eq!(names, wanted, "neither a refresh token nor an id token");
    assert_eq!(fresh.body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((fresh.scope.as_str(), &fresh.body["expires_in"]), ("payments", &json!(600)));
    assert_ne!(fresh.access, tokens.access);
    let said = server.backend("pay").introspect(&fresh.access).await;
    assert_eq!((&said["active"], &said["scope"]), (&json!(true), &json!("payments")));
    assert_eq!((&said["client_id"], &said["aud"]), (&json!("shop"), &json!("pay")));
    assert!(lives(&shop, &tokens.access).await, "the parent goes on");
    assert!(opens_userinfo(&server, &tokens.access).await);
    assert!(!opens_userinfo(&server, &fresh.access).await, "it is aimed elsewhere");
}

#[rocket::async_test]
async fn a_resource_server_cannot_exchange_a_token_that_it_received() {
    let (server, _alice, tokens) = shopping().await;
    let (shop, till) = (server.backend("shop"), server.backend("till"));
    let received = narrowed(&shop, &tokens.access, "payments", "till").await.access;
    assert!(lives(&till, &received).await, "it may look at it");
    for more in [&[][..], &[("audience", "till")], &[("audience", "pay")]] {
        let answer = till.narrow(&received, "payments", more).await;
        assert_refused(&answer, &["invalid_request"], &format!("{more:?}"));
    }
    assert!(lives(&shop, &received).await && lives(&shop, &tokens.access).await);
}

#[rocket::async_test]
async fn a_token_of_another_client_is_refused_like_one_that_never_was() {
    let (server, alice, tokens) = shopping().await;
    let (stall, widget) = (server.backend("stall"), server.public("widget"));
    let stalls = stall_tokens(&server, &alice, ALL).await;
    let widgets = server.widget_tokens(&alice, "openid profile").await;
    for (thief, token) in [
        (&stall, &tokens.access),
        (&widget, &tokens.access),
        (&stall, &widgets.access),
        (&widget, &stalls.access),
        (&server.backend("shop"), &stalls.access),
        (&server.backend("shop"), &widgets.access),
    ] {
        let answer = thief.narrow(token, "openid", &[]).await;
        assert_refused(&answer, &["invalid_request"], "a foreign token");
        let unknown = thief.narrow(&crate::support::nonce(), "openid", &[]).await;
        assert_eq!(answer.essence(), unknown.essence());
    }
    let server = &server;
    let own = async |token: &str| opens_userinfo(server, token).await;
    assert!(own(&tokens.access).await && own(&stalls.access).await && own(&widgets.access).await);
}

#[rocket::async_test]
async fn the_scope_must_be_there() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    for blank in ["", " ", "   "] {
        let answer = shop.narrow(&tokens.access, blank, &[("audience", "pay")]).await;
        assert_refused(&answer, &["invalid_request", "invalid_scope"], &format!("{blank:?}"));
    }
    let fields = [
        ("grant_type", crate::support::EXCHANGE),
        ("subject_token", tokens.access.as_str()),
        ("subject_token_type", ACCESS_TOKEN),
        ("audience", "pay"),
    ];
    assert_refused(&shop.token(&fields).await, &["invalid_request"], "no scope");
}

/// Holds what the shop may make of a token with the scope `held`.
async fn hold(server: &TestServer, held: &str, asked: &str, may: bool) {
    let alice = server.browser();
    alice.sign_in("alice", crate::support::PASSWORD).await;
    let tokens = server.shop_tokens(&alice, held).await;
    let answer = server.backend("shop").narrow(&tokens.access, asked, &[]).await;
    if may {
        assert_eq!(answer.tokens().scope, asked, "{held} → {asked}");
    } else {
        assert_refused(&answer, &["invalid_scope"], &format!("{held} → {asked}"));
    }
}

#[rocket::async_test]
async fn the_scope_must_be_implied_by_the_parents() {
    let mut setup = setup().await;
    let held = "openid profile email payments profile:write https://api.example.org/all";
    setup.registration("shop").scope = crate::token::scope(held);
    let server = setup.start().await;
    server.signed_up("alice").await;
    for (held, asked) in [
        ("openid profile", "openid profile"),
        ("openid profile", "profile"),
        ("profile", "profile:email"),
        ("profile:write", "profile"),
        ("profile:write", "profile:email:write"),
        ("payments", "payments:refund"),
        ("https://api.example.org/all", "https://api.example.org/all#read"),
        ("https://api.example.org/all", "https://api.example.org/all/part"),
    ] {
        hold(&server, held, asked, true).await;
    }
    for (held, asked) in [
        // Registered for the shop, and not in the parent.
        ("openid profile", "payments"),
        ("openid", "openid email"),
        ("profile", "profile:write"),
        ("profile:email", "profile"),
        ("profile:email", "profile:email:write"),
        ("openid", "profile"),
        ("https://api.example.org/all#read", "https://api.example.org/all"),
        ("https://api.example.org/all/part", "https://api.example.org/all"),
        // Look-alikes.
        ("profile", "profilebogey"),
        ("profile", "PROFILE"),
        ("https://api.example.org/all", "https://api.example.org/aller"),
        ("https://api.example.org/all", "https://api.example.com/all"),
        ("payments", "payments payment"),
        ("payments", "pay\"ments"),
    ] {
        hold(&server, held, asked, false).await;
    }
}

#[rocket::async_test]
async fn what_was_narrowed_is_not_widened_again() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let less = narrowed(&shop, &tokens.access, "openid profile", "").await.access;
    let least = narrowed(&shop, &less, "profile:email", "").await.access;
    for wider in ["payments", "openid payments", ALL, "email", "profile:email email"] {
        let answer = shop.narrow(&less, wider, &[]).await;
        assert_refused(&answer, &["invalid_scope"], wider);
    }
    for wider in ["profile", "openid", "openid profile", "profile:email:write", ALL] {
        let answer = shop.narrow(&least, wider, &[]).await;
        assert_refused(&answer, &["invalid_scope"], wider);
    }
    narrowed(&shop, &least, "profile:email", "").await;
}

#[rocket::async_test]
async fn it_does_not_outlive_its_parent() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let parent = shop.introspect(&tokens.access).await["exp"].clone();
    server.clock.advance(400_000);
    let child = narrowed(&shop, &tokens.access, "openid payments", "").await;
    assert_eq!(child.body["expires_in"], json!(200));
    server.clock.advance(100_500);
    let grandchild = narrowed(&shop, &child.access, "payments", "pay").await;
    let left = grandchild.body["expires_in"].as_i64().expect("seconds");
    assert!((1..=100).contains(&left), "{left}");
    for token in [&child.access, &grandchild.access] {
        assert_eq!(shop.introspect(token).await["exp"], parent);
    }
    server.clock.advance(99_499);
    assert!(lives(&server.backend("pay"), &grandchild.access).await, "a millisecond is left");
    server.clock.advance(1);
    for token in [&tokens.access, &child.access, &grandchild.access] {
        assert!(!lives(&shop, token).await);
        let answer = shop.narrow(token, "payments", &[]).await;
        assert_refused(&answer, &["invalid_request"], "it has expired");
    }
}

#[rocket::async_test]
async fn eight_may_stand_above_a_token_and_nine_may_not() {
    let (server, _alice, _tokens, tokens) = chain(9).await;
    let shop = server.backend("shop");
    let deepest = &tokens[8];
    assert!(lives(&shop, deepest).await);
    let said = shop.introspect(deepest).await;
    let mut act = &said["act"];
    let mut depth = 0;
    while act.is_object() {
        depth += 1;
        act = &act["act"];
    }
    assert_eq!(depth, 8);
    let answer = shop.narrow(deepest, "payments", &[("audience", "pay")]).await;
    assert_refused(&answer, &["invalid_request"], "the ninth");
    assert!(lives(&shop, deepest).await);
    narrowed(&shop, &tokens[7], "payments", "pay").await;
}

#[rocket::async_test]
async fn a_public_client_narrows_by_the_same_rules() {
    let mut setup = setup().await;
    setup.registration("widget").audiences = vec!["pay".into()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid profile").await;
    let widget = server.public("widget");
    let own = narrowed(&widget, &tokens.access, "openid", "").await;
    assert!(own.refresh.is_none());
    assert!(opens_userinfo(&server, &own.access).await);
    let aimed = narrowed(&widget, &tokens.access, "profile", "pay").await;
    let said = server.backend("pay").introspect(&aimed.access).await;
    assert_eq!((&said["client_id"], &said["aud"]), (&json!("widget"), &json!("pay")));
    let refused = async |token: &str, scope: &str, audience: &str, error: &str| {
        let answer = widget.narrow(token, scope, &[("audience", audience)]).await;
        assert_refused(&answer, &[error], &format!("{scope} for {audience}"));
    };
    // What is the shop's is not the widget's.
    for foreign in ["till", "shop", "https://api.example.org/pay", PAY, "widget", "wiki"] {
        refused(&tokens.access, "profile", foreign, "invalid_target").await;
    }
    refused(&tokens.access, "payments", "pay", "invalid_scope").await;
    refused(&own.access, "profile", "pay", "invalid_scope").await;
    refused(&aimed.access, "openid", "pay", "invalid_scope").await;
    server.clock.advance(600_000);
    refused(&tokens.access, "profile", "pay", "invalid_request").await;
}

#[rocket::async_test]
async fn a_public_client_that_may_aim_at_nobody_aims_at_nobody() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid profile").await;
    for foreign in ["pay", "till", "shop", "widget"] {
        let aimed = [("audience", foreign)];
        let answer = server.public("widget").narrow(&tokens.access, "profile", &aimed).await;
        assert_refused(&answer, &["invalid_target"], foreign);
    }
}
