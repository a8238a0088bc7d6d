//! `POST /flow`: what begins a flow, and what does not.

use rocket::futures::future::join_all;
use serde_json::json;

use super::provider;
use crate::support::{
    Answer, Authorize, FORM, PAY, SHOP, SPECS, Setup, TestServer, WIKI, encode, http, nonce,
};

async fn begin(server: &TestServer, asked: &Authorize) -> Answer {
    Answer::of(server.beginning(&nonce(), asked).header("Origin", SPECS)).await
}

async fn flows(server: &TestServer) -> usize {
    server.database.rows("flows", &["id"]).await.len()
}

#[rocket::async_test]
async fn the_same_request_again_is_the_same_flow_and_another_is_refused() {
    let server = provider().await;
    let waits = server.begun().await;
    let again = server.beginning(&waits.secret, &waits.asked).header("Origin", SPECS);
    let again = Answer::of(again).await;
    assert_eq!((again.status, &again.json()["number"]), (200, &json!(waits.number)));
    server.clock.advance(60_000);
    let later = server.beginning(&waits.secret, &waits.asked).header("Origin", SPECS);
    assert_eq!(Answer::of(later).await.json()["expires_in"], 840);
    for other in [
        waits.asked.clone().with("state", "another"),
        waits.asked.clone().prompt("login"),
        waits.asked.clone().with("login_hint", "bob"),
        Authorize::widget(),
    ] {
        let other = server.beginning(&waits.secret, &other).header("Origin", SPECS);
        Answer::of(other).await.assert_error(409, "invalid_request");
    }
    let shop = server.beginning(&waits.secret, &Authorize::shop()).header("Origin", SHOP);
    Answer::of(shop).await.assert_error(409, "invalid_request");
    assert_eq!(flows(&server).await, 1);
}

#[rocket::async_test]
async fn fifty_at_once_are_one_flow() {
    let server = provider().await;
    let (secret, asked) = (nonce(), Authorize::widget());
    let all =
        (0..50).map(|_| Answer::of(server.beginning(&secret, &asked).header("Origin", SPECS)));
    let answers = join_all(all).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 49);
    let number = answers[0].json()["number"].clone();
    assert!(answers.iter().all(|answer| answer.json()["number"] == number));
    assert_eq!(flows(&server).await, 1);
}

#[rocket::async_test]
async fn only_a_page_of_the_client_begins_one() {
    let server = provider().await;
    let (secret, asked) = (nonce(), Authorize::widget());
    for origin in [WIKI, PAY, "null", "", "http://specs.example.localhost", "https://evil.test"] {
        let answer = server.beginning(&secret, &asked).header("Origin", origin);
        Answer::of(answer).await.assert_error(403, "access_denied");
    }
    let none = Answer::of(server.beginning(&secret, &asked)).await;
    none.assert_error(403, "access_denied");
    assert_eq!(none.header("Access-Control-Allow-Origin"), "");
    let two = server.beginning(&secret, &asked).header("Origin", SPECS).header("Origin", SPECS);
    Answer::of(two).await.assert_error(403, "access_denied");
    assert_eq!(flows(&server).await, 0);
}

#[rocket::async_test]
async fn a_request_that_would_be_refused_later_is_refused_at_once() {
    let server = provider().await;
    let good = Authorize::widget;
    let long = "x".repeat(2_049);
    for (asked, error) in [
        (good().with("client_id", "nobody"), "invalid_client"),
        (good().without("client_id"), "invalid_client"),
        (good().with("redirect_uri", "https://evil.test/"), "invalid_request"),
        (good().without("redirect_uri"), "invalid_request"),
        (good().with("response_type", "token"), "unsupported_response_type"),
        (good().without("response_type"), "invalid_request"),
        (good().scope("openid payments"), "invalid_scope"),
        (good().without("scope"), "invalid_scope"),
        (good().with("resource", "pay"), "invalid_target"),
        (good().without_pkce(), "invalid_request"),
        (good().with("code_challenge_method", "plain"), "invalid_request"),
        (good().with("code_challenge", "short"), "invalid_request"),
        (good().prompt("none"), "invalid_request"),
        (good().prompt("nothing"), "invalid_request"),
        (good().with("max_age", "-1"), "invalid_request"),
        (good().with("state", &long), "invalid_request"),
        (good().with("id_token_hint", "a.b.c"), "invalid_request"),
        (good().with("request", "a.b.c"), "request_not_supported"),
        (good().with("vestibule_flow", "nothing"), "invalid_request"),
        (good().and("state", "again"), "invalid_request"),
        (good().and("client_id", "widget"), "invalid_request"),
        (good().with("login_hint", &"é".repeat(4_000)), "invalid_request"),
    ] {
        let answer = begin(&server, &asked).await;
        answer.assert_error(400, error);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), SPECS, "its page may read why");
    }
    assert_eq!(flows(&server).await, 0);
}

