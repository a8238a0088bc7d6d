//! Nobody waits for a site that does not answer, and no site is flooded.

use rocket::tokio;
use std::collections::BTreeSet;
use vestibule::clock::SECOND;
use vestibule::domain::client::Registration;

use super::{Receiver, Reply, World, eventually};
use crate::support::{PASSWORD, declared};

#[rocket::async_test]
async fn a_site_that_never_answers_does_not_delay_another() {
    let (world, logouts) = World::by_hand().await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    world.known_to(&alice, "wiki").await;
    world.known_to(&alice, "notes").await;
    world.known_to(&bob, "notes").await;
    world.pause().await;
    world.wiki.reply(Reply::Silence);
    world.end_all("alice").await;
    let batch = tokio::spawn({
        let logouts = logouts.clone();
        async move { logouts.deliver().await }
    });
    world.wiki.hears(1).await;
    world.notes.hears(1).await;
    // What ends meanwhile does not wait either.
    world.end_all("bob").await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 1);
    world.notes.hears(2).await;
    assert!(!batch.is_finished(), "the wiki has not answered yet");
    assert_eq!(batch.await.expect("it ends").expect("the database answers"), 2);
    let start = world.server.clock.now();
    let heard = format!("1|200|{start}|null").replace(&start.to_string(), "start");
    assert_eq!(world.log().await, [heard.as_str(), &heard, "1|timed out|null|null"]);
}

#[rocket::async_test]
async fn the_server_itself_goes_on_beside_a_site_that_never_answers() {
    let world = World::new().await;
    world.wiki.reply(Reply::Silence);
    for name in ["alice", "bob", "carol"] {
        let person = world.server.signed_up(name).await;
        world.known_to(&person, "wiki").await;
        let sid = world.known_to(&person, "notes").await;
        person.sign_out().await;
        eventually("notes hears it", async || world.notes.sids().contains(&sid)).await;
    }
    assert_eq!(world.notes.heard().len(), 3);
}

#[rocket::async_test]
async fn a_site_gets_four_calls_at_the_same_time_at_most() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 9).await;
    world.wiki.reply(Reply::Silence);
    let first = tokio::spawn({
        let logouts = logouts.clone();
        async move { logouts.deliver().await }
    });
    world.wiki.hears(4).await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 0, "it is being called");
    assert_eq!(first.await.expect("it ends").expect("the database answers"), 4);
    assert_eq!((world.wiki.heard().len(), world.wiki.most_calls()), (4, 4));
}

#[rocket::async_test]
async fn the_many_of_one_site_leave_room_for_the_others() {
    let (world, logouts) = World::by_hand().await;
    let alice = world.server.signed_up("alice").await;
    world.known_to(&alice, "wiki").await;
    world.known_to(&alice, "notes").await;
    world.ended("bob", 1).await;
    // A heap for the wiki that is older than anything else.
    logouts.deliver().await.expect("the database answers");
    let heap = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
        INSERT INTO logout_deliveries (id, client_id, account_uid, sid, created_at, tries, \
        next_try_at) SELECT d.id || n.i, d.client_id, d.account_uid, d.sid, d.created_at, 0, 1 \
        FROM logout_deliveries d, n";
    world.server.database.execute(heap).await;
    world.end_all("alice").await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 5, "four and one");
    assert_eq!(world.notes.heard().len(), 1);
}

#[rocket::async_test]
async fn there_are_sixty_four_calls_at_the_same_time_at_most() {
    let receiver = Receiver::open().await;
    let uri = receiver.uri.clone();
    let world = World::with(|setup| {
        for n in 0..20 {
            let name = format!("site{n}");
            let site = Registration::named(&name, &format!("http://{name}.localhost:9000"));
            let uri = Some(uri.clone());
            setup.config.clients.push(declared(Registration {
                backchannel_logout_uri: uri,
                first_party: true,
                ..site
            }));
        }
    })
    .await;
    let logouts = world.logouts().await;
    world.ended("alice", 1).await;
    logouts.deliver().await.expect("the database answers");
    let heap = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6) \
        INSERT INTO logout_deliveries (id, client_id, account_uid, sid, created_at, tries, \
        next_try_at) SELECT c.client_id || n.i, c.client_id, d.account_uid, d.sid, d.created_at, \
        0, 1 FROM logout_deliveries d, clients c, n WHERE c.client_id LIKE 'site%'";
    world.server.database.execute(heap).await;
    receiver.reply(Reply::Silence);
    let first = tokio::spawn({
        let logouts = logouts.clone();
        async move { logouts.deliver().await }
    });
    receiver.hears(64).await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 0);
    assert_eq!(first.await.expect("it ends").expect("the database answers"), 64);
    receiver.reply(Reply::Status(200));
    assert_eq!(receiver.most_calls(), 64);
}

#[rocket::async_test]
async fn what_was_never_tried_goes_before_what_failed_often() {
    let (world, logouts) = World::by_hand().await;
    let alice = world.server.signed_up("alice").await;
    let fresh = world.known_to(&alice, "wiki").await;
    let other = world.server.browser();
    other.sign_in("alice", PASSWORD).await;
    world.ended("bob", 8).await;
    world.wiki.reply(Reply::Status(500));
    logouts.deliver().await.expect("the database answers");
    world.server.clock.advance(10 * SECOND);
    logouts.deliver().await.expect("the database answers");
    // All of bob's are due again, some tried once, some never.
    world.server.clock.advance(3_600 * SECOND);
    world.end_all("alice").await;
    world.wiki.reply(Reply::Status(200));
    let before = world.wiki.heard().len();
    logouts.deliver().await.expect("the database answers");
    let batch: BTreeSet<String> =
        world.wiki.heard()[before..].iter().map(|heard| heard.claim("sid")).collect();
    assert!(batch.contains(&fresh), "hers was just ended");
}
