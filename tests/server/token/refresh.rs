//! A refresh token becomes new tokens and is replaced by another (RFC 6749 §6, RFC 9700 §4.14).

use serde_json::json;

use super::{
    ALL, REFRESH, assert_refused, is_hex, lives, opens_userinfo, server, shop_code, shopping,
    stall_tokens,
};
use crate::support::{Answer, Backend, nonce};

/// A refresh with more fields.
async fn refresh_with(client: &Backend, token: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [("grant_type", REFRESH), (REFRESH, token)];
    client.token(&[&fields[..], more].concat()).await
}

fn sorted(scope: &str) -> Vec<&str> {
    let mut names: Vec<&str> = scope.split(' ').collect();
    names.sort_unstable();
    names
}

#[rocket::async_test]
async fn each_refresh_token_is_replaced_by_the_next() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let mut seen = vec![tokens.refresh().to_owned()];
    for _ in 0..4 {
        let next = shop.refresh(seen.last().expect("one")).await.tokens();
        assert_eq!(next.body["expires_in"], 600);
        assert_eq!(sorted(&next.scope), sorted(ALL));
        assert!(is_hex(&next.access) && is_hex(next.refresh()), "{:?}", next.body);
        assert!(!seen.contains(&next.access) && next.access != tokens.access);
        assert!(!seen.contains(&next.refresh().to_owned()), "a refresh token came twice");
        assert!(lives(&shop, &next.access).await);
        assert!(opens_userinfo(&server, &next.access).await);
        seen.push(next.refresh().to_owned());
    }
    server.clock.advance(600_000);
    assert!(!lives(&shop, &tokens.access).await, "an access token lives ten minutes");
    let late = shop.refresh(seen.last().expect("one")).await.tokens();
    assert!(lives(&shop, &late.access).await, "a refresh token outlives it");
}

#[rocket::async_test]
async fn a_public_client_refreshes_by_its_name() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid profile").await;
    let next = server.public("widget").refresh(tokens.refresh()).await.tokens();
    assert_ne!(next.refresh(), tokens.refresh());
    assert!(opens_userinfo(&server, &next.access).await);
}

#[rocket::async_test]
async fn less_scope_may_be_asked_for_and_the_rest_is_not_lost() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let asked = refresh_with(&shop, tokens.refresh(), &[("scope", "openid payments")]).await;
    let less = asked.tokens();
    assert_eq!(sorted(&less.scope), ["openid", "payments"]);
    let said = shop.introspect(&less.access).await;
    assert_eq!(sorted(said["scope"].as_str().expect("a scope")), ["openid", "payments"]);
    let person = server.with_bearer("/oauth/userinfo", &less.access).await.json();
    assert!(person.get("name").is_none() && person.get("email").is_none(), "{person}");
    // RFC 6749 §6: the new refresh token has the scope of the one before.
    let all = shop.refresh(less.refresh()).await.tokens();
    assert_eq!(sorted(&all.scope), sorted(ALL));

    let asked = refresh_with(&shop, all.refresh(), &[("scope", "openid profile:email")]).await;
    assert_eq!(sorted(&asked.tokens().scope), ["openid", "profile:email"], "it is implied");
}

#[rocket::async_test]
async fn without_openid_there_is_no_id_token() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let less = refresh_with(&shop, tokens.refresh(), &[("scope", "profile payments")]).await;
    let less = less.tokens();
    assert_eq!(sorted(&less.scope), ["payments", "profile"]);
    assert_eq!(less.id, None, "{}", less.body);
    let all = shop.refresh(less.refresh()).await.tokens();
    server.verify(all.id.as_deref().expect("an id token"), "shop").await;
}

