//! The client against a provider that does as it is told.

mod world;

use super::{Answer, Ending, SignIn, SignInError, SignedIn};
use crate::clock::{HOUR, MINUTE, SECOND};
use crate::demo::off_band::CallError;
use crate::demo::signing_key::Key;
use serde_json::{Value, json};
use std::collections::HashMap;
use url::Url;
use world::World;

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";

/// The browser's way: the address that it is sent to, and what is remembered of it.
async fn begin(world: &World) -> (HashMap<String, String>, SignIn) {
    let (url, sign_in) = world.oidc.begin("/orders").await.expect("the provider is there");
    (Url::parse(url.as_str()).expect("an address").query_pairs().into_owned().collect(), sign_in)
}

/// The provider's answer to a sign-in.
fn answer(world: &World, sign_in: &SignIn) -> Answer {
    let iss = world.orders(|orders| orders.issuer.clone());
    let query = format!("code=c1&state={}&iss={iss}", sign_in.state);
    Answer::read(&query).expect("nothing doubled")
}

/// A sign-in with an id token made of these claims by this key.
async fn sign_in(
    world: &World,
    key: &Key,
    typ: &str,
    change: impl FnOnce(&mut Value),
) -> Result<SignedIn, SignInError> {
    let (asked, sign_in) = begin(world).await;
    let mut claims = world.claims(asked.get("nonce").map(String::as_str));
    change(&mut claims);
    world.give(CODE, Some(&key.sign(typ, &claims)), 1);
    world.oidc.finish(answer(world, &sign_in), &sign_in).await
}

fn is_unbelievable(outcome: Result<SignedIn, SignInError>) -> bool {
    outcome.is_err_and(|error| matches!(error, SignInError::Unbelievable(_)))
}

#[rocket::async_test]
async fn a_code_becomes_a_person() {
    let world = World::new().await;
    let person = sign_in(&world, &world.key, "JWT", |_| ()).await.expect("all is well");
    assert_eq!((person.sub.as_str(), person.sid.as_str()), ("u1", "s1"));
    assert_eq!(person.name, "Alice");
    let form = world.orders(|orders| orders.asked.pop()).expect("it was asked");
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), (CODE, "c1"));
    assert!(form["redirect_uri"].ends_with("/oidc/callback") && form["code_verifier"].len() == 64);
}

#[rocket::async_test]
async fn what_the_browser_is_sent_with_says_nothing_secret_and_differs_each_time() {
    let world = World::new().await;
    let ((first, one), (second, _)) = (begin(&world).await, begin(&world).await);
    assert_eq!(first["code_challenge_method"], "S256");
    assert_eq!(first["scope"], "openid profile payments");
    assert!(first.values().all(|value| *value != one.verifier));
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(first[name], second[name], "{name}");
    }
}

#[rocket::async_test]
async fn an_id_token_of_anybody_else_is_not_believed() {
    let world = World::new().await;
    let stranger = Key::new("k1");
    assert!(is_unbelievable(sign_in(&world, &stranger, "JWT", |_| ()).await), "another key");
    assert!(is_unbelievable(sign_in(&world, &world.key, "logout+jwt", |_| ()).await));
    for (claim, value) in [("nonce", json!("n")), ("aud", json!("pay")), ("sub", json!("u2"))] {
        let outcome = sign_in(&world, &world.key, "JWT", |claims| claims[claim] = value).await;
        assert!(is_unbelievable(outcome), "{claim}");
    }
    assert!(sign_in(&world, &world.key, "JWT", |_| ()).await.is_ok());
}

#[rocket::async_test]
async fn only_the_agreed_algorithm_is_tried() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = World::new().await;
    let (_, begun) = begin(&world).await;
    let claims = URL_SAFE_NO_PAD.encode(world.claims(Some(&begun.nonce)).to_string());
    for alg in ["none", "HS256", "RS256", "EdDSA", "ES384"] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": "k1" }).to_string();
        let unsigned = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header));
        world.give(CODE, Some(&unsigned), 1);
        let outcome = world.oidc.finish(answer(&world, &begun), &begun).await;
        assert!(is_unbelievable(outcome), "{alg}");
    }
}

