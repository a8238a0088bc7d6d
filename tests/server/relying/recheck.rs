//! After ten minutes a session asks the accounts server again.

use futures_util::future::join_all;
use vestibule::clock::{HOUR, MINUTE, SECOND};

use super::{Mode, SESSION, World, at_each_backend, facts};

at_each_backend![
    a_session_asks_again_after_ten_minutes,
    one_of_many_requests_asks,
    a_sign_out_over_there_ends_the_session,
    a_disabled_account_ends_the_session,
    while_the_accounts_server_is_away_everybody_stays,
    only_a_clear_no_ends_a_session,
    each_session_asks_for_itself,
];

async fn a_session_asks_again_after_ten_minutes(world: &World) {
    let alice = world.member("alice").await;
    for _ in 0..3 {
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    }
    assert_eq!(world.wire.calls("status"), 0);
    for asked in 1..=3 {
        world.ten_minutes_later().await;
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
        assert_eq!(alice.ask().await.json()["hasSession"], true);
        assert_eq!(world.wire.calls("status"), asked, "once for each ten minutes");
    }
}

async fn one_of_many_requests_asks(world: &World) {
    let alice = world.member("alice").await;
    world.ten_minutes_later().await;
    let names = join_all((0..20).map(|_| alice.is_known_as())).await;
    assert!(names.iter().all(|name| name.as_deref() == Some("alice")), "{names:?}");
    assert_eq!(world.wire.calls("status"), 1);
    alice.accounts.sign_out().await;
    world.ten_minutes_later().await;
    let names = join_all((0..20).map(|_| alice.is_known_as())).await;
    assert!(names.iter().all(Option::is_none), "none got in while one asked: {names:?}");
    assert_eq!(world.wire.calls("status"), 2);
}

async fn a_sign_out_over_there_ends_the_session(world: &World) {
    let alice = world.member("alice").await;
    alice.accounts.sign_out().await;
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"), "not heard of yet");
    world.ten_minutes_later().await;
    assert_eq!(alice.ask().await.json()["hasSession"], false);
    assert_eq!(alice.is_known_as().await, None);
    assert_eq!(world.wire.calls("status"), 1, "a session that ended is not asked after");
}

async fn a_disabled_account_ends_the_session(world: &World) {
    let alice = world.member("alice").await;
    let uid = alice.profile().await["uid"].as_str().expect("a uid").to_owned();
    let (store, now) = (&world.accounts.store, world.accounts.clock.now());
    assert!(store.disable_account(&uid, now).await.expect("the store works"));
    world.ten_minutes_later().await;
    assert_eq!(alice.is_known_as().await, None);
}

async fn while_the_accounts_server_is_away_everybody_stays(world: &World) {
    let alice = world.member("alice").await;
    alice.accounts.sign_out().await;
    world.wire.set(Mode::CutAt("/v1/session/status"));
    world.ten_minutes_later().await;
    for _ in 0..5 {
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    }
    assert_eq!(world.wire.calls("status"), 1, "nobody asks again at once");
    world.wire.set(Mode::Open);
    world.ten_minutes_later().await;
    assert_eq!(alice.is_known_as().await, None, "but once it is back");
}

async fn only_a_clear_no_ends_a_session(world: &World) {
    let alice = world.member("alice").await;
    let no = r#"{"active":false}"#;
    let of = |status: &str, body: &str| {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    };
    for answer in [
        of("500 No", no),
        of("401 Unauthorized", no),
        of("403 Forbidden", no),
        of("404 Not Found", no),
        of("410 Gone", no),
        of("429 Too Many Requests", no),
        of("200 OK", "{}"),
        of("200 OK", r#"{"active":null}"#),
        of("200 OK", r#"{"active":"false"}"#),
        of("200 OK", r#"{"active":0}"#),
        of("200 OK", ""),
        of("200 OK", "null"),
        "rubbish".to_owned(),
    ] {
        world.wire.set(Mode::Says(answer.clone()));
        world.ten_minutes_later().await;
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"), "{answer}");
    }
    world.wire.set(Mode::Says(of("200 OK", no)));
    world.ten_minutes_later().await;
    assert_eq!(alice.is_known_as().await, None);
}

async fn each_session_asks_for_itself(world: &World) {
    let (alice, bob) = (world.member("alice").await, world.member("bob").await);
    alice.accounts.sign_out().await;
    world.ten_minutes_later().await;
    assert_eq!(alice.is_known_as().await, None);
    assert_eq!(bob.is_known_as().await.as_deref(), Some("bob"));
    assert_eq!(world.wire.calls("status"), 2);
}

#[rocket::async_test]
async fn the_kit_asks_at_ten_minutes_and_not_before() {
    let world = World::kit_with(|config| config.recheck = std::time::Duration::from_hours(9)).await;
    let alice = world.member("alice").await;
    world.accounts.clock.advance(10 * MINUTE - 1);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 0);
    world.accounts.clock.advance(1);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 1, "ten minutes are the most there is");
}

#[rocket::async_test]
async fn a_payload_that_says_the_same_counts_as_an_answer() {
    let world = World::kit().await;
    let alice = world.member("alice").await;
    world.accounts.clock.advance(9 * MINUTE);
    assert_eq!(facts(&alice.arrive().await), (204, "already"));
    world.accounts.clock.advance(9 * MINUTE);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 0);
    world.accounts.clock.advance(MINUTE);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 1);
}

#[rocket::async_test]
async fn a_slow_accounts_server_holds_up_one_request_in_half_a_minute() {
    let world = World::kit().await;
    let alice = world.member("alice").await;
    world.wire.set(Mode::Silent);
    world.ten_minutes_later().await;
    for _ in 0..5 {
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    }
    world.accounts.clock.advance(30 * SECOND - 1);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 1);
    world.accounts.clock.advance(1);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("status"), 2);
}

#[rocket::async_test]
async fn sessions_end_when_idle_and_by_age() {
    let hours = std::time::Duration::from_hours;
    let world = World::kit_with(|config| {
        config.idle = hours(2);
        config.lifetime = hours(6);
    })
    .await;
    let (used, idle) = (world.member("alice").await, world.member("bob").await);
    for _ in 0..5 {
        world.accounts.clock.advance(HOUR);
        assert_eq!(used.is_known_as().await.as_deref(), Some("alice"));
    }
    assert_eq!(idle.is_known_as().await, None);
    world.accounts.clock.advance(HOUR);
    assert_eq!(used.is_known_as().await, None);
    let cookie = used.site.cookie(SESSION);
    assert!(cookie.is_some(), "the browser still has its cookie, which opens nothing");
    assert_eq!(facts(&used.hand_in("").await), (401, "none"));
}
