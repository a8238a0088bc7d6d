//! Grant types that are not there.

use super::Target;
use crate::support::{EXCHANGE, PASSWORD, encode};
use crate::token::setup;

#[rocket::async_test]
async fn a_grant_type_that_nobody_knows_is_not_supported() {
    let target = Target::new().await;
    for grant_type in [
        "password",
        "implicit",
        "Authorization_Code",
        "authorization_code ",
        "authorization-code",
        "refresh",
        "CLIENT_CREDENTIALS",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        &EXCHANGE.to_uppercase(),
        "token-exchange",
        "none",
        "🦀",
    ] {
        let fields = [
            ("grant_type", grant_type),
            ("scope", "payments"),
            ("username", "alice"),
            ("password", PASSWORD),
        ];
        let answer = target.send("/oauth/token", encode(&fields)).await;
        assert_eq!(answer.json()["error"], "unsupported_grant_type", "{grant_type}");
        answer.assert_error(400, "unsupported_grant_type");
    }
}

#[rocket::async_test]
async fn a_grant_type_that_is_not_registered_is_not_for_this_client() {
    let mut setup = setup().await;
    setup.registration("shop").grant_types = vec!["authorization_code".into()];
    let server = setup.start().await;
    let shop = server.backend("shop");
    for grant_type in ["refresh_token", "client_credentials", EXCHANGE] {
        let fields = [
            ("grant_type", grant_type),
            ("refresh_token", &"a".repeat(64)),
            ("subject_token", &"a".repeat(64)),
            ("subject_token_type", crate::support::ACCESS_TOKEN),
            ("scope", "payments"),
        ];
        shop.token(&fields).await.assert_error(400, "unauthorized_client");
    }
}

#[rocket::async_test]
async fn who_may_not_use_a_code_burns_none() {
    let target = Target::new().await;
    let calls = target.calls().await;
    let pay = target.server.backend("pay");
    let fields: Vec<(&str, &str)> =
        calls[0].fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pay.token(&fields).await.assert_error(400, "unauthorized_client");
    let answer = target.send("/oauth/token", calls[0].body()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[rocket::async_test]
async fn fields_in_the_address_are_not_looked_at() {
    let target = Target::new().await;
    for call in target.calls().await {
        let path = format!("{}?{}", call.path, call.body());
        let answer = target.send(&path, "").await;
        answer.assert_error(400, "invalid_request");
        let (name, value) = (call.fields[0].0, call.value(call.fields[0].0));
        let rest = call.body_with(name, "");
        let half = target.send(&path, encode(&[(name, value)])).await;
        let good = half.status == 400 || rest.contains("token_type_hint") || rest.is_empty();
        assert!(good || name == "grant_type" && value == "client_credentials", "{}", half.text);
    }
}
