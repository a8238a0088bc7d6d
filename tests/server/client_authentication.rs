//! A backend is known by its client's secret, over HTTP Basic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde_json::json;
use vestibule::domain::client::Registration;
use vestibule::limits::{self, Rate};

use crate::support::{Answer, Setup, TestServer, WIKI, hash, nonce, secret_of};

/// What a backend with the right secret gets for a payload that never was.
const KNOWN: u16 = 410;

/// The status of a call with this secret.
async fn knows(server: &TestServer, client_id: &str, secret: &str) -> u16 {
    let backend = server.backend(client_id).with_secret(secret);
    backend.recover(&nonce(), None).await.status
}

#[rocket::async_test]
async fn two_secrets_are_valid_while_one_replaces_the_other() {
    let server = TestServer::new().await;
    let [first, second, third] = [secret_of("notes"), nonce(), nonce()];
    let now = server.clock.now();
    let rotate = async |secret: &str| {
        let done = server.store.rotate_client_secret("notes", &hash(secret), now).await;
        assert!(done.expect("the database answers"));
    };
    let statuses = async || {
        let mut all = Vec::new();
        for secret in [&first, &second, &third] {
            all.push(knows(&server, "notes", secret).await);
        }
        all
    };
    assert_eq!(statuses().await, [KNOWN, 401, 401]);
    rotate(&second).await;
    assert_eq!(statuses().await, [KNOWN, KNOWN, 401]);
    rotate(&third).await;
    assert_eq!(statuses().await, [401, KNOWN, KNOWN], "two at once, not three");
    let dropped = server.store.drop_old_client_secret("notes", now).await;
    assert!(dropped.expect("the database answers"));
    assert_eq!(statuses().await, [401, 401, KNOWN]);
}

fn assert_unauthorized(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    answer.assert_error(401, "invalid_client");
    assert!(answer.header("WWW-Authenticate").starts_with("Basic realm="), "{why}");
}

