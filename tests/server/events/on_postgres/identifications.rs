//! Identifications over two nodes: the page waits on one, its window is on the other.

use futures_util::future::join_all;
use std::mem::swap;
use vestibule::clock::MINUTE;

use super::super::hears;
use crate::support::identification::{Away, CUSTOMER, Identifying, Waiting, outcome_at};
use crate::support::{Answer, TestServer};

/// A node with a provider, and another one; they hear each other.
async fn two() -> (Identifying, TestServer) {
    let mut config = None;
    let world = Identifying::with(&["bank"], |setup| config = Some(setup.config.clone())).await;
    let other = world.server.second_node(config.expect("it was set up")).await;
    for node in [&world.server, &other] {
        hears(&node.events, &node.store).await;
    }
    (world, other)
}

/// Holds that the page hears this on its socket, and from whoever it asks.
async fn hold_told(world: &Identifying, other: &TestServer, mut waiting: Waiting, told: &str) {
    let heard = waiting.socket.next_json().await.expect("the outcome");
    assert!([&heard["result"], &heard["reason"]].contains(&&told.into()), "{heard}");
    for url in [&world.server.url, &other.url] {
        assert_eq!(outcome_at(url, &waiting.secret, &[]).await.json(), heard);
    }
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_page_hears_on_one_what_was_proved_on_the_other() {
    let (mut world, mut other) = two().await;
    let alice = world.server.signed_up("alice").await;
    for _ in 0..2 {
        let window = alice.at(&other.url);
        let waiting = world.waits(&alice).await;
        let away = window.go_away(&waiting).await;
        assert_eq!(world.returns(&window, &away, CUSTOMER).await.status, 200);
        hold_told(&world, &other, waiting, "succeeded").await;
        // It may come back to another node than the one that it left.
        let waiting = world.waits(&alice).await;
        let away = window.go_away(&waiting).await;
        let here = window.at(&world.server.url);
        assert_eq!(world.returns(&here, &away, CUSTOMER).await.status, 200);
        hold_told(&world, &other, waiting, "succeeded").await;
        swap(&mut world.server, &mut other);
    }
    assert_eq!(world.kept().await.len(), 4);
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn and_that_nothing_was() {
    let (mut world, mut other) = two().await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    world.identified(&bob, CUSTOMER).await;
    for _ in 0..2 {
        let (window, stranger) = (alice.at(&other.url), bob.at(&other.url));
        let waiting = world.waits(&alice).await;
        window.post("/identification/start", &waiting.form("cancel")).await;
        hold_told(&world, &other, waiting, "canceled").await;

        let waiting = world.waits(&alice).await;
        assert_eq!(stranger.navigate(&waiting.path).await.status, 403);
        hold_told(&world, &other, waiting, "wrong_account").await;

        let waiting = world.waits(&alice).await;
        let away = window.go_away(&waiting).await;
        let answer = [("error", "access_denied"), ("state", away.state.as_str())];
        window.come_back("bank", &answer).await;
        hold_told(&world, &other, waiting, "denied_by_provider").await;

        let waiting = world.waits(&alice).await;
        let away = window.go_away(&waiting).await;
        assert_eq!(world.returns(&window, &away, CUSTOMER).await.status, 409);
        hold_told(&world, &other, waiting, "conflict").await;
        swap(&mut world.server, &mut other);
    }
    assert_eq!(world.kept().await.len(), 1);
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn and_that_it_took_too_long() {
    let (world, other) = two().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let window = alice.at(&other.url);
    let away = window.go_away(&waiting).await;
    world.server.clock.advance(15 * MINUTE);
    assert_eq!(world.returns(&window, &away, CUSTOMER).await.status, 400);
    hold_told(&world, &other, waiting, "expired").await;
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_page_that_asks_another_node_than_its_window_is_on_waits_for_the_outcome() {
    let (world, other) = two().await;
    let alice = world.server.signed_up("alice").await;
    let Waiting { socket, path, secret } = world.waits(&alice).await;
    let away = alice.go_away(&Waiting { socket, path, secret: secret.clone() }).await;
    let asks = outcome_at(&other.url, &secret, &[("wait", "20")]);
    let comes_back = async {
        let begun = std::time::Instant::now();
        while other.events.awaited() == 0 {
            assert!(begun.elapsed() < std::time::Duration::from_secs(20), "nobody waits there");
            rocket::tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.returns(&alice, &away, CUSTOMER).await
    };
    let (told, page) = rocket::tokio::join!(asks, comes_back);
    assert_eq!((told.json()["result"].as_str(), page.status), (Some("succeeded"), 200));
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn of_sixteen_over_both_one_goes_and_one_comes_back() {
    let (world, other) = two().await;
    let alice = world.server.signed_up("alice").await;
    let browsers = [&world.server.url, &other.url].map(|url| alice.at(url));
    let waiting = world.waits(&alice).await;
    let form = waiting.form("confirm");
    let starts = (0..16).map(|n| browsers[n % 2].post("/identification/start", &form));
    let (sent, others): (Vec<Answer>, Vec<Answer>) =
        join_all(starts).await.into_iter().partition(|answer| answer.status == 303);
    assert_eq!(sent.len(), 1);
    assert!(others.iter().all(|answer| answer.status == 410));
    let away = Away::of(&sent[0]);
    let cookie = browsers.iter().find_map(|browser| browser.cookie(&away.cookie()));
    let cookie = cookie.expect("one of them was sent away");
    for browser in &browsers {
        browser.set_cookie(&away.cookie(), &cookie);
    }
    let returns = (0..16).map(|n| world.returns(&browsers[n % 2], &away, CUSTOMER));
    let (good, others): (Vec<Answer>, Vec<Answer>) =
        join_all(returns).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    assert!(others.iter().all(|answer| answer.status == 400));
    assert_eq!(world.bank.calls("/token").len(), 1);
    drop(form);
    hold_told(&world, &other, waiting, "succeeded").await;
}
