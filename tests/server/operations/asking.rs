//! A backend asks: what it is told, what is refused, and the same question twice.

use serde_json::{Value, json};

use crate::support::{Answer, ISSUER, Operation, SPECS, Setup, TestServer, nonce, question};
use reqwest::Method;
use vestibule::domain::operation::web_socket_id;

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

#[rocket::async_test]
async fn a_backend_gets_what_its_page_waits_with() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let answer = wiki.ask(&question("alice")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("Cache-Control"), "no-store");
    let (json, asked) = (answer.json(), Operation::of(&answer));
    assert_eq!(json["state"], "pending");
    assert_eq!(json["expiresIn"], 300);
    assert_eq!(json["verificationUri"], format!("{ISSUER}/operations/{}", asked.id));
    assert_eq!(asked.web_socket_id, web_socket_id(&asked.id));
    assert_eq!((asked.id.len(), asked.wait_secret.len(), asked.number.len()), (32, 64, 2));

    let other = wiki.asked("alice").await;
    assert!(other.id != asked.id && other.wait_secret != asked.wait_secret);
    let state = wiki.operation(&asked.id, "").await;
    assert_eq!(state.status, 200);
    assert_eq!(state.header("Cache-Control"), "no-store");
    let state = state.json();
    assert_eq!(state["state"], "pending");
    assert_eq!(state["number"], asked.number);
    assert_eq!(state["completed"], false);
    assert!(state.get("waitSecret").is_none(), "it is given once, to be handed to the page");
}

#[rocket::async_test]
async fn the_wait_secret_is_nowhere_in_the_database() {
    let server = server().await;
    server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    assert!(!server.database.everything().await.contains(&asked.wait_secret));
    assert!(server.database.everything().await.contains(&asked.id));
}

#[rocket::async_test]
async fn what_is_asked_must_be_well_formed_before_anything_is_looked_up() {
    let server = server().await;
    let wiki = server.backend("wiki");
    let with = |name: &str, value: Value| {
        let mut question = question("alice");
        question[name] = value;
        question
    };
    let line = |label: &str, value: &str| json!([{ "label": label, "value": value }]);
    let bad = [
        with("account", json!({})),
        with("account", json!({ "uid": "ab", "loginHint": "alice" })),
        with("account", json!({ "loginHint": "" })),
        with("account", json!({ "loginHint": "x".repeat(321) })),
        with("account", json!({ "name": "alice" })),
        with("account", json!({ "uid": "alice" })),
        with("account", json!({ "uid": "AB".repeat(16) })),
        with("account", json!({ "sid": "ab".repeat(32) })),
        with("account", json!("alice")),
        with("title", json!("")),
        with("title", json!("x".repeat(201))),
        with("title", json!("two\nlines")),
        with("title", json!("turned \u{202e} round")),
        with("title", json!(7)),
        with("lines", json!({ "Amount": "1" })),
        with("lines", line("", "x")),
        with("lines", line("Amount", "")),
        with("lines", json!([{ "label": "Amount" }])),
        with("lines", json!(vec![json!({ "label": "a", "value": "b" }); 21])),
        with("lines", json!(vec![json!({ "label": "a", "value": "é".repeat(400) }); 6])),
        with("expiresIn", json!(29)),
        with("expiresIn", json!(3601)),
        with("expiresIn", json!(i64::MAX)),
        with("expiresIn", json!("300")),
        with("method", json!("guess")),
        with("colour", json!("red")),
    ];
    let before = server.store.queries();
    for question in bad {
        let answer = wiki.ask(&question).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (400, "invalid_request"),
            "{question}"
        );
    }
    for (expected, body, content_type) in [
        (400, "{".to_owned(), "application/json"),
        (400, "[]".to_owned(), "application/json"),
        (413, format!("{{\"title\":\"{}\"}}", "x".repeat(20_000)), "application/json"),
        (415, question("alice").to_string(), "text/plain"),
    ] {
        let request = wiki.operations(Method::POST, "").header("Content-Type", content_type);
        assert_eq!(Answer::of(request.body(body)).await.status, expected);
    }
    for key in ["", "a b", "é", &"x".repeat(256)] {
        assert_eq!(wiki.ask_once(&question("alice"), Some(key)).await.status, 400, "{key}");
    }
    let doubled = wiki.operations(Method::POST, "").header("Content-Type", "application/json");
    let doubled = doubled.header("Idempotency-Key", "a").header("Idempotency-Key", "b");
    assert_eq!(Answer::of(doubled.body(question("alice").to_string())).await.status, 400);
    assert_eq!(server.store.queries(), before, "nothing was looked up");
}

#[rocket::async_test]
async fn only_a_client_that_is_registered_for_it_may_ask() {
    let server = Setup::new().await.start().await;
    server.signed_up("alice").await;
    let answer = server.backend("wiki").ask(&question("alice")).await;
    assert_eq!((answer.status, answer.error().as_str()), (403, "unauthorized_client"));
    let stranger = server.backend("wiki").with_secret("wrong").ask(&question("alice")).await;
    assert_eq!((stranger.status, stranger.error().as_str()), (401, "invalid_client"));
}

