//! The database and the log hold nothing that opens anything.

use super::{ALL, shop_code, shopping};
use crate::support::{Authorize, Log, TestServer, hash, nonce, secret_of};

/// Everything that a shop, a widget and a thief handled, with a name for each.
async fn used(server: &TestServer) -> Vec<(&'static str, String)> {
    let alice = server.signed_up("carol").await;
    let shop = server.backend("shop");
    let (unused, _) = shop_code(&alice).await;
    let (code, asked) = shop_code(&alice).await;
    let tokens = shop.redeem(&code, &asked).await;
    let next = shop.refresh(tokens.refresh()).await.tokens();
    shop.refresh(tokens.refresh()).await.tokens();
    let child = shop.narrow(&next.access, "payments", &[("audience", "pay")]).await.tokens();
    let dropped = shop.narrow(&next.access, "openid", &[]).await.tokens();
    server.backend("pay").introspect(&child.access).await;
    server.with_bearer("/oauth/userinfo", &next.access).await;
    shop.revoke(&dropped.access).await;
    let own = [("grant_type", "client_credentials"), ("scope", "payments")];
    let own = shop.token(&own).await.tokens();
    let widgets = server.widget_tokens(&alice, "openid").await;
    let mut used = vec![
        ("a code that nobody redeemed", unused),
        ("a code", code),
        ("a verifier", asked.verifier.clone()),
        ("an access token", tokens.access),
        ("a refresh token", tokens.refresh.expect("one")),
        ("its successor", next.refresh.clone().expect("one")),
        ("the successor's access token", next.access),
        ("a narrowed token", child.access),
        ("a revoked token", dropped.access),
        ("the client's own token", own.access),
        ("a public client's token", widgets.access),
        ("a public client's refresh token", widgets.refresh.expect("one")),
        ("a session", alice.cookie("__Host-session").expect("one")),
        ("a client secret", secret_of("shop")),
        ("an id token", tokens.id.expect("one")),
        ("a public client's id token", widgets.id.expect("one")),
    ];
    let (guess, unknown) = (nonce(), nonce());
    shop.with_secret(&guess).revoke(&unknown).await;
    shop.refresh(&unknown).await;
    server.with_bearer("/oauth/userinfo", &unknown).await;
    used.extend([("a wrong secret", guess), ("a token that never was", unknown)]);
    used
}

#[rocket::async_test]
async fn only_hashes_are_in_the_database() {
    let (server, _alice, _) = shopping().await;
    let used = used(&server).await;
    let all = server.database.everything().await;
    let rows = server.database.every_row_but(&[]).await.join("\n");
    for (what, secret) in &used {
        for text in [secret, &hex::encode(secret)] {
            assert!(!all.contains(text.as_str()), "{what} is in the database");
            assert!(!rows.contains(text.as_str()), "{what} is in a row");
        }
        let signature = secret.rsplit('.').next().expect("a part");
        assert!(!all.contains(signature), "{what}: its signature is in the database");
    }
    let stored = ["code", "token", "session"];
    let hashed = used.iter().filter(|(what, secret)| {
        secret.len() == 64 && stored.iter().any(|kind| what.contains(kind))
    });
    let mut found = 0;
    for (what, secret) in hashed.filter(|(what, _)| !what.contains("never")) {
        assert!(rows.contains(&hash(secret)), "the hash of {what} is not in the database");
        found += 1;
    }
    assert!(found >= 10, "{found} hashes");
}

#[rocket::async_test]
async fn the_log_holds_none_of_them() {
    let log = Log::watch();
    let (server, alice, tokens) = shopping().await;
    let mut used = used(&server).await;
    let id_token = tokens.id.clone().expect("an id token");
    let leave = format!("/oauth/logout?id_token_hint={id_token}&state=a-state-to-find");
    alice.navigate(&leave).await;
    used.push(("the hint", id_token));
    used.push(("a state", "a-state-to-find".into()));
    let asked = Authorize::shop().scope(ALL);
    alice.authorize(&asked).await;
    used.push(("the nonce of an authorization", asked.value("nonce").to_owned()));
    used.push(("its state", asked.value("state").to_owned()));
    used.push(("its challenge", asked.value("code_challenge").to_owned()));
    server.with_bearer(&format!("/oauth/userinfo?access_token={}", tokens.access), "x").await;
    used.push(("a token in a query", tokens.access));
    let text = log.text();
    assert!(text.contains("/oauth/token"), "it was written");
    for (what, secret) in used {
        assert!(!text.contains(&secret), "{what} is in the log");
    }
}

#[rocket::async_test]
async fn no_answer_but_the_first_holds_a_token() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let (code, asked) = shop_code(&alice).await;
    let next = shop.refresh(tokens.refresh()).await.tokens();
    let fields = asked.redemption(&code);
    shop.token(&fields).await.tokens();
    let answers = [
        shop.token(&fields).await,
        server.backend("stall").refresh(next.refresh()).await,
        server.backend("stall").narrow(&next.access, "openid", &[]).await,
        shop.narrow(&next.access, "admin", &[]).await,
        shop.revoke(&next.access).await,
        server.with_bearer("/oauth/userinfo", &next.access).await,
        alice.get("/account").await,
    ];
    for answer in answers {
        let all = format!("{:?} {}", answer.headers, answer.text);
        for secret in [&code, &asked.verifier, &tokens.access, &next.access, next.refresh()] {
            assert!(!all.contains(secret), "{all}");
        }
    }
}