#[rocket::async_test]
async fn a_waiting_secret_is_64_lower_case_hex_and_there_once() {
    let server = provider().await;
    let good = nonce();
    for secret in ["", &good[1..], &format!("{good}0"), &good.to_uppercase(), &"é".repeat(32)] {
        let request = server.beginning(secret, &Authorize::widget()).header("Origin", SPECS);
        Answer::of(request).await.assert_error(400, "invalid_request");
    }
    let doubled = Authorize::widget().and("waiting_secret", &good);
    let request = server.beginning(&good, &doubled).header("Origin", SPECS);
    Answer::of(request).await.assert_error(400, "invalid_request");
}

#[rocket::async_test]
async fn a_body_of_another_kind_or_size_is_refused_as_json() {
    let server = provider().await;
    let (asked, secret) = (Authorize::widget(), nonce());
    let fields = [asked.fields(), vec![("waiting_secret", &secret)]].concat();
    let form = encode(&fields);
    let post = async |path: &str, kind: &str, body: String| {
        let request = http().post(format!("{}{path}", server.url)).header("Content-Type", kind);
        Answer::of(request.header("Origin", SPECS).body(body)).await
    };
    for path in ["/flow", "/flow/outcome"] {
        post(path, "text/plain", form.clone()).await.assert_error(415, "invalid_request");
        post(path, "application/json", "{}".into()).await.assert_error(415, "invalid_request");
        post(path, FORM, "a=".to_owned() + &"b".repeat(40_000))
            .await
            .assert_error(413, "invalid_request");
        post(path, FORM, String::new()).await.assert_error(400, "invalid_request");
        post(path, FORM, "waiting_secret=%ff".into()).await.assert_error(400, "invalid_request");
    }
}

#[rocket::async_test]
async fn our_own_part_of_a_request_cannot_be_brought_along() {
    let (server, alice) = super::with_alice().await;
    let asked = Authorize::widget().with("vestibule_denied", "on").with("vestibule_since", "7");
    let waits = server.begun_at(SPECS, asked).await;
    super::finish(&alice, &waits).await;
    server.code_of(&waits).await;
}

#[rocket::async_test]
async fn a_client_that_was_switched_off_begins_nothing() {
    let server = provider().await;
    server.store.disable_client("widget", server.clock.now()).await.expect("the database");
    begin(&server, &Authorize::widget()).await.assert_error(400, "invalid_client");
}

#[rocket::async_test]
async fn a_network_begins_so_many_and_no_more() {
    let server = Setup::new().await.with_openid().with_real_limits().behind_a_proxy();
    let server = server.start().await;
    let begin = async |address: &str| {
        let request = server.beginning(&nonce(), &Authorize::widget()).header("Origin", SPECS);
        Answer::of(request.header("X-Forwarded-For", address)).await
    };
    for _ in 0..60 {
        assert_eq!(begin("192.0.2.1").await.status, 201);
    }
    let refused = begin("192.0.2.1").await;
    refused.assert_error(429, "rate_limited");
    assert_eq!(refused.header("Access-Control-Allow-Origin"), SPECS);
    assert_eq!(refused.header("Retry-After"), "1");
    assert_eq!(begin("198.51.100.7").await.status, 201, "another network is not concerned");
}
