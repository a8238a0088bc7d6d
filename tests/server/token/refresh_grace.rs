//! An answer that was lost can be had again, for a few seconds, by whom it was meant for; any other
//! use of a refresh token that was used ends the family.

use std::collections::HashSet;
use tokio::task::JoinSet;
use vestibule::domain::seal::SealingKey;

use super::{ALL, REFRESH, assert_all_dead, assert_refused, lives, shopping, stall_tokens};
use crate::support::{Answer, TestServer};

const GRACE: i64 = 10_000;

#[rocket::async_test]
async fn a_lost_answer_is_given_again_with_the_same_successor() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let first = shop.refresh(tokens.refresh()).await.tokens();
    for wait in [0, 5_000, GRACE - 5_001] {
        server.clock.advance(wait);
        let again = shop.refresh(tokens.refresh()).await.tokens();
        assert_eq!(again.refresh(), first.refresh(), "after {wait} more milliseconds");
        assert!(lives(&shop, &again.access).await);
    }
    let next = shop.refresh(first.refresh()).await.tokens();
    assert!(lives(&shop, &next.access).await);
}

#[rocket::async_test]
async fn after_the_grace_a_used_one_ends_the_family() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let first = shop.refresh(tokens.refresh()).await.tokens();
    server.clock.advance(GRACE + 1);
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    assert_all_dead(&server, &shop, &[&tokens.access, &first.access], first.refresh()).await;
    assert!(alice.is_signed_in().await, "the person's own session goes on");
}

#[rocket::async_test]
async fn asking_again_does_not_prolong_the_grace() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    shop.refresh(tokens.refresh()).await.tokens();
    server.clock.advance(GRACE - 1_000);
    assert_eq!(shop.refresh(tokens.refresh()).await.status, 200);
    server.clock.advance(1_001);
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn once_the_successor_was_used_the_predecessor_ends_the_family() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let first = shop.refresh(tokens.refresh()).await.tokens();
    let second = shop.refresh(first.refresh()).await.tokens();
    let narrowed = shop.narrow(&second.access, "payments", &[("audience", "pay")]).await.tokens();
    // At the same millisecond: it is the use that counts, not the time.
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    let access = [&tokens.access, &first.access, &second.access, &narrowed.access];
    assert_all_dead(&server, &shop, &access.map(String::as_str), second.refresh()).await;
}

#[rocket::async_test]
async fn a_grandparent_ends_the_family_too() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let mut last = tokens.clone();
    for _ in 0..3 {
        server.clock.advance(60_000);
        last = shop.refresh(last.refresh()).await.tokens();
    }
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    assert_all_dead(&server, &shop, &[&last.access], last.refresh()).await;
}

#[rocket::async_test]
async fn the_grace_is_for_the_same_client_only() {
    let (server, alice, tokens) = shopping().await;
    stall_tokens(&server, &alice, "openid").await;
    let first = server.backend("shop").refresh(tokens.refresh()).await.tokens();
    for thief in [server.backend("stall"), server.public("widget")] {
        for token in [tokens.refresh(), first.refresh()] {
            let answer = thief.refresh(token).await;
            assert_refused(&answer, &["invalid_grant"], "a foreign client within the grace");
            assert!(!answer.text.contains(first.refresh()));
        }
    }
}

#[rocket::async_test]
async fn the_grace_widens_nothing() {
    let (server, alice, _) = shopping().await;
    let tokens = server.shop_tokens(&alice, "openid profile").await;
    let shop = server.backend("shop");
    let first = shop.refresh(tokens.refresh()).await.tokens();
    let fields = [("grant_type", REFRESH), (REFRESH, tokens.refresh()), ("scope", ALL)];
    shop.token(&fields).await.assert_error(400, "invalid_scope");
    let again = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(again.refresh(), first.refresh());
    assert_eq!(again.scope, first.scope);
}

#[rocket::async_test]
async fn the_grace_ends_with_the_family() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let first = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(shop.revoke(first.refresh()).await.status, 200);
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");

    let tokens = server.shop_tokens(&alice, ALL).await;
    shop.refresh(tokens.refresh()).await.tokens();
    alice.sign_out().await;
    shop.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
}

