//! What ends a whole tree of narrowed tokens: whatever ends the grant that it grew from.

use super::narrowed;
use crate::support::{Backend, Browser, PASSWORD, TestServer, Tokens};
use crate::token::{
    ALL, assert_refused, disconnect, lives, opens_userinfo, server, setup, shop_code, stall_tokens,
    uid,
};

/// A tree of the stall: a wide token, one below it, and one below that for pay.
struct Tree {
    server: TestServer,
    alice: Browser,
    tokens: Tokens,
    all: [String; 3],
}

impl Tree {
    async fn new() -> Self {
        let server = server().await;
        let alice = server.signed_up("alice").await;
        let tokens = stall_tokens(&server, &alice, ALL).await;
        let stall = server.backend("stall");
        let child = narrowed(&stall, &tokens.access, "openid payments", "").await.access;
        let leaf = narrowed(&stall, &child, "payments", "pay").await.access;
        let tree = Self { all: [tokens.access.clone(), child, leaf], server, alice, tokens };
        assert!(lives(&tree.server.backend("pay"), &tree.all[2]).await);
        tree
    }

    fn stall(&self) -> Backend {
        self.server.backend("stall")
    }

    async fn uid(&self) -> String {
        uid(&self.server, "alice").await
    }

    /// Holds that no token of it opens anything, for anybody.
    async fn assert_dead(&self, why: &str) {
        for token in &self.all {
            assert!(!lives(&self.stall(), token).await, "{why}");
            assert!(!lives(&self.server.backend("pay"), token).await, "{why}");
            assert!(!opens_userinfo(&self.server, token).await, "{why}");
            let answer = self.stall().narrow(token, "payments", &[]).await;
            assert_refused(&answer, &["invalid_request"], why);
        }
    }
}

#[rocket::async_test]
async fn the_session() {
    let tree = Tree::new().await;
    tree.alice.sign_out().await;
    tree.assert_dead("signed out").await;

    let tree = Tree::new().await;
    let elsewhere = tree.server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    elsewhere.post("/account/sessions/end-others", &[]).await;
    tree.assert_dead("ended from another browser").await;
}

#[rocket::async_test]
async fn the_password() {
    let tree = Tree::new().await;
    assert_eq!(tree.alice.change_password("another-glass-1872").await.status, 303);
    tree.assert_dead("another password").await;
}

#[rocket::async_test]
async fn the_consent() {
    let tree = Tree::new().await;
    disconnect(&tree.alice, "stall").await;
    tree.assert_dead("the consent was taken back").await;
    assert_eq!(tree.alice.consent("stall", "allow").await.status, 303);
    tree.assert_dead("another yes is for what comes after it").await;
}

#[rocket::async_test]
async fn the_account() {
    let tree = Tree::new().await;
    let (store, uid, now) = (&tree.server.store, tree.uid().await, tree.server.clock.now());
    assert!(store.disable_account(&uid, now).await.expect("the database answers"));
    tree.assert_dead("the account is disabled").await;
    assert!(store.enable_account(&uid, now).await.expect("the database answers"));
    tree.assert_dead("it was").await;
}

#[rocket::async_test]
async fn the_client() {
    let tree = Tree::new().await;
    let (store, now) = (&tree.server.store, tree.server.clock.now());
    assert!(store.disable_client("stall", now).await.expect("the database answers"));
    for token in &tree.all {
        assert!(!lives(&tree.server.backend("pay"), token).await, "its resource server sees it");
        assert!(!opens_userinfo(&tree.server, token).await);
    }
    assert!(store.enable_client("stall", now).await.expect("the database answers"));
    tree.assert_dead("the client was disabled").await;
}

#[rocket::async_test]
async fn a_client_that_is_no_longer_declared() {
    let setup = setup().await;
    let (with, mut without) = (setup.config.clone(), setup.config.clone());
    without.clients.retain(|client| client.registration.client_id != "stall");
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = stall_tokens(&server, &alice, ALL).await;
    let leaf = narrowed(&server.backend("stall"), &tokens.access, "payments", "pay").await.access;
    let restarted = server.second_node(without).await;
    for node in [&server, &restarted] {
        assert!(!lives(&node.backend("pay"), &leaf).await);
        assert!(!opens_userinfo(node, &tokens.access).await);
    }
    // Declared once more, it begins anew.
    let again = server.second_node(with).await;
    assert!(!lives(&again.backend("pay"), &leaf).await);
    assert!(!opens_userinfo(&again, &tokens.access).await);
    let answer = again.backend("stall").refresh(tokens.refresh()).await;
    answer.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn its_refresh_token_and_the_replay_of_one() {
    let tree = Tree::new().await;
    assert_eq!(tree.stall().revoke(tree.tokens.refresh()).await.status, 200);
    tree.assert_dead("the refresh token was revoked").await;

    let tree = Tree::new().await;
    assert_eq!(tree.stall().refresh(tree.tokens.refresh()).await.status, 200);
    assert!(lives(&tree.stall(), &tree.all[2]).await, "a refresh ends nothing");
    tree.server.clock.advance(10_001);
    tree.stall().refresh(tree.tokens.refresh()).await.assert_error(400, "invalid_grant");
    tree.assert_dead("a refresh token was replayed").await;
}

#[rocket::async_test]
async fn the_replay_of_its_code() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let shop = server.backend("shop");
    let tokens = shop.redeem(&code, &asked).await;
    let leaf = narrowed(&shop, &tokens.access, "payments", "pay").await.access;
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    assert!(!lives(&server.backend("pay"), &leaf).await);
    assert!(!lives(&shop, &leaf).await);
}
