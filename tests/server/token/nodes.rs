//! Two nodes on one database give and take tokens as one.

use std::collections::HashSet;
use tokio::task::JoinSet;

use super::{
    ALL, assert_all_dead, assert_one_of_fifty_redeems, lives, opens_userinfo, setup, shop_code,
};
use crate::support::{TestServer, Tokens};

async fn two_nodes() -> (TestServer, TestServer) {
    let setup = setup().await;
    let config = setup.config.clone();
    let first = setup.start().await;
    let second = first.second_node(config).await;
    assert_ne!(first.url, second.url);
    (first, second)
}

#[rocket::async_test]
async fn what_one_gives_the_other_takes() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let tokens = second.backend("shop").redeem(&code, &asked).await;
    assert!(lives(&first.backend("shop"), &tokens.access).await);
    assert!(opens_userinfo(&first, &tokens.access).await);
    let id_token = tokens.id.as_deref().expect("an id token");
    let claims = first.verify(id_token, "shop").await.claims;
    assert_eq!(claims["nonce"], asked.value("nonce"), "both publish the key");
    let aimed = [("audience", "pay")];
    let child = first.backend("shop").narrow(&tokens.access, "payments", &aimed).await.tokens();
    assert!(lives(&second.backend("pay"), &child.access).await);
    let next = first.backend("shop").refresh(tokens.refresh()).await.tokens();
    let again = second.backend("shop").refresh(tokens.refresh()).await.tokens();
    assert_eq!(again.refresh(), next.refresh(), "the other node gives a lost answer again");

    let replayed = first.backend("shop").token(&asked.redemption(&code)).await;
    replayed.assert_error(400, "invalid_grant");
    let shop = second.backend("shop");
    let access = [tokens.access.as_str(), &child.access, &next.access];
    assert_all_dead(&second, &shop, &access, next.refresh()).await;
}

#[rocket::async_test]
async fn what_ends_on_one_is_dead_on_the_other() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    let tokens = async || -> Tokens { first.shop_tokens(&alice, ALL).await };
    let (here, there) = (first.backend("shop"), second.backend("shop"));

    let given = tokens().await;
    let child = there.narrow(&given.access, "openid", &[]).await.tokens().access;
    assert!(opens_userinfo(&second, &child).await);
    here.revoke(&given.access).await;
    assert!(!opens_userinfo(&second, &child).await && !lives(&there, &given.access).await);

    let given = tokens().await;
    assert!(opens_userinfo(&second, &given.access).await);
    here.revoke(given.refresh()).await;
    assert_all_dead(&second, &there, &[&given.access], given.refresh()).await;

    let given = tokens().await;
    assert!(opens_userinfo(&second, &given.access).await);
    alice.sign_out().await;
    assert_all_dead(&second, &there, &[&given.access], given.refresh()).await;
}

#[rocket::async_test]
async fn a_disabled_client_is_out_on_both() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    let given = first.shop_tokens(&alice, ALL).await;
    assert!(opens_userinfo(&second, &given.access).await);
    first.store.disable_client("shop", first.clock.now()).await.expect("the database answers");
    for node in [&first, &second] {
        assert!(!opens_userinfo(node, &given.access).await);
        let answer = node.backend("shop").refresh(given.refresh()).await;
        answer.assert_error(401, "invalid_client");
    }
}

#[rocket::async_test]
async fn in_a_race_across_both_exactly_one_redemption_succeeds() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    assert_one_of_fifty_redeems(&[&first, &second], &alice).await;
}

#[rocket::async_test]
async fn fifty_refreshes_across_both_leave_one_family_that_works() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    let mut token = first.shop_tokens(&alice, ALL).await.refresh().to_owned();
    for _ in 0..3 {
        let mut calls = JoinSet::new();
        for turn in 0..50 {
            let node = if turn % 2 == 0 { &first } else { &second };
            let (shop, token) = (node.backend("shop"), token.clone());
            calls.spawn(async move { shop.refresh(&token).await });
        }
        let answers = calls.join_all().await;
        let successors: HashSet<String> =
            answers.iter().map(|answer| answer.tokens().refresh().to_owned()).collect();
        assert_eq!(successors.len(), 1, "both tell the same");
        token = successors.into_iter().next().expect("one");
    }
    assert_eq!(second.backend("shop").refresh(&token).await.status, 200);
}

#[rocket::async_test]
async fn narrowing_here_and_revoking_there_leaves_nothing_alive() {
    let (first, second) = two_nodes().await;
    let alice = first.signed_up("alice").await;
    for meanwhile in 0..4 {
        let root = first.shop_tokens(&alice, ALL).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let (shop, token) = (first.backend("shop"), root.access.clone());
            calls.spawn(async move {
                let answer = shop.narrow(&token, ALL, &[]).await;
                (answer.status == 200).then(|| answer.tokens().access)
            });
        }
        for _ in 0..meanwhile {
            opens_userinfo(&second, &root.access).await;
        }
        second.backend("shop").revoke(&root.access).await;
        for token in calls.join_all().await.into_iter().flatten() {
            for node in [&first, &second] {
                assert!(!lives(&node.backend("shop"), &token).await);
            }
        }
    }
}
