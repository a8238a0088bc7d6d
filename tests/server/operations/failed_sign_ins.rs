//! Wrong passwords on the way to an operation.

use serde_json::json;
use std::time::Duration;

use crate::support::{Answer, Browser, ISSUER, Operation, PASSWORD, Setup, TestServer, question};
use vestibule::domain::operation::Outcome;
use vestibule::events::Event;

const FAILED: &str = "too many wrong passwords";

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// A try to sign in on the way to a page of ours.
async fn try_at(browser: &Browser, next: &str, login: &str, password: &str) -> Answer {
    browser.post("/signin", &[("login", login), ("password", password), ("next", next)]).await
}

/// A try to sign in on the way to an operation.
async fn try_on(browser: &Browser, asked: &Operation, login: &str, password: &str) -> Answer {
    try_at(browser, &format!("/operations/{}", asked.id), login, password).await
}

/// What was counted, for each operation, and how it ended.
async fn counted(server: &TestServer) -> Vec<String> {
    let rows = server.database.rows("operations", &["created_at", "failed_sign_ins", "outcome"]);
    rows.await.iter().map(|row| row.split_once('|').expect("more").1.to_owned()).collect()
}

#[rocket::async_test]
async fn the_fifth_ends_the_operation_and_signing_in_still_works() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    let mut news = server.events.subscribe(Event::Operation(asked.id.clone()));
    let browser = server.browser();
    for n in 1..=4 {
        let page = try_on(&browser, &asked, "alice", "not-the-password").await;
        assert_eq!(page.status, 422);
        assert!(!page.text.contains(FAILED), "{n}");
        assert_eq!(wiki.state(&asked.id).await, "pending", "{n}");
    }
    for n in 5..=6 {
        let page = try_on(&browser, &asked, "alice", "not-the-password").await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(FAILED), "{n}");
        assert!(page.form_error().is_some_and(|text| text.contains("is not right")), "{n}");
    }
    let told = tokio::time::timeout(Duration::from_secs(5), news.changed()).await;
    assert!(told.is_ok(), "whoever waits is told");
    let state = wiki.operation(&asked.id, "").await.json();
    assert_eq!((&state["state"], &state["reason"]), (&json!("failed"), &json!("sign_in_failed")));
    assert_eq!(state["authResult"], "AUTH_FAILED");

    let back = try_on(&browser, &asked, "alice", PASSWORD).await;
    let page = format!("{ISSUER}/operations/{}", asked.id);
    assert_eq!((back.status, back.location()), (303, page.as_str()));
    let page = browser.look_at(&asked.id).await;
    assert!(page.text.contains("wrong password was given five times"), "{}", page.text);
    let late = browser.answer(&asked.id, "approve", &asked.number).await;
    assert_eq!(late.status, 303);
    assert_eq!(wiki.state(&asked.id).await, "failed");
}

#[rocket::async_test]
async fn it_counts_whatever_login_is_typed() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("bob").await;
    let asked = server.backend("wiki").asked("alice").await;
    for login in ["bob", "nobody", "bob@example.org", "alice@example.org"] {
        let page = try_on(&server.browser(), &asked, login, "not-the-password").await;
        assert_eq!(page.status, 422);
    }
    assert_eq!(counted(&server).await, ["4|null"]);
    let page = try_on(&server.browser(), &asked, "nobody-at-all", "not-the-password").await;
    assert!(page.text.contains(FAILED));
    assert_eq!(counted(&server).await, ["5|sign_in_failed"]);
}

#[rocket::async_test]
async fn signing_in_again_counts_too() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let next = format!("/operations/{}", asked.id);
    let fields =
        [("again", "on"), ("login", "alice"), ("password", "wrong"), ("next", next.as_str())];
    let page = alice.post("/signin", &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(counted(&server).await, ["1|null"]);
}

#[rocket::async_test]
async fn unknown_unconsented_and_silent_accounts_are_told_apart_by_nothing() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("carol").await;
    let mallory = server.signed_up("mallory").await;
    let mut seen = Vec::new();
    for (client, addressed) in [("wiki", "alice"), ("wiki", "nobody"), ("specs", "alice")] {
        for login in ["alice", "carol", "nobod"] {
            let asked = server.backend(client).asked(addressed).await;
            let plain = |answer: &Answer| {
                let text = answer.essence().replace(&asked.id, "ID");
                text.replace(&format!("value=\"{login}\""), "value=\"LOGIN\"")
            };
            let mut answers = vec![
                plain(&mallory.look_at(&asked.id).await),
                plain(&mallory.answer(&asked.id, "approve", &asked.number).await),
                plain(&server.browser().look_at(&asked.id).await),
                plain(
                    &server.browser().get(&format!("/signin?next=/operations/{}", asked.id)).await,
                ),
            ];
            for _ in 0..6 {
                let answer = try_on(&server.browser(), &asked, login, "not-the-password").await;
                answers.push(plain(&answer));
                let state = server.backend(client).operation(&asked.id, "").await.json();
                answers.push(format!("{} {}", state["state"], state["reason"]));
            }
            answers.push(plain(&mallory.look_at(&asked.id).await));
            seen.push(answers);
        }
    }
    assert_eq!(seen.len(), 9);
    for (one, other) in seen.iter().flat_map(|answers| answers.iter().zip(&seen[0])) {
        assert_eq!(one, other);
    }
    assert!(seen[0].iter().any(|text| text.contains(FAILED)));
}

