//! Bad input gets a clear 4xx before any query, on every form that there is.

use reqwest::{Method, RequestBuilder};
use std::collections::BTreeSet;

use crate::support::{
    Answer, Body, Browser, Endpoint, FORM, ISSUER, PASSWORD, TestServer, encode, secret_of,
};

/// The fields of each form, which are read once or refused.
const FIELDS: [(&str, &[&str]); 9] = [
    ("/signin", &["login", "password", "keep", "next"]),
    ("/signup", &["username", "email", "full_name", "password", "next"]),
    ("/signout", &["everywhere", "next"]),
    ("/account/profile", &["full_name", "username", "email"]),
    ("/account/password", &["current", "new"]),
    ("/consent", &["client_id", "next", "answer"]),
    ("/operations/<id>", &["answer", "number"]),
    ("/flow/<id>", &["answer", "number"]),
    ("/identification/start", &["provider", "monitor", "ask", "answer"]),
];

fn post(
    browser: &Browser,
    path: &str,
    content_type: &str,
    body: impl Into<Vec<u8>>,
) -> RequestBuilder {
    let request = browser.request(Method::POST, path);
    let request = if path.starts_with("/v1/") {
        request.basic_auth("wiki", Some(secret_of("wiki")))
    } else {
        request.header("Sec-Fetch-Site", "same-origin").header("Origin", ISSUER)
    };
    let request = if content_type.is_empty() {
        request
    } else {
        request.header("Content-Type", content_type)
    };
    request.body(body.into())
}

/// Endpoints for people and pages, with a body of the one kind or the other.
fn with_body(server: &TestServer, json: bool) -> Vec<Endpoint> {
    let wanted = |endpoint: &&Endpoint| match endpoint.body() {
        Body::None => false,
        Body::Form(fields) => !json && !fields.is_empty(),
        Body::Json(_) => json,
    };
    // Forms of clients are tried where their endpoints are.
    let of_clients = |e: &Endpoint| {
        e.pattern.starts_with("/oauth/")
            || ["/flow", "/flow/outcome", "/identification/outcome"].contains(&e.pattern.as_str())
    };
    let ours = server.endpoints.iter().filter(|e| !of_clients(e));
    ours.filter(wanted).cloned().collect()
}

/// The body of a good request with one field more.
fn with_field(endpoint: &Endpoint, raw: &str) -> String {
    let Body::Form(fields) = endpoint.body() else { panic!("a form") };
    format!("{}&{raw}", encode(&fields))
}

#[rocket::async_test]
async fn every_form_is_listed_here() {
    let server = TestServer::new().await;
    let there: BTreeSet<String> =
        with_body(&server, false).into_iter().map(|e| e.pattern).collect();
    let listed: BTreeSet<String> = FIELDS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(there, listed);
}

#[rocket::async_test]
async fn bad_bodies_are_refused_before_anything_is_looked_up_or_hashed() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    let (jobs, queries) = (server.passwords.jobs_run(), server.store.queries());
    let nobody = server.browser();
    let mut tried = 0;
    for json in [false, true] {
        for endpoint in with_body(&server, json) {
            let (good, wrong) =
                if json { ("application/json", FORM) } else { (FORM, "application/json") };
            let bodies: [(&str, Vec<u8>, u16); 8] = [
                (wrong, b"a=1".to_vec(), 415),
                ("text/plain", b"a=1".to_vec(), 415),
                ("multipart/form-data; boundary=x", b"--x--".to_vec(), 415),
                ("application/x-www-form-urlencode", b"a=1".to_vec(), 415),
                ("", b"a=1".to_vec(), 415),
                ("nonsense", b"a=1".to_vec(), 415),
                (good, vec![b'a'; 33 * 1_024], 413),
                (good, b"next=\xff\xfe\xfd&answer=allow".to_vec(), 400),
            ];
            for (kind, body, status) in bodies {
                let answer = Answer::of(post(&nobody, &endpoint.path(), kind, body.clone())).await;
                let place = format!("{} with {kind}", endpoint.pattern);
                assert_eq!(answer.status, status, "{place}: {}", answer.text);
                let by_alice = Answer::of(post(&alice, &endpoint.path(), kind, body)).await;
                assert_eq!(by_alice.status, status, "{place}, by alice");
                tried += 1;
            }
        }
    }
    assert_eq!(server.passwords.jobs_run(), jobs);
    // The session of alice is looked up before the body; nothing else is.
    assert!(server.store.queries() - queries <= tried);
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_field_that_is_doubled_or_no_text_is_refused() {
    let server = TestServer::new().await;
    let alice = server.alice_again().await;
    let before = server.database.every_row_but(&[]).await;
    let jobs = server.passwords.jobs_run();
    for endpoint in with_body(&server, false) {
        let (_, fields) =
            FIELDS.iter().find(|(path, _)| *path == endpoint.pattern).expect("listed");
        for field in *fields {
            for odd in ["%ff", "a%00b", "%c3%28", "%ed%a0%80", "%f8%a1%a1%a1%a1"] {
                let Body::Form(good) = endpoint.body() else { panic!("a form") };
                let others: Vec<_> = good.into_iter().filter(|(name, _)| name != field).collect();
                let body = format!("{}&{field}={odd}", encode(&others));
                let answer = Answer::of(post(&alice, &endpoint.path(), FORM, body)).await;
                let place = format!("{field}={odd} at {}", endpoint.pattern);
                assert_eq!(answer.status, 400, "{place}: {}", answer.text);
            }
            let doubled = with_field(&endpoint, &format!("{field}=x&{field}=x"));
            let answer = Answer::of(post(&alice, &endpoint.path(), FORM, doubled)).await;
            assert_eq!(answer.status, 400, "{field} doubled at {}", endpoint.pattern);
            assert!(answer.text.contains("more than once"), "{}", endpoint.pattern);
        }
    }
    assert_eq!(server.passwords.jobs_run(), jobs);
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_doubled_password_is_refused_by_the_profile_form() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let body = format!(
        "username=alicia&email=alice%40example.org&full_name=A&password={PASSWORD}&password=x"
    );
    let answer = Answer::of(post(&alice, "/account/profile", FORM, body)).await;
    assert_eq!(answer.status, 400);
}

