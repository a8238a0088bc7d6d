//! Where the keys for logout tokens come from: asked for when needed, not more often, and never
//! waited for too long.

use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vestibule::clock::{HOUR, SECOND};
use vestibule::random;

use super::failures::http;
use super::logout::{assert_done, claims, header, publish, send};
use super::person::error;
use super::{Mode, Signer, World, at_each_backend};

at_each_backend![
    keys_are_asked_for_once,
    names_that_are_made_up_are_not_asked_for_each_time,
    a_new_key_is_found,
    without_keys_it_says_to_try_again,
    keys_of_another_kind_are_none,
];

fn asked(world: &World) -> usize {
    world.wire.heard().matches("GET /oauth/jwks HTTP").count()
}

/// A token that ends nothing.
fn idle_token(world: &World, signer: &Signer) -> String {
    let nobody = json!({ "uid": random::id(), "sid": random::id() });
    signer.sign(&header(signer), &claims(world, &nobody))
}

async fn keys_are_asked_for_once(world: &World) {
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let tokens: Vec<String> = (0..20).map(|_| idle_token(world, &signer)).collect();
    for answer in join_all(tokens.iter().map(|token| send(world, token))).await {
        assert_done(&answer);
    }
    assert_done(&send(world, &idle_token(world, &signer)).await);
    assert_eq!(asked(world), 1);
    let heard = world.wire.heard();
    assert!(!heard.to_lowercase().contains("authorization"), "keys are public: {heard}");
}

async fn names_that_are_made_up_are_not_asked_for_each_time(world: &World) {
    let (signer, stranger) = (Signer::new("ES256", "key"), Signer::new("ES256", "made-up"));
    publish(world, &[&signer]);
    assert_done(&send(world, &idle_token(world, &signer)).await);
    let tokens: Vec<String> = (0..20).map(|_| idle_token(world, &stranger)).collect();
    for answer in join_all(tokens.iter().map(|token| send(world, token))).await {
        assert_eq!(error(&answer), (400, "invalid_request".into()));
    }
    assert_eq!(asked(world), 1, "half a minute has not passed");
    world.ten_minutes_later().await;
    for _ in 0..5 {
        let answer = send(world, &idle_token(world, &stranger)).await;
        assert_eq!(answer.status, 400);
    }
    assert_eq!(asked(world), 2);
}

async fn a_new_key_is_found(world: &World) {
    let (old, new) = (Signer::new("ES256", "old"), Signer::new("ES256", "new"));
    publish(world, &[&old]);
    assert_done(&send(world, &idle_token(world, &old)).await);
    publish(world, &[&old, &new]);
    world.ten_minutes_later().await;
    assert_done(&send(world, &idle_token(world, &new)).await);
    assert_done(&send(world, &idle_token(world, &old)).await);
    assert_eq!(asked(world), 2);
}

async fn without_keys_it_says_to_try_again(world: &World) {
    let signer = Signer::new("ES256", "key");
    let alice = world.member("alice").await;
    let token = signer.sign(&header(&signer), &claims(world, &alice.profile().await));
    for mode in [
        Mode::CutAt("GET /oauth/jwks"),
        Mode::SaysAt("GET /oauth/jwks", http("500 No", "", "{}")),
        Mode::SaysAt("GET /oauth/jwks", http("200 OK", "", "[]")),
    ] {
        world.wire.set(mode);
        let answer = send(world, &token).await;
        assert_eq!(answer.status, 502, "{}", answer.text);
        assert!(answer.json()["error"].is_string());
        assert_eq!(send(world, &token).await.status, 502, "and nobody is asked again at once");
        world.ten_minutes_later().await;
    }
    assert_eq!(asked(world), 3);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    publish(world, &[&signer]);
    let token = signer.sign(&header(&signer), &claims(world, &alice.profile().await));
    assert_done(&send(world, &token).await);
    assert_eq!(alice.is_known_as().await, None);
}

