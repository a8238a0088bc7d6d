//! Restarts and several nodes: what has to be heard is heard, and by one of them.

use futures_util::future::join_all;
use rocket::tokio;
use vestibule::clock::SECOND;
use vestibule::jobs::Logouts;

use super::{Receiver, Reply, Setup, World, eventually};
use crate::support::TestServer;

#[rocket::async_test]
async fn deliveries_survive_a_restart() {
    let world = World::new().await;
    let alice = world.server.signed_up("alice").await;
    let sid = world.known_to(&alice, "wiki").await;
    world.wiki.close().await;
    alice.sign_out().await;
    eventually("it was tried", async || world.log().await == ["1|refused|null|null"]).await;
    world.pause().await;

    let back = Receiver::at(&world.wiki.address()).await;
    world.server.clock.advance(10 * SECOND);
    let again = restarted(&world).await;
    assert_eq!(back.hears(1).await[0].claim("sid"), sid);
    drop(again);
}

/// A new server on the same database.
async fn restarted(world: &World) -> TestServer {
    let mut setup = Setup::new().await;
    setup.config.database_url = world.server.database.url();
    for (client, receiver) in setup.config.clients.iter_mut().zip([&world.wiki, &world.notes]) {
        client.registration.backchannel_logout_uri = Some(receiver.uri.clone());
    }
    world.server.second_node(setup.config).await
}

#[rocket::async_test]
async fn what_ended_while_no_server_ran_is_announced_when_one_does() {
    let world = World::new().await;
    let sids = world.ended("alice", 2).await;
    assert_eq!((world.log().await.len(), world.wiki.heard().len()), (0, 0));
    let _again = restarted(&world).await;
    world.wiki.hears(2).await;
    let mut sids = sids;
    sids.sort();
    assert_eq!(world.wiki.sids(), sids);
}

#[rocket::async_test]
async fn a_node_that_dies_in_the_middle_leaves_its_work_to_others() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    world.wiki.reply(Reply::Silence);
    let batch = tokio::spawn({
        let logouts = logouts.clone();
        async move { logouts.deliver().await }
    });
    world.wiki.hears(1).await;
    batch.abort();
    batch.await.expect_err("it was killed");
    world.wiki.reply(Reply::Status(200));
    let other = world.logouts().await;
    world.server.clock.advance(30 * SECOND - 1);
    assert_eq!(other.deliver().await.expect("the database answers"), 0, "it may still be at it");
    world.server.clock.advance(1);
    assert_eq!(other.deliver().await.expect("the database answers"), 1);
    let now = world.server.clock.now();
    assert_eq!(world.log().await, [format!("2|200|{now}|null")]);
}

#[rocket::async_test]
async fn a_node_that_comes_back_late_changes_nothing() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    let store = &world.server.store;
    let now = world.server.clock.now();
    store.announce_ended_sessions(now, 10).await.expect("the database answers");
    let due = store.due_logouts(4, now).await.expect("the database answers");
    let late = store.take_logouts(due, now + 30_000).await.expect("the database answers").remove(0);
    world.server.clock.advance(30 * SECOND);
    assert_eq!(logouts.deliver().await.expect("the database answers"), 1);
    let delivered = world.log().await;
    store.logout_failed(&late, "late", Some(now), now).await.expect("the database answers");
    store.logout_failed(&late, "late", None, now).await.expect("the database answers");
    assert_eq!(world.log().await, delivered);
}

#[rocket::async_test]
async fn many_nodes_announce_and_deliver_each_once() {
    let world = World::new().await;
    let sids = world.ended("alice", 30).await;
    let nodes = [world.logouts().await, world.logouts().await, world.logouts().await];
    eventually("all is delivered", async || {
        let rounds = join_all(nodes.iter().map(Logouts::deliver)).await;
        assert!(rounds.iter().all(Result::is_ok), "{rounds:?}");
        world.log().await.iter().filter(|row| row.contains("|200|")).count() == 30
    })
    .await;
    let mut sids = sids;
    sids.sort();
    assert_eq!(world.wiki.sids(), sids, "each once");
    assert_eq!(world.log().await.len(), 30);
}

#[rocket::async_test]
async fn two_servers_tell_each_site_once() {
    let world = World::new().await;
    let other = restarted(&world).await;
    let mut people = Vec::new();
    for n in 0..12 {
        let person = world.server.signed_up(&format!("person{n}")).await;
        world.known_to(&person, "wiki").await;
        world.known_to(&person, "notes").await;
        people.push(person);
    }
    let there = people.iter().enumerate().map(async |(n, person)| {
        let url = if n % 2 == 0 { &world.server.url } else { &other.url };
        person.at(url).sign_out().await.status
    });
    assert!(join_all(there).await.iter().all(|status| *status == 303));
    eventually("all is written", async || {
        world.log().await.iter().filter(|row| *row == "1|200|start|null").count() == 24
    })
    .await;
    assert_eq!((world.wiki.heard().len(), world.notes.heard().len()), (12, 12));
}

/// A site gets its handle in the very moment in which the session ends.
#[rocket::async_test]
async fn what_was_handed_out_too_late_is_announced_too() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 1).await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 1);
    let late = "INSERT INTO client_sessions (sid, session_id, client_id, created_at) \
        SELECT 'late', id, 'notes', created_at FROM sessions";
    world.server.database.execute(late).await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 1);
    assert_eq!(world.notes.hears(1).await[0].claim("sid"), "late");
}