#[rocket::async_test]
async fn every_failed_authentication_looks_the_same() {
    let server = TestServer::new().await;
    let now = server.clock.now();
    server.store.disable_client("specs", now).await.expect("the database answers");
    let public = Registration {
        token_endpoint_auth_method: "none".into(),
        ..Registration::named("widget", WIKI)
    };
    let added = server.store.add_client(&public, None, now).await;
    assert!(added.expect("the database answers"));
    let (bound, body) = (nonce(), json!({ "recoveryPayload": nonce() }));
    let tries = [
        ("a wrong secret", "wiki", nonce()),
        ("almost the secret", "wiki", secret_of("wiki")[1..].to_owned()),
        ("another client's secret", "wiki", secret_of("notes")),
        ("the secret's hash", "wiki", hash(&secret_of("wiki"))),
        ("no such client", "nobody", secret_of("nobody")),
        ("a disabled client", "specs", secret_of("specs")),
        ("a client without a secret", "widget", nonce()),
    ];
    let mut seen = Vec::new();
    for (why, client_id, secret) in tries {
        for call in ["recover", "validate"] {
            let backend = server.backend(client_id).with_secret(&secret);
            let answer = backend.call(call, &body).await;
            assert_unauthorized(&answer, why);
            let mut headers = answer.headers.clone();
            headers.remove("X-Request-Id");
            headers.remove("Date");
            seen.push((answer.text, headers));
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");

    let alice = server.signed_up("alice").await;
    let payload = alice.mint("wiki", WIKI, Some(&bound)).await;
    let stranger = server.backend("wiki").with_secret(&nonce());
    assert_unauthorized(&stranger.recover(&payload, Some(&bound)).await, "a stranger");
    let own = server.backend("wiki").recover(&payload, Some(&bound)).await;
    assert_eq!(own.status, 200, "who does not authenticate burns nothing");
}

#[rocket::async_test]
async fn malformed_credentials_are_refused_before_any_query() {
    let server = TestServer::new().await;
    let basic = |text: &[u8]| format!("Basic {}", STANDARD.encode(text));
    let good = format!("wiki:{}", secret_of("wiki"));
    let right = basic(good.as_bytes());
    let encoded = right.trim_start_matches("Basic ").to_owned();
    let wrong: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"Basic".to_vec(),
        b"Basic ".to_vec(),
        b"Basic !!!!".to_vec(),
        b"Basic \xff\xfe\xfd".to_vec(),
        format!("Bearer {encoded}").into(),
        format!("Basic{encoded}").into(),
        format!("Basic realm={encoded}").into(),
        format!("{right}=").into(),
        format!("{right}, {right}").into(),
        encoded.trim_end_matches('=')[1..].into(),
        basic(b"").into(),
        basic(b"wiki").into(),
        basic(b"wiki:").into(),
        basic(b":secret").into(),
        basic(b"wi ki:secret").into(),
        basic(b"wiki\0:secret").into(),
        basic(b"wiki:\xff\xfe").into(),
        basic(b"wiki:%ff").into(),
        basic(b"%ff:secret").into(),
        basic(format!("{}:secret", "a".repeat(65)).as_bytes()).into(),
        good.into(),
    ];
    let before = server.store.queries();
    let body = json!({ "recoveryPayload": nonce() }).to_string();
    let send = async |name: &str, values: &[Vec<u8>]| {
        let mut request =
            server.backend("wiki").bare(name).header("Content-Type", "application/json");
        for value in values {
            let value = HeaderValue::from_bytes(value).expect("a header value");
            request = request.header("Authorization", value);
        }
        Answer::of(request.body(body.clone())).await
    };
    for value in &wrong {
        let why = String::from_utf8_lossy(value);
        for name in ["recover", "validate", "status"] {
            assert_unauthorized(&send(name, std::slice::from_ref(value)).await, &why);
        }
    }
    let right = right.into_bytes();
    assert_unauthorized(&send("recover", &[]).await, "none");
    assert_unauthorized(&send("recover", &[right.clone(), right.clone()]).await, "doubled");
    assert_unauthorized(&send("recover", &[right.clone(), b"Bearer x".to_vec()]).await, "two");
    assert_eq!(server.store.queries(), before);
    assert_eq!(send("recover", &[right]).await.status, KNOWN);
}

#[rocket::async_test]
async fn credentials_may_be_form_encoded_and_the_scheme_in_any_case() {
    let server = TestServer::new().await;
    let secret = "p%ss word:with+everything & ümlaut, 43 characters and more";
    let now = server.clock.now();
    let rotated = server.store.rotate_client_secret("notes", &hash(secret), now).await;
    assert!(rotated.expect("the database answers"));
    let encoded = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC);
    let credentials = STANDARD.encode(format!("notes:{encoded}"));
    for scheme in ["Basic", "basic", "BASIC"] {
        let request = server
            .backend("notes")
            .bare("recover")
            .header("Authorization", format!("{scheme} {credentials}"))
            .header("Content-Type", "application/json")
            .body(json!({ "recoveryPayload": nonce() }).to_string());
        assert_eq!(Answer::of(request).await.status, KNOWN, "{scheme}");
    }
}

#[rocket::async_test]
async fn guessing_secrets_is_slowed_and_locks_nobody_out() {
    let mut setup = Setup::new().await;
    setup.config.limits =
        limits::Settings { client_auth: Rate::new(3, 10_000), ..setup.config.limits };
    let server = setup.start().await;
    let body = json!({ "recoveryPayload": nonce() });
    let guess =
        async |call: &str| server.backend("wiki").with_secret(&nonce()).call(call, &body).await;
    for call in ["recover", "validate", "recover"] {
        guess(call).await.assert_error(401, "invalid_client");
    }
    for call in ["recover", "validate"] {
        let refused = guess(call).await;
        refused.assert_error(429, "rate_limited");
        let wait: i64 = refused.header("Retry-After").parse().expect("seconds");
        assert!((1..=10).contains(&wait), "{wait}");
    }
    for _ in 0..5 {
        assert_eq!(knows(&server, "wiki", &secret_of("wiki")).await, KNOWN, "the right one is");
    }
    server.clock.advance(10_000);
    guess("recover").await.assert_error(401, "invalid_client");
}
