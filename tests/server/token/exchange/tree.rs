//! The tree of narrowed tokens, and how much of it a revocation takes along.

use serde_json::json;
use tokio::task::JoinSet;

use super::{chain, narrowed};
use crate::support::TestServer;
use crate::token::{ALL, lives, opens_userinfo, shopping};

#[rocket::async_test]
async fn introspection_shows_through_whom_it_came() {
    let (server, _alice, tokens) = shopping().await;
    let (shop, pay) = (server.backend("shop"), server.backend("pay"));
    assert!(shop.introspect(&tokens.access).await.get("act").is_none());
    let link = json!({ "sub": "shop", "client_id": "shop" });
    let mut act = json!(null);
    let mut parent = tokens.access.clone();
    for _ in 0..3 {
        let child = narrowed(&shop, &parent, "payments", "pay").await.access;
        let mut outer = link.clone();
        if act.is_object() {
            outer["act"] = act;
        }
        act = outer;
        for who in [&shop, &pay] {
            assert_eq!(who.introspect(&child).await["act"], act);
        }
        parent = child;
    }
}

/// Whether each of these lives, as the shop sees it.
async fn alive(server: &TestServer, tokens: &[String]) -> Vec<bool> {
    let mut all = Vec::new();
    for token in tokens {
        all.push(lives(&server.backend("shop"), token).await);
    }
    all
}

#[rocket::async_test]
async fn revoking_any_ancestor_kills_all_below_it_at_once() {
    for revoked in 0..5 {
        let (server, _alice, wide, tokens) = chain(5).await;
        let shop = server.backend("shop");
        assert_eq!(alive(&server, &tokens).await, [true; 5]);
        assert_eq!(shop.revoke(&tokens[revoked]).await.status, 200);
        let wanted: Vec<bool> = (0..5).map(|at| at < revoked).collect();
        assert_eq!(alive(&server, &tokens).await, wanted, "the {revoked}th was revoked");
        for (token, lives) in tokens.iter().zip(&wanted) {
            assert_eq!(opens_userinfo(&server, token).await, *lives);
            let answer = shop.narrow(token, "payments", &[]).await;
            assert_eq!(answer.status == 200, *lives, "{}", answer.text);
        }
        assert_eq!(shop.refresh(wide.refresh()).await.status, 200, "the grant goes on");
    }
}

#[rocket::async_test]
async fn siblings_live_on() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let first = narrowed(&shop, &tokens.access, "openid payments", "").await.access;
    let second = narrowed(&shop, &tokens.access, "openid payments", "").await.access;
    let (below_first, below_second) = (
        narrowed(&shop, &first, "payments", "pay").await.access,
        narrowed(&shop, &second, "payments", "pay").await.access,
    );
    shop.revoke(&first).await;
    let all = [first, below_first, second, below_second, tokens.access.clone()];
    assert_eq!(alive(&server, &all).await, [false, false, true, true, true]);
    assert!(lives(&server.backend("pay"), &all[3]).await);
}

/// Many who narrow until it fails, first the root, then what came of it. They go on; this one
/// comes back when so many other calls were answered meanwhile.
async fn narrow_all_the_time(
    server: &TestServer,
    root: &str,
    meanwhile: usize,
) -> JoinSet<Vec<String>> {
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let (shop, root) = (server.backend("shop"), root.to_owned());
        calls.spawn(async move {
            let mut all = vec![root];
            for _ in 0..6 {
                let parent = all.last().expect("a token").clone();
                let answer = shop.narrow(&parent, ALL, &[]).await;
                if answer.status != 200 {
                    answer.assert_error(400, "invalid_request");
                    break;
                }
                all.push(answer.tokens().access);
            }
            all
        });
    }
    for _ in 0..meanwhile {
        server.with_bearer("/oauth/userinfo", root).await;
    }
    calls
}

/// Holds that nothing is left alive that was narrowed while the root was ended.
async fn assert_nothing_is_left(server: &TestServer, calls: JoinSet<Vec<String>>, how: &str) {
    for tokens in calls.join_all().await {
        for token in tokens {
            assert!(!lives(&server.backend("shop"), &token).await, "{how}");
            assert!(!opens_userinfo(server, &token).await, "{how}");
        }
    }
}

#[rocket::async_test]
async fn narrowing_and_revoking_at_once_leaves_nothing_alive() {
    let (server, alice, _) = shopping().await;
    let shop = server.backend("shop");
    for meanwhile in [0, 1, 2, 4] {
        let root = server.shop_tokens(&alice, ALL).await;
        let calls = narrow_all_the_time(&server, &root.access, meanwhile).await;
        assert_eq!(shop.revoke(&root.access).await.status, 200);
        assert_nothing_is_left(&server, calls, "the root was revoked").await;
        assert_eq!(shop.refresh(root.refresh()).await.status, 200);

        let root = server.shop_tokens(&alice, ALL).await;
        let calls = narrow_all_the_time(&server, &root.access, meanwhile).await;
        assert_eq!(shop.revoke(root.refresh()).await.status, 200);
        assert_nothing_is_left(&server, calls, "the grant was revoked").await;
    }
}

#[rocket::async_test]
async fn narrowing_and_signing_out_at_once_leaves_nothing_alive() {
    let (server, alice, _) = shopping().await;
    for meanwhile in [0, 1, 3] {
        alice.sign_in("alice", crate::support::PASSWORD).await;
        let root = server.shop_tokens(&alice, ALL).await;
        let calls = narrow_all_the_time(&server, &root.access, meanwhile).await;
        alice.sign_out().await;
        assert_nothing_is_left(&server, calls, "she signed out").await;
    }
}

#[rocket::async_test]
async fn redeeming_refreshing_and_ending_at_once_leaves_nothing_alive() {
    let (server, alice, _) = shopping().await;
    for meanwhile in 0..4 {
        alice.sign_in("alice", crate::support::PASSWORD).await;
        let tokens = server.shop_tokens(&alice, ALL).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let (shop, token) = (server.backend("shop"), tokens.refresh().to_owned());
            calls.spawn(async move {
                let answer = shop.refresh(&token).await;
                (answer.status == 200).then(|| answer.tokens())
            });
        }
        for _ in 0..meanwhile {
            opens_userinfo(&server, &tokens.access).await;
        }
        alice.sign_out().await;
        for given in calls.join_all().await.into_iter().flatten() {
            let shop = server.backend("shop");
            assert!(!lives(&shop, &given.access).await);
            shop.refresh(given.refresh()).await.assert_error(400, "invalid_grant");
        }
    }
}
