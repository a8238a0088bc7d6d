//! Who cannot be asked is answered like somebody who never answers.

use serde_json::{Value, json};

use crate::support::{Operation, Setup, TestServer, question};
use vestibule::clock::SECOND;
use vestibule::events::Event;

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
        ("specs", json!({ "sid": "ab".repeat(16) }), false),
        ("specs", json!({ "loginHint": "alice" }), false),
        ("specs", json!({ "loginHint": "nobody" }), false),
    ];
    let (mut answers, mut looked_up) = (Vec::new(), Vec::new());
    for (client, account, is_asked) in pairs.into_iter().chain(silent) {
        let mut question = question("");
        question["account"] = account.clone();
        let before = server.store.queries();
        let answer = server.backend(client).ask(&question).await;
        let queries = server.store.queries() - before;
        let id = answer.json()["operationId"].as_str().expect("an id").to_owned();
        let state = server.backend(client).operation(&id, "").await;
        let mut state = state.json();
        for name in ["operationId", "webSocketId", "number", "verificationUri"] {
            state[name] = json!(state[name].as_str().map(str::len));
        }
        let same_look_up = account.get("loginHint").is_some();
        looked_up.extend(same_look_up.then_some(queries));
        answers.push((answer.status, without_ids(answer.json()), state));
        let rows = server.database.rows("operations", &["id", "account_uid"]).await;
        let row = rows.iter().find(|row| row.starts_with(&id)).expect("a row");
        assert_eq!(row.len() > 40, is_asked, "{client} {account}: {row}");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    assert!(looked_up.iter().all(|queries| *queries == looked_up[0]), "{looked_up:?}");
}

#[rocket::async_test]
async fn whoever_consents_is_asked_by_a_client_of_another_organisation() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(alice.consent("specs", "allow").await.status, 303);
    let asked = server.backend("specs").asked("alice").await;
    let uid = server.uid_of("alice").await;
    let operation = server
        .store
        .operation_for(&asked.id, &uid, server.clock.now())
        .await
        .expect("the database");
    assert_eq!(operation.expect("she is asked").question.title, "Pay for your order?");

    alice.post("/account/sites/specs/remove", &[]).await;
    let after = server
        .store
        .operation_for(&asked.id, &uid, server.clock.now())
        .await
        .expect("the database");
    assert!(after.is_none(), "and is not any more when she takes that back");
}

#[rocket::async_test]
async fn a_page_waits_for_nobody_as_for_somebody_silent() {
    let server = server().await;
    server.signed_up("alice").await;
    let mut heard = Vec::new();
    for login in ["alice", "nobody"] {
        let mut short = question(login);
        short["expiresIn"] = json!(30);
        let notes = server.backend("notes");
        let operation = Operation::of(&notes.ask(&short).await);
        let mut page = server.waiting(&operation).await;
        server.clock.advance(30 * SECOND);
        // Whoever looks first writes it down.
        let state = notes.operation(&operation.id, "?wait=30").await.json();
        server.events.publish(Event::Operation(operation.id)).await;
        heard.push((page.result().await, state["state"].clone(), state["reason"].clone()));
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], ("AUTH_FAILED".to_owned(), json!("expired"), json!("expired")));
}

#[rocket::async_test]
async fn no_client_hides_what_others_ask_or_locks_anybody_out() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (wiki, uid) = (server.backend("wiki"), server.uid_of("alice").await);
    let other = server.backend("notes").asked("alice").await;
    let mut asked = Vec::new();
    for _ in 0..8 {
        server.clock.advance(1);
        asked.push(wiki.asked("alice").await.id);
    }
    let waiting = server.store.operations_waiting_for(&uid, server.clock.now()).await;
    let listed: Vec<String> =
        waiting.expect("the database").into_iter().map(|operation| operation.id).collect();
    let newest = asked[3..].iter().rev();
    assert_eq!(listed, newest.chain([&other.id]).cloned().collect::<Vec<_>>());
    for id in asked {
        assert_eq!(alice.look_at(&id).await.status, 200, "each can be answered");
    }
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
    let mut by_uid = question("");
    by_uid["account"] = json!({ "uid": server.uid_of("alice").await });
    assert_eq!(wiki.ask(&by_uid).await.status, 201, "whoever the site knows has an own allowance");
    let limited = wiki.ask(&question("alice")).await;
    assert_eq!(limited.error(), "rate_limited");
    assert!(!limited.header("Retry-After").is_empty());
    assert_eq!(server.backend("notes").ask(&question("alice")).await.status, 201);
}
