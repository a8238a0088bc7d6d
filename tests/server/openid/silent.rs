//! `prompt=none`: a plain redirect with a code or with the reason why not, and nothing to look at.

use vestibule::clock::{DAY, HOUR};

use super::{provider, uid, with_alice};
use crate::support::{Answer, Authorize, Setup};

/// Holds that there is nothing in it to be shown or run.
fn hold_bare(answer: &Answer, place: &str) {
    assert_eq!(answer.status, 303, "{place}: {}", answer.text);
    assert!(!answer.is_html(), "{place}");
    assert!(!answer.text.contains('<'), "{place}: {}", answer.text);
    assert!(answer.headers.get("Refresh").is_none(), "{place}");
    assert!(answer.set_cookies().is_empty(), "{place}");
    assert_eq!(answer.header("Cache-Control"), "no-store", "{place}");
}

#[rocket::async_test]
async fn somebody_who_is_signed_in_gets_a_code_without_a_page() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let answer = alice.silently(&asked).await;
    hold_bare(&answer, "signed in");
    server.backend("shop").redeem(&answer.code(&asked), &asked).await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::widget();
    let answer = alice.silently(&asked).await;
    hold_bare(&answer, "consented");
    let tokens = server.public("widget").redeem(&answer.code(&asked), &asked).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "widget").await.claims;
    assert_ne!(claims["sub"], uid(&server, "alice").await, "a name for this client alone");
}

#[rocket::async_test]
async fn nobody_gets_login_required() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let is_required = async |browser: &crate::support::Browser, why: &str| {
        for asked in [asked.clone(), asked.clone().with("response_mode", "fragment")] {
            let answer = browser.silently(&asked).await;
            hold_bare(&answer, why);
            assert_eq!(answer.refusal(&asked), "login_required", "{why}");
        }
    };
    is_required(&server.browser(), "nobody was ever there").await;
    let guess = server.browser();
    guess.set_cookie("__Host-session", &"0".repeat(64));
    guess.set_cookie("__Host-session-none", &"0".repeat(64));
    is_required(&guess, "a guess").await;
    guess.set_cookie("__Host-session", "x");
    guess.set_cookie("__Host-session-none", "");
    is_required(&guess, "a broken cookie").await;
    let stale = alice.at(&server.url);
    alice.sign_out().await;
    is_required(&stale, "signed out").await;
    is_required(&alice, "signed out").await;
    let bob = server.signed_up("bob").await;
    server.clock.advance(9 * HOUR);
    is_required(&bob, "too long ago").await;
}

#[rocket::async_test]
async fn without_a_yes_there_is_consent_required() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget();
    let answer = alice.silently(&asked).await;
    hold_bare(&answer, "no consent");
    assert_eq!(answer.refusal(&asked), "consent_required");
    assert_eq!(server.browser().silently(&asked).await.refusal(&asked), "login_required");
    let bob = server.signed_up("bob").await;
    bob.consent("widget", "allow").await;
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");
    alice.consent("widget", "allow").await;
    alice.silently(&asked).await.code(&asked);
    let hers = uid(&server, "alice").await;
    server
        .store
        .disconnect(&hers, "widget", server.clock.now())
        .await
        .expect("the database answers");
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");
}

#[rocket::async_test]
async fn whoever_signed_in_too_long_ago_must_sign_in_again() {
    let (server, alice) = with_alice().await;
    server.clock.advance(HOUR);
    for (max_age, good) in [("3600", true), ("3599", false), ("0", false), ("1", false)] {
        let asked = Authorize::shop().with("max_age", max_age);
        let answer = alice.silently(&asked).await;
        hold_bare(&answer, max_age);
        if good {
            answer.code(&asked);
        } else {
            assert_eq!(answer.refusal(&asked), "login_required", "{max_age}");
        }
    }
}

#[rocket::async_test]
async fn every_answer_to_it_is_a_bare_redirect() {
    let (server, alice) = with_alice().await;
    let asks = [
        Authorize::shop().with("response_mode", "form_post"),
        Authorize::shop().with("response_mode", "web_message"),
        Authorize::shop().with("response_type", "token"),
        Authorize::shop().scope("other"),
        Authorize::shop().without("scope"),
        Authorize::shop().with("request", "x"),
        Authorize::shop().with("max_age", "x"),
        Authorize::shop().with("id_token_hint", "x"),
        Authorize::shop().with("login_hint", "bob"),
        Authorize::shop().with("resource", "x"),
        Authorize::shop().with("display", "page"),
        Authorize::shop().with("vestibule_denied", "on"),
        Authorize::shop().with("vestibule_since", "x"),
        Authorize::widget(),
        Authorize::widget().scope("openid profile"),
        Authorize::widget().with("response_mode", "form_post"),
    ];
    for asked in asks {
        for browser in [&alice, &server.browser()] {
            hold_bare(&browser.silently(&asked).await, &format!("{asked:?}"));
            if asked.value("response_mode").is_empty() {
                let twice = asked.clone().prompt("none").and("prompt", "login");
                hold_bare(&browser.authorize(&twice).await, "doubled");
            }
        }
    }
}

#[rocket::async_test]
async fn a_client_that_takes_forms_only_is_refused_without_a_form() {
    let mut setup = Setup::new().await.with_openid();
    setup.registration("shop").response_modes = vec!["form_post".into()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    for asked in [Authorize::shop(), Authorize::shop().with("response_mode", "form_post")] {
        for browser in [&alice, &server.browser()] {
            let answer = browser.silently(&asked).await;
            hold_bare(&answer, "form_post");
            assert_eq!(answer.refusal(&asked), "invalid_request");
        }
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_disabled_account_is_nobody() {
    let (server, alice) = with_alice().await;
    let hers = uid(&server, "alice").await;
    let disabled = server.store.disable_account(&hers, server.clock.now()).await;
    assert!(disabled.expect("the database answers"));
    let asked = Authorize::shop();
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "login_required");
    server.store.enable_account(&hers, server.clock.now()).await.expect("the database answers");
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "login_required");
}

#[rocket::async_test]
async fn asking_silently_keeps_nobody_signed_in_for_ever() {
    let server = provider().await;
    let alice = server.signed_up("alice").await;
    let asked = Authorize::shop();
    for _ in 0..8 {
        alice.silently(&asked).await;
        server.clock.advance(3 * HOUR);
    }
    server.clock.advance(DAY);
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "login_required");
}
