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
}

#[rocket::async_test]
async fn the_person_must_have_signed_in_lately_on_a_session_that_lives() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("bob").await;
    let asked = server.backend("wiki").asked("alice").await;
    let session_of_bob = server.session_id_of("bob").await;
    let (uid, session) = (server.uid_of("alice").await, server.session_id_of("alice").await);
    let confirms = async |uid: &str, session_id: &str| {
        let by = Confirmation { account_uid: uid, session_id, number_matched: false };
        let done = server.store.confirm_operation(&asked.id, &by, server.clock.now()).await;
        done.expect("the database")
    };
    let uid_of_bob = server.uid_of("bob").await;
    assert!(!confirms(&uid_of_bob, &session_of_bob).await, "not the person who is asked");
    assert!(!confirms(&uid, &session_of_bob).await, "not that person's session");
    server.clock.advance(5 * MINUTE - 30 * SECOND);
    let later = server.backend("wiki").asked("alice").await;
    server.clock.advance(30 * SECOND);
    let by = Confirmation { account_uid: &uid, session_id: &session, number_matched: false };
    let old = server.store.confirm_operation(&later.id, &by, server.clock.now()).await;
    assert!(!old.expect("the database"), "signed in five minutes ago");
}