async fn keys_of_another_kind_are_none(world: &World) {
    let (signer, weak) = (Signer::new("ES256", "key"), Signer::new("RS256", "weak"));
    let odd: [Value; 4] = [
        json!({ "kty": "oct", "kid": "secret", "alg": "HS256", "k": "c2VjcmV0" }),
        json!({ "kty": "EC", "crv": "P-256", "kid": "off-curve", "x": "AQ", "y": "AQ" }),
        json!({ "kty": "XYZ", "kid": "new" }),
        json!("nothing"),
    ];
    let mut other_use = weak.jwk();
    other_use["use"] = "enc".into();
    let mut keys = odd.to_vec();
    keys.extend([other_use, signer.jwk()]);
    let body = json!({ "keys": keys }).to_string();
    world.wire.set(Mode::SaysAt("GET /oauth/jwks", http("200 OK", "", &body)));
    assert_eq!(send(world, &idle_token(world, &weak)).await.status, 400);
    assert_done(&send(world, &idle_token(world, &signer)).await);
    for kid in ["secret", "off-curve", "new"] {
        let nobody = json!({ "uid": "a", "sid": "b" });
        for algorithm in ["HS256", "ES256"] {
            let header = json!({ "typ": "logout+jwt", "alg": algorithm, "kid": kid });
            let token = signer.sign(&header, &claims(world, &nobody));
            assert_eq!(send(world, &token).await.status, 400, "{kid}");
        }
    }
}

#[rocket::async_test]
async fn silence_and_endless_keys_are_not_waited_for() {
    for mode in [Mode::Silent, Mode::Endless("HTTP/1.1 200 OK\r\n\r\n".to_owned())] {
        let world = World::kit().await;
        world.wire.set(mode);
        let signer = Signer::new("ES256", "key");
        let begun = Instant::now();
        let tokens: Vec<String> = (0..5).map(|_| idle_token(&world, &signer)).collect();
        let answers = join_all(tokens.iter().map(|token| send(&world, token))).await;
        assert!(answers.iter().all(|answer| [502, 504].contains(&answer.status)), "{answers:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

#[rocket::async_test]
async fn keys_are_believed_in_for_an_hour() {
    let world = World::kit().await;
    let signer = Signer::new("ES256", "key");
    publish(&world, &[&signer]);
    assert_done(&send(&world, &idle_token(&world, &signer)).await);
    publish(&world, &[]);
    world.accounts.clock.advance(HOUR - SECOND);
    assert_done(&send(&world, &idle_token(&world, &signer)).await);
    world.accounts.clock.advance(SECOND);
    assert_eq!(send(&world, &idle_token(&world, &signer)).await.status, 400, "it was withdrawn");
    assert_eq!(asked(&world), 2);
    publish(&world, &[&signer]);
    world.accounts.clock.advance(30 * SECOND - 1);
    assert_eq!(send(&world, &idle_token(&world, &signer)).await.status, 400);
    world.accounts.clock.advance(1);
    assert_done(&send(&world, &idle_token(&world, &signer)).await);
    assert_eq!(asked(&world), 3);
}

#[rocket::async_test]
async fn clocks_may_differ_by_half_a_minute() {
    let world = World::kit().await;
    let signer = Signer::new("ES256", "key");
    publish(&world, &[&signer]);
    let now = world.now();
    let token = |iat: i64, exp: i64| {
        let nobody = json!({ "uid": random::id(), "sid": random::id() });
        let mut claims = claims(&world, &nobody);
        (claims["iat"], claims["exp"]) = (iat.into(), exp.into());
        signer.sign(&header(&signer), &claims)
    };
    for (iat, exp, status) in [
        (now + 30, now + 150, 200),
        (now + 31, now + 151, 400),
        (now - 120, now - 29, 200),
        (now - 120, now - 30, 400),
        (now - 299, now + 3_600, 200),
        (now - 300, now + 3_600, 400),
    ] {
        let answer = send(&world, &token(iat, exp)).await;
        assert_eq!(answer.status, status, "{} {}", iat - now, exp - now);
    }
}
