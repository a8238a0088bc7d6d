//! Codes in the wrong hands: injected, stolen, or sent to the wrong place (RFC 9700 §4.4, §4.5).

use super::with_alice;
use crate::support::{Authorize, SPECS, Setup, WIDGET_CALLBACK, nonce};

#[rocket::async_test]
async fn a_code_is_good_for_the_client_that_asked_and_for_no_other() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::shop();
    let code = alice.authorize(&asked).await.code(&asked);
    let stolen = server.public("widget").token(&asked.redemption(&code)).await;
    stolen.assert_error(400, "invalid_grant");
    let late = server.backend("shop").token(&asked.redemption(&code)).await;
    late.assert_error(400, "invalid_grant");

    let asked = Authorize::widget();
    let code = alice.authorize(&asked).await.code(&asked);
    let injected = server.backend("shop").token(&asked.redemption(&code)).await;
    injected.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn a_code_that_is_injected_into_another_browser_does_not_fit_its_verifier() {
    let (server, alice) = with_alice().await;
    let mallory = server.signed_up("mallory").await;
    let (hers, theirs) = (Authorize::shop(), Authorize::shop());
    let stolen = alice.authorize(&hers).await.code(&hers);
    mallory.authorize(&theirs).await.code(&theirs);
    let answer = server.backend("shop").token(&theirs.redemption(&stolen)).await;
    answer.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn without_pkce_the_nonce_tells_that_a_code_is_not_of_this_browser() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop().without_pkce();
    let code = alice.authorize(&asked).await.code(&asked);
    let tokens = server.backend("shop").redeem(&code, &asked).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
    assert_eq!(claims["nonce"], asked.value("nonce"));
    assert_ne!(claims["nonce"], nonce());
}

#[rocket::async_test]
async fn a_code_for_one_redirect_uri_is_not_redeemed_with_another() {
    let second = format!("{SPECS}/second");
    let mut setup = Setup::new().await.with_openid();
    let uris = &mut setup.registration("widget").redirect_uris;
    uris.push(second.clone());
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::widget();
    for uri in [Some(second.as_str()), Some(""), Some("https://evil.test/"), None] {
        let code = alice.authorize(&asked).await.code(&asked);
        let mut fields = asked.redemption(&code);
        fields.retain(|(name, _)| *name != "redirect_uri");
        fields.extend(uri.map(|uri| ("redirect_uri", uri)));
        let answer = server.public("widget").token(&fields).await;
        assert_eq!(answer.status, 400, "{uri:?}: {}", answer.text);
        let error = answer.json()["error"].clone();
        assert!(error == "invalid_grant" || error == "invalid_request", "{uri:?}: {error}");
    }
    assert_eq!(asked.value("redirect_uri"), WIDGET_CALLBACK);
}

#[rocket::async_test]
async fn the_same_request_by_two_people_is_two_grants() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    let asked = Authorize::shop();
    let hers = alice.authorize(&asked).await.code(&asked);
    let his = bob.authorize(&asked).await.code(&asked);
    let shop = server.backend("shop");
    let (hers, his) = (shop.redeem(&hers, &asked).await, shop.redeem(&his, &asked).await);
    assert_eq!(shop.introspect(&hers.access).await["sub"], super::uid(&server, "alice").await);
    assert_eq!(shop.introspect(&his.access).await["sub"], super::uid(&server, "bob").await);
    alice.sign_out().await;
    assert_eq!(shop.introspect(&hers.access).await["active"], false);
    assert_eq!(shop.introspect(&his.access).await["active"], true);
}