/// The answers to fifty refreshes at once.
async fn fifty(nodes: &[&TestServer], token: &str) -> Vec<Answer> {
    let mut calls = JoinSet::new();
    for turn in 0..50 {
        let (shop, token) = (nodes[turn % nodes.len()].backend("shop"), token.to_owned());
        calls.spawn(async move { shop.refresh(&token).await });
    }
    calls.join_all().await
}

/// Holds that fifty refreshes at once give one successor to all, and that it works.
async fn assert_one_family(nodes: &[&TestServer], token: &str) -> String {
    let answers = fifty(nodes, token).await;
    let successors: HashSet<String> =
        answers.iter().map(|answer| answer.tokens().refresh().to_owned()).collect();
    assert_eq!(successors.len(), 1, "all are told the same");
    let successor = successors.into_iter().next().expect("one");
    let rows = nodes[0].database.rows("refresh_tokens", &["used_at"]).await;
    assert_eq!(rows.iter().filter(|used_at| *used_at == "null").count(), 1, "{rows:?}");
    successor
}

#[rocket::async_test]
async fn fifty_refreshes_at_once_leave_one_family_that_works() {
    let (server, _alice, tokens) = shopping().await;
    let mut token = tokens.refresh().to_owned();
    for _ in 0..3 {
        token = assert_one_family(&[&server], &token).await;
    }
    let last = server.backend("shop").refresh(&token).await.tokens();
    assert!(lives(&server.backend("shop"), &last.access).await, "no client is left outside");
}

#[rocket::async_test]
async fn two_generations_at_once_leave_one_usable_token_or_none() {
    let (server, alice, _) = shopping().await;
    for _ in 0..5 {
        let tokens = server.shop_tokens(&alice, ALL).await;
        let next = server.backend("shop").refresh(tokens.refresh()).await.tokens();
        let mut calls = JoinSet::new();
        for turn in 0..20 {
            let token = if turn % 2 == 0 { tokens.refresh() } else { next.refresh() }.to_owned();
            let shop = server.backend("shop");
            calls.spawn(async move { shop.refresh(&token).await });
        }
        for answer in calls.join_all().await {
            assert!([200, 400].contains(&answer.status), "{}", answer.text);
        }
        // Whoever was too late with the first has ended the family; nobody has made two of it.
        let sql = "SELECT CAST(COUNT(*) AS TEXT) FROM refresh_tokens WHERE used_at IS NULL \
            GROUP BY grant_id";
        for count in server.database.texts(sql).await {
            assert_eq!(count, "1");
        }
    }
}

#[rocket::async_test]
async fn a_stolen_database_gives_no_successor() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let next = shop.refresh(tokens.refresh()).await.tokens();
    let columns = ["hash", "grant_id", "successor_hash", "successor"];
    let rows = server.database.rows("refresh_tokens", &columns).await;
    let used = rows.iter().find(|row| !row.contains("|null")).expect("one was used");
    let parts: Vec<&str> = used.split('|').collect();
    let sealed = parts[3];
    assert!(!used.contains(next.refresh()) && !used.contains(tokens.refresh()), "{used}");
    assert!(!sealed.contains(&hex::encode(next.refresh())), "{used}");
    // Neither the key-encryption key nor anything that stands beside it is the key.
    let kek = [7; 32];
    let beside = parts[..3].iter().filter_map(|text| hex::decode(text).ok()?.try_into().ok());
    let keys: Vec<[u8; 32]> = beside.chain([kek]).collect();
    assert_eq!(keys.len(), 3, "the key, and two hashes");
    for key in keys {
        for row in [parts[0], parts[1], parts[2], "shop", "successor", ""] {
            assert_eq!(SealingKey::new(&key).open(row, sealed), None, "{row}");
        }
    }
    let again = shop.refresh(tokens.refresh()).await.tokens();
    assert_eq!(again.refresh(), next.refresh(), "the one who has the predecessor gets it");
}
