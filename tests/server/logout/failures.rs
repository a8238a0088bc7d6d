//! Sites that do not hear: tried again, later and later, for a day.

use vestibule::clock::{DAY, HOUR, MINUTE, SECOND};
use vestibule::jobs::{Logouts, purge};

use super::{Receiver, Reply, World};

async fn delivered(logouts: &Logouts) -> usize {
    logouts.deliver().await.expect("the database answers")
}

#[rocket::async_test]
async fn a_site_that_does_not_hear_is_tried_later_and_later_for_a_day() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.reply(Reply::Status(503));
    assert_eq!(delivered(&logouts).await, 1);
    let waits = [
        10 * SECOND,
        MINUTE,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        6 * HOUR,
        12 * HOUR,
        // What is left of the day.
        DAY - (20 * HOUR + 36 * MINUTE + 10 * SECOND),
    ];
    for (tries, wait) in (2..).zip(waits) {
        world.server.clock.advance(wait - 1);
        assert_eq!(delivered(&logouts).await, 0, "{tries}");
        let row = format!("{}|503|null|null", tries - 1);
        assert_eq!(world.log().await, [row]);
        world.server.clock.advance(1);
        assert_eq!(delivered(&logouts).await, 1, "{tries}");
    }
    let end = world.server.clock.now();
    assert_eq!(world.log().await, [format!("9|503|null|{end}")]);
    world.server.clock.advance(DAY);
    assert_eq!((delivered(&logouts).await, world.wiki.heard().len()), (0, 9));
}

#[rocket::async_test]
async fn a_site_that_hears_at_last_is_left_alone() {
    for (status, outcome) in [(200, "200"), (204, "204")] {
        let (world, logouts) = World::by_hand().await;
        world.ended("alice", 1).await;
        world.wiki.reply(Reply::Status(500));
        delivered(&logouts).await;
        world.wiki.reply(Reply::Status(status));
        world.server.clock.advance(10 * SECOND);
        assert_eq!(delivered(&logouts).await, 1);
        let now = world.server.clock.now();
        assert_eq!(world.log().await, [format!("2|{outcome}|{now}|null")]);
        world.server.clock.advance(DAY);
        assert_eq!((delivered(&logouts).await, world.wiki.heard().len()), (0, 2));
        let [first, second] = &world.wiki.heard()[..] else { panic!("two") };
        assert_eq!(first.claim("sid"), second.claim("sid"));
        let (first, second) = (first.parts().1, second.parts().1);
        assert_eq!(second["iat"].as_i64(), first["iat"].as_i64().map(|iat| iat + 10), "it is new");
    }
}

#[rocket::async_test]
async fn any_other_answer_is_none() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    for status in [201, 202, 302, 401, 403, 404, 410, 429] {
        world.wiki.reply(Reply::Status(status));
        delivered(&logouts).await;
        let rows = world.log().await;
        assert!(rows[0].ends_with(&format!("|{status}|null|null")), "{rows:?}");
        world.server.database.execute("UPDATE logout_deliveries SET next_try_at = 0").await;
    }
}

#[rocket::async_test]
async fn a_site_that_refuses_is_believed_the_third_time() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.reply(Reply::Status(400));
    for wait in [0, 10 * SECOND, MINUTE] {
        world.server.clock.advance(wait);
        assert_eq!(delivered(&logouts).await, 1);
    }
    let now = world.server.clock.now();
    assert_eq!(world.log().await, [format!("3|400|null|{now}")]);
    world.server.clock.advance(DAY);
    assert_eq!(delivered(&logouts).await, 0);
}

#[rocket::async_test]
async fn a_site_that_is_not_there_is_tried_again() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.close().await;
    assert_eq!(delivered(&logouts).await, 1);
    assert_eq!(world.log().await, ["1|refused|null|null"]);
    let back = Receiver::at(&world.wiki.address()).await;
    world.server.clock.advance(10 * SECOND);
    assert_eq!(delivered(&logouts).await, 1);
    back.hears(1).await;
}

#[rocket::async_test]
async fn a_redirect_is_not_followed() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.reply(Reply::Redirect(world.notes.uri.clone()));
    delivered(&logouts).await;
    assert_eq!(world.log().await, ["1|307|null|null"]);
    assert_eq!(world.notes.heard().len(), 0);
}

#[rocket::async_test]
async fn an_inner_address_is_not_called() {
    let world = World::with(|setup| {
        let uri = "https://10.255.255.1/logout".to_owned();
        setup.config.clients[0].registration.backchannel_logout_uri = Some(uri);
    })
    .await;
    let logouts = world.logouts().await;
    world.ended("alice", 1).await;
    delivered(&logouts).await;
    assert_eq!(world.log().await, ["1|not allowed|null|null"]);
}

#[rocket::async_test]
async fn a_site_that_was_switched_off_since_is_given_up() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.reply(Reply::Status(500));
    delivered(&logouts).await;
    let now = world.server.clock.now();
    assert!(world.server.store.disable_client("wiki", now).await.expect("the database answers"));
    world.server.clock.advance(10 * SECOND);
    delivered(&logouts).await;
    let now = world.server.clock.now();
    assert_eq!(world.log().await, [format!("2|no receiver|null|{now}")]);
    assert_eq!(world.wiki.heard().len(), 1);
}

#[rocket::async_test]
async fn after_a_failure_what_else_is_due_waits_as_long() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 6).await;
    world.wiki.reply(Reply::Status(500));
    assert_eq!(delivered(&logouts).await, 4);
    assert_eq!(delivered(&logouts).await, 0, "the other two wait");
    let untried = "0|null|null|null";
    let tried = "1|500|null|null";
    assert_eq!(world.log().await, [untried, untried, tried, tried, tried, tried]);
    world.wiki.reply(Reply::Status(200));
    world.server.clock.advance(10 * SECOND - 1);
    assert_eq!(delivered(&logouts).await, 0);
    world.server.clock.advance(1);
    let (first, second) = (delivered(&logouts).await, delivered(&logouts).await);
    assert_eq!((first, second), (4, 2));
    assert_eq!(world.wiki.heard().len(), 10);
    assert_eq!(world.wiki.heard()[4..6].len(), 2);
}

#[rocket::async_test]
async fn the_log_is_kept_for_a_month() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 2).await;
    delivered(&logouts).await;
    let (server, mut shutdown) = (&world.server, world.server.shutdown());
    server.clock.advance(30 * DAY);
    purge(&server.store, server.clock.now(), &mut shutdown).await.expect("it is purged");
    assert_eq!(world.log().await.len(), 2);
    server.clock.advance(1);
    // A stopped server purges batch by batch.
    purge(&server.store, server.clock.now(), &mut shutdown).await.expect("it is purged");
    assert_eq!(world.log().await.len(), 0);
}