#[rocket::async_test]
async fn an_operation_is_there_for_the_client_that_asked_alone() {
    let server = server().await;
    server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let notes = server.backend("notes");
    for id in [asked.id.as_str(), &"0".repeat(32), "0", &asked.id.to_uppercase()] {
        let other =
            [notes.operation(id, "").await, notes.complete(id).await, notes.cancel(id).await];
        for answer in other {
            assert_eq!((answer.status, answer.error().as_str()), (404, "not_found"), "{id}");
        }
    }
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
}

#[rocket::async_test]
async fn the_same_key_gives_the_same_operation() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let first = wiki.ask_once(&question("alice"), Some("order-1")).await;
    let again = wiki.ask_once(&question("alice"), Some("order-1")).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(Operation::of(&first), Operation::of(&again));

    let other = wiki.ask_once(&question("bob"), Some("order-1")).await;
    assert_eq!(other.status, 409, "{}", other.text);
    let notes = server.backend("notes").ask_once(&question("alice"), Some("order-1")).await;
    assert_eq!(notes.status, 201, "keys are each client's own");
    assert_ne!(Operation::of(&notes), Operation::of(&first));
}

#[rocket::async_test]
async fn the_same_key_tells_how_it_ended() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let taken_back = Operation::of(&wiki.ask_once(&question("alice"), Some("one")).await);
    wiki.ask_once(&question("alice"), Some("two")).await;
    assert_eq!(wiki.cancel(&taken_back.id).await.status, 200);
    let state = async |key| {
        let again = wiki.ask_once(&question("alice"), Some(key)).await;
        (again.status, again.json()["state"].as_str().map(str::to_owned))
    };
    assert_eq!(state("one").await, (200, Some("canceled".into())));
    assert_eq!(state("two").await, (200, Some("pending".into())));
    server.clock.advance(5 * 60 * 1_000);
    assert_eq!(state("two").await, (200, Some("expired".into())));
}

#[rocket::async_test]
async fn whoever_lost_the_answer_gets_it_again_whatever_the_limits_say() {
    let server = Setup::with_operations().await.with_real_limits().start().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let first = wiki.ask_once(&question("alice"), Some("first")).await;
    for _ in 0..9 {
        assert_eq!(wiki.ask(&question("alice")).await.status, 201);
    }
    assert_eq!(wiki.ask_once(&question("alice"), Some("new")).await.status, 429);
    for _ in 0..20 {
        let again = wiki.ask_once(&question("alice"), Some("first")).await;
        assert_eq!((again.status, Operation::of(&again)), (200, Operation::of(&first)));
    }
}

#[rocket::async_test]
async fn a_client_that_knows_people_by_identifiers_of_its_own_is_told_to_name_them_otherwise() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(alice.consent("specs", "allow").await.status, 303);
    let specs = server.backend("specs");
    let nonce = nonce();
    let payload = alice.mint("specs", SPECS, Some(&nonce)).await;
    let profile = specs.recover(&payload, Some(&nonce)).await.json();
    let mut by_uid = question("");
    by_uid["account"] = json!({ "uid": profile["uid"] });
    let refused = specs.ask(&by_uid).await;
    assert_eq!((refused.status, refused.error().as_str()), (400, "invalid_request"));
    assert!(refused.text.contains("`sid`"), "{}", refused.text);

    let mut by_handle = question("");
    by_handle["account"] = json!({ "sid": profile["sid"] });
    let asked = Operation::of(&specs.ask(&by_handle).await);
    assert_eq!(alice.look_at(&asked.id).await.status, 200, "she is asked");
    let notes = server.backend("notes").ask(&by_handle).await;
    let asked = Operation::of(&notes);
    assert_eq!(alice.look_at(&asked.id).await.status, 404, "another client's handle names nobody");
}

#[rocket::async_test]
async fn fifty_at_once_under_one_key_are_one_operation() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asking = (0..50).map(|_| {
        let wiki = wiki.clone();
        rocket::tokio::spawn(async move { wiki.ask_once(&question("alice"), Some("one")).await })
    });
    let mut ids = std::collections::BTreeSet::new();
    let mut created = 0;
    for answer in asking.collect::<Vec<_>>() {
        let answer = answer.await.expect("it ends");
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
        created += usize::from(answer.status == 201);
        ids.insert(Operation::of(&answer).id);
    }
    assert_eq!((ids.len(), created), (1, 1));
    assert_eq!(server.database.rows("operations", &["id"]).await.len(), 1);
}

#[rocket::async_test]
async fn a_way_of_signing_in_that_is_not_to_be_had_fails_at_once() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for login in ["alice", "nobody"] {
        let mut question = question(login);
        question["method"] = json!("hwk");
        let answer = wiki.ask(&question).await;
        assert_eq!((answer.status, answer.json()["state"].as_str()), (201, Some("failed")));
        let state = wiki.operation(&Operation::of(&answer).id, "?wait=30").await.json();
        assert_eq!(state["authResult"], "AUTH_METHOD_FAILED");
        assert_eq!(state["reason"], "method_failed");
    }
    let mut by_password = question("alice");
    by_password["method"] = json!("pwd");
    assert_eq!(wiki.ask(&by_password).await.json()["state"], "pending");
}
