//! What a client is given when everything is as it should be.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

use super::{Step, provider, sign_in, uid, walk, with_alice};
use crate::support::{Answer, Authorize, Browser, FORM, ISSUER, PASSWORD, START, encode, plain};

/// The request as a page of the client posts it.
async fn by_post(browser: &Browser, asked: &Authorize) -> Answer {
    let request = browser.request(reqwest::Method::POST, "/oauth/authorize");
    let request = request.header("Sec-Fetch-Site", "cross-site").header("Content-Type", FORM);
    let answer = browser.send(request.body(encode(&asked.fields()))).await;
    if answer.location().contains("/oauth/authorize") && answer.location().starts_with(ISSUER)
        || answer.location().starts_with("/oauth/authorize")
    {
        return browser.get(&Step::of(&answer).whole).await;
    }
    answer
}

#[rocket::async_test]
async fn somebody_who_is_signed_in_brings_a_code_at_once() {
    let (server, alice) = with_alice().await;
    for asked in [Authorize::shop(), Authorize::shop().without_pkce()] {
        for answer in [alice.authorize(&asked).await, by_post(&alice, &asked).await] {
            assert_eq!(answer.header("Cache-Control"), "no-store");
            assert!(answer.set_cookies().is_empty());
            let code = answer.code(&asked);
            let tokens = server.backend("shop").redeem(&code, &asked).await;
            let token = server.verify(&tokens.id.expect("an id token"), "shop").await;
            assert_eq!(token.header["alg"], "ES256");
            let claims = token.claims;
            assert_eq!(claims["sub"], uid(&server, "alice").await);
            assert_eq!(claims["aud"], "shop");
            assert_eq!(claims["nonce"], asked.value("nonce"));
            assert_eq!(claims["auth_time"], START / 1_000);
            assert_eq!(claims["iat"], START / 1_000);
            assert_eq!(claims["exp"], START / 1_000 + 600);
            assert_eq!(claims["sid"].as_str().map(str::len), Some(32), "{claims}");
            let digest = Sha256::digest(&tokens.access);
            assert_eq!(claims["at_hash"], URL_SAFE_NO_PAD.encode(&digest[..16]));
        }
    }
}

#[rocket::async_test]
async fn nobody_comes_back_with_a_code_after_signing_in() {
    let server = provider().await;
    server.signed_up("alice").await;
    for by in ["GET", "POST"] {
        let asked = Authorize::shop().scope("email openid profile");
        let browser = server.browser();
        let answer = match by {
            "GET" => browser.authorize(&asked).await,
            _ => by_post(&browser, &asked).await,
        };
        let step = Step::of(&answer);
        assert_eq!(step.path, "/signin");
        for (name, value) in asked.fields() {
            assert_eq!(step.next().get(name), value, "{name} is kept");
        }
        let code = sign_in(&browser, &answer, "alice").await.code(&asked);
        let tokens = server.backend("shop").redeem(&code, &asked).await;
        let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
        assert_eq!(claims["sub"], uid(&server, "alice").await);
    }
}

#[rocket::async_test]
async fn a_new_person_comes_back_with_a_code_after_signing_up() {
    let server = provider().await;
    let (browser, asked) = (server.browser(), Authorize::shop());
    let step = Step::of(&browser.authorize(&asked).await);
    let page = browser.get(&step.whole).await;
    let link = page.text.split_once("href=\"/signup?next=").expect("a link to sign up").1;
    let link = plain(link.split_once('"').expect("an end").0);
    let page = browser.get(&format!("/signup?next={link}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let typed = [
        ("username", "bob"),
        ("email", "bob@example.org"),
        ("full_name", "Bob"),
        ("password", PASSWORD),
        ("next", step.get("next")),
    ];
    let answer = browser.post("/signup", &typed).await;
    let (visited, answer) = walk(&browser, answer).await;
    assert_eq!(visited, ["/oauth/authorize"]);
    answer.code(&asked);
}

#[rocket::async_test]
async fn every_request_gets_a_code_of_its_own() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let mut codes = BTreeSet::new();
    for _ in 0..20 {
        let code = alice.authorize(&asked).await.code(&asked);
        assert!(code.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{code}");
        assert!(codes.insert(code), "it was given before");
    }
    let mut tokens = BTreeSet::new();
    for code in &codes {
        tokens.insert(server.backend("shop").redeem(code, &asked).await.access);
    }
    assert_eq!(tokens.len(), codes.len());
}

#[rocket::async_test]
async fn without_state_or_nonce_there_is_none_in_the_answer() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop().without("state").without("nonce");
    let answer = alice.authorize(&asked).await;
    let code = answer.code(&asked);
    assert!(!answer.sent().names().contains(&"state"));
    let tokens = server.backend("shop").redeem(&code, &asked).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
    assert!(claims.get("nonce").is_none());
    let refused = Authorize::shop().without("state").scope("other");
    let sent = alice.authorize(&refused).await.sent();
    assert_eq!(sent.get("error"), "invalid_scope");
    assert!(!sent.names().contains(&"state"));
}

#[rocket::async_test]
async fn what_nobody_knows_is_ignored() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::shop()
        .with("display", "popup")
        .with("ui_locales", "de en")
        .with("acr_values", "0")
        .with("CLIENT_ID", "evil")
        .with("redirect_uri[]", "https://evil.test/")
        .with("code", "evil")
        .with("error", "evil")
        .with("iss", "https://evil.test");
    let answer = alice.authorize(&asked).await;
    answer.code(&asked);
    assert!(!answer.location().contains("evil"), "{}", answer.location());
}

#[rocket::async_test]
async fn without_openid_there_is_a_token_and_no_id_token() {
    let (server, alice) = with_alice().await;
    let tokens = server.shop_tokens(&alice, "profile").await;
    assert_eq!((tokens.id.as_deref(), tokens.scope.as_str()), (None, "profile"));
    assert_eq!(server.with_bearer("/oauth/userinfo", &tokens.access).await.status, 403);
}

#[rocket::async_test]
async fn the_widget_knows_a_person_by_a_name_of_its_own() {
    let (server, alice) = with_alice().await;
    let tokens = server.widget_tokens(&alice, "openid").await;
    let claims = server.verify(&tokens.id.expect("an id token"), "widget").await.claims;
    assert_ne!(claims["sub"], uid(&server, "alice").await);
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert_eq!(told["sub"], claims["sub"]);
}
