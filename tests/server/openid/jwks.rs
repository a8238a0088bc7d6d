//! The published keys.

use serde_json::Value;
use std::collections::BTreeSet;

use super::with_alice;
use crate::support::{Authorize, Setup, TestServer};

async fn keys(server: &TestServer) -> Vec<Value> {
    let answer = server.plain_get("/oauth/jwks").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["keys"].as_array().expect("keys").clone()
}

fn text<'a>(key: &'a Value, name: &str) -> &'a str {
    key[name].as_str().unwrap_or_else(|| panic!("no {name}: {key}"))
}

#[rocket::async_test]
async fn there_is_a_key_for_each_algorithm_in_use_and_nothing_private() {
    let mut setup = Setup::new().await.with_openid();
    for (client_id, algorithm) in [("shop", "RS256"), ("pay", "ES256"), ("widget", "EdDSA")] {
        setup.registration(client_id).id_token_signed_response_alg = algorithm.into();
    }
    let keys = keys(&setup.start().await).await;
    let mut algorithms = BTreeSet::new();
    let mut kids = BTreeSet::new();
    for key in &keys {
        assert_eq!(key["use"], "sig");
        assert!(kids.insert(text(key, "kid")), "a kid is one key's: {key}");
        algorithms.insert(text(key, "alg"));
        // The length of 32 bytes and of 2048 bits in base64url.
        match text(key, "alg") {
            "RS256" => {
                assert_eq!((text(key, "kty"), text(key, "e")), ("RSA", "AQAB"));
                assert!(text(key, "n").len() >= 342, "{key}");
            }
            "ES256" => {
                assert_eq!((text(key, "kty"), text(key, "crv")), ("EC", "P-256"));
                assert_eq!((text(key, "x").len(), text(key, "y").len()), (43, 43));
            }
            "EdDSA" => {
                assert_eq!((text(key, "kty"), text(key, "crv")), ("OKP", "Ed25519"));
                assert_eq!(text(key, "x").len(), 43);
            }
            other => panic!("{other} was not asked for"),
        }
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "sealed", "private"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
    assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"].into());
}

#[rocket::async_test]
async fn they_may_be_kept_a_while_and_are_the_same_for_everybody() {
    let (server, alice) = with_alice().await;
    let answer = server.plain_get("/oauth/jwks").await;
    let content_type = answer.header("Content-Type");
    assert!(["application/json", "application/jwk-set+json"].contains(&content_type));
    let cache = answer.header("Cache-Control");
    let seconds = cache.split("max-age=").nth(1).and_then(|rest| rest.split(',').next());
    let seconds: u64 = seconds.and_then(|text| text.trim().parse().ok()).unwrap_or_default();
    assert!((60..=86_400).contains(&seconds), "{cache}");
    let hers = alice.get("/oauth/jwks").await;
    assert_eq!(hers.text, answer.text);
    assert!(hers.set_cookies().is_empty());
}

#[rocket::async_test]
async fn every_node_signs_with_keys_that_every_node_publishes() {
    let setup = Setup::new().await.with_openid();
    let config = setup.config.clone();
    let first = setup.start().await;
    let second = first.second_node(config).await;
    assert_eq!(keys(&first).await, keys(&second).await);
    let alice = first.signed_up("alice").await.at(&second.url);
    let tokens = second.shop_tokens(&alice, "openid").await;
    let token = first.verify(&tokens.id.expect("an id token"), "shop").await;
    assert_eq!(token.header["typ"], "JWT");
    let asked = Authorize::shop();
    let code = alice.at(&first.url).authorize(&asked).await.code(&asked);
    second.backend("shop").redeem(&code, &asked).await;
    let late = first.backend("shop").token(&asked.redemption(&code)).await;
    late.assert_error(400, "invalid_grant");
}
