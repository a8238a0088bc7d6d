//! Bodies that are no forms, or too large.

use reqwest::Method;
use serde_json::{Value, json};

use super::{FORMS, Target};
use crate::support::{Answer, FORM};

/// Holds that a body of this type is refused in the shape of RFC 6749 §5.2, before any query.
async fn refuses(target: &Target, path: &str, media_type: Option<&str>, body: String) {
    let before = target.server.store.queries();
    let request = target.request(&Method::POST, path).body(body);
    let request = match media_type {
        Some(media_type) => request.header("Content-Type", media_type),
        None => request,
    };
    let answer = Answer::of(request).await;
    assert!([400, 415].contains(&answer.status), "{path} {media_type:?}: {}", answer.text);
    answer.assert_error(answer.status, "invalid_request");
    assert_eq!(target.server.store.queries(), before, "{path} {media_type:?}");
}

#[rocket::async_test]
async fn a_form_is_a_form_by_its_type() {
    let target = Target::new().await;
    for call in target.calls().await {
        for media_type in [
            "text/plain",
            "text/x-www-form-urlencoded",
            "application/json",
            "application/octet-stream",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedx",
            "application/*",
            "*/*",
            "form",
            "",
        ] {
            refuses(&target, call.path, Some(media_type), call.body()).await;
        }
        refuses(&target, call.path, None, call.body()).await;
        let request = target.request(&Method::POST, call.path);
        let request = request.header("Content-Type", format!("{FORM}; charset=UTF-8"));
        let answer = Answer::of(request.body(call.body())).await;
        assert_eq!(answer.status, 200, "{}: {}", call.path, answer.text);
    }
}

#[rocket::async_test]
async fn json_and_multipart_are_not_taken() {
    let target = Target::new().await;
    for call in target.calls().await {
        let members = call.fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        let object = Value::Object(members.collect()).to_string();
        refuses(&target, call.path, Some("application/json"), object.clone()).await;
        let parts = call.fields.iter().map(|(name, value)| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        });
        let parts: String = parts.chain(["--x--\r\n".to_owned()]).collect();
        refuses(&target, call.path, Some("multipart/form-data; boundary=x"), parts).await;
        // Nor when the type lies.
        target.refuses(call.path, object, "JSON as a form").await;
    }
}

#[rocket::async_test]
async fn nothing_and_nonsense_are_refused() {
    let target = Target::new().await;
    let lots = "a=b&".repeat(5_000);
    for path in FORMS {
        for body in ["", "&", "&&&", "=", "==", "&=&", "x", "%", "token", "token=", "+", &lots] {
            let shown: String = body.chars().take(20).collect();
            target.refuses(path, body.to_owned(), &shown).await;
        }
    }
}

#[rocket::async_test]
async fn a_body_that_is_too_large_is_refused() {
    let target = Target::new().await;
    for call in target.calls().await {
        for size in [33_000, 200_000, 3_000_000] {
            let before = target.server.store.queries();
            let body = format!("{}&x={}", call.body(), "a".repeat(size));
            let request = target.request(&Method::POST, call.path).header("Content-Type", FORM);
            // The server may hang up on who goes on talking.
            let Ok(answer) = request.body(body).send().await else { continue };
            assert_eq!(answer.status(), 413, "{} {size}", call.path);
            let body: Value = serde_json::from_str(&answer.text().await.expect("text"))
                .expect("an error in JSON");
            assert_eq!(body["error"], "invalid_request");
            assert_eq!(target.server.store.queries(), before);
        }
    }
}