#[rocket::async_test]
async fn only_a_wrong_password_on_the_very_page_counts() {
    let server = server().await;
    server.signed_up("alice").await;
    server.signed_up("bob").await;
    let asked = server.backend("wiki").asked("alice").await;
    let page = format!("/operations/{}", asked.id);
    let browser = server.browser();
    for (login, password) in [("alice", ""), ("", "not-the-password"), ("", "")] {
        assert_eq!(try_at(&browser, &page, login, password).await.status, 422);
    }
    for next in [format!("{page}?x"), format!("{page}/"), "/account".into(), String::new()] {
        assert_eq!(try_at(&browser, &next, "alice", "not-the-password").await.status, 422);
    }
    let other = format!("/operations/{}", "0".repeat(32));
    let unknown = try_at(&browser, &other, "alice", "not-the-password").await;
    assert_eq!(unknown.status, 422);
    assert!(!unknown.text.contains(FAILED));
    let fields = [("login", "alice"), ("password", "not-the-password"), ("next", page.as_str())];
    for site in ["same-site", "cross-site", "none"] {
        let headers = [("Sec-Fetch-Site", site), ("Origin", ISSUER)];
        assert_eq!(browser.post_with("/signin", &fields, &headers).await.status, 403);
    }
    let doubled = [fields.as_slice(), &[("next", page.as_str())]].concat();
    assert_eq!(browser.post("/signin", &doubled).await.status, 400);
    server.database.execute("UPDATE accounts SET disabled_at = 1 WHERE username = 'bob'").await;
    assert_eq!(try_at(&browser, &page, "bob", PASSWORD).await.status, 403);
    assert_eq!(try_at(&browser, &page, "alice", PASSWORD).await.status, 303);
    assert_eq!(counted(&server).await, ["0|null"]);
}

#[rocket::async_test]
async fn a_try_that_is_too_many_does_not_count() {
    let server = Setup::with_operations().await.with_real_limits().start().await;
    let (wiki, browser) = (server.backend("wiki"), server.browser());
    let mut tries = 0;
    while browser.sign_in("alice", "not-the-password").await.status == 422 {
        tries += 1;
        assert!(tries < 100, "there is a limit");
    }
    let asked = wiki.asked("alice").await;
    for _ in 0..6 {
        assert_eq!(try_on(&browser, &asked, "alice", "not-the-password").await.status, 429);
    }
    assert_eq!(counted(&server).await, ["0|null"]);
}

#[rocket::async_test]
async fn what_has_ended_stays_as_it_ended() {
    let server = server().await;
    server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for outcome in [Outcome::Confirmed, Outcome::Refused, Outcome::NumberFailed] {
        let asked = wiki.asked("alice").await;
        server.ends(&asked.id, outcome).await;
        for _ in 0..6 {
            let page = try_on(&server.browser(), &asked, "alice", "not-the-password").await;
            assert!(!page.text.contains(FAILED), "{outcome:?}");
        }
        let expected = outcome.as_str();
        let rows = server.database.rows("operations", &["id", "outcome", "failed_sign_ins"]).await;
        assert!(rows.contains(&format!("{}|{expected}|0", asked.id)), "{rows:?}");
    }
    let mut short = question("alice");
    short["expiresIn"] = json!(30);
    let asked = Operation::of(&wiki.ask(&short).await);
    server.clock.advance(30_000);
    for _ in 0..6 {
        let page = try_on(&server.browser(), &asked, "alice", "not-the-password").await;
        assert!(!page.text.contains(FAILED));
    }
    assert_eq!(wiki.operation(&asked.id, "").await.json()["reason"], "expired");
}

#[rocket::async_test]
async fn many_at_once_end_it_once() {
    let server = server().await;
    server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let tries = (0..12).map(|_| {
        let (browser, asked) = (server.browser(), asked.clone());
        tokio::spawn(async move { try_on(&browser, &asked, "alice", "not-the-password").await })
    });
    let mut said = 0;
    for answer in tries.collect::<Vec<_>>() {
        let answer = answer.await.expect("it ends");
        assert_eq!(answer.status, 422);
        said += usize::from(answer.text.contains(FAILED));
    }
    assert!(said >= 8, "all but the first four: {said}");
    assert_eq!(counted(&server).await, ["5|sign_in_failed"]);
}