#[rocket::async_test]
async fn a_new_key_is_fetched_but_not_for_every_rubbish() {
    let world = World::new().await;
    assert!(sign_in(&world, &world.key, "JWT", |_| ()).await.is_ok());
    let (new, unknown) = (Key::new("k2"), Key::new("k3"));
    world.orders(|orders| orders.keys.push(new.public()));
    assert!(is_unbelievable(sign_in(&world, &new, "JWT", |_| ()).await), "fetched just now");
    world.clock.advance(10 * SECOND);
    assert!(sign_in(&world, &new, "JWT", |_| ()).await.is_ok());
    for _ in 0..5 {
        assert!(is_unbelievable(sign_in(&world, &unknown, "JWT", |_| ()).await));
    }
    assert!(sign_in(&world, &world.key, "JWT", |_| ()).await.is_ok());
    assert_eq!(world.orders(|orders| orders.fetched), 2);
    world.orders(|orders| orders.keys.remove(0));
    world.clock.advance(HOUR);
    assert!(is_unbelievable(sign_in(&world, &world.key, "JWT", |_| ()).await), "taken away");
}

#[rocket::async_test]
async fn the_access_token_is_refreshed_before_it_is_too_old() {
    let world = World::new().await;
    let mut tokens = sign_in(&world, &world.key, "JWT", |_| ()).await.expect("works").tokens;
    assert_eq!(world.oidc.access_token(&mut tokens, "u1").await, Ok("a1".to_owned()));
    world.clock.advance(5 * MINUTE);
    world.give(REFRESH, Some(&world.key.sign("JWT", &world.claims(None))), 2);
    assert_eq!(world.oidc.access_token(&mut tokens, "u1").await, Ok("a2".to_owned()));
    let form = world.orders(|orders| orders.asked.pop()).expect("it was asked");
    assert_eq!(form["refresh_token"], "r1");

    world.clock.advance(9 * MINUTE);
    world.give(REFRESH, None, 3);
    assert_eq!(world.oidc.access_token(&mut tokens, "u1").await, Ok("a3".to_owned()));
    let form = world.orders(|orders| orders.asked.pop()).expect("it was asked");
    assert_eq!(form["refresh_token"], "r2", "each one is used once");
}

#[rocket::async_test]
async fn a_refresh_for_somebody_else_or_after_the_end_gives_nothing() {
    let world = World::new().await;
    let mut tokens = sign_in(&world, &world.key, "JWT", |_| ()).await.expect("works").tokens;
    world.clock.advance(9 * MINUTE);
    let mut other = world.claims(None);
    other["sub"] = json!("u2");
    world.give(REFRESH, Some(&world.key.sign("JWT", &other)), 2);
    let outcome = world.oidc.access_token(&mut tokens, "u1").await;
    assert!(matches!(outcome, Err(SignInError::Unbelievable(_))));
    let ended = (400, json!({ "error": "invalid_grant" }));
    world.orders(|orders| orders.token.insert(REFRESH, ended));
    let refused = CallError::Refused(400, "invalid_grant".to_owned());
    assert_eq!(world.oidc.access_token(&mut tokens, "u1").await, Err(SignInError::Call(refused)));
}

#[rocket::async_test]
async fn a_logout_token_is_signed_typed_and_used_once() {
    let world = World::new().await;
    let mut claims = world.claims(None);
    claims["jti"] = json!("j1");
    claims["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    let good = world.key.sign("logout+jwt", &claims);
    assert!(world.oidc.logout(&Key::new("k1").sign("logout+jwt", &claims)).await.is_err());
    assert!(world.oidc.logout(&world.key.sign("JWT", &claims)).await.is_err());
    assert_eq!(world.oidc.logout(&good).await, Ok(Ending::Session("s1".to_owned())));
    assert_eq!(world.oidc.logout(&good).await, Err(Some("it has been used")));
}

#[rocket::async_test]
async fn whoever_signs_out_is_named_and_led_back() {
    let world = World::new().await;
    let url = world.oidc.sign_out_url("t").await.expect("the provider is there");
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!((url.path(), query["id_token_hint"].as_str()), ("/logout", "t"));
    assert!(query["post_logout_redirect_uri"].ends_with("/signed-out"));
}
