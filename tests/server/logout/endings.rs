//! Each way in which a session ends is heard by the sites that had it, and by no others; that time
//! runs out is not.

use serde_json::json;
use vestibule::clock::DAY;

use super::{World, eventually};
use crate::support::{Browser, PASSWORD, SPECS, WIKI, nonce};

/// A world in which alice is known to the wiki by this sid, and bob to wiki and notes.
async fn alice_and_bob() -> (World, Browser, String) {
    let world = World::new().await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    world.known_to(&bob, "wiki").await;
    world.known_to(&bob, "notes").await;
    let sid = world.known_to(&alice, "wiki").await;
    (world, alice, sid)
}

/// Holds that the wiki, and nobody else, hears of this sid, and that all is written.
async fn assert_wiki_hears(world: &World, sid: &str) {
    let heard = world.wiki.hears(1).await;
    assert_eq!(heard[0].claim("sid"), sid);
    eventually("it is written", async || world.log().await == ["1|200|start|null"]).await;
    assert!(!world.server.backend("wiki").is_active(sid).await);
    // Another look finds nothing more to be done.
    let again = world.logouts().await.deliver().await.expect("the database answers");
    assert_eq!((again, world.wiki.heard().len(), world.notes.heard().len()), (0, 1, 0));
}

#[rocket::async_test]
async fn signing_out_is_heard() {
    let (world, alice, sid) = alice_and_bob().await;
    alice.sign_out().await;
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn signing_out_everywhere_is_heard_for_each_browser() {
    let (world, alice, sid) = alice_and_bob().await;
    let other = world.server.browser();
    other.sign_in("alice", PASSWORD).await;
    let mut sids = vec![sid, world.known_to(&other, "wiki").await];
    let third = world.known_to(&other, "notes").await;
    alice.post("/signout", &[("everywhere", "on")]).await;
    world.wiki.hears(2).await;
    world.notes.hears(1).await;
    sids.sort();
    assert_eq!((world.wiki.sids(), world.notes.sids()), (sids, vec![third]));
}

#[rocket::async_test]
async fn signing_out_by_the_bridge_is_heard() {
    let (world, alice, sid) = alice_and_bob().await;
    let body = json!({ "clientId": "wiki", "origin": WIKI });
    assert_eq!(alice.bridge_call("/bridge/signout", &body).await.status, 204);
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn ending_one_from_the_account_page_is_heard() {
    let (world, alice, sid) = alice_and_bob().await;
    let (store, now) = (&world.server.store, world.server.clock.now());
    let open = store.sessions_of(&world.uid_of("alice").await, now).await;
    let path = format!("/account/sessions/{}/end", open.expect("the database answers")[0].id);
    assert_eq!(alice.post(&path, &[]).await.status, 303);
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn ending_the_others_from_the_account_page_is_heard() {
    let (world, _, sid) = alice_and_bob().await;
    let other = world.server.browser();
    other.sign_in("alice", PASSWORD).await;
    world.known_to(&other, "notes").await;
    assert_eq!(other.post("/account/sessions/end-others", &[]).await.status, 303);
    assert_wiki_hears(&world, &sid).await;
    assert!(other.is_signed_in().await);
}

#[rocket::async_test]
async fn a_changed_password_is_heard() {
    let (world, alice, sid) = alice_and_bob().await;
    assert_eq!(alice.change_password("another-glass-1872").await.status, 303);
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn a_session_that_somebody_elses_sign_in_replaces_is_heard() {
    let (world, alice, sid) = alice_and_bob().await;
    assert_eq!(alice.sign_in("bob", PASSWORD).await.status, 303);
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn a_disabled_account_is_heard() {
    let (world, _, sid) = alice_and_bob().await;
    let uid = world.uid_of("alice").await;
    let now = world.server.clock.now();
    assert!(world.server.store.disable_account(&uid, now).await.expect("the database answers"));
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn a_password_set_from_outside_is_heard() {
    let (world, _, sid) = alice_and_bob().await;
    let uid = world.uid_of("alice").await;
    let (hash, now) = (world.server.password_hash("another-glass").await, world.server.clock.now());
    assert!(world.server.store.set_password(&uid, &hash, now).await.expect("the database answers"));
    assert_wiki_hears(&world, &sid).await;
}

#[rocket::async_test]
async fn a_payload_that_is_redeemed_twice_ends_that_sid_and_is_heard() {
    let world = World::new().await;
    let alice = world.server.signed_up("alice").await;
    world.known_to(&alice, "notes").await;
    let (wiki, nonce) = (world.server.backend("wiki"), nonce());
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let sid = wiki.recover(&payload, Some(&nonce)).await.json()["sid"].clone();
    assert_eq!(wiki.recover(&payload, Some(&nonce)).await.status, 410);
    assert_wiki_hears(&world, sid.as_str().expect("a sid")).await;
    // The session itself goes on, and the site gets another handle of it.
    let fresh = world.known_to(&alice, "wiki").await;
    assert_ne!(sid, fresh.as_str());
    assert!(wiki.is_active(&fresh).await);
}

#[rocket::async_test]
async fn a_consent_that_is_taken_back_is_heard() {
    let receiver = super::Receiver::open().await;
    let uri = receiver.uri.clone();
    let world = World::with(|setup| {
        setup.config.clients[2].registration.backchannel_logout_uri = Some(uri);
    })
    .await;
    let alice = world.server.signed_up("alice").await;
    world.known_to(&alice, "wiki").await;
    alice.consent("specs", "allow").await;
    let sid = world.known_to(&alice, "specs").await;
    let (store, now) = (&world.server.store, world.server.clock.now());
    let uid = world.uid_of("alice").await;
    assert!(store.disconnect(&uid, "specs", now).await.expect("the database answers").is_some());
    assert_eq!(receiver.hears(1).await[0].claim("sid"), sid);
    alice.consent("specs", "allow").await;
    assert!(!world.server.backend("specs").is_active(&sid).await, "a new yes is no old session");
    assert_ne!(alice.mint("specs", SPECS, Some(&nonce())).await, "");
    assert_eq!(world.wiki.heard().len(), 0);
}

#[rocket::async_test]
async fn that_time_runs_out_is_not_announced() {
    let (world, alice, _) = alice_and_bob().await;
    world.server.clock.advance(400 * DAY);
    assert!(!alice.is_signed_in().await);
    let logouts = world.logouts().await;
    assert_eq!(logouts.deliver().await.expect("the database answers"), 0);
    assert_eq!(world.log().await, Vec::<String>::new());
    assert_eq!((world.wiki.heard().len(), world.notes.heard().len()), (0, 0));
}

#[rocket::async_test]
async fn a_site_that_is_switched_off_or_wants_to_hear_nothing_hears_nothing() {
    let world = World::with(|setup| {
        setup.config.clients[1].registration.backchannel_logout_uri = None;
    })
    .await;
    let alice = world.server.signed_up("alice").await;
    let wiki = world.known_to(&alice, "wiki").await;
    world.known_to(&alice, "notes").await;
    let (store, now) = (&world.server.store, world.server.clock.now());
    assert!(store.disable_client("wiki", now).await.expect("the database answers"));
    alice.sign_out().await;
    let columns = ["sid", "announced_at"];
    eventually("it is announced", async || {
        let rows = world.server.database.rows("client_sessions", &columns).await;
        rows.len() == 2 && rows.iter().all(|row| !row.contains("null"))
    })
    .await;
    assert_eq!(world.log().await, Vec::<String>::new());
    assert!(store.enable_client("wiki", now).await.expect("the database answers"));
    assert_eq!(world.logouts().await.deliver().await.expect("the database answers"), 0);
    assert!(!world.server.backend("wiki").is_active(&wiki).await);
    assert_eq!(world.wiki.heard().len(), 0);
}
