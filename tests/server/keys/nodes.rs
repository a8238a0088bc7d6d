//! Several nodes, one set of keys.

use tokio::task::JoinSet;
use vestibule::clock::SECOND;
use vestibule::domain::signing::Algorithm::{EdDsa, Es256};
use vestibule::keys::{LEAD, LIFETIME, Rotation};

use super::{World, is_recognised, published, sign, signer};
use crate::support::START;

#[rocket::async_test]
async fn a_new_key_reaches_every_node_within_ten_seconds() {
    let mut world = World::new().await;
    let (one, two) = (world.node().await, world.node().await);
    assert_eq!(signer(&one, Es256, START).await, signer(&two, Es256, START).await);
    let (second, from) = one.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    assert_eq!(published(&two, START + 10 * SECOND).await, published(&one, START).await);
    assert_eq!(signer(&two, Es256, from).await, second);
    world.end().await;
}

#[rocket::async_test]
async fn a_token_of_a_key_made_just_now_is_recognised_by_every_node() {
    let mut world = World::new().await;
    let (one, two) = (world.node().await, world.node().await);
    one.rotate(Es256, Rotation::Now, START + 1).await.expect("rotated");
    for algorithm in [Es256, EdDsa] {
        let jwt = sign(&one, algorithm, START + 1).await;
        assert!(is_recognised(&two, &jwt, START + 1).await);
    }
    world.end().await;
}

#[rocket::async_test]
async fn a_compromised_key_is_dropped_by_every_node_within_ten_seconds() {
    let mut world = World::new().await;
    let (one, two) = (world.node().await, world.node().await);
    let jwt = sign(&two, Es256, START).await;
    let done = one.rotate(Es256, Rotation::Compromised, START).await;
    let (only, _) = done.expect("rotated");
    let soon = START + 10 * SECOND;
    assert!(!is_recognised(&two, &jwt, soon).await);
    assert_eq!(published(&two, soon).await, std::slice::from_ref(&only));
    assert_eq!(signer(&two, Es256, soon).await, only);
    world.end().await;
}

#[rocket::async_test]
async fn the_list_is_read_every_ten_seconds_and_not_for_each_token() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let store = world.stores.last().expect("the node's").clone();
    let jwt = sign(&keys, Es256, START).await;
    let before = store.queries();
    for at in [0, 1, 5 * SECOND, 10 * SECOND - 1] {
        sign(&keys, Es256, START + at).await;
        assert!(is_recognised(&keys, &jwt, START + at).await);
        published(&keys, START + at).await;
    }
    assert_eq!(store.queries(), before);
    sign(&keys, Es256, START + 10 * SECOND).await;
    assert_eq!(store.queries(), before + 1);
    world.end().await;
}

#[rocket::async_test]
async fn nodes_that_need_a_first_key_at_once_make_one() {
    let mut world = World::new().await;
    let mut starts = JoinSet::new();
    for _ in 0..4 {
        let url = world.database.url();
        starts.spawn(async move {
            let store = vestibule::store::Store::open(&url).await.expect("the database opens");
            let keys = vestibule::keys::Keys::start(store.clone(), super::sealing(), START).await;
            (store, keys.expect("it starts"))
        });
    }
    let nodes = starts.join_all().await;
    assert_eq!(world.kids(Es256).await.len(), 1);

    let mut calls = JoinSet::new();
    for turn in 0..40 {
        let keys = nodes[turn % nodes.len()].1.clone();
        calls.spawn(async move { sign(&keys, EdDsa, START).await });
    }
    let tokens = calls.join_all().await;
    assert_eq!(world.kids(EdDsa).await.len(), 1);
    for (_, keys) in &nodes {
        for jwt in &tokens {
            assert!(is_recognised(keys, jwt, START).await);
        }
    }
    world.stores.extend(nodes.into_iter().map(|(store, _)| store));
    world.end().await;
}

#[rocket::async_test]
async fn nodes_that_find_a_key_too_old_at_once_make_one() {
    let mut world = World::new().await;
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(world.node().await);
    }
    sign(&nodes[0], EdDsa, START).await;
    let mut calls = JoinSet::new();
    for turn in 0..8 {
        let keys = nodes[turn % nodes.len()].clone();
        calls.spawn(async move { keys.renew(START + LIFETIME).await.expect("renewed").made });
    }
    assert_eq!(calls.join_all().await.iter().sum::<u64>(), 2, "one for each algorithm");
    for algorithm in [Es256, EdDsa] {
        assert_eq!(world.kids(algorithm).await.len(), 2);
    }
    world.end().await;
}

#[rocket::async_test]
async fn a_node_whose_clock_is_behind_signs_with_the_first_key() {
    let mut world = World::new().await;
    let ahead = world.node_at(START + 30 * SECOND).await;
    let behind = world.node_at(START).await;
    let first = signer(&ahead, Es256, START + 30 * SECOND).await;
    assert_eq!(signer(&behind, Es256, START).await, first);
    let (_, from) = ahead.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    assert_eq!(from, START + LEAD);
    assert_eq!(signer(&behind, Es256, START).await, first);
    assert_eq!(world.kids(Es256).await.len(), 2);
    world.end().await;
}
