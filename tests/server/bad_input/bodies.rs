//! Bodies that are not what the endpoint takes.

use reqwest::Method;
use serde_json::json;

use super::{SESSION, Target, all, good};
use crate::support::{Answer, FORM, NOTES, nonce};

#[rocket::async_test]
async fn what_is_not_64_lower_case_hex_is_refused_before_any_query() {
    let target = Target::new().await;
    let hex = "0123456789abcdef".repeat(4);
    let wrong = [
        json!(hex[1..]),
        json!(format!("{hex}0")),
        json!(hex.to_uppercase()),
        json!(format!("g{}", &hex[1..])),
        json!(format!("0x{}", &hex[2..])),
        json!(format!(" {}", &hex[1..])),
        json!(format!("{}\n", &hex[1..])),
        json!("é".repeat(32)),
        json!("０".repeat(64)),
        json!("٠".repeat(32)),
        json!(""),
        json!(null),
        json!(0),
        json!(true),
        json!([hex]),
        json!({ "hex": hex }),
        json!("../../../etc/passwd"),
    ];
    let bodies =
        wrong.map(|payload| json!({ "recoveryPayload": payload }).to_string().into_bytes());
    target.refuses(&SESSION[..2], 400, &bodies).await;
}

#[rocket::async_test]
async fn bodies_of_another_shape_are_refused() {
    let target = Target::new().await;
    let hex = nonce();
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(2_000), close.repeat(2_000));
    let texts = [
        String::new(),
        " ".into(),
        "null".into(),
        "true".into(),
        "0".into(),
        "1e999".into(),
        format!("\"{hex}\""),
        "{".into(),
        "}".into(),
        "{}".into(),
        "[]".into(),
        "[{}]".into(),
        // In the order in which the members are declared.
        format!("[\"{hex}\", null, null]"),
        format!("[\"{hex}\"]"),
        format!("[\"{}\"]", "0".repeat(32)),
        format!("[\"notes\", \"{NOTES}\", true, null, null]"),
        format!("[\"notes\", \"{NOTES}\"]"),
        format!("recoveryPayload={hex}"),
        format!("{{'recoveryPayload': '{hex}'}}"),
        format!("{{\"recoverypayload\": \"{hex}\"}}"),
        "<payload/>".into(),
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!("{{\"recoveryPayload\": {}1{}}}", "[".repeat(2_000), "]".repeat(2_000)),
    ];
    target.refuses(&all(), 400, &texts.map(String::into_bytes)).await;
}

#[rocket::async_test]
async fn members_that_are_doubled_unknown_or_of_another_type_are_refused() {
    let target = Target::new().await;
    for path in all() {
        let good = good(path);
        let mut bodies = Vec::new();
        for (name, value) in good.as_object().expect("an object") {
            let rest = good.to_string();
            bodies.push(format!("{{\"{name}\": {value}, {}", &rest[1..]));
            for odd in [json!(1), json!({}), json!([value]), json!(null), json!(1.5)] {
                let mut body = good.clone();
                body[name] = odd;
                bodies.push(body.to_string());
            }
            let mut body = good.clone();
            body.as_object_mut().expect("an object").remove(name);
            bodies.push(body.to_string());
        }
        for unknown in ["x", "", "Sid", "recovery_payload", "client_id", "__proto__"] {
            let mut body = good.clone();
            body[unknown] = json!("1");
            bodies.push(body.to_string());
        }
        bodies.push(format!("{good}{good}"));
        bodies.push(format!("{good},"));
        let bodies: Vec<Vec<u8>> = bodies.into_iter().map(String::into_bytes).collect();
        target.refuses(&[path], 400, &bodies).await;
    }
}

#[rocket::async_test]
async fn text_that_is_not_utf_8_or_has_nul_in_it_is_refused() {
    let target = Target::new().await;
    for path in all() {
        let good = good(path).to_string();
        let wide = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at_quote = good.rfind('"').expect("a string");
        let with = |odd: &[u8]| {
            let (start, end) = good.as_bytes().split_at(at_quote);
            [start, odd, end].concat()
        };
        let bodies = [
            with(b"\xff"),
            with(b"\xc0\x80"),
            with(b"\xed\xa0\x80"),
            with(b"\xe2\x82"),
            with(b"\0"),
            with(b"\\u0000"),
            with(b"\\ud800"),
            with(b"\n"),
            with(b"\\x"),
            [b"\xef\xbb\xbf", good.as_bytes()].concat(),
            wide,
        ];
        target.refuses(&[path], 400, &bodies).await;
    }
}

#[rocket::async_test]
async fn a_body_that_is_too_large_is_refused() {
    let target = Target::new().await;
    let before = target.server.store.queries();
    for path in all() {
        let good = good(path).to_string();
        let padded = |size: usize| format!("{}{good}", " ".repeat(size - good.len()));
        for size in [16 * 1024 + 1, 64 * 1024] {
            let answer = target.post(path, "application/json", padded(size)).await;
            answer.assert_error(413, "invalid_request");
        }
    }
    assert_eq!(target.server.store.queries(), before);
    let largest = format!("{}{}", " ".repeat(16 * 1024 - 42), json!({ "sid": "0".repeat(32) }));
    assert_eq!(largest.len(), 16 * 1024);
    let answer = target.post("/v1/session/status", "application/json", largest).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[rocket::async_test]
async fn a_body_of_another_type_is_refused() {
    let target = Target::new().await;
    let before = target.server.store.queries();
    let types = [
        FORM,
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/problem+json",
        "multipart/form-data; boundary=x",
        "*/*",
        "json",
        "",
        "application/octet-stream",
    ];
    for path in all() {
        for media_type in types {
            let answer = target.post(path, media_type, good(path).to_string()).await;
            assert_eq!(answer.status, 415, "{path} {media_type}: {}", answer.text);
            answer.assert_error(415, "invalid_request");
        }
        let untyped = target.request(&Method::POST, path).body(good(path).to_string());
        Answer::of(untyped).await.assert_error(415, "invalid_request");
    }
    assert_eq!(target.server.store.queries(), before);
    for media_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let sid = good("/v1/session/status").to_string();
        assert_eq!(target.post("/v1/session/status", media_type, sid).await.status, 200);
    }
}
