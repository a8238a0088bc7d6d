//! Keys that come and go.

use super::*;

fn published(signers: &[&Signer]) -> Says {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    Says::json(&json!({ "keys": keys }))
}

/// What comes of a token by this signer.
async fn finish_by(scene: &Scene, signer: &Signer) -> Result<Proof, Failure> {
    let asked = scene.begun().await.asked;
    scene.finish(&signer.token(&scene.claims(&asked)), &asked).await
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_needs_it_but_not_at_any_time() {
    let scene = Scene::new().await;
    let fetches = || scene.bank.calls("/jwks").len();
    let second = Signer::new("ES256", "2");
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    assert_eq!(fetches(), 1, "kept");
    scene.bank.world().keys = published(&[&scene.signer, &second]);
    scene.clock.advance(30_000 - 1);
    hold_misbehaving(finish_by(&scene, &second).await, "not published");
    assert_eq!(fetches(), 1, "not again within half a minute");
    scene.clock.advance(1);
    assert!(finish_by(&scene, &second).await.is_ok());
    assert!(finish_by(&scene, &scene.signer).await.is_ok(), "the old one is still published");
    assert_eq!(fetches(), 2);
    let stranger = Signer::new("ES256", "3");
    for _ in 0..3 {
        hold_misbehaving(finish_by(&scene, &stranger).await, "not published");
    }
    assert_eq!(fetches(), 2, "made-up names fetch nothing");
}

#[tokio::test]
async fn a_key_that_is_no_longer_published_is_believed_for_ten_minutes_at_most() {
    let scene = Scene::new().await;
    let second = Signer::new("ES256", "2");
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    scene.bank.world().keys = published(&[&second]);
    scene.clock.advance(600_000 - 1);
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    scene.clock.advance(1);
    hold_misbehaving(finish_by(&scene, &scene.signer).await, "not published");
    assert!(finish_by(&scene, &second).await.is_ok());
}

#[tokio::test]
async fn a_key_without_a_name_can_be_replaced_too() {
    let scene = Scene::new().await;
    let nameless = |signer: &Signer| {
        let mut jwk = signer.jwk();
        change(&mut jwk, "kid", &Value::Null);
        Says::json(&json!({ "keys": [jwk] }))
    };
    let second = Signer::new("ES256", "2");
    scene.bank.world().keys = nameless(&scene.signer);
    let finish = async |signer: &Signer| {
        let asked = scene.begun().await.asked;
        let jwt = signer.sign(&json!({ "alg": "ES256" }), &scene.claims(&asked));
        scene.finish(&jwt, &asked).await
    };
    assert!(finish(&scene.signer).await.is_ok());
    scene.bank.world().keys = nameless(&second);
    hold_misbehaving(finish(&second).await, "wrong signature");
    scene.clock.advance(30_000);
    assert!(finish(&second).await.is_ok());
    hold_misbehaving(finish(&scene.signer).await, "wrong signature");
}

#[tokio::test]
async fn known_keys_are_used_for_an_hour_while_the_provider_does_not_give_them() {
    let scene = Scene::new().await;
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    scene.bank.world().keys = Says::Text(502, String::new());
    scene.clock.advance(HOUR - 1);
    assert!(finish_by(&scene, &scene.signer).await.is_ok());
    let stranger = Signer::new("ES256", "2");
    hold_misbehaving(finish_by(&scene, &stranger).await, "not published");
    scene.clock.advance(1);
    hold_unreachable(finish_by(&scene, &scene.signer).await, "the list of keys answered 502");
}

#[tokio::test]
async fn a_list_of_keys_that_is_none_is_not_believed() {
    let scene = Scene::new().await;
    for (says, what) in [
        (Says::json(&json!({ "keys": "none" })), "the list of keys is none"),
        (Says::json(&json!([scene.signer.jwk()])), "something that is no object"),
        (Says::Text(200, "<html>".into()), "something that is no object"),
        (Says::Text(404, "{}".into()), "answered 404"),
        (Says::Redirect(format!("{}/jwks?2", scene.bank.issuer)), "answered 302"),
        (Says::json(&json!({ "keys": [] })), "not published"),
    ] {
        scene.bank.world().keys = says;
        hold_misbehaving(scene.finish_well().await, what);
        scene.clock.advance(HOUR);
    }
}

#[tokio::test]
async fn no_keys_are_fetched_for_a_token_in_vain() {
    let scene = Scene::with(|provider| provider.algorithms = vec![Algorithm::Rs256]).await;
    hold_misbehaving(scene.finish_well().await, "signed with another algorithm");
}
