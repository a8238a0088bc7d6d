//! What ends a refresh token and the access tokens of its family, at once.

use serde_json::json;
use vestibule::domain::audience::Audience;
use vestibule::domain::secret::Secret;
use vestibule::jobs::purge;
use vestibule::store::Grant;
use vestibule::store::refresh::Renewal;

use super::{
    ALL, STALL_CALLBACK, assert_all_dead, disconnect, lives, opens_userinfo, server, shopping,
    stall_tokens, uid,
};
use crate::support::{Authorize, ISSUER, PASSWORD, TestServer, Tokens};

const HOUR: i64 = 60 * 60 * 1_000;

async fn assert_shop_is_out(server: &TestServer, tokens: &Tokens) {
    let shop = server.backend("shop");
    assert_all_dead(server, &shop, &[&tokens.access], tokens.refresh()).await;
}

#[rocket::async_test]
async fn the_end_of_the_session_is_the_end() {
    let (server, alice, tokens) = shopping().await;
    alice.sign_out().await;
    assert_shop_is_out(&server, &tokens).await;

    alice.sign_in("alice", PASSWORD).await;
    let tokens = server.shop_tokens(&alice, ALL).await;
    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    let others = server.shop_tokens(&elsewhere, ALL).await;
    elsewhere.post("/account/sessions/end-others", &[]).await;
    assert_shop_is_out(&server, &tokens).await;
    assert!(opens_userinfo(&server, &others.access).await, "her other session goes on");
}

#[rocket::async_test]
async fn a_session_that_is_replaced_takes_its_tokens_along() {
    let (server, alice, tokens) = shopping().await;
    server.signed_up("bob").await;
    // Bob signs in on alice's browser.
    assert_eq!(alice.sign_in("bob", PASSWORD).await.status, 303);
    assert_shop_is_out(&server, &tokens).await;
}

#[rocket::async_test]
async fn another_password_is_the_end() {
    let (server, alice, tokens) = shopping().await;
    assert_eq!(alice.change_password("another-glass-1872").await.status, 303);
    assert_shop_is_out(&server, &tokens).await;
    let tokens = server.shop_tokens(&alice, ALL).await;
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    assert!(server.store.set_password(&uid, "hash", now).await.expect("the database answers"));
    assert_shop_is_out(&server, &tokens).await;
}

#[rocket::async_test]
async fn a_disabled_account_is_the_end_for_good() {
    let (server, _alice, tokens) = shopping().await;
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    assert!(server.store.disable_account(&uid, now).await.expect("the database answers"));
    assert!(!opens_userinfo(&server, &tokens.access).await);
    assert!(!lives(&server.backend("shop"), &tokens.access).await);
    assert!(server.store.enable_account(&uid, now).await.expect("the database answers"));
    assert_shop_is_out(&server, &tokens).await;
}

#[rocket::async_test]
async fn a_disabled_client_is_the_end_for_good() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let narrowed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    let now = server.clock.now();
    assert!(server.store.disable_client("shop", now).await.expect("the database answers"));
    assert!(!opens_userinfo(&server, &tokens.access).await);
    assert!(!lives(&server.backend("pay"), &narrowed.access).await);
    shop.refresh(tokens.refresh()).await.assert_error(401, "invalid_client");
    assert!(server.store.enable_client("shop", now).await.expect("the database answers"));
    assert_shop_is_out(&server, &tokens).await;
    assert!(!lives(&server.backend("pay"), &narrowed.access).await);
}

#[rocket::async_test]
async fn a_consent_that_is_taken_back_is_the_end_for_good() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = stall_tokens(&server, &alice, ALL).await;
    let widgets = server.widget_tokens(&alice, "openid").await;
    let shops = server.shop_tokens(&alice, ALL).await;
    disconnect(&alice, "stall").await;
    disconnect(&alice, "widget").await;
    assert!(!opens_userinfo(&server, &tokens.access).await);
    assert!(!opens_userinfo(&server, &widgets.access).await);
    let answer = server.public("widget").refresh(widgets.refresh()).await;
    answer.assert_error(400, "invalid_grant");
    assert_eq!(alice.consent("stall", "allow").await.status, 303);
    let stall = server.backend("stall");
    assert_all_dead(&server, &stall, &[&tokens.access], tokens.refresh()).await;
    assert!(opens_userinfo(&server, &shops.access).await, "the shop needs none");
}