#[rocket::async_test]
async fn fields_that_nobody_asked_for_are_ignored() {
    let server = TestServer::new().await;
    for endpoint in with_body(&server, false) {
        let alice = server.alice_again().await;
        let body = with_field(&endpoint, "extra=1&extra=2&uid=0&disabled_at=1&=&%ff=%ff&&");
        let answer = Answer::of(post(&alice, &endpoint.path(), FORM, body)).await;
        // Of operations and flows there are none.
        let is_about_one = ["/operations/<id>", "/flow/<id>"].contains(&endpoint.pattern.as_str());
        let good = match endpoint.pattern.as_str() {
            "/identification/start" => 410,
            _ if is_about_one => 404,
            _ => 303,
        };
        assert_eq!(answer.status, good, "{}: {}", endpoint.pattern, answer.text);
    }
    let disabled = server.database.rows("accounts", &["disabled_at"]).await;
    assert!(disabled.iter().all(|at| at == "null"));
}

#[rocket::async_test]
async fn a_content_type_with_a_charset_is_taken() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let body = encode(&[("login", "alice"), ("password", PASSWORD)]);
    let kind = "application/x-www-form-urlencoded; charset=UTF-8";
    let answer = Answer::of(post(&server.browser(), "/signin", kind, body)).await;
    assert_eq!(answer.status, 303);
}

#[rocket::async_test]
async fn odd_queries_are_refused() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let asked = [
        ("/signin", "next"),
        ("/signup", "next"),
        ("/signout", "next"),
        ("/account", "done"),
        ("/bridge", "client_id"),
        ("/consent", "client_id"),
        ("/consent/done", "client_id"),
    ];
    for (path, name) in asked {
        for query in [format!("{name}=%ff"), format!("{name}=%00"), format!("{name}=a&{name}=a")] {
            let answer = alice.get(&format!("{path}?{query}")).await;
            let place = format!("{path}?{query}: {}", answer.status);
            assert!(answer.status == 400, "{place}");
        }
    }
    let long = "a".repeat(7_000);
    for (path, name) in asked {
        let answer = alice.get(&format!("{path}?{name}={long}")).await;
        assert!(answer.status < 500, "{path}: {}", answer.status);
    }
}

#[rocket::async_test]
async fn a_password_of_1024_characters_of_four_bytes_fits_into_the_form() {
    let server = TestServer::new().await;
    let longest = "🐇🕳".repeat(512);
    assert_eq!((longest.chars().count(), longest.len()), (1_024, 4_096));
    let fields = [
        ("username", "alice"),
        ("email", "alice@example.org"),
        ("full_name", "Alice"),
        ("password", longest.as_str()),
    ];
    let alice = server.browser();
    assert_eq!(alice.post("/signup", &fields).await.status, 303);
    let new = "🎩🫖".repeat(512);
    let change = [("current", longest.as_str()), ("new", new.as_str())];
    assert_eq!(alice.post("/account/password", &change).await.status, 303);
    assert_eq!(server.browser().sign_in("alice", &new).await.status, 303);
    let too_long = format!("{new}x");
    let change = [("current", new.as_str()), ("new", too_long.as_str())];
    let answer = alice.post("/account/password", &change).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.field_error("new").as_deref(), Some("Use at most 1024 characters."));
}
