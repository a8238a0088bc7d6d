//! At whom a narrowed token may be aimed.

use serde_json::json;

use super::narrowed;
use crate::support::{Backend, ISSUER, PAY};
use crate::token::{API, REFUND, assert_refused, lives, opens_userinfo, shopping};

/// Holds that a token cannot be aimed there.
async fn assert_no_target(client: &Backend, token: &str, aimed: &[(&str, &str)]) {
    let answer = client.narrow(token, "payments", aimed).await;
    assert_refused(&answer, &["invalid_target"], &format!("{aimed:?}"));
}

#[rocket::async_test]
async fn only_what_is_registered_can_be_aimed_at() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let foreign = [
        "wiki",
        "stall",
        "widget",
        "shop",
        "nobody",
        "Pay",
        "PAY",
        "pay/",
        "paypal",
        "pay,till",
        "pay\u{a0}till",
        PAY,
        ISSUER,
        "https://api.example.org/pay/",
        "https://api.example.org/pay/more",
        "https://api.example.org/PAY",
        "https://api.example.org",
        "https://api.example.org:444/pay",
        "https://api.example.org.evil.example/pay",
        "http://api.example.org/pay",
        "https://API.example.org/pay",
        "https://evil@api.example.org/pay",
        "*",
    ];
    for audience in foreign {
        assert_no_target(&shop, &tokens.access, &[("audience", audience)]).await;
        assert_no_target(&shop, &tokens.access, &[("resource", audience)]).await;
        let (good, bad) = (("audience", "pay"), ("audience", audience));
        assert_no_target(&shop, &tokens.access, &[good, bad]).await;
        assert_no_target(&shop, &tokens.access, &[bad, good]).await;
        assert_no_target(&shop, &tokens.access, &[good, ("resource", audience)]).await;
    }
    for resource in ["https://api.example.org/pay#", "https://api.example.org/pay#x", "/pay", "pay"]
    {
        assert_no_target(&shop, &tokens.access, &[("resource", resource)]).await;
    }
    narrowed(&shop, &tokens.access, "payments", "pay").await;
}

#[rocket::async_test]
async fn two_names_in_one_value_are_one_name_that_nobody_has() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    for joined in ["pay till", " pay", "pay ", "pay wiki", "pay\ttill"] {
        assert_no_target(&shop, &tokens.access, &[("audience", joined)]).await;
    }
}

#[rocket::async_test]
async fn a_resource_is_aimed_at_by_its_uri() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let answer = shop.narrow(&tokens.access, "payments", &[("resource", API)]).await;
    assert_eq!(shop.introspect(&answer.tokens().access).await["aud"], API);
    let both = [("audience", "pay"), ("resource", API), ("audience", "till")];
    let several = shop.narrow(&tokens.access, "payments", &both).await.tokens().access;
    let said = shop.introspect(&several).await;
    let mut names: Vec<&str> =
        said["aud"].as_array().expect("several").iter().filter_map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, [API, "pay", "till"]);
    for receiver in ["pay", "till"] {
        assert!(lives(&server.backend(receiver), &several).await, "{receiver}");
    }
    let twice = [("audience", "pay"), ("audience", "pay")];
    let once = shop.narrow(&tokens.access, "payments", &twice).await.tokens().access;
    assert_eq!(shop.introspect(&once).await["aud"], "pay");
}

#[rocket::async_test]
async fn what_is_aimed_at_one_cannot_be_turned_on_another() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let parent = narrowed(&shop, &tokens.access, "payments", "pay").await.access;
    for other in ["till", API, REFUND, ISSUER, "shop", "wiki"] {
        assert_no_target(&shop, &parent, &[("audience", other)]).await;
        assert_no_target(&shop, &parent, &[("audience", "pay"), ("audience", other)]).await;
    }
    assert_no_target(&shop, &parent, &[("resource", API)]).await;
    let same = narrowed(&shop, &parent, "payments", "pay").await.access;
    assert_eq!(shop.introspect(&same).await["aud"], "pay");
}

#[rocket::async_test]
async fn several_become_fewer_and_never_more() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let both = [("audience", "pay"), ("audience", "till")];
    let parent = shop.narrow(&tokens.access, "payments", &both).await.tokens().access;
    assert_no_target(&shop, &parent, &[("resource", API)]).await;
    let pays = narrowed(&shop, &parent, "payments", "pay").await.access;
    assert!(!lives(&server.backend("till"), &pays).await);
    assert_no_target(&shop, &pays, &[("audience", "till")]).await;
    assert_no_target(&shop, &pays, &both).await;
}

#[rocket::async_test]
async fn who_names_nobody_inherits_the_parents_audience() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let own = narrowed(&shop, &tokens.access, "openid profile", "").await.access;
    assert_eq!(shop.introspect(&own).await["aud"], ISSUER);
    assert!(opens_userinfo(&server, &own).await);

    let aimed = shop.narrow(&tokens.access, "openid payments", &[("audience", "pay")]).await;
    let aimed = aimed.tokens().access;
    for more in [&[][..], &[("audience", "")], &[("resource", "")]] {
        let child = shop.narrow(&aimed, "openid", more).await.tokens().access;
        assert_eq!(shop.introspect(&child).await["aud"], "pay", "{more:?}");
        assert!(!opens_userinfo(&server, &child).await, "it does not come back to us");
        let profile = server.with_bearer("/v1/profile", &child).await;
        assert_eq!(profile.status, 401, "{}", profile.text);
    }
}

#[rocket::async_test]
async fn a_token_aimed_elsewhere_opens_nothing_here() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    for audience in ["pay", API] {
        let aimed = narrowed(&shop, &tokens.access, "openid profile email", audience).await.access;
        for path in ["/oauth/userinfo", "/v1/profile"] {
            let answer = server.with_bearer(path, &aimed).await;
            assert_eq!(answer.status, 401, "{path}: {}", answer.text);
            let header = answer.header("WWW-Authenticate");
            assert!(header.contains("error=\"invalid_token\""), "{header}");
            assert!(!answer.text.contains("alice"), "{}", answer.text);
        }
        assert_eq!(shop.introspect(&aimed).await["active"], json!(true));
    }
}

#[rocket::async_test]
async fn what_is_aimed_at_the_shop_itself_is_not_aimed_at_us() {
    let mut setup = crate::token::setup().await;
    setup.registration("shop").audiences.push("shop".into());
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "openid payments").await;
    let own = narrowed(&server.backend("shop"), &tokens.access, "openid", "shop").await.access;
    assert!(!opens_userinfo(&server, &own).await);
    let pay = server.backend("pay");
    assert!(!lives(&pay, &own).await);
}
