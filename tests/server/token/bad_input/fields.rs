//! Each field of each request: missing, empty, doubled, long, in another encoding.

use super::{Call, Target};

#[rocket::async_test]
async fn the_good_requests_are_good() {
    let target = Target::new().await;
    for call in target.calls().await {
        let answer = target.send(call.path, call.body()).await;
        assert_eq!(answer.status, 200, "{} {}: {}", call.path, call.body(), answer.text);
    }
}

#[rocket::async_test]
async fn a_field_that_is_needed_is_missed() {
    let target = Target::new().await;
    for call in target.calls().await {
        for name in call.needed {
            for raw in ["", &format!("{name}="), name, &format!("{}=x", name.to_uppercase())] {
                let answer = target.send(call.path, call.body_with(name, raw)).await;
                let code = answer.json()["error"].as_str().expect("a code").to_owned();
                // A verifier may be missed when it is compared.
                let other = (*name == "code_verifier").then_some("invalid_grant");
                let good = code == "invalid_request" || Some(code.as_str()) == other;
                assert!(good, "{} without {name}: {}", call.path, answer.text);
                answer.assert_error(400, &code);
            }
        }
    }
}

#[rocket::async_test]
async fn a_field_that_may_be_missing_may_be_empty() {
    let target = Target::new().await;
    for call in target.calls().await {
        let mut fields = call.fields.iter().map(|(name, _)| *name);
        let Some(name) = fields.find(|name| !call.needed.contains(name)) else {
            continue;
        };
        let answer = target.send(call.path, call.body_with(name, &format!("{name}="))).await;
        assert_eq!(answer.status, 200, "{} {name}: {}", call.path, answer.text);
    }
}

#[rocket::async_test]
async fn a_doubled_field_is_refused_before_any_query() {
    let target = Target::new().await;
    for call in target.calls().await {
        for (name, value) in &call.fields {
            let good: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            for raw in [
                format!("{name}={good}&{name}={good}"),
                format!("{name}={good}&{name}=other"),
                format!("{name}=other&{name}={good}"),
                format!("{name}={good}&{name}="),
                format!("{name}={good}&{name}"),
                format!("{name}={good}&%{:02x}{}={good}", name.as_bytes()[0], &name[1..]),
            ] {
                target.refuses(call.path, call.body_with(name, &raw), &raw).await;
            }
        }
    }
    for call in target.calls().await {
        let answer = target.send(call.path, call.body()).await;
        assert_eq!(answer.status, 200, "{}: {}", call.path, answer.text);
    }
}

#[rocket::async_test]
async fn text_in_another_encoding_is_refused_before_any_query() {
    let target = Target::new().await;
    for call in target.calls().await {
        for (name, value) in &call.fields {
            for odd in ["%ff", "%c0%80", "%ed%a0%80", "%e2%82", "%00", "a%00b"] {
                for raw in [format!("{name}={odd}"), format!("{name}={value}{odd}")] {
                    target.refuses(call.path, call.body_with(name, &raw), &raw).await;
                }
            }
        }
        let bytes = [call.body().as_bytes(), b"&scope=\xff\xfe"].concat();
        target.refuses(call.path, bytes, "raw bytes").await;
    }
}

/// Odd texts, percent-encoded where they must be.
fn odd() -> Vec<String> {
    let long = "a".repeat(10_000);
    [
        "x",
        "%20",
        "+",
        "%0d%0a",
        "%09",
        "%F0%9F%A6%80",
        "%E2%80%AE",
        "null",
        "undefined",
        "0",
        "-1",
        "[]",
        "{}",
        "'%20OR%201=1--",
        "%3Cscript%3E",
        "../../etc/passwd",
        "%25%32%35",
        "%",
        "%zz",
        "%EF%BB%BF",
        &long,
    ]
    .map(str::to_owned)
    .into()
}

async fn hold(target: &Target, call: &Call, name: &str, text: &str) {
    let body = call.body_with(name, &format!("{name}={text}"));
    let answer = target.send(call.path, body).await;
    let shown: String = text.chars().take(40).collect();
    let why = format!("{} {} {name}={shown}", call.path, call.value("grant_type"));
    if call.path == "/oauth/token" {
        assert_eq!(answer.status, 400, "{why}: {}", answer.text);
        let code = answer.json()["error"].as_str().expect("a code").to_owned();
        let wanted: &[&str] = match name {
            "grant_type" => &["unsupported_grant_type"],
            "scope" => &["invalid_scope"],
            "subject_token" | "subject_token_type" | "requested_token_type" => &[],
            _ => &["invalid_grant"],
        };
        let known = code == "invalid_request" || wanted.contains(&code.as_str());
        assert!(known, "{why}: {}", answer.text);
        answer.assert_error(400, &code);
    } else {
        assert!([200, 400].contains(&answer.status), "{why}: {}", answer.text);
        if answer.status == 400 {
            answer.assert_error(400, "invalid_request");
        }
    }
    assert!(answer.text.len() < 1_000, "{why}: it is not sent back");
    assert_eq!(answer.header("Cache-Control"), "no-store");
}

#[rocket::async_test]
async fn odd_texts_are_answered_calmly() {
    let target = Target::new().await;
    for text in odd() {
        let calls = target.calls().await;
        for call in &calls {
            for (name, _) in &call.fields {
                // A blank scope asks for the default.
                let blank = *name == "scope" && ["%20", "+"].contains(&text.as_str());
                if !blank {
                    hold(&target, call, name, &text).await;
                }
            }
        }
    }
    assert!(target.alice.is_signed_in().await);
}

#[rocket::async_test]
async fn fields_that_nobody_asks_for_are_ignored() {
    let target = Target::new().await;
    for call in target.calls().await {
        let body = format!("{}&x=1&y&=z&x=2&prompt=none&sub=bob", call.body());
        let answer = target.send(call.path, body).await;
        assert_eq!(answer.status, 200, "{}: {}", call.path, answer.text);
    }
}
