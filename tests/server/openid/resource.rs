//! `resource`: what a token will be for (RFC 8707).

use super::with_alice;
use crate::support::{Authorize, ISSUER};

const API: &str = "https://api.example.org/pay";

#[rocket::async_test]
async fn a_registered_resource_is_what_the_token_is_for() {
    let (server, alice) = with_alice().await;
    for asked in [
        Authorize::shop().scope("openid payments").with("resource", API),
        Authorize::shop().scope("openid payments").with("resource", API).and("resource", API),
    ] {
        for answer in [alice.authorize(&asked).await, alice.silently(&asked).await] {
            let shop = server.backend("shop");
            let tokens = shop.redeem(&answer.code(&asked), &asked).await;
            assert_eq!(shop.introspect(&tokens.access).await["aud"], API);
            let told = server.with_bearer("/oauth/userinfo", &tokens.access).await;
            assert_eq!(told.status, 401, "it is not for us: {}", told.text);
            let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
            assert_eq!(claims["aud"], "shop", "the id token is for the client all the same");
        }
    }
    let tokens = server.shop_tokens(&alice, "openid").await;
    assert_eq!(server.backend("shop").introspect(&tokens.access).await["aud"], ISSUER);
}

#[rocket::async_test]
async fn what_is_no_resource_of_the_client_is_invalid_target() {
    let (server, alice) = with_alice().await;
    let fragment = format!("{API}#");
    for resource in [
        "https://api.example.org/pay#fragment",
        fragment.as_str(),
        "https://api.example.org/pay/",
        "https://api.example.org/pay?x=1",
        "https://api.example.org/",
        "https://api.example.org",
        "https://API.example.org/pay",
        "https://api.example.org:443/pay",
        "https://api.example.org/PAY",
        "https://api.example.org/%70ay",
        "https://api.example.org/x/../pay",
        "http://api.example.org/pay",
        "https://api.example.org.evil.test/pay",
        "https://evil@api.example.org/pay",
        " https://api.example.org/pay",
        "https://api.example.org/pay https://evil.test/",
        "//api.example.org/pay",
        "/pay",
        "pay",
        "shop",
        "urn:",
        "x",
        "*",
        "javascript:alert(1)",
    ] {
        let asked = Authorize::shop().with("resource", resource);
        for asked in [asked.clone(), asked.clone().and("resource", API), asked.prompt("none")] {
            let error = alice.authorize(&asked).await.refusal(&asked);
            assert_eq!(error, "invalid_target", "{resource:?}");
        }
        let good_first = Authorize::shop().with("resource", API).and("resource", resource);
        let error = alice.authorize(&good_first).await.refusal(&good_first);
        assert_eq!(error, "invalid_target", "{resource:?} after a good one");
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_client_without_audiences_has_no_resource() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for resource in [API, "https://pay.example.org/", "http://specs.example.localhost:8005/"] {
        let asked = Authorize::widget().with("resource", resource);
        assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_target");
        let nobody = server.browser();
        assert_eq!(nobody.authorize(&asked).await.refusal(&asked), "invalid_target");
    }
}

#[rocket::async_test]
async fn it_survives_signing_in() {
    let (server, _) = with_alice().await;
    let asked = Authorize::shop().with("resource", API).and("resource", API);
    let browser = server.browser();
    let answer = browser.authorize(&asked).await;
    let code = super::sign_in(&browser, &answer, "alice").await.code(&asked);
    let tokens = server.backend("shop").redeem(&code, &asked).await;
    assert_eq!(server.backend("shop").introspect(&tokens.access).await["aud"], API);
}