#[rocket::async_test]
async fn more_scope_is_refused_and_costs_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "openid profile:email").await;
    let shop = server.backend("shop");
    let wider = [
        // Registered for the shop, and not authorised here.
        "openid profile",
        "openid payments",
        "email",
        ALL,
        // Not even registered.
        "openid admin",
        "profile:write",
        "openid profile:email:write",
        "OPENID",
        "open",
        "openid\"",
        "openid\u{a0}payments",
    ];
    for scope in wider {
        let answer = refresh_with(&shop, tokens.refresh(), &[("scope", scope)]).await;
        assert_refused(&answer, &["invalid_scope"], scope);
    }
    let next = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(sorted(&next.scope), ["openid", "profile:email"]);
}

#[rocket::async_test]
async fn an_empty_scope_is_the_same_as_none() {
    // RFC 6749 §3.2: a parameter without a value is treated as if it were left out.
    let (server, _alice, tokens) = shopping().await;
    let answer = refresh_with(&server.backend("shop"), tokens.refresh(), &[("scope", "")]).await;
    assert_eq!(sorted(&answer.tokens().scope), sorted(ALL));
}

#[rocket::async_test]
async fn a_refresh_token_of_another_client_is_refused() {
    let (server, alice, tokens) = shopping().await;
    for thief in [server.backend("stall"), server.public("widget")] {
        let answer = thief.refresh(tokens.refresh()).await;
        assert_refused(&answer, &["invalid_grant"], "a foreign refresh token");
    }
    let widgets = server.widget_tokens(&alice, "openid").await;
    for thief in [server.backend("shop"), server.backend("stall")] {
        let answer = thief.refresh(widgets.refresh()).await;
        assert_refused(&answer, &["invalid_grant"], "the widget's refresh token");
    }
}

#[rocket::async_test]
async fn whatever_is_not_a_refresh_token_is_refused() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let (code, _) = shop_code(&alice).await;
    let id_token = tokens.id.clone().expect("an id token");
    let cookie = alice.cookie("__Host-session").expect("a session");
    let hash = crate::support::hash(tokens.refresh());
    for (what, text) in [
        ("an access token", tokens.access.as_str()),
        ("a code", &code),
        ("an id token", &id_token),
        ("a session's cookie", &cookie),
        ("the hash of one", &hash),
        ("never made", &nonce()),
        ("in capitals", &tokens.refresh().to_uppercase()),
        ("one character less", &tokens.refresh()[1..]),
        ("one character more", &format!("{}0", tokens.refresh())),
        ("with a space", &format!("{} ", tokens.refresh())),
        ("two of them", &format!("{} {}", tokens.refresh(), tokens.refresh())),
    ] {
        let answer = shop.refresh(text).await;
        assert_refused(&answer, &["invalid_grant", "invalid_request"], what);
    }
    assert_eq!(shop.refresh(tokens.refresh()).await.status, 200);
}

#[rocket::async_test]
async fn what_a_refresh_token_gives_is_of_the_same_person_and_session() {
    let (server, alice, tokens) = shopping().await;
    let bob = server.signed_up("bob").await;
    let bobs = server.shop_tokens(&bob, ALL).await;
    let shop = server.backend("shop");
    let (first, next) = (
        shop.introspect(&tokens.access).await,
        shop.introspect(&shop.refresh(tokens.refresh()).await.tokens().access).await,
    );
    assert_eq!(first["sub"], next["sub"]);
    assert_eq!(first["sid"], next["sid"]);
    let other = shop.introspect(&shop.refresh(bobs.refresh()).await.tokens().access).await;
    assert_ne!(first["sub"], other["sub"]);
    assert_eq!(other["username"], json!("bob"));
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_foreign_client_learns_nothing_of_how_a_refresh_token_stands() {
    let (server, alice, tokens) = shopping().await;
    let (shop, stall) = (server.backend("shop"), server.backend("stall"));
    stall_tokens(&server, &alice, "openid").await;
    let fresh = stall.refresh(tokens.refresh()).await;
    let unknown = stall.refresh(&nonce()).await;
    shop.refresh(tokens.refresh()).await;
    let used = stall.refresh(tokens.refresh()).await;
    assert_eq!(fresh.essence(), unknown.essence());
    assert_eq!(used.essence(), unknown.essence());
}
