//! Methods that an endpoint does not have.

use reqwest::Method;

use super::{FORMS, Target};
use crate::support::{Answer, FORM};

#[rocket::async_test]
async fn a_call_by_another_method_is_refused_and_does_nothing() {
    let target = Target::new().await;
    let methods = ["GET", "PUT", "DELETE", "PATCH", "TRACE", "BREW"];
    let methods = methods.map(|name| Method::from_bytes(name.as_bytes()).expect("a method"));
    let calls = target.calls().await;
    let before = target.server.store.queries();
    for call in &calls {
        for method in &methods {
            let path = format!("{}?{}", call.path, call.body());
            let request = target.request(method, &path).header("Content-Type", FORM);
            let answer = Answer::of(request.body(call.body())).await;
            assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
            answer.assert_error(answer.status, answer.json()["error"].as_str().expect("a code"));
            assert!(!answer.text.contains("access_token\":"), "{}", answer.text);
        }
    }
    assert_eq!(target.server.store.queries(), before);
    for call in &calls {
        let answer = target.send(call.path, call.body()).await;
        assert_eq!(answer.status, 200, "{}: {}", call.path, answer.text);
    }
}

#[rocket::async_test]
async fn head_and_options_do_nothing() {
    let target = Target::new().await;
    let calls = target.calls().await;
    let before = target.server.database.every_row_but(&[]).await;
    for call in &calls {
        for method in [Method::HEAD, Method::OPTIONS] {
            let path = format!("{}?{}", call.path, call.body());
            let answer = Answer::of(target.request(&method, &path)).await;
            assert!(answer.status < 500, "{method} {}: {}", call.path, answer.status);
            assert!(method == Method::OPTIONS || answer.status >= 400, "HEAD {}", call.path);
            assert!(answer.text.is_empty() || answer.status >= 400, "{}", answer.text);
        }
    }
    assert_eq!(target.server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_form_cannot_choose_another_method() {
    let target = Target::new().await;
    for path in FORMS {
        for method in ["GET", "PUT", "DELETE"] {
            let body = format!("_method={method}&token=x");
            let answer = target.send(path, body).await;
            assert!(answer.status < 500, "{path}: {}", answer.status);
            assert!(!answer.is_html(), "{path}: {}", answer.text);
        }
    }
}

#[rocket::async_test]
async fn there_is_nothing_beside_the_endpoints() {
    let target = Target::new().await;
    let token = target.tokens.access.as_str();
    for path in ["/oauth", "/oauth/", "/oauth/nothing", "/oauth/token/x", "/v1/x"] {
        for method in [Method::GET, Method::POST] {
            let request = target.request(&method, path).header("Content-Type", FORM);
            let answer = Answer::of(request.body(format!("token={token}"))).await;
            assert!([404, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
}

#[rocket::async_test]
async fn userinfo_takes_no_other_method() {
    let target = Target::new().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let request = target.server.plain_request(method.clone(), "/oauth/userinfo");
        let answer = Answer::of(request.bearer_auth(&target.tokens.access)).await;
        assert!([404, 405].contains(&answer.status), "{method}: {}", answer.status);
        assert!(!answer.text.contains("alice"));
    }
    let odd = target.server.plain_request(Method::POST, "/oauth/userinfo");
    let odd = odd.bearer_auth(&target.tokens.access).header("Content-Type", "application/json");
    let answer = Answer::of(odd.body("{\"a\":")).await;
    assert!([200, 400, 415].contains(&answer.status), "{}: {}", answer.status, answer.text);
}
