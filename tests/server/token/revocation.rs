//! A client takes back what it was given (RFC 7009).

use super::{
    ALL, assert_all_dead, assert_unauthorized, lives, opens_userinfo, server, shop_code, shopping,
    stall_tokens,
};
use crate::support::{Answer, encode, nonce};

#[rocket::async_test]
async fn an_access_token_is_revoked_with_all_that_was_narrowed_from_it() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let child = shop.narrow(&tokens.access, "openid", &[]).await.tokens().access;
    let aimed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    let answer = shop.revoke(&tokens.access).await;
    assert_eq!((answer.status, answer.header("Cache-Control")), (200, "no-store"));
    for token in [&tokens.access, &child, &aimed.access] {
        assert!(!lives(&shop, token).await && !opens_userinfo(&server, token).await);
    }
    assert!(!lives(&server.backend("pay"), &aimed.access).await);
    let next = shop.refresh(tokens.refresh()).await.tokens();
    assert!(lives(&shop, &next.access).await, "the grant goes on");
}

#[rocket::async_test]
async fn a_narrowed_token_is_revoked_alone() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let child = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    shop.revoke(&child.access).await;
    assert!(!lives(&server.backend("pay"), &child.access).await);
    assert!(lives(&shop, &tokens.access).await && opens_userinfo(&server, &tokens.access).await);
}

#[rocket::async_test]
async fn a_refresh_token_is_revoked_with_its_whole_grant() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let others = server.shop_tokens(&alice, ALL).await;
    let next = shop.refresh(tokens.refresh()).await.tokens();
    let child = shop.narrow(&next.access, "openid", &[]).await.tokens().access;
    assert_eq!(shop.revoke(next.refresh()).await.status, 200);
    let access = [tokens.access.as_str(), &next.access, &child];
    assert_all_dead(&server, &shop, &access, next.refresh()).await;
    assert!(lives(&shop, &others.access).await, "another authorization is another grant");
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_refresh_token_that_was_replaced_ends_the_grant_too() {
    // Whoever lost the answer has nothing else to revoke it by.
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let next = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(shop.revoke(tokens.refresh()).await.status, 200);
    assert_all_dead(&server, &shop, &[&tokens.access, &next.access], next.refresh()).await;
}

#[rocket::async_test]
async fn what_is_somebody_elses_is_left_alone() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let aimed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    let stalls = stall_tokens(&server, &alice, "openid").await;
    let widgets = server.widget_tokens(&alice, "openid").await;
    for other in [server.backend("stall"), server.backend("pay"), server.public("widget")] {
        for token in [&tokens.access, tokens.refresh(), &aimed.access] {
            let answer = other.revoke(token).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }
    for token in [&stalls.access, stalls.refresh(), &widgets.access, widgets.refresh()] {
        assert_eq!(shop.revoke(token).await.status, 200);
    }
    assert!(lives(&shop, &tokens.access).await);
    assert!(lives(&server.backend("pay"), &aimed.access).await, "nor by whom it is for");
    assert_eq!(shop.refresh(tokens.refresh()).await.status, 200);
    assert_eq!(server.backend("stall").refresh(stalls.refresh()).await.status, 200);
    assert_eq!(server.public("widget").refresh(widgets.refresh()).await.status, 200);
    for token in [&stalls.access, &widgets.access] {
        assert!(opens_userinfo(&server, token).await);
    }
}

#[rocket::async_test]
async fn what_is_no_token_is_answered_the_same() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let (code, asked) = shop_code(&alice).await;
    let first = shop.revoke(&tokens.access).await;
    let cookie = alice.cookie("__Host-session").expect("a session");
    let long = "a".repeat(10_000);
    for text in
        [&nonce(), &tokens.access, &code, &cookie, "x", "🦀", &long, &tokens.access.to_uppercase()]
    {
        let answer = shop.revoke(text).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.text);
        assert_eq!(answer.essence(), first.essence());
    }
    assert!(alice.is_signed_in().await, "a cookie is none of theirs");
    assert_eq!(shop.token(&asked.redemption(&code)).await.status, 200);
}

#[rocket::async_test]
async fn a_hint_changes_nothing() {
    let (server, alice, _) = shopping().await;
    let shop = server.backend("shop");
    for hint in ["access_token", "refresh_token", "nothing", ""] {
        let tokens = server.shop_tokens(&alice, ALL).await;
        for token in [&tokens.access, tokens.refresh()] {
            let fields = [("token", token), ("token_type_hint", hint)];
            assert_eq!(Answer::of(shop.form("/oauth/revoke", &fields)).await.status, 200);
        }
        assert_all_dead(&server, &shop, &[&tokens.access], tokens.refresh()).await;
    }
}

#[rocket::async_test]
async fn a_public_client_revokes_by_its_name() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let widget = server.public("widget");
    let tokens = server.widget_tokens(&alice, "openid").await;
    let child = widget.narrow(&tokens.access, "openid", &[]).await.tokens().access;
    assert_eq!(widget.revoke(&tokens.access).await.status, 200);
    assert!(!opens_userinfo(&server, &tokens.access).await);
    assert!(!opens_userinfo(&server, &child).await);
    let next = widget.refresh(tokens.refresh()).await.tokens();
    assert_eq!(widget.revoke(next.refresh()).await.status, 200);
    assert!(!opens_userinfo(&server, &next.access).await);
    widget.refresh(next.refresh()).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn who_does_not_authenticate_revokes_nothing() {
    let (server, _alice, tokens) = shopping().await;
    let token = ("token", tokens.refresh());
    let request = |fields: &[(&str, &str)]| {
        server.backend("shop").bare_form("/oauth/revoke").body(encode(fields))
    };
    let stranger = server.backend("shop").with_secret(&nonce());
    assert_unauthorized(&Answer::of(request(&[token])).await, "nobody");
    assert_unauthorized(&Answer::of(request(&[token, ("client_id", "shop")])).await, "a name");
    assert_unauthorized(&Answer::of(request(&[token, ("client_id", "nobody")])).await, "no name");
    assert_unauthorized(&stranger.revoke(token.1).await, "a wrong secret");
    assert_eq!(server.backend("shop").refresh(token.1).await.status, 200);
}
