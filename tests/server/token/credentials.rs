//! Credentials that are malformed, doubled or encoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

use super::{assert_refused, assert_unauthorized, server, setup};
use crate::support::{Answer, TestServer, encode, nonce, secret_of};

const PATHS: [&str; 3] = ["/oauth/token", "/oauth/introspect", "/oauth/revoke"];

/// A body that is good for each of [`PATHS`].
fn good() -> String {
    encode(&[("grant_type", "client_credentials"), ("scope", "payments"), ("token", "a")])
}

fn basic(text: impl AsRef<[u8]>) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(text)).into()
}

/// A call with these `Authorization` headers.
async fn send(server: &TestServer, path: &str, values: &[Vec<u8>]) -> Answer {
    let mut request = server.backend("shop").bare_form(path);
    for value in values {
        let value = HeaderValue::from_bytes(value).expect("a header value");
        request = request.header("Authorization", value);
    }
    Answer::of(request.body(good())).await
}

#[rocket::async_test]
async fn malformed_credentials_are_refused_before_any_query() {
    let server = server().await;
    let good = format!("shop:{}", secret_of("shop"));
    let right = String::from_utf8(basic(&good)).expect("ASCII");
    let encoded = right.trim_start_matches("Basic ").to_owned();
    let wrong: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"Basic".to_vec(),
        b"Basic ".to_vec(),
        b"Basic !!!!".to_vec(),
        b"Basic \xff\xfe\xfd".to_vec(),
        format!("Digest {encoded}").into(),
        format!("Basic{encoded}").into(),
        format!("{right}, {right}").into(),
        basic(""),
        basic("shop"),
        basic("shop:"),
        basic(":secret"),
        basic("shop\0:secret"),
        basic(b"shop:\xff\xfe"),
        basic("shop:%ff"),
        basic("%ff:secret"),
        basic(format!("{}:secret", "a".repeat(65))),
        basic(format!("shop:{}", "a".repeat(2_000)))[..200].to_vec(),
        good.into(),
    ];
    let before = server.store.queries();
    for value in &wrong {
        let why = String::from_utf8_lossy(value);
        for path in PATHS {
            let answer = send(&server, path, std::slice::from_ref(value)).await;
            assert_unauthorized(&answer, &format!("{path} {why}"));
        }
    }
    assert_eq!(server.store.queries(), before);
}

#[rocket::async_test]
async fn a_doubled_authorization_header_is_refused() {
    let server = server().await;
    let right = basic(format!("shop:{}", secret_of("shop")));
    let others = [right.clone(), basic(format!("shop:{}", nonce())), b"Bearer x".to_vec()];
    for other in others {
        for path in PATHS {
            for pair in [[right.clone(), other.clone()], [other.clone(), right.clone()]] {
                let answer = send(&server, path, &pair).await;
                assert!([400, 401].contains(&answer.status), "{path}: {}", answer.text);
                let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
                assert!(["invalid_client", "invalid_request"].contains(&error.as_str()), "{error}");
                answer.assert_error(answer.status, &error);
            }
        }
    }
    for path in PATHS {
        assert_eq!(send(&server, path, std::slice::from_ref(&right)).await.status, 200, "{path}");
    }
}

#[rocket::async_test]
async fn credentials_in_the_body_are_there_once() {
    let mut setup = setup().await;
    setup.registration("shop").token_endpoint_auth_method = "client_secret_post".into();
    let server = setup.start().await;
    let secret = secret_of("shop");
    let (id, secret) = (("client_id", "shop"), ("client_secret", secret.as_str()));
    let send = async |path: &str, fields: &[(&str, &str)]| {
        let body = format!("{}&{}", good(), encode(fields));
        Answer::of(server.backend("shop").bare_form(path).body(body)).await
    };
    for path in PATHS {
        assert_eq!(send(path, &[id, secret]).await.status, 200, "{path}");
        for doubled in [
            vec![id, id, secret],
            vec![id, secret, secret],
            vec![id, ("client_id", "stall"), secret],
            vec![id, ("client_secret", "wrong"), secret],
        ] {
            let before = server.store.queries();
            let answer = send(path, &doubled).await;
            assert_refused(&answer, &["invalid_request"], &format!("{path} {doubled:?}"));
            assert_eq!(server.store.queries(), before, "before any query");
        }
        for halves in
            [vec![secret], vec![("client_id", ""), secret], vec![id, ("client_secret", "")]]
        {
            let answer = send(path, &halves).await;
            assert!([400, 401].contains(&answer.status), "{path} {halves:?}: {}", answer.text);
            let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
            assert!(["invalid_client", "invalid_request"].contains(&error.as_str()), "{error}");
        }
    }
}

#[rocket::async_test]
async fn odd_names_and_secrets_in_the_body_are_refused_calmly() {
    let server = server().await;
    let long = "a".repeat(10_000);
    let odd = ["%ff", "%00", "%c3%28", "wi%20dget", "%F0%9F%A6%80", "-1'%20OR%201=1", &long];
    for path in PATHS {
        for text in odd {
            for fields in [
                format!("client_id={text}"),
                format!("client_id={text}&client_secret={text}"),
                format!("client_id=shop&client_secret={text}"),
            ] {
                let body = format!("{}&{fields}", good());
                let request = server.backend("shop").bare_form(path).body(body);
                let answer = Answer::of(request).await;
                assert!([400, 401].contains(&answer.status), "{path} {fields}: {}", answer.text);
                let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
                assert!(["invalid_client", "invalid_request"].contains(&error.as_str()), "{error}");
                answer.assert_error(answer.status, &error);
                assert!(answer.text.len() < 1_000, "it is not sent back");
            }
        }
    }
}

#[rocket::async_test]
async fn credentials_may_be_form_encoded_and_the_scheme_in_any_case() {
    // RFC 6749 §2.3.1: encoded as in a form, then as Basic credentials.
    let server = server().await;
    let secret = "p%ss/word: with+everything=&ümlaut~ 43 characters and more";
    let now = server.clock.now();
    let hash = crate::support::hash(secret);
    let rotated = server.store.rotate_client_secret("shop", &hash, now).await;
    assert!(rotated.expect("the database answers"));
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for (scheme, id) in [("Basic", "shop"), ("basic", "%73hop"), ("BASIC", "sh%6Fp")] {
        let credentials = STANDARD.encode(format!("{id}:{encoded}"));
        let value = format!("{scheme} {credentials}").into_bytes();
        for path in PATHS {
            let answer = send(&server, path, std::slice::from_ref(&value)).await;
            assert_eq!(answer.status, 200, "{scheme} {id} {path}: {}", answer.text);
        }
    }
}
