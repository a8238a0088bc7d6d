//! Where codes and tokens are not to be found: in the database, and in any log.

use super::{say, sign_in, with_alice};
use crate::support::{Answer, Authorize, Log, PASSWORD, hash, secret_of};

#[rocket::async_test]
async fn the_database_holds_the_hash_of_a_code_and_not_the_code() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let code = alice.authorize(&asked).await.code(&asked);
    let held = server.database.rows("grants", &["code_hash"]).await;
    assert_eq!(held, [hash(&code)]);
    let everything = server.database.everything().await;
    assert!(!everything.contains(&code));
    assert!(!everything.contains(&asked.verifier));
    assert!(!everything.contains(asked.value("state")), "nobody needs it again");
    let tokens = server.backend("shop").redeem(&code, &asked).await;
    let everything = server.database.everything().await;
    for secret in [&code, &asked.verifier, &tokens.access, &tokens.refresh.expect("a token")] {
        assert!(!everything.contains(secret.as_str()));
    }
    assert!(!everything.contains(&tokens.id.expect("an id token")));
}

#[rocket::async_test]
async fn nothing_that_opens_anything_is_in_the_log() {
    let log = Log::watch();
    let (server, alice) = with_alice().await;
    let mut secrets: Vec<(&str, String)> = Vec::new();
    let mut add = |what, value: &str| {
        assert!(value.len() >= 8, "{what} is long enough to be found: {value}");
        secrets.push((what, value.to_owned()));
    };
    let asked = Authorize::widget().with("login_hint", "hint-that-is-secret");
    add("a hint", "hint-that-is-secret");
    let nobody = server.browser();
    let answer = nobody.authorize(&asked).await;
    let answer = sign_in(&nobody, &answer, "alice").await;
    let widgets = say(&nobody, &answer, "allow").await.code(&asked);
    let tokens = server.public("widget").redeem(&widgets, &asked).await;
    add("a code", &widgets);
    add("an access token", &tokens.access);
    add("a refresh token", tokens.refresh.as_deref().expect("one"));
    let id = tokens.id.expect("an id token");
    add("an id token", &id);
    add("the claims of an id token", id.split('.').nth(1).expect("parts"));
    for name in ["nonce", "code_challenge"] {
        add(name, asked.value(name));
    }
    add("a state", &asked.value("state")["state ".len()..]);
    add("a verifier", &asked.verifier);

    let shop = Authorize::shop().with("response_mode", "form_post").with("id_token_hint", &id);
    alice.authorize(&shop).await;
    let shop = Authorize::shop().with("response_mode", "form_post");
    let code = alice.authorize(&shop).await.code(&shop);
    add("a posted code", &code);
    let mut wrong = shop.redemption(&code);
    wrong.retain(|(name, _)| *name != "code_verifier");
    wrong.push(("code_verifier", "wrong-verifier-0123456789-0123456789-0123456"));
    server.backend("shop").token(&wrong).await.assert_error(400, "invalid_grant");
    add("a wrong verifier", "wrong-verifier-0123456789-0123456789-0123456");
    server.backend("shop").introspect(&tokens.access).await;
    server.with_bearer("/oauth/userinfo", &tokens.access).await;
    server.with_bearer("/oauth/userinfo", "wrong-token-0123456789").await;
    add("a wrong token", "wrong-token-0123456789");
    add("a secret", &secret_of("shop"));
    add("the password", PASSWORD);
    server.public("widget").revoke(&tokens.access).await;
    let bad = format!("/oauth/authorize?client_id=secret-in-a-query&{}", "x".repeat(9_000));
    alice.navigate(&bad).await;
    alice.navigate("/oauth/authorize?client_id=secret-in-a-query").await;
    add("a query", "secret-in-a-query");
    server.store.close().await;
    let failed: Answer = alice.authorize(&shop).await;
    assert_eq!(failed.status, 500);

    let text = log.text();
    assert!(text.contains("/oauth/authorize") && text.contains("/oauth/token"));
    for (what, secret) in secrets {
        let found = text.lines().find(|line| line.contains(&secret));
        assert_eq!(found, None, "{what} is in the log");
    }
}

#[rocket::async_test]
async fn no_page_on_the_way_shows_more_than_it_must() {
    let (server, alice) = with_alice().await;
    for (browser, asked) in [(&alice, Authorize::widget()), (&server.browser(), Authorize::shop())]
    {
        let answer = browser.authorize(&asked).await;
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert!(answer.header("Referrer-Policy").starts_with("strict-origin"));
        let session = alice.cookie("__Host-session").expect("a session");
        assert!(!answer.location().contains(&session) && !answer.text.contains(&session));
    }
}
