//! Operations on two servers: on whichever a page waits, a person answers and a backend asks.

use futures_util::future::join_all;
use vestibule::stomp::Command;

use super::two_nodes::Pair;
use super::{Node, session};
use crate::support::waiting_page::{PAGE, WaitingPage, connect};
use crate::support::{Operation, WIKI};

impl Node {
    /// A page of the wiki that waits here.
    async fn waiting(&self, operation: &Operation) -> WaitingPage {
        let mut page = WaitingPage::open(&self.url, &[("Origin", WIKI)]).await;
        page.send(&connect(PAGE, &operation.wait_secret)).await;
        assert_eq!(page.frame().await.command, Command::Connected);
        page.subscribe().await;
        assert!(page.register(operation).await);
        page
    }
}

#[rocket::async_test]
async fn a_page_is_told_on_one_what_a_person_answers_on_the_other() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let [here, there] = pair.backends();
    let asked = here.asked("alice").await;
    let mut page = pair.other.waiting(&asked).await;
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_eq!(page.result().await, "CONFIRMED");
    assert_eq!(there.complete(&asked.id).await.status, 200);
    assert_eq!(here.complete(&asked.id).await.status, 410);
}

#[rocket::async_test]
async fn a_page_whose_server_was_killed_waits_on_at_the_other() {
    let mut pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let [here, there] = pair.backends();
    let asked = here.asked("alice").await;
    let mut page = pair.one.waiting(&asked).await;
    pair.one.program.kill();
    let (_, code) = page.end().await;
    assert_eq!(code, None, "it broke off");
    assert_eq!(there.state(&asked.id).await, "pending");

    let mut page = pair.other.waiting(&asked).await;
    let answered = alice.at(&pair.other.url).answer(&asked.id, "approve", &asked.number).await;
    assert_eq!(answered.status, 303);
    assert_eq!(page.result().await, "CONFIRMED");
    assert_eq!(there.complete(&asked.id).await.status, 200);
}

#[rocket::async_test]
async fn an_answer_is_heard_though_its_server_is_killed_right_after() {
    let mut pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let [_, there] = pair.backends();
    let asked = there.asked("alice").await;
    let mut page = pair.other.waiting(&asked).await;
    assert_eq!(alice.answer(&asked.id, "refuse", "").await.status, 303);
    pair.one.program.kill();
    assert_eq!(page.result().await, "CANCELED");
}

#[rocket::async_test]
async fn fifty_answers_over_both_come_to_one() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let elsewhere = alice.at(&pair.other.url);
    let [here, there] = pair.backends();
    let mut pages = Vec::new();
    for _ in 0..3 {
        let asked = here.asked("alice").await;
        pages.push((pair.other.waiting(&asked).await, asked));
    }
    for (mut page, asked) in pages {
        let race = (0..50).map(|n| {
            let browser = if n % 2 == 0 { &alice } else { &elsewhere };
            let answer = if n % 3 == 0 { "refuse" } else { "approve" };
            browser.answer(&asked.id, answer, &asked.number)
        });
        let (answers, canceled) = rocket::tokio::join!(join_all(race), there.cancel(&asked.id));
        assert!(answers.iter().all(|answer| answer.status == 303));
        assert!([200, 409].contains(&canceled.status), "{}", canceled.text);
        let state = here.state(&asked.id).await;
        assert_eq!(there.state(&asked.id).await, state);
        let expected = if state == "confirmed" { "CONFIRMED" } else { "CANCELED" };
        assert_eq!(page.result().await, expected);
        for browser in [&alice, &elsewhere] {
            let page = browser.look_at(&asked.id).await;
            assert_eq!(page.text.contains("You approved this"), state == "confirmed");
        }
    }
}
