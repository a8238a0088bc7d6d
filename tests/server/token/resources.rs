//! Resource indicators (RFC 8707) where tokens are given: what was authorised, or less.

use serde_json::{Value, json};

use super::{API, REFRESH, REFUND, assert_refused, lives, opens_userinfo, server, setup};
use crate::support::{Answer, Authorize, Backend, Browser, ISSUER, TestServer, Tokens};

/// Asks for these resources, and redeems the code with those.
async fn redeemed(
    server: &TestServer,
    browser: &Browser,
    asked_for: &[&str],
    redeemed_with: &[&str],
) -> Answer {
    let asked = Authorize::shop().scope("openid payments");
    let asked = asked_for.iter().fold(asked, |asked, uri| asked.and("resource", uri));
    let code = browser.authorize(&asked).await.code(&asked);
    let resources = redeemed_with.iter().map(|uri| ("resource", *uri));
    let fields: Vec<(&str, &str)> = asked.redemption(&code).into_iter().chain(resources).collect();
    server.backend("shop").token(&fields).await
}

async fn refreshed(shop: &Backend, tokens: &Tokens, resources: &[&str]) -> Answer {
    let fields = [("grant_type", REFRESH), (REFRESH, tokens.refresh())];
    let resources = resources.iter().map(|uri| ("resource", *uri));
    shop.token(&fields.into_iter().chain(resources).collect::<Vec<_>>()).await
}

#[rocket::async_test]
async fn a_token_is_for_what_was_authorised() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let cases: [(&[&str], &[&str], Value); 8] = [
        (&[], &[], json!(ISSUER)),
        (&[API], &[], json!(API)),
        (&[API], &[API], json!(API)),
        (&[API, REFUND], &[API], json!(API)),
        (&[API, REFUND], &[REFUND], json!(REFUND)),
        (&[API, REFUND], &[], json!([API, REFUND])),
        (&[API, REFUND], &[REFUND, API], json!([API, REFUND])),
        (&[API], &[""], json!(API)),
    ];
    for (asked_for, redeemed_with, aud) in cases {
        let tokens = redeemed(&server, &alice, asked_for, redeemed_with).await.tokens();
        let said = shop.introspect(&tokens.access).await;
        assert_eq!(said["aud"], aud, "{asked_for:?} {redeemed_with:?}");
        let for_us = asked_for.is_empty();
        assert_eq!(opens_userinfo(&server, &tokens.access).await, for_us, "{asked_for:?}");
    }
}

#[rocket::async_test]
async fn more_than_was_authorised_is_refused() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let cases: [(&[&str], &[&str]); 12] = [
        (&[API], &[REFUND]),
        (&[API], &[API, REFUND]),
        (&[API], &[REFUND, API]),
        (&[API], &["https://api.example.org/pay/"]),
        (&[API], &["https://api.example.org/pay#"]),
        (&[API], &["https://api.example.org/pay#x"]),
        (&[API], &["/pay"]),
        (&[API], &["pay"]),
        (&[API], &[ISSUER]),
        (&[API, REFUND], &["https://api.example.org"]),
        // Nothing was asked for, so the token is for the issuer alone.
        (&[], &[API]),
        (&[], &["https://api.example.net/"]),
    ];
    for (asked_for, redeemed_with) in cases {
        let answer = redeemed(&server, &alice, asked_for, redeemed_with).await;
        assert_refused(&answer, &["invalid_target"], &format!("{asked_for:?} {redeemed_with:?}"));
    }
}

#[rocket::async_test]
async fn each_refresh_may_choose_among_what_was_authorised() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let mut tokens = redeemed(&server, &alice, &[API, REFUND], &[API]).await.tokens();
    let cases: [(&[&str], Value); 3] =
        [(&[REFUND], json!(REFUND)), (&[API], json!(API)), (&[], json!([API, REFUND]))];
    for (resources, aud) in cases {
        tokens = refreshed(&shop, &tokens, resources).await.tokens();
        assert_eq!(shop.introspect(&tokens.access).await["aud"], aud, "{resources:?}");
        assert!(!opens_userinfo(&server, &tokens.access).await);
    }
    for resources in [&[ISSUER][..], &["https://api.example.net/"], &[API, "pay"], &["pay"]] {
        let answer = refreshed(&shop, &tokens, resources).await;
        assert_refused(&answer, &["invalid_target"], &format!("{resources:?}"));
    }
    let fragment = format!("{API}#");
    let answer = refreshed(&shop, &tokens, &[&fragment]).await;
    assert_refused(&answer, &["invalid_target"], "a fragment");
    assert_eq!(refreshed(&shop, &tokens, &[]).await.status, 200, "the family lives");
}

#[rocket::async_test]
async fn a_refresh_of_a_token_for_us_is_for_us() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let tokens = redeemed(&server, &alice, &[], &[]).await.tokens();
    let answer = refreshed(&shop, &tokens, &[API]).await;
    assert_refused(&answer, &["invalid_target"], "it was not authorised");
    let next = refreshed(&shop, &tokens, &[]).await.tokens();
    assert_eq!(shop.introspect(&next.access).await["aud"], ISSUER);
    assert!(opens_userinfo(&server, &next.access).await);
}

#[rocket::async_test]
async fn a_token_for_a_resource_is_narrowed_within_it() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let tokens = redeemed(&server, &alice, &[API, REFUND], &[]).await.tokens();
    let less = shop.narrow(&tokens.access, "payments", &[("resource", API)]).await.tokens();
    assert_eq!(shop.introspect(&less.access).await["aud"], API);
    for foreign in ["pay", "till", ISSUER] {
        let answer = shop.narrow(&tokens.access, "payments", &[("audience", foreign)]).await;
        assert_refused(&answer, &["invalid_target"], foreign);
    }
    let answer = shop.narrow(&less.access, "payments", &[("resource", REFUND)]).await;
    assert_refused(&answer, &["invalid_target"], "from one resource to the other");
    assert!(lives(&shop, &less.access).await);
}

#[rocket::async_test]
async fn an_audience_that_is_no_longer_registered_is_no_target() {
    let setup = setup().await;
    let mut fewer = setup.config.clone();
    let shop = fewer.clients.iter_mut().find(|c| c.registration.client_id == "shop");
    shop.expect("the shop").registration.audiences = vec![REFUND.to_owned()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "openid payments").await;
    let shop = server.backend("shop");
    let narrowed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    assert_eq!(server.backend("pay").introspect(&narrowed.access).await["active"], true);
    let restarted = server.second_node(fewer).await;
    let ended = server.backend("pay").introspect(&narrowed.access).await;
    assert_eq!(ended, serde_json::json!({ "active": false }), "it was taken from the registration");
    assert_eq!(shop.introspect(&tokens.access).await["active"], true);
    for node in [&server, &restarted] {
        let aimed = [("audience", "pay")];
        let answer = node.backend("shop").narrow(&tokens.access, "payments", &aimed).await;
        assert_refused(&answer, &["invalid_target"], "it is not registered any more");
    }
}
