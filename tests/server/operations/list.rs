//! What waits for the person's answer, on the account page.

use serde_json::json;

use crate::support::{Browser, Operation, Setup, TestServer, question};
use vestibule::clock::{MINUTE, SECOND};
use vestibule::domain::operation::Outcome;

const HEADING: &str = "Waiting for your answer";

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// The operations that an account page links to, from the top.
async fn listed(browser: &Browser) -> Vec<String> {
    let page = browser.get("/account").await.text;
    let links = page.split("href=\"/operations/").skip(1);
    let ids: Vec<String> =
        links.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    assert_eq!(page.contains(HEADING), !ids.is_empty(), "it is there when there is something");
    ids
}

#[rocket::async_test]
async fn it_says_what_is_asked_by_whom_and_until_when_the_latest_first() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(listed(&alice).await, Vec::<String>::new());
    let first = server.backend("wiki").asked("alice").await;
    server.clock.advance(MINUTE);
    let mut words = question("alice");
    words["title"] = json!("Delete the page?");
    let second = Operation::of(&server.backend("notes").ask(&words).await);
    assert_eq!(listed(&alice).await, [second.id.clone(), first.id.clone()]);
    let page = alice.get("/account").await.text;
    let shown = [
        "<bdi>Delete the page?</bdi>",
        "Notes · notes.vestibule.localhost:8002",
        "Until 21 November 2026, 20:43:00 UTC",
        "<bdi>Pay for your order?</bdi>",
        "Wiki · wiki.vestibule.localhost:8001",
        "Until 21 November 2026, 20:42:00 UTC",
    ];
    for text in shown {
        assert!(page.contains(text), "{text} in {page}");
    }
    assert!(!page.contains("€49.00"), "the rest is on the page itself");
    for id in listed(&alice).await {
        assert_eq!(alice.look_at(&id).await.status, 200);
    }
}

#[rocket::async_test]
async fn what_has_ended_or_may_not_be_asked_any_more_is_not_listed() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let answered = wiki.asked("alice").await;
    assert_eq!(listed(&alice).await.len(), 1);
    alice.answer(&answered.id, "refuse", "").await;
    assert_eq!(listed(&alice).await.len(), 0);
    let failed = wiki.asked("alice").await;
    server.ends(&failed.id, Outcome::SignInFailed).await;
    let canceled = wiki.asked("alice").await;
    wiki.cancel(&canceled.id).await;
    assert_eq!(listed(&alice).await.len(), 0);

    alice.consent("specs", "allow").await;
    server.backend("specs").asked("alice").await;
    server.backend("notes").asked("alice").await;
    assert_eq!(listed(&alice).await.len(), 2);
    alice.post("/account/sites/specs/remove", &[]).await;
    assert_eq!(listed(&alice).await.len(), 1);
    server.store.disable_client("notes", server.clock.now()).await.expect("the database");
    assert_eq!(listed(&alice).await.len(), 0);

    let late = wiki.asked("alice").await;
    server.clock.advance(5 * MINUTE - SECOND);
    assert_eq!(listed(&alice).await, [late.id]);
    server.clock.advance(SECOND);
    assert_eq!(listed(&alice).await.len(), 0);
}

#[rocket::async_test]
async fn it_is_ones_own() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    let asked = server.backend("wiki").asked("alice").await;
    let other = server.backend("wiki").asked("bob").await;
    server.backend("wiki").asked("nobody").await;
    assert_eq!(listed(&alice).await, [asked.id]);
    assert_eq!(listed(&bob).await, [other.id]);
}
