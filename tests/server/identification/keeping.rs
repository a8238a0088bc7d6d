//! How long proofs are kept, and by which key.

use vestibule::clock::{DAY, HOUR, MINUTE};
use vestibule::domain::seal::SealingKey;
use vestibule::jobs::{purge, purge_identifications};

use crate::support::Setup;
use crate::support::identification::{CUSTOMER, Identifying, NAME};

async fn purged(world: &Identifying, days: u32) -> u64 {
    let (store, now) = (&world.server.store, world.server.clock.now());
    let mut shutdown = world.server.shutdown();
    purge_identifications(store, days, now, &mut shutdown).await.expect("it is purged")
}

#[rocket::async_test]
async fn proofs_are_kept_as_long_as_is_configured() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    world.identified(&alice, CUSTOMER).await;
    world.server.clock.advance(HOUR);
    world.identified(&alice, CUSTOMER).await;
    world.stamp("shop", &uid, "").await;
    assert_eq!(purged(&world, 30).await, 0);
    world.server.clock.advance(30 * DAY - HOUR + MINUTE);
    assert_eq!(purged(&world, 30).await, 1, "the older one");
    assert_eq!(world.kept().await.len(), 1);
    world.server.clock.advance(HOUR);
    assert_eq!(purged(&world, 30).await, 2, "the identity with its proof, and who has asked");
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn the_server_purges_them_by_itself_when_its_configuration_says() {
    let days = |setup: &mut Setup| setup.config.identification.keep_days = 30;
    let world = Identifying::with(&["bank"], days).await;
    let alice = world.server.signed_up("alice").await;
    world.identified(&alice, CUSTOMER).await;
    world.server.clock.advance(30 * DAY - MINUTE);
    let mut shutdown = world.server.shutdown();
    world.server.jobs.purge(&mut shutdown).await.expect("it is purged");
    assert_eq!(world.kept().await.len(), 1);
    world.server.clock.advance(2 * MINUTE);
    world.server.jobs.purge(&mut shutdown).await.expect("it is purged");
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn the_evidence_is_the_id_token_as_the_provider_signed_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    let mut claims = world.claims(&away, CUSTOMER);
    claims["acr"] = "strong".into();
    let id_token = world.gives(&claims);
    alice.come_back("bank", &[("code", "c0de"), ("state", &away.state)]).await;
    let rows = world.server.database.rows("identifications", &["id", "sealed_evidence", "acr"]);
    let [row] = &rows.await[..] else { panic!("one proof") };
    let [id, sealed, acr] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
    let opened = SealingKey::new(&[7; 32]).open(&format!("{id} evidence"), sealed);
    assert_eq!(opened.as_deref(), Some(id_token.as_bytes()));
    assert_eq!(acr, "strong");
    let page = alice.get("/account").await.text;
    assert!(page.contains("Signed in there by") && page.contains("strong"), "{page}");
}

#[rocket::async_test]
async fn it_can_be_asked_for_an_hour_what_became_of_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    alice.post("/identification/start", &waiting.form("cancel")).await;
    let (store, clock) = (&world.server.store, &world.server.clock);
    clock.advance(HOUR);
    purge(store, clock.now(), &mut world.server.shutdown()).await.expect("it is purged");
    assert_eq!(world.outcome(&waiting.secret, &[]).await.json()["reason"], "canceled");
    clock.advance(MINUTE);
    purge(store, clock.now(), &mut world.server.shutdown()).await.expect("it is purged");
    world.outcome(&waiting.secret, &[]).await.assert_error(404, "not_found");
}

#[rocket::async_test]
async fn a_change_of_the_key_seals_them_anew() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    world.identified(&alice, CUSTOMER).await;
    let (old, new) = (SealingKey::new(&[7; 32]), SealingKey::new(&[8; 32]));
    let store = &world.server.store;
    let columns = ["sealed", "sealed_evidence"];
    let before = world.server.database.rows("identifications", &columns).await;
    assert!(store.rewrap(&old, &new).await.expect("the database").is_some());
    let after = world.server.database.rows("identifications", &columns).await;
    assert!(before != after && before.len() == 1);
    let name = async |key: &SealingKey| {
        let proofs = store.identifications_of(&uid, key).await.expect("the database");
        let identity = proofs.into_iter().next().expect("one").identity;
        identity.map(|identity| identity.claims["name"].clone())
    };
    assert_eq!((name(&new).await.as_deref(), name(&old).await), (Some(NAME), None));
    let again = store.rewrap(&old, &new).await.expect("the database").expect("done");
    assert_eq!(again.resealed, 0);
    // A server with the old key adds nothing that the others could not open.
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 500);
    assert_eq!(world.kept().await.len(), 1);
    // The page does not wait for what cannot come any more.
    waiting.hold_failed("provider_unreachable").await;
    // Nothing is changed when one seal opens with neither key.
    world.server.database.execute("UPDATE identifications SET sealed_evidence = sealed").await;
    assert!(store.rewrap(&new, &old).await.expect("the database").is_none());
}
