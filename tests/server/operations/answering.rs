//! The page on which a person answers.

use serde_json::json;
use std::collections::BTreeSet;

use crate::support::{ISSUER, Operation, PASSWORD, Setup, TestServer, question};
use vestibule::clock::{MINUTE, SECOND};
use vestibule::domain::operation::Outcome;

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// An operation that waits for an hour.
async fn long(server: &TestServer, login: &str) -> Operation {
    let mut question = question(login);
    question["expiresIn"] = json!(3_600);
    Operation::of(&server.backend("wiki").ask(&question).await)
}

#[rocket::async_test]
async fn the_page_shows_exactly_what_is_confirmed_and_by_whom_it_is_asked() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let page = alice.look_at(&asked.id).await;
    assert_eq!(page.status, 200);
    let shown = [
        "Wiki asks for your approval",
        "wiki.vestibule.localhost:8001",
        "<h2 dir=\"auto\">Pay for your order?</h2>",
        "<dt dir=\"auto\">Amount</dt><dd dir=\"auto\">€49.00</dd>",
        "<dt dir=\"auto\">Payee</dt><dd dir=\"auto\">Shop</dd>",
        "until 21 November 2026, 20:42:00 UTC",
        "Full Name of alice",
    ];
    for text in shown {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    assert_eq!(page.text.matches("<dt").count(), 2);
    for value in ["approve", "refuse"] {
        let button = format!("name=\"answer\" value=\"{value}\"");
        let tag = page.text.split('<').find(|tag| tag.contains(&button)).expect("a button");
        assert!(tag.contains("data-guarded"), "{tag}");
    }
    assert!(page.text.contains("consent.js?v="));
    assert_eq!(page.header("Cache-Control"), "no-store");
}

#[rocket::async_test]
async fn a_yes_is_told_to_the_client_and_shown() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    let said = alice.answer(&asked.id, "approve", &asked.number).await;
    let page = format!("{ISSUER}/operations/{}", asked.id);
    assert_eq!((said.status, said.location()), (303, page.as_str()), "{}", said.text);
    let page = alice.look_at(&asked.id).await;
    assert_eq!(page.status, 200);
    for text in ["You approved this", "You can close this window", "€49.00", "20:37:00 UTC"] {
        assert!(page.text.contains(text), "{text} in {}", page.text);
    }
    assert!(!page.text.contains("<form") && !page.text.contains("<button"));
    assert_eq!(wiki.state(&asked.id).await, "confirmed");
    assert_eq!(wiki.complete(&asked.id).await.status, 200);
    assert!(alice.look_at(&asked.id).await.text.contains("You approved this"));
}

#[rocket::async_test]
async fn a_no_is_told_to_the_client_and_shown_with_a_number_or_without() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for number in ["", "10", "99"] {
        let asked = wiki.asked("alice").await;
        let said = alice.answer(&asked.id, "refuse", number).await;
        assert_eq!(said.status, 303, "{}", said.text);
        let page = alice.look_at(&asked.id).await;
        assert!(page.text.contains("You refused this"), "{}", page.text);
        let told = wiki.operation(&asked.id, "").await.json();
        assert_eq!((&told["state"], &told["reason"]), (&json!("canceled"), &json!("refused")));
    }
}

#[rocket::async_test]
async fn whoever_comes_second_is_shown_how_it_ended() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let ends = [
        (Outcome::Confirmed, "You approved this"),
        (Outcome::Refused, "You refused this"),
        (Outcome::Canceled, "took the question back"),
        (Outcome::Left, "was closed before you answered"),
        (Outcome::SignInFailed, "wrong password was given five times"),
        (Outcome::NumberFailed, "Another number was picked"),
        (Outcome::MethodFailed, "a way of signing in"),
        (Outcome::Expired, "Nobody answered"),
    ];
    let mut pages = BTreeSet::new();
    for (outcome, text) in ends {
        let asked = wiki.asked("alice").await;
        server.ends(&asked.id, outcome).await;
        for (answer, number) in
            [("approve", asked.number.as_str()), ("approve", ""), ("refuse", "")]
        {
            let late = alice.answer(&asked.id, answer, number).await;
            assert_eq!(late.status, 303, "{outcome:?}: {}", late.text);
            assert!(late.location().ends_with(&format!("/operations/{}", asked.id)));
        }
        let page = alice.look_at(&asked.id).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(text), "{text} in {}", page.text);
        assert!(!page.text.contains("<button") && !page.text.contains("<form"), "{}", page.text);
        assert!(!page.text.contains("until") || outcome == Outcome::Expired, "{}", page.text);
        pages.insert(page.text);
        let reason = wiki.operation(&asked.id, "").await.json()["reason"].clone();
        let expected = (outcome != Outcome::Confirmed).then_some(outcome.as_str());
        assert_eq!(reason.as_str(), expected, "and it stays so");
    }
    assert_eq!(pages.len(), 8);
}

