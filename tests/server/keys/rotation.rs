//! One key follows another, and nobody notices.

use vestibule::clock::{DAY, SECOND};
use vestibule::domain::signing::Algorithm::{EdDsa, Es256, Rs256};
use vestibule::keys::{AFTERGLOW, LEAD, LIFETIME, Renewed, Rotation};

use super::{World, is_recognised, published, sign, signer};
use crate::support::START;

#[rocket::async_test]
async fn a_new_key_is_published_ten_minutes_before_it_signs() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let first = signer(&keys, Es256, START).await;
    let (second, from) = keys.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    assert_eq!((from, LEAD), (START + LEAD, 600_000));
    assert_eq!(published(&keys, START).await, [first.clone(), second.clone()]);
    for now in [START, from - 1] {
        assert_eq!(signer(&keys, Es256, now).await, first);
    }
    for now in [from, from + DAY] {
        assert_eq!(signer(&keys, Es256, now).await, second);
    }
    world.end().await;
}

#[rocket::async_test]
async fn what_was_signed_before_is_recognised_for_a_week_after() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let jwt = sign(&keys, Es256, START).await;
    let (_, from) = keys.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    let last = from + AFTERGLOW - 1;
    assert_eq!(AFTERGLOW, 31 * DAY);
    assert_eq!(keys.renew(last).await.expect("renewed"), Renewed::default());
    assert!(is_recognised(&keys, &jwt, last).await);
    let renewed = keys.renew(last + 1).await.expect("renewed");
    assert_eq!(renewed, Renewed { made: 0, deleted: 1 });
    assert!(!is_recognised(&keys, &jwt, last + 1).await);
    assert_eq!(published(&keys, last + 1).await.len(), 1);
    world.end().await;
}

#[rocket::async_test]
async fn a_key_that_waits_is_not_what_ends_the_present_one() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let first = signer(&keys, Es256, START).await;
    let (second, _) = keys.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    // As it is when the next one was made on a node whose clock is far ahead.
    let later = START + 30 * DAY;
    let (third, _) = keys.rotate(Es256, Rotation::InTime, later).await.expect("rotated");
    assert_eq!(keys.renew(START + DAY).await.expect("renewed"), Renewed::default());
    assert_eq!(signer(&keys, Es256, START + DAY).await, second);
    assert_eq!(world.kids(Es256).await, [first, second, third]);
    world.end().await;
}

#[rocket::async_test]
async fn a_key_can_be_followed_at_once() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let jwt = sign(&keys, Es256, START).await;
    let now = START + SECOND;
    let (second, from) = keys.rotate(Es256, Rotation::Now, now).await.expect("rotated");
    assert_eq!(from, now);
    assert_eq!(signer(&keys, Es256, now).await, second);
    assert!(is_recognised(&keys, &jwt, now).await);
    world.end().await;
}

#[rocket::async_test]
async fn a_compromised_key_is_gone_and_the_other_algorithms_stay() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let (jwt, other) = (sign(&keys, Es256, START).await, sign(&keys, EdDsa, START).await);
    keys.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    let done = keys.rotate(Es256, Rotation::Compromised, START).await;
    let (only, _) = done.expect("rotated");
    assert_eq!(world.kids(Es256).await, std::slice::from_ref(&only));
    assert_eq!(signer(&keys, Es256, START).await, only);
    assert!(!is_recognised(&keys, &jwt, START).await);
    assert!(is_recognised(&keys, &other, START).await);
    world.end().await;
}

#[rocket::async_test]
async fn a_key_of_ninety_days_is_followed_by_itself() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let first = signer(&keys, Es256, START).await;
    let later = START + DAY;
    sign(&keys, Rs256, later).await;
    let due = START + LIFETIME;
    assert_eq!(LIFETIME, 90 * DAY);
    assert_eq!(keys.renew(due - 1).await.expect("renewed"), Renewed::default());
    assert_eq!(keys.renew(due).await.expect("renewed"), Renewed { made: 1, deleted: 0 });
    assert_eq!(keys.renew(due).await.expect("renewed"), Renewed::default(), "once");
    assert_eq!(world.kids(Rs256).await.len(), 1, "it is a day younger");
    let kids = world.kids(Es256).await;
    assert_eq!(kids.len(), 2);
    assert_eq!(signer(&keys, Es256, due).await, first);
    assert_eq!(signer(&keys, Es256, due + LEAD).await, kids[1]);

    let done = keys.renew(due + LEAD + AFTERGLOW).await.expect("renewed");
    assert_eq!(done, Renewed { made: 1, deleted: 1 }, "RS256 follows, the first ES256 goes");
    world.end().await;
}

#[rocket::async_test]
async fn a_key_that_was_rotated_by_hand_is_not_old() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let by_hand = START + LIFETIME - DAY;
    keys.rotate(Es256, Rotation::InTime, by_hand).await.expect("rotated");
    assert_eq!(keys.renew(START + LIFETIME).await.expect("renewed").made, 0);
    assert_eq!(keys.renew(by_hand + LIFETIME).await.expect("renewed").made, 1);
    world.end().await;
}
