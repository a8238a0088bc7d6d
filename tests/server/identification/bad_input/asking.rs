//! `/identification/outcome` and the question for the time.

use reqwest::Method;
use serde_json::json;

use super::{ODD, hold_nothing_is_lost};
use crate::support::identification::{CUSTOMER, Identifying};
use crate::support::{Answer, FORM, SHOP, WIKI, encode, http, nonce, secret_of};

#[rocket::async_test]
async fn a_question_for_the_outcome_is_read_strictly_and_from_the_clients_page() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let (secret, url) = (nonce(), format!("{}/identification/outcome", world.server.url));
    let good = format!("monitor_secret={secret}");
    let mut bad = vec![
        (FORM, String::new(), 400),
        (FORM, "monitor_secret=".into(), 400),
        (FORM, format!("monitor_secret={}", secret.to_uppercase()), 400),
        (FORM, format!("monitor_secret={secret}0"), 400),
        (FORM, format!("{good}&{good}"), 400),
        (FORM, format!("{good}&wait=1&wait=1"), 400),
        (FORM, format!("{good}&more={}", "a".repeat(33_000)), 413),
        ("text/plain", good.clone(), 415),
        ("application/json", json!({ "monitor_secret": secret }).to_string(), 415),
    ];
    let waits = ["-1", "26", "1.5", "x", "0x1", "1%20", "99999999999999999999", "%d9%a1"];
    bad.extend(waits.map(|wait| (FORM, format!("{good}&wait={wait}"), 400)));
    bad.extend(ODD.map(|odd| (FORM, format!("{good}&wait={odd}"), 400)));
    bad.extend(ODD.map(|odd| (FORM, format!("monitor_secret={odd}"), 400)));
    let before = world.server.store.queries();
    for (media_type, body, status) in bad {
        let request = http().post(&url).header("Content-Type", media_type).body(body.clone());
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, status, "{media_type} {body:.99}: {}", answer.text);
        answer.assert_error(status, "invalid_request");
    }
    assert_eq!(world.server.store.queries(), before, "before any query");
    let waiting = world.waits(&alice).await;
    let good = format!("monitor_secret={}", waiting.secret);
    let asks = || http().post(&url).header("Content-Type", FORM).body(good.clone());
    for origin in [WIKI, "null", "https://evil.example", ""] {
        let answer = Answer::of(asks().header("Origin", origin)).await;
        answer.assert_error(403, "access_denied");
    }
    let twice = asks().header("Origin", SHOP).header("Origin", SHOP);
    Answer::of(twice).await.assert_error(403, "access_denied");
    let answer = Answer::of(asks().header("Origin", SHOP)).await;
    assert_eq!(answer.json()["state"], "waiting", "{}", answer.text);
    assert_eq!(answer.header("Access-Control-Allow-Origin"), SHOP);
    hold_nothing_is_lost(&world, &alice, waiting).await;
}

#[rocket::async_test]
async fn who_asks_for_the_time_says_who_they_are_and_nothing_odd() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    let url = |query: &str| format!("{}/v1/accounts/{uid}/identification{query}", world.server.url);
    let right = secret_of("shop");
    let asks = || http().get(url("")).basic_auth("shop", Some(&right));
    let before = world.server.store.queries();
    for odd in ODD.into_iter().chain(["1&since=1", "1.5", "-1", "+1", "1e3", "%d9%a1", "0x1"]) {
        let request = http().get(url(&format!("?since={odd}")));
        let answer = Answer::of(request.basic_auth("shop", Some(&right))).await;
        answer.assert_error(400, "invalid_request");
    }
    assert_eq!(world.server.store.queries(), before, "before any query");
    world.identified(&alice, CUSTOMER).await;
    let header = asks().build().expect("a request").headers()["Authorization"].clone();
    let nobody = [
        http().get(url("")),
        http().get(url("")).basic_auth("shop", Some("wrong")),
        http().get(url("")).basic_auth("nobody", Some(&right)),
        http().get(url("")).bearer_auth(world.token(&alice).await),
        asks().header("Authorization", header),
        alice.request(Method::GET, &format!("/v1/accounts/{uid}/identification")),
    ];
    for request in nobody {
        Answer::of(request).await.assert_error(401, "invalid_client");
    }
    assert!(world.server.database.rows("identification_reads", &["id"]).await.is_empty());
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = http().request(method, url("")).basic_auth("shop", Some(&right));
        Answer::of(request.body("since=1")).await.assert_error(404, "not_found");
    }
    let answer = world.stamp("shop", &uid, &format!("?{}", encode(&[("since", "0")]))).await;
    assert_eq!(answer.json()["later"], true, "{}", answer.text);
}
