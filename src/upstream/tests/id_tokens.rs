//! Each claim of an id token: wrong, missing, of the wrong type, and at the edge of its time.

use super::*;

const T: i64 = NOW / SECOND;

#[tokio::test]
async fn each_claim_is_held_against_what_was_asked() {
    let scene = Scene::new().await;
    let issuer = scene.bank.issuer.clone();
    let (us, slash) = (json!("vestibule"), json!(format!("{issuer}/")));
    let long = json!("x".repeat(256));
    let table: &[(&str, &[Value], &str)] = &[
        (
            "iss",
            &[Value::Null, slash, json!("https://evil.example"), json!([issuer])],
            "another issuer's",
        ),
        (
            "aud",
            &[Value::Null, json!(7), json!({}), json!([us, 7]), json!([us, null])],
            "says wrongly whom it is for",
        ),
        ("aud", &[json!(""), json!("Vestibule"), json!([]), json!(["shop"])], "for another client"),
        (
            "aud",
            &[json!(["vestibule", "shop"]), json!(["shop", "vestibule"])],
            "does not say for which",
        ),
        (
            "azp",
            &[json!("shop"), json!(""), json!(["vestibule"]), json!(7)],
            "made for another client",
        ),
        ("exp", &[Value::Null, json!("soon"), json!("1800000000"), json!(true)], "when it expires"),
        ("exp", &[json!(0), json!(-1), json!(T - 60), json!(i64::MIN)], "has expired"),
        ("iat", &[Value::Null, json!("now"), json!(false), json!({})], "when it was made"),
        (
            "iat",
            &[json!(T + 61), json!(i64::MAX), json!(u64::MAX), json!(1e300)],
            "from the future",
        ),
        ("iat", &[json!(T - 661), json!(0), json!(-1e300)], "is old"),
        ("nbf", &[json!(T + 61), json!("now"), json!(true)], "not valid yet"),
        (
            "nonce",
            &[Value::Null, json!(""), json!("x"), json!(7), json!([])],
            "answers another request",
        ),
        ("at_hash", &[json!(""), json!("x"), json!(7), json!([])], "exchanged for another"),
        ("acr", &[json!(2), json!(["high"]), json!({})], "says wrongly how the person signed in"),
        ("auth_time", &[Value::Null, json!("now"), json!(true)], "when the person signed in"),
        ("auth_time", &[json!(T - 361), json!(0), json!(i64::MIN)], "too long ago"),
        ("auth_time", &[json!(T + 61), json!(i64::MAX)], "in the future"),
        ("sub", &[Value::Null, json!(""), json!(7), long, json!("a\nb")], "names nobody"),
        ("sub", &[json!(["x"])], "cannot be read"),
        ("exp", &[json!([T + 9])], "cannot be read"),
    ];
    for (claim, values, what) in table {
        for value in *values {
            let failure = why(scene.finish_with(&[(claim, value.clone())]).await);
            let Failure::Misbehaves(said) = &failure else { panic!("{claim} {value}: {failure}") };
            assert!(said.contains(what), "{claim} {value}: {said}");
        }
    }
    assert!(scene.finish_well().await.is_ok());
}

#[tokio::test]
async fn what_is_good_is_taken_in_every_form_and_to_the_edge_of_its_time() {
    let scene = Scene::new().await;
    let issuer = scene.bank.issuer.clone();
    let half = |algorithm: Algorithm| signer::encoded(algorithm.half_hash(ACCESS_TOKEN));
    for changes in [
        vec![("iss", json!(issuer))],
        vec![("aud", json!(["vestibule"]))],
        vec![("aud", json!(["shop", "vestibule"])), ("azp", json!("vestibule"))],
        vec![("azp", json!("vestibule"))],
        vec![("exp", json!(T - 59))],
        vec![("exp", json!(1_790_000_000.5))],
        vec![("exp", json!(u64::MAX))],
        vec![("iat", json!(T + 60))],
        vec![("iat", json!(T - 660))],
        vec![("nbf", json!(T + 60))],
        vec![("at_hash", json!(half(Algorithm::Es256)))],
        vec![("acr", json!("0"))],
        vec![("auth_time", json!(T - 360))],
        vec![("auth_time", json!(T + 60))],
        vec![("sub", json!("x".repeat(255)))],
        vec![("email", json!([{ "anything": "else" }]))],
    ] {
        let outcome = scene.finish_with(&changes).await;
        assert!(outcome.is_ok(), "{changes:?}: {}", why(outcome));
    }
}

#[tokio::test]
async fn a_sign_in_is_recent_from_when_the_person_was_sent_there() {
    let scene = Scene::with(|provider| provider.max_age = 0).await;
    let asked = scene.begun().await.asked;
    scene.clock.advance(9 * 60 * SECOND);
    let mut claims = scene.claims(&asked);
    change(&mut claims, "auth_time", &json!(T + 10));
    let slow = scene.finish(&scene.signer.token(&claims), &asked).await;
    assert!(slow.is_ok(), "who takes their time there has signed in for this");
    change(&mut claims, "auth_time", &json!(T - 61));
    let old = scene.finish(&scene.signer.token(&claims), &asked).await;
    hold_misbehaving(old, "too long ago");
}

#[tokio::test]
async fn only_a_way_of_signing_in_that_is_good_enough_is_taken() {
    let wanted = vec!["high".to_owned(), "urn:bank:2".to_owned()];
    let scene = Scene::with(|provider| provider.acr_values = wanted).await;
    for acr in [Value::Null, json!("low"), json!("High"), json!(""), json!("high urn:bank:2")] {
        hold_misbehaving(scene.finish_with(&[("acr", acr)]).await, "not good enough");
    }
    for acr in ["high", "urn:bank:2"] {
        let proof = scene.finish_with(&[("acr", json!(acr))]).await.expect("a proof");
        assert_eq!(proof.acr.as_deref(), Some(acr));
    }
}

#[tokio::test]
async fn every_algorithm_that_is_pinned_is_taken_with_the_hash_of_its_length() {
    for algorithm in Algorithm::ALL {
        let scene = Scene::with(|provider| provider.algorithms = vec![algorithm]).await;
        let signer = Signer::new(algorithm.as_str(), "2");
        scene.bank.world().keys = Says::json(&json!({ "keys": [signer.jwk()] }));
        let asked = scene.begun().await.asked;
        let mut claims = scene.claims(&asked);
        for other in Algorithm::ALL {
            let half = other.half_hash(ACCESS_TOKEN);
            let is_same = half == algorithm.half_hash(ACCESS_TOKEN);
            change(&mut claims, "at_hash", &json!(signer::encoded(half)));
            let outcome = scene.finish(&signer.token(&claims), &asked).await;
            let names = (algorithm.as_str(), other.as_str());
            assert_eq!(outcome.is_ok(), is_same, "{names:?} {:?}", outcome.err());
        }
        change(&mut claims, "at_hash", &json!(signer::encoded(algorithm.half_hash("another"))));
        let exchanged = scene.finish(&signer.token(&claims), &asked).await;
        hold_misbehaving(exchanged, "exchanged for another");
    }
}

#[tokio::test]
async fn another_users_token_does_not_answer_this_request() {
    let scene = Scene::new().await;
    let (alice, bob) = (scene.begun().await.asked, scene.begun().await.asked);
    let for_bob = scene.signer.token(&scene.claims(&bob));
    hold_misbehaving(scene.finish(&for_bob, &alice).await, "answers another request");
    assert!(scene.finish(&for_bob, &bob).await.is_ok());
}
