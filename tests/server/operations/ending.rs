//! How operations end, seen by the backend that asked.

use serde_json::json;

use crate::support::{IdToken, Setup, TestServer, question};
use vestibule::clock::{MINUTE, SECOND};
use vestibule::domain::operation::Outcome;
use vestibule::store::operations::Confirmation;

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

#[rocket::async_test]
async fn a_client_takes_its_question_back_and_whoever_is_late_is_told() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    for _ in 0..2 {
        let canceled = wiki.cancel(&asked.id).await;
        assert_eq!(canceled.status, 200, "{}", canceled.text);
        assert_eq!(canceled.json()["state"], "canceled");
        assert_eq!(canceled.json()["reason"], "canceled");
        assert_eq!(canceled.json()["authResult"], "CANCELED");
    }
    let late = wiki.complete(&asked.id).await;
    assert_eq!((late.status, late.error().as_str()), (409, "access_denied"));
    assert_eq!(late.json()["state"], "canceled");

    let asked = wiki.asked("alice").await;
    let early = wiki.complete(&asked.id).await;
    assert_eq!((early.status, early.error().as_str()), (409, "authorization_pending"));
    server.ends(&asked.id, Outcome::Refused).await;
    assert_eq!(wiki.cancel(&asked.id).await.json()["reason"], "refused");
}

#[rocket::async_test]
async fn nobody_answers_and_it_expires() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let mut short = question("alice");
    short["expiresIn"] = json!(30);
    let asked = crate::support::Operation::of(&wiki.ask(&short).await);
    server.clock.advance(30 * SECOND - 1);
    assert_eq!(wiki.state(&asked.id).await, "pending");
    server.clock.advance(1);
    let state = wiki.operation(&asked.id, "?wait=30").await.json();
    assert_eq!(
        (state["state"].as_str(), state["authResult"].as_str()),
        (Some("expired"), Some("AUTH_FAILED"))
    );
    let late = wiki.complete(&asked.id).await;
    assert_eq!((late.status, late.error().as_str()), (409, "expired_token"));
    let canceled = wiki.cancel(&asked.id).await;
    assert_eq!((canceled.status, canceled.error().as_str()), (409, "expired_token"));
}

#[rocket::async_test]
async fn a_request_that_waits_is_answered_when_it_ends() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    let waiting = {
        let (wiki, id) = (wiki.clone(), asked.id.clone());
        rocket::tokio::spawn(async move { wiki.operation(&id, "?wait=30").await })
    };
    // Whether it comes before or after the request has begun to wait: it is told.
    server.ends(&asked.id, Outcome::Refused).await;
    let answer = waiting.await.expect("it ends");
    assert_eq!(answer.json()["state"], "canceled");
    let other = wiki.asked("alice").await;
    assert_eq!(wiki.operation(&other.id, "?wait=1").await.json()["state"], "pending");
    for bad in ["31", "-1", "x", "1&wait=2", "1.5"] {
        let answer = wiki.operation(&other.id, &format!("?wait={bad}")).await;
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[rocket::async_test]
async fn a_confirmation_is_completed_once_with_a_signed_result() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    server.confirms(&asked.id, "alice").await;
    let state = wiki.operation(&asked.id, "").await.json();
    assert_eq!(
        (state["state"].as_str(), state["authResult"].as_str()),
        (Some("confirmed"), Some("CONFIRMED"))
    );
    assert!(state.get("number").is_none() && state["completed"] == false);
    assert_eq!(wiki.cancel(&asked.id).await.status, 409, "too late");

    let completed = wiki.complete(&asked.id).await;
    assert_eq!(completed.status, 200, "{}", completed.text);
    assert_eq!(completed.header("Cache-Control"), "no-store");
    let jws = completed.json()["result"].as_str().expect("a JWS").to_owned();
    let IdToken { header, claims } = server.verify_signature(&jws, "wiki").await;
    assert_eq!(
        (header["typ"].as_str(), header["alg"].as_str()),
        (Some("operation-result+jwt"), Some("ES256"))
    );
    let uid = server.uid_of("alice").await;
    let now = server.clock.now() / 1_000;
    assert_eq!(
        claims,
        json!({
            "iss": crate::support::ISSUER, "aud": "wiki", "sub": uid, "iat": now, "jti": asked.id,
            "title": "Pay for your order?",
            "lines": [{ "label": "Amount", "value": "€49.00" }, { "label": "Payee", "value": "Shop" }],
            "confirmed_at": now, "auth_time": now, "amr": ["pwd"], "number_matched": false,
        })
    );
    let again = wiki.complete(&asked.id).await;
    assert_eq!((again.status, again.error().as_str()), (410, "invalid_grant"));
    assert_eq!(wiki.operation(&asked.id, "").await.json()["completed"], true);
}

