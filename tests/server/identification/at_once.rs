//! What is done by many at once happens once.

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule::domain::identification::{Identity, Outcome, subject_hash};
use vestibule::domain::seal::SealingKey;
use vestibule::store::identifications::NewIdentification;

use super::bound;
use crate::support::identification::{Away, CUSTOMER, Identifying};
use crate::support::waiting_events::WaitingEvents;
use crate::support::{Answer, SHOP};

const MANY: usize = 16;

/// The one answer with this status; all others have the other.
fn one(answers: Vec<Answer>, status: u16, other: u16) -> Answer {
    assert_eq!(answers.len(), MANY);
    let (mut good, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == status);
    for answer in others {
        assert_eq!(answer.status, other, "{}", answer.text);
        assert!(answer.set_cookies().is_empty(), "{:?}", answer.set_cookies());
    }
    assert_eq!(good.len(), 1);
    good.remove(0)
}

#[rocket::async_test]
async fn of_sixteen_starts_one_is_sent_on_and_comes_back() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let mut waiting = world.waits_by_cookie(&token, &alice).await;
    let starts = (0..MANY).map(|_| alice.navigate(&waiting.path));
    let away = Away::of(&one(join_all(starts).await, 302, 410));
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
    assert_eq!(waiting.socket.next_json().await.expect("the outcome")["result"], "succeeded");

    let mut waiting = world.waits(&alice).await;
    let form = waiting.form("confirm");
    let starts = (0..MANY).map(|_| alice.post("/identification/start", &form));
    let away = Away::of(&one(join_all(starts).await, 303, 410));
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
    assert_eq!(waiting.socket.next_json().await.expect("the outcome")["result"], "succeeded");
}

#[rocket::async_test]
async fn of_sixteen_cancels_one_ends_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let form = waiting.form("cancel");
    let cancels = (0..MANY).map(|_| alice.post("/identification/start", &form));
    one(join_all(cancels).await, 200, 410);
    drop(form);
    waiting.hold_failed("canceled").await;
}

#[rocket::async_test]
async fn of_sixteen_returns_one_swaps_the_code() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    let returns = (0..MANY).map(|_| world.returns(&alice, &away, CUSTOMER));
    one(join_all(returns).await, 200, 400);
    assert_eq!(world.bank.calls("/token").len(), 1, "the code was shown once");
    assert_eq!(world.kept().await.len(), 1);
    let told = world.outcome(&waiting.secret, &[]).await.json();
    assert_eq!(told["result"], "succeeded", "{told}");
}

/// What comes of a proof that this person is the customer, for a page that waits since just now.
async fn proves(world: &Identifying, account_uid: &str, customer: &str) -> Option<Outcome> {
    let monitor_id = bound(&world.server, account_uid).await;
    let proof = NewIdentification {
        monitor_id: &monitor_id,
        account_uid,
        provider: "bank",
        subject: &subject_hash(b"key", "https://bank.example", customer),
        level: "substantial",
        acr: None,
        identity: &Identity { sub: customer.to_owned(), claims: BTreeMap::new() },
        evidence: "an id token",
        moves: false,
    };
    let (store, now) = (&world.server.store, world.server.clock.now());
    store.add_identification(&proof, &SealingKey::new(&[7; 32]), now).await.expect("the database")
}

#[rocket::async_test]
async fn an_identity_that_two_accounts_prove_at_once_belongs_to_one() {
    let world = Identifying::start().await;
    world.server.signed_up("alice").await;
    world.server.signed_up("bob").await;
    let uids = [world.server.uid_of("alice").await, world.server.uid_of("bob").await];
    for round in 0..8 {
        let customer = format!("customer-{round}");
        let race = (0..4).map(|n| proves(&world, &uids[n % 2], &customer));
        let outcomes = join_all(race).await;
        let count = |outcome| outcomes.iter().filter(|it| **it == Some(outcome)).count();
        assert_eq!((count(Outcome::Succeeded), count(Outcome::Conflict)), (2, 2), "{outcomes:?}");
        let winner = outcomes.iter().position(|it| *it == Some(Outcome::Succeeded));
        let same = outcomes.iter().skip(winner.expect("one")).step_by(2);
        assert!(same.take(2).all(|it| *it == Some(Outcome::Succeeded)), "{outcomes:?}");
    }
    assert_eq!(world.kept().await.len(), 16);
}

/// A page that shows this token and comes with this cookie; what it is told first.
async fn begins(world: &Identifying, token: &str, cookie: &str) -> (WaitingEvents, Value) {
    let headers = [("Origin", SHOP), ("Cookie", cookie)];
    let page = WaitingEvents::open(&world.server, "/identification/events", &headers).await;
    let mut page = page.expect("a socket");
    page.send_json(&json!({ "access_token": token })).await;
    let told = page.next_json().await.expect("how it stands");
    (page, told)
}

#[rocket::async_test]
async fn of_sixteen_sockets_with_one_cookie_one_has_it_and_five_wait() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    alice.init_monitor(SHOP).await;
    let cookie = alice.cookie("__Host-monitor").expect("a cookie");
    let cookie = format!("__Host-monitor={cookie}");
    let pages = join_all((0..MANY).map(|_| begins(&world, &token, &cookie))).await;
    for (_page, told) in &pages {
        let is_known = told["state"] == "waiting" || told["reason"] == "canceled";
        assert!(is_known, "{told}");
    }
    let bare = |told: &&(WaitingEvents, Value)| {
        told.1["start_uri"].as_str().is_some_and(|uri| !uri.contains("monitor="))
    };
    assert!(
        pages.iter().filter(bare).count() <= 1,
        "nobody else was sent to the window of the cookie"
    );
    let rows = world.server.database.rows("monitors", &["by_cookie"]).await;
    assert_eq!(rows.iter().filter(|row| *row == "1").count(), 1);
    assert_eq!(rows.len(), MANY);
    // Those that began at once may not have seen each other; the next one sees them all.
    begins(&world, &token, &cookie).await;
    let rows = world.server.database.rows("monitors", &["outcome"]).await;
    assert_eq!(rows.iter().filter(|row| *row == "null").count(), 5);
}

#[rocket::async_test]
async fn questions_and_sockets_have_five_places_together_and_the_next_is_answered_at_once() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let mut waiting = world.waits(&alice).await;
    let wait = [("wait", "20")];
    let mut questions: FuturesUnordered<_> =
        (0..6).map(|_| world.outcome(&waiting.secret, &wait)).collect();
    for _ in 0..2 {
        let told = questions.next().await.expect("an answer").json();
        assert_eq!(told["state"], "waiting", "there is no place: {told}");
    }
    let cancels = async { alice.post("/identification/start", &waiting.form("cancel")).await };
    let rest = async { questions.by_ref().collect::<Vec<Answer>>().await };
    let (_, rest) = rocket::tokio::join!(cancels, rest);
    assert_eq!(rest.len(), 4);
    for answer in rest {
        assert_eq!(answer.json()["reason"], "canceled", "{}", answer.text);
    }
    assert_eq!(waiting.socket.next_json().await.expect("the outcome")["reason"], "canceled");
}
