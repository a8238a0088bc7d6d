//! Methods, paths and texts that nobody expects.

use reqwest::Method;
use serde_json::json;

use super::{Target, all, good};
use crate::support::{Answer, FORM, NOTES, SPECS, TestServer, nonce};

#[rocket::async_test]
async fn a_call_by_another_method_is_refused() {
    let target = Target::new().await;
    let methods = ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"];
    let methods = methods.map(|name| Method::from_bytes(name.as_bytes()).expect("a method"));
    let before = target.server.store.queries();
    for path in all() {
        for method in &methods {
            let request = target.request(method, path).header("Content-Type", "application/json");
            let answer = Answer::of(request.body(good(path).to_string())).await;
            assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
            answer.assert_error(answer.status, answer.json()["error"].as_str().expect("a code"));
            assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
        }
        let head = Answer::of(target.request(&Method::HEAD, path)).await;
        assert!((400..500).contains(&head.status), "HEAD {path}: {}", head.status);
    }
    assert_eq!(target.server.store.queries(), before);
    assert!(target.alice.is_signed_in().await);
}

#[rocket::async_test]
async fn the_answer_to_an_unknown_method_cannot_be_framed_either() {
    let server = TestServer::new().await;
    let brew = Method::from_bytes(b"BREW").expect("a method");
    for path in ["/account", "/bridge?client_id=wiki"] {
        let answer = Answer::of(server.browser().request(brew.clone(), path)).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.header("Content-Type").starts_with("text/html"));
        assert!(answer.header("Content-Security-Policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("X-Frame-Options"), "DENY");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "same-origin");
    }
}

#[rocket::async_test]
async fn a_form_cannot_choose_another_method() {
    let target = Target::new().await;
    for (path, method) in [("/bridge/payload", "PUT"), ("/v1/session/status", "DELETE")] {
        let answer = target.post(path, FORM, format!("_method={method}&x=y")).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.json()["error"].is_string());
    }
    for path in ["/signout", "/account/password"] {
        let answer = target.alice.post(path, &[("_method", "GET")]).await;
        assert!(answer.status < 500, "{path}: {}", answer.status);
    }
}

#[rocket::async_test]
async fn there_is_nothing_beside_the_endpoints() {
    let target = Target::new().await;
    for path in ["/v1", "/v1/", "/v1/session", "/v1/session/", "/v1/session/recover/x", "/v1/x"] {
        for method in [Method::GET, Method::POST] {
            let answer = Answer::of(target.request(&method, path)).await;
            answer.assert_error(404, "not_found");
        }
    }
    let answer = target.server.browser().get("/bridge/x").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("X-Frame-Options"), "DENY");
}

#[rocket::async_test]
async fn odd_texts_in_the_right_places_are_answered_calmly() {
    let target = Target::new().await;
    let odd = [
        "'; DROP TABLE accounts; --",
        "%00",
        "\u{202e}alice",
        "🦀".repeat(100).as_str(),
        "a".repeat(12_000).as_str(),
        "\\",
        "\"",
        "<script>",
        "\u{feff}",
        "{{ 7 * 7 }}",
    ]
    .map(str::to_owned);
    for text in odd {
        let asks = [
            json!({ "clientId": text, "origin": NOTES, "mint": true }),
            json!({ "clientId": "notes", "origin": text, "mint": true }),
            json!({ "clientId": "specs", "origin": SPECS, "mint": true, "username": text }),
            json!({ "clientId": "notes", "origin": NOTES, "mint": true, "username": text }),
            json!({ "clientId": "notes", "origin": NOTES, "mint": true, "nonce": text }),
        ];
        for ask in asks {
            let answer = target.alice.bridge_call("/bridge/payload", &ask).await;
            assert!([200, 400, 403].contains(&answer.status), "{text}: {}", answer.text);
            assert!(answer.text.len() < 1_000, "it is not sent back: {}", answer.text.len());
        }
        let body = json!({ "recoveryPayload": nonce(), "origin": text });
        target
            .server
            .backend("notes")
            .call("recover", &body)
            .await
            .assert_error(410, "invalid_grant");
    }
    assert!(target.alice.is_signed_in().await);
}