/// Whether the store swaps a refresh token that was looked up before.
async fn renew(server: &TestServer, token: &Secret, grant: &Grant) -> bool {
    let (access, audience) = (Secret::random().hash(), Audience::default());
    let renewal = Renewal { token, access: &access, scope: &grant.scope, audience: &audience };
    let renewed = server.store.renew(renewal, grant, server.clock.now()).await;
    renewed.expect("the database answers").is_ok()
}

#[rocket::async_test]
async fn a_consent_that_is_taken_back_after_the_look_up_still_counts() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    let mut found = Vec::new();
    for _ in 0..2 {
        let tokens = stall_tokens(&server, &alice, ALL).await;
        let token = Secret::parse(tokens.refresh()).expect("a token");
        let row = server.store.refresh_token(&token.hash(), now).await;
        found.push((token, row.expect("the database answers").expect("it lives").grant));
    }
    let (token, grant) = &found[0];
    assert!(renew(&server, token, grant).await, "used, and it would be good once more");
    let before = server.database.rows("access_tokens", &["hash"]).await;
    let removed = server.store.disconnect(&uid, "stall", now).await;
    assert!(removed.expect("the database answers").is_some());
    for (why, (token, grant)) in ["used", "unused"].into_iter().zip(&found) {
        assert!(!renew(&server, token, grant).await, "{why}");
    }
    assert_eq!(server.database.rows("access_tokens", &["hash"]).await, before);
}

#[rocket::async_test]
async fn no_refresh_prolongs_the_grant() {
    let (server, alice, mut tokens) = shopping().await;
    let shop = server.backend("shop");
    // The session ends a day after sign-in, however much it is used; so does all that it gave.
    for _ in 0..5 {
        server.clock.advance(4 * HOUR);
        assert!(alice.is_signed_in().await);
        tokens = shop.refresh(tokens.refresh()).await.tokens();
    }
    server.clock.advance(4 * HOUR - 1_000);
    tokens = shop.refresh(tokens.refresh()).await.tokens();
    let said = shop.introspect(&tokens.access).await;
    assert_eq!(said["active"], json!(true));
    server.clock.advance(1_000);
    assert_shop_is_out(&server, &tokens).await;
}

#[rocket::async_test]
async fn a_session_that_nobody_uses_takes_its_tokens_along() {
    let (server, alice, tokens) = shopping().await;
    server.clock.advance(8 * HOUR);
    assert!(!alice.is_signed_in().await);
    assert_shop_is_out(&server, &tokens).await;
}

#[rocket::async_test]
async fn signing_out_through_the_account_page_reaches_every_client() {
    let (server, alice, shops) = shopping().await;
    let stalls = stall_tokens(&server, &alice, ALL).await;
    let widgets = server.widget_tokens(&alice, "openid").await;
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Origin", ISSUER)];
    let out = alice.post_with("/signout", &[("everywhere", "on")], &headers).await;
    assert_eq!(out.status, 303);
    for token in [&shops.access, &stalls.access, &widgets.access] {
        assert!(!opens_userinfo(&server, token).await);
    }
    let stall = server.backend("stall");
    stall.refresh(stalls.refresh()).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn what_the_person_has_agreed_to_is_looked_at_each_time() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = stall_tokens(&server, &alice, ALL).await;
    let asked = Authorize::new("stall", STALL_CALLBACK).scope(ALL);
    let code = alice.authorize(&asked).await.code(&asked);
    // A yes to less than that, as if she had never said another.
    server.database.execute("UPDATE consents SET scope = 'openid profile'").await;
    let stall = server.backend("stall");
    assert_all_dead(&server, &stall, &[&tokens.access], tokens.refresh()).await;
    stall.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    let less = Authorize::new("stall", STALL_CALLBACK).scope("openid profile");
    let code = alice.authorize(&less).await.code(&less);
    assert!(opens_userinfo(&server, &stall.redeem(&code, &less).await.access).await);
}

#[rocket::async_test]
async fn cleaning_up_takes_nothing_that_still_counts() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let mut last = shop.refresh(tokens.refresh()).await.tokens();
    for _ in 0..7 {
        server.clock.advance(3 * HOUR);
        assert!(alice.is_signed_in().await);
        let purged = purge(&server.store, server.clock.now(), &mut server.shutdown()).await;
        purged.expect("it is purged");
        assert_eq!(server.database.rows("access_tokens", &["hash"]).await, Vec::<String>::new());
        last = shop.refresh(last.refresh()).await.tokens();
        assert!(lives(&shop, &last.access).await);
    }
    // A refresh token that was used hours ago is still known as that.
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    assert_shop_is_out(&server, &last).await;
}
