//! A token endpoint that answers wrongly, or not at all.

use super::*;
use crate::outgoing::MOST_JSON;

/// What comes of it when the token endpoint says this.
async fn finish(scene: &Scene, says: Says) -> Failure {
    let asked = scene.begun().await.asked;
    scene.bank.world().token = says;
    let returned = Returned { code: Some(CODE), ..Returned::default() };
    why(scene.upstream().finish(returned, &asked).await)
}

#[tokio::test]
async fn a_token_endpoint_that_says_no_is_told_by_the_name_of_its_error() {
    let scene = Scene::new().await;
    let says = |status, error: &str| {
        let described = json!({ "error": error, "error_description": "customer-7" });
        Says::Text(status, described.to_string())
    };
    for (status, error) in [(400, "invalid_grant"), (401, "invalid_client")] {
        let failure = finish(&scene, says(status, error)).await;
        assert_eq!(failure, Failure::Denied(error.into()));
    }
    let failure = finish(&scene, says(400, "customer seven")).await;
    assert!(matches!(failure, Failure::Misbehaves(_)), "{failure}");
    let failure = finish(&scene, says(403, "invalid_grant")).await;
    assert_eq!(failure, Failure::Misbehaves("the token endpoint answered 403".into()));
}

#[tokio::test]
async fn anything_but_tokens_is_refused() {
    let scene = Scene::new().await;
    let elsewhere = Bank::open().await;
    let misbehaves = |what: &str| Failure::Misbehaves(format!("the token endpoint {what}"));
    let huge = format!("\"{}\"", "x".repeat(MOST_JSON));
    let to = format!("{}/token", elsewhere.issuer);
    for (says, expected) in [
        (Says::Text(200, "<html>".into()), misbehaves("answered something that is no object")),
        (Says::Text(400, "{}".into()), misbehaves("answered 400")),
        (Says::Text(200, huge), misbehaves("answers more than is read")),
        (Says::Redirect(to), misbehaves("answered 302")),
    ] {
        assert_eq!(finish(&scene, says).await, expected);
    }
    assert!(elsewhere.calls("/token").is_empty(), "the code went nowhere else");
    let failure = finish(&scene, Says::Text(500, "{}".into())).await;
    assert_eq!(failure, Failure::Unreachable("the token endpoint answered 500".into()));
    let none = misbehaves("gave no bearer and id token");
    for (key, values) in [
        ("id_token", vec![Value::Null, json!(""), json!(7), json!(["a.b.c"]), json!("a b")]),
        ("access_token", vec![Value::Null, json!(""), json!(7), json!("a\r\nb: c")]),
        ("token_type", vec![Value::Null, json!("DPoP"), json!("")]),
    ] {
        for value in values {
            let mut answer =
                json!({ "access_token": "a", "token_type": "bearer", "id_token": "a.b.c" });
            change(&mut answer, key, &value);
            assert_eq!(finish(&scene, Says::json(&answer)).await, none, "{key} {value}");
        }
    }
}

#[tokio::test]
async fn a_token_endpoint_that_does_not_end_is_given_up() {
    let scene = Scene::new().await;
    let failure = finish(&scene, Says::Silence).await;
    assert_eq!(failure, Failure::Unreachable("the token endpoint: timed out".into()));
}

#[tokio::test]
async fn nothing_of_a_person_is_in_what_goes_to_the_log() {
    let scene = Scene::with(|provider| {
        provider.claims = BTreeMap::from([("name".to_owned(), "name".to_owned())]);
    })
    .await;
    for changes in [
        [("name", json!(["Alice Liddell"])), ("sub", json!("customer-7"))],
        [("name", json!("Alice Liddell")), ("sub", json!("customer-7\n"))],
        [("name", json!("Alice\nLiddell")), ("acr", json!("low"))],
        [("name", json!("Alice Liddell")), ("aud", json!("other-client"))],
    ] {
        let failure = why(scene.finish_with(&changes).await).to_string();
        for secret in ["Alice", "customer-7", "other-client", "low", ACCESS_TOKEN, CODE] {
            assert!(!failure.contains(secret), "{failure}");
        }
    }
}