#[rocket::async_test]
async fn fifty_completions_at_once_give_one_result() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    server.confirms(&asked.id, "alice").await;
    let completing = (0..50).map(|_| {
        let (wiki, id) = (wiki.clone(), asked.id.clone());
        rocket::tokio::spawn(async move { wiki.complete(&id).await.status })
    });
    let mut given = 0;
    for status in completing.collect::<Vec<_>>() {
        match status.await.expect("it ends") {
            200 => given += 1,
            other => assert_eq!(other, 410),
        }
    }
    assert_eq!(given, 1);
    // Whoever has looked before the first one has written.
    let other = wiki.asked("alice").await;
    server.confirms(&other.id, "alice").await;
    let completes = async || {
        let done = server.store.complete_operation(&other.id, "wiki", server.clock.now()).await;
        done.expect("the database")
    };
    assert_eq!([completes().await, completes().await], [true, false]);
}

#[rocket::async_test]
async fn once_somebody_was_told_that_time_ran_out_nothing_else_comes_of_it() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for look in 0..3 {
        let asked = wiki.asked("alice").await;
        let before = server.clock.now() + 5 * MINUTE - 1;
        let told = match look {
            0 => server
                .store
                .waiting(&asked.id, before + 1)
                .await
                .expect("it is there")
                .map(|row| row.outcome),
            1 => server
                .store
                .operation_of(&asked.id, "wiki", before + 1)
                .await
                .expect("it is there")
                .map(|row| row.outcome),
            _ => {
                let uid = server.uid_of("alice").await;
                let found = server.store.operation_for(&asked.id, &uid, before + 1).await;
                found.expect("the database").map(|row| row.outcome)
            }
        };
        assert_eq!(told, Some(Some(Outcome::Expired)));
        // Another node's clock, or a request that had to wait for the database, is behind.
        let refused = server.store.finish_operation(&asked.id, Outcome::Refused, before).await;
        assert!(!refused.expect("the database"));
        assert!(!confirms(&server, &asked.id, "alice", "alice", before).await);
    }
}

/// Whether somebody's session may confirm an operation for an account at this moment.
async fn confirms(server: &TestServer, id: &str, account: &str, session: &str, now: i64) -> bool {
    let by = Confirmation {
        account_uid: &server.uid_of(account).await,
        session_id: &server.session_id_of(session).await,
        number_matched: false,
    };
    server.store.confirm_operation(id, &by, now).await.expect("the database")
}

#[rocket::async_test]
async fn only_the_asked_person_confirms_and_on_an_own_session() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("bob").await;
    let (asked, now) = (server.backend("wiki").asked("alice").await, server.clock.now());
    for (account, session) in [("bob", "bob"), ("alice", "bob"), ("bob", "alice")] {
        assert!(!confirms(&server, &asked.id, account, session, now).await, "{account} {session}");
    }
    assert!(confirms(&server, &asked.id, "alice", "alice", now).await);
    assert!(!confirms(&server, &asked.id, "alice", "alice", now).await, "once");
}

#[rocket::async_test]
async fn a_sign_in_is_good_for_five_minutes() {
    let server = server().await;
    server.signed_up("alice").await;
    let signed_in = server.clock.now();
    server.clock.advance(4 * MINUTE);
    let (late, in_time) =
        (server.backend("wiki").asked("alice").await, server.backend("wiki").asked("alice").await);
    let end = signed_in + 5 * MINUTE;
    assert!(!confirms(&server, &late.id, "alice", "alice", end).await);
    assert!(confirms(&server, &in_time.id, "alice", "alice", end - 1).await);
}

#[rocket::async_test]
async fn a_session_that_ended_in_that_very_moment_confirms_nothing() {
    let server = server().await;
    server.signed_up("alice").await;
    let (asked, now) = (server.backend("wiki").asked("alice").await, server.clock.now());
    let session = server.session_id_of("alice").await;
    let uid = server.uid_of("alice").await;
    let by = Confirmation { account_uid: &uid, session_id: &session, number_matched: false };
    let ends = [
        ("UPDATE sessions SET finished_at = 1", "UPDATE sessions SET finished_at = NULL"),
        (
            "UPDATE sessions SET idle_expires_at = 1",
            "UPDATE sessions SET idle_expires_at = expires_at",
        ),
        ("UPDATE sessions SET expires_at = 1", "UPDATE sessions SET expires_at = idle_expires_at"),
        ("UPDATE accounts SET disabled_at = 1", "UPDATE accounts SET disabled_at = NULL"),
    ];
    for (end, back) in ends {
        server.database.execute(end).await;
        let confirmed = server.store.confirm_operation(&asked.id, &by, now).await;
        assert!(!confirmed.expect("the database"), "{end}");
        server.database.execute(back).await;
    }
    assert!(server.store.confirm_operation(&asked.id, &by, now).await.expect("the database"));
}
