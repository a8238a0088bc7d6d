//! The whole kit, mounted, against an accounts server that does as it is told.

mod world;

use crate::clock::{MINUTE, SECOND};
use rocket::http::Header;
use std::sync::atomic::Ordering;
use world::{TX, World, cookie, facts, payload};

#[rocket::async_test]
async fn a_payload_becomes_a_session_of_a_new_id() {
    let world = World::new().await;
    let planted = format!("__Host-sso-session={}", payload("c0"));
    let answer = world.post(&payload("a0"), &planted).await;
    assert_eq!(facts(&answer), (204, "created"));
    assert_ne!(cookie(&answer), planted);
    assert_eq!((world.who(&cookie(&answer)).await, world.who(&planted).await), (200, 401));
}

#[rocket::async_test]
async fn the_same_person_again_is_told_apart_by_sign_in() {
    let world = World::new().await;
    let first = world.sign_in(&payload("a0")).await;
    let second = world.post(&payload("a0"), &first).await;
    assert_eq!(facts(&second), (204, "already"));
    assert_eq!(second.headers().get("Set-Cookie").next(), None, "other tabs use it just now");
    assert_eq!(world.who(&first).await, 200);
    let third = world.post(&payload("a1"), &first).await;
    assert_eq!(facts(&third), (204, "resumed"));
    assert_eq!((world.who(&first).await, world.who(&cookie(&third)).await), (401, 200));
}

#[rocket::async_test]
async fn a_session_of_somebody_else_is_replaced_only_when_it_has_ended() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    for standing in [0, 500] {
        world.orders.status.store(standing, Ordering::SeqCst);
        assert_eq!(facts(&world.post(&payload("b0"), &alice).await), (409, "none"));
        assert_eq!(world.who(&alice).await, 200);
    }
    world.orders.status.store(1, Ordering::SeqCst);
    assert_eq!(facts(&world.post(&payload("b0"), &alice).await), (204, "created"));
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn an_empty_payload_closes_the_session() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    assert_eq!(facts(&world.post("", &alice).await), (401, "closed"));
    assert_eq!(facts(&world.post("", &alice).await), (401, "none"));
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn what_the_accounts_server_says_becomes_a_status() {
    let world = World::new().await;
    for (who, status) in [("d0", 410), ("e0", 502), ("f0", 504), ("A0", 400)] {
        assert_eq!(facts(&world.post(&payload(who), "").await), (status, "none"), "{who}");
    }
    let doubled = world.post(&payload("a0"), TX).await;
    assert_eq!(facts(&doubled), (400, "none"));
}

#[rocket::async_test]
async fn after_ten_minutes_one_of_many_requests_asks_again() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    world.clock.advance(10 * MINUTE - 1);
    assert_eq!(world.who(&alice).await, 200);
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 0);
    world.clock.advance(1);
    let many = (0..20).map(|_| world.who(&alice));
    assert!(futures_util::future::join_all(many).await.into_iter().all(|status| status == 200));
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 1);
    world.orders.status.store(1, Ordering::SeqCst);
    world.clock.advance(10 * MINUTE);
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn an_accounts_server_that_is_away_signs_nobody_out_and_is_left_alone() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    world.orders.status.store(500, Ordering::SeqCst);
    world.clock.advance(10 * MINUTE);
    for _ in 0..5 {
        assert_eq!(world.who(&alice).await, 200);
    }
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 1);
    world.clock.advance(30 * SECOND);
    world.orders.status.store(1, Ordering::SeqCst);
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn sessions_end_when_idle_and_by_age() {
    let world = World::new().await;
    let idle = world.sign_in(&payload("a0")).await;
    let used = world.sign_in(&payload("b0")).await;
    for _ in 0..23 {
        world.clock.advance(60 * MINUTE);
        assert_eq!(world.who(&used).await, 200);
    }
    assert_eq!(world.who(&idle).await, 401);
    world.clock.advance(60 * MINUTE);
    assert_eq!(world.who(&used).await, 401);
}

#[rocket::async_test]
async fn what_changes_something_wants_a_page_of_ours() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    for (site, status) in
        [("same-site", 403), ("cross-site", 403), ("none", 403), ("same-origin", 200)]
    {
        let request = world.app.post("/change").header(Header::new("Sec-Fetch-Site", site));
        let request = request.header(Header::new("Cookie", alice.clone()));
        assert_eq!(request.dispatch().await.status().code, status, "{site}");
    }
}

#[rocket::async_test]
async fn sign_in_comes_back_to_the_page_it_began_on() {
    let world = World::new().await;
    let start = world.app.get("/sso/start?to=/page/a%3Fb").dispatch().await;
    assert_eq!(start.status().code, 303);
    let back = world.app.get("/sso/return").header(Header::new("Cookie", cookie(&start)));
    let back = back.dispatch().await;
    assert_eq!(back.headers().get_one("Location"), Some("https://wiki.example.org/page/a?b"));
    let planted = Header::new("Cookie", "__Host-sso-to=%2F%2Fevil.test");
    let back = world.app.get("/sso/return").header(planted).dispatch().await;
    assert_eq!(back.headers().get_one("Location"), Some("https://wiki.example.org/"));
    assert_eq!(world.app.get("/sso/start?to=//evil.test").dispatch().await.status().code, 400);
}