#[rocket::async_test]
async fn the_time_is_over_at_once_and_without_a_job() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let mut short = question("alice");
    short["expiresIn"] = json!(30);
    let asked = Operation::of(&server.backend("wiki").ask(&short).await);
    server.clock.advance(30 * SECOND - 1);
    assert!(alice.look_at(&asked.id).await.text.contains("Approve"));
    server.clock.advance(1);
    let late = alice.answer(&asked.id, "approve", &asked.number).await;
    assert_eq!(late.status, 303);
    let page = alice.look_at(&asked.id).await;
    assert!(
        page.text.contains("Nobody answered until 21 November 2026, 20:37:30 UTC"),
        "{}",
        page.text
    );
    assert_eq!(server.backend("wiki").state(&asked.id).await, "expired");
}

#[rocket::async_test]
async fn nobody_signs_in_first_and_comes_back() {
    let server = server().await;
    server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let (browser, path) = (server.browser(), format!("/operations/{}", asked.id));
    let away = format!("/signin?next=%2Foperations%2F{}", asked.id);
    let looked = browser.look_at(&asked.id).await;
    assert_eq!((looked.status, looked.location()), (303, away.as_str()));
    let said = browser.answer(&asked.id, "approve", &asked.number).await;
    assert_eq!((said.status, said.location()), (303, away.as_str()));
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
    assert!(browser.get(&away).await.text.contains("to answer what you are asked"));
    let fields = [("login", "alice"), ("password", PASSWORD), ("next", path.as_str())];
    let back = browser.post("/signin", &fields).await;
    assert_eq!((back.status, back.location()), (303, format!("{ISSUER}{path}").as_str()));
    assert_eq!(browser.look_at(&asked.id).await.status, 200);
}

#[rocket::async_test]
async fn an_answer_needs_a_sign_in_of_the_last_five_minutes() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = long(&server, "alice").await;
    server.clock.advance(5 * MINUTE - 1);
    assert_eq!(alice.look_at(&asked.id).await.status, 200);
    server.clock.advance(1);
    let away = format!("{ISSUER}/signin?again=on&next=%2Foperations%2F{}", asked.id);
    let looked = alice.look_at(&asked.id).await;
    assert_eq!((looked.status, looked.location()), (303, away.as_str()));
    for (answer, number) in
        [("approve", asked.number.as_str()), ("approve", "10"), ("approve", ""), ("refuse", "")]
    {
        let said = alice.answer(&asked.id, answer, number).await;
        assert_eq!((said.status, said.location()), (303, away.as_str()), "{answer}");
    }
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");

    let path = format!("/operations/{}", asked.id);
    let fields =
        [("again", "on"), ("login", "alice"), ("password", PASSWORD), ("next", path.as_str())];
    let back = alice.post("/signin", &fields).await;
    assert_eq!((back.status, back.location()), (303, format!("{ISSUER}{path}").as_str()));
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "confirmed");
    server.clock.advance(10 * MINUTE);
    let page = alice.look_at(&asked.id).await;
    assert_eq!(page.status, 200, "how it ended is shown without signing in again");
}

#[rocket::async_test]
async fn a_session_that_ended_meanwhile_approves_nothing() {
    let server = server().await;
    let wiki = server.backend("wiki");
    for how in ["signed out", "ended elsewhere", "disabled"] {
        let alice = server.alice_again().await;
        let asked = wiki.asked("alice").await;
        assert_eq!(alice.look_at(&asked.id).await.status, 200);
        let before = alice.at(&server.url);
        match how {
            "signed out" => drop(alice.sign_out().await),
            "ended elsewhere" => {
                let elsewhere = server.browser();
                elsewhere.sign_in("alice", PASSWORD).await;
                elsewhere.post("/account/sessions/end-others", &[]).await;
            }
            _ => server.database.execute("UPDATE accounts SET disabled_at = 1").await,
        }
        let said = before.answer(&asked.id, "approve", &asked.number).await;
        assert_eq!(said.status, 303, "{how}: {}", said.text);
        assert!(said.location().contains("/signin?next="), "{how}: {}", said.location());
        assert_eq!(wiki.state(&asked.id).await, "pending", "{how}");
        wiki.cancel(&asked.id).await;
    }
}

#[rocket::async_test]
async fn other_answers_are_refused_and_change_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    for answer in ["", "Approve", "approve ", "yes", "confirm", "allow"] {
        let said = alice.answer(&asked.id, answer, &asked.number).await;
        assert_eq!(said.status, 400, "{answer:?}");
    }
    let path = format!("/operations/{}", asked.id);
    let number = ("number", asked.number.as_str());
    let doubled: [&[(&str, &str)]; 4] = [
        &[("answer", "approve"), ("answer", "approve"), number],
        &[("answer", "refuse"), ("answer", "approve"), number],
        &[("answer", "approve"), number, number],
        &[number],
    ];
    for fields in doubled {
        assert_eq!(alice.post(&path, fields).await.status, 400, "{fields:?}");
    }
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
}
