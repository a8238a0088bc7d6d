//! Who cannot be asked is answered like somebody who never answers.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer, question};
use vestibule::clock::MINUTE;

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// What may differ from one operation to the next is taken out.
fn without_ids(mut answer: Value) -> Value {
    for name in ["operationId", "waitSecret", "webSocketId", "number", "verificationUri"] {
        let text = answer[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}"));
        answer[name] = json!(text.len());
    }
    answer
}

#[rocket::async_test]
async fn unknown_disabled_and_unconsented_accounts_look_like_silent_ones() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("bob").await;
    let uid = server.uid_of("bob").await;
    server.database.execute("UPDATE accounts SET disabled_at = 1 WHERE username = 'bob'").await;
    let pairs = [("wiki", json!({ "loginHint": "alice" }), true)];
    let silent = [
        ("wiki", json!({ "loginHint": "nobody" }), false),
        ("wiki", json!({ "loginHint": "bob" }), false),
        ("wiki", json!({ "uid": uid }), false),
        ("wiki", json!({ "uid": "ab".repeat(16) }), false),
        ("wiki", json!({ "sid": "ab".repeat(16) }), false),
        ("specs", json!({ "loginHint": "alice" }), false),
        ("specs", json!({ "loginHint": "nobody" }), false),
    ];
    let mut answers = Vec::new();
    for (client, account, is_asked) in pairs.into_iter().chain(silent) {
        let mut question = question("");
        question["account"] = account.clone();
        let answer = server.backend(client).ask(&question).await;
        let id = answer.json()["operationId"].as_str().expect("an id").to_owned();
        let state = server.backend(client).operation(&id, "").await;
        let mut state = state.json();
        for name in ["operationId", "webSocketId", "number", "verificationUri"] {
            state[name] = json!(state[name].as_str().map(str::len));
        }
        answers.push((answer.status, without_ids(answer.json()), state));
        let rows = server.database.rows("operations", &["id", "account_uid"]).await;
        let row = rows.iter().find(|row| row.starts_with(&id)).expect("a row");
        assert_eq!(row.len() > 40, is_asked, "{client} {account}: {row}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[rocket::async_test]
async fn whoever_consents_is_asked_by_a_client_of_another_organisation() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(alice.consent("specs", "allow").await.status, 303);
    let asked = server.backend("specs").asked("alice").await;
    let uid = server.uid_of("alice").await;
    let operation = server.store.operation_for(&asked.id, &uid).await.expect("the database");
    assert_eq!(operation.expect("she is asked").question.title, "Pay for your order?");

    alice.post("/account/sites/specs/remove", &[]).await;
    let after = server.store.operation_for(&asked.id, &uid).await.expect("the database");
    assert!(after.is_none(), "and is not any more when she takes that back");
}

#[rocket::async_test]
async fn somebody_whom_a_client_asks_too_often_is_not_asked_any_more() {
    let server = server().await;
    server.signed_up("alice").await;
    let (wiki, uid) = (server.backend("wiki"), server.uid_of("alice").await);
    for _ in 0..8 {
        wiki.asked("alice").await;
    }
    let waiting = async || {
        let now = server.clock.now();
        server.store.operations_waiting_for(&uid, now).await.expect("the database").len()
    };
    assert_eq!(waiting().await, 5, "by this client");
    server.backend("notes").asked("alice").await;
    assert_eq!(waiting().await, 6);
    server.clock.advance(5 * MINUTE);
    wiki.asked("alice").await;
    assert_eq!(waiting().await, 1, "the others have expired");
}

#[rocket::async_test]
async fn a_client_that_asks_one_person_over_and_over_is_slowed_down() {
    let server = Setup::with_operations().await.with_real_limits().start().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let mut statuses = Vec::new();
    for login in ["alice", "nobody"] {
        for _ in 0..12 {
            statuses.push((login, wiki.ask(&question(login)).await.status));
        }
    }
    for login in ["alice", "nobody"] {
        let of: Vec<u16> = statuses.iter().filter(|(l, _)| *l == login).map(|(_, s)| *s).collect();
        assert_eq!(of, [[201; 10].as_slice(), &[429; 2]].concat(), "{login}");
    }
    let limited = wiki.ask(&question("alice")).await;
    assert_eq!(limited.error(), "rate_limited");
    assert!(!limited.header("Retry-After").is_empty());
    assert_eq!(server.backend("notes").ask(&question("alice")).await.status, 201);
}
