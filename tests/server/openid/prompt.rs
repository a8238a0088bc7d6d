//! `prompt`: what a client may have asked of the person again.

use vestibule::clock::{HOUR, MINUTE, SECOND};

use super::{Step, provider, say, sign_in, uid, walk, with_alice};
use crate::support::{Answer, Authorize, START, TestServer};

async fn auth_time(server: &TestServer, asked: &Authorize, answer: &Answer) -> i64 {
    let tokens = server.backend("shop").redeem(&answer.code(asked), asked).await;
    let token = server.verify(&tokens.id.expect("an id token"), "shop").await;
    token.claims["auth_time"].as_i64().expect("a time")
}

fn words(prompt: &str) -> Vec<&str> {
    prompt.split(' ').filter(|word| !word.is_empty()).collect()
}

#[rocket::async_test]
async fn login_asks_for_the_password_of_somebody_who_is_signed_in() {
    let (server, alice) = with_alice().await;
    server.clock.advance(MINUTE);
    let asked = Authorize::shop().prompt("login").with("login_hint", "alice");
    let answer = alice.authorize(&asked).await;
    let step = Step::of(&answer);
    assert_eq!((step.path.as_str(), step.get("again")), ("/signin", "on"));
    assert_eq!(step.next().get("prompt"), "");
    assert_eq!(step.next().get("vestibule_since"), (START + MINUTE).to_string());
    let page = alice.get(&step.whole).await;
    assert_eq!(page.status, 200, "it is not skipped because she is signed in");
    assert_eq!(page.typed("login").as_deref(), Some("alice"));

    server.clock.advance(SECOND);
    let skipped = alice.get(&step.next().whole).await;
    assert_eq!(Step::of(&skipped).path, "/signin", "going on without it leads back to it");
    let done = sign_in(&alice, &answer, "alice").await;
    let time = auth_time(&server, &asked, &done).await;
    assert_eq!(time, (START + MINUTE + SECOND) / 1_000);
    let later = Authorize::shop();
    let answer = alice.authorize(&later).await;
    assert_eq!(auth_time(&server, &later, &answer).await, time, "the session is the new one");
}

#[rocket::async_test]
async fn signing_in_again_for_one_client_leaves_the_others_what_they_have() {
    let (server, alice) = with_alice().await;
    let tokens = server.shop_tokens(&alice, "openid profile").await;
    let secret = alice.cookie("__Host-session").expect("a session");
    let nonce = crate::support::nonce();
    let payload = alice.mint("wiki", crate::support::WIKI, Some(&nonce)).await;
    let wiki = server.backend("wiki");
    let sid = wiki.recover(&payload, Some(&nonce)).await.json()["sid"].clone();
    let sid = sid.as_str().expect("a sid");

    assert_eq!(alice.sign_in("alice", crate::support::PASSWORD).await.status, 303);
    assert_ne!(alice.cookie("__Host-session"), Some(secret.clone()));
    let old = server.browser();
    old.set_cookie("__Host-session", &secret);
    assert!(!old.is_signed_in().await, "the old secret opens nothing");
    assert!(wiki.is_active(sid).await);
    assert_eq!(server.backend("shop").introspect(&tokens.access).await["active"], true);
    let renewed = server.backend("shop").refresh(&tokens.refresh.expect("one")).await;
    assert_eq!(renewed.status, 200, "{}", renewed.text);

    alice.sign_out().await;
    assert!(!wiki.is_active(sid).await);
    let access = renewed.tokens().access;
    assert_eq!(server.backend("shop").introspect(&access).await["active"], false);
}

#[rocket::async_test]
async fn nobody_has_signed_in_in_the_future() {
    let (server, alice) = with_alice().await;
    let later = (server.clock.now() + 2 * MINUTE).to_string();
    let asked = Authorize::shop().with("vestibule_since", &later);
    assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_request");
}

#[rocket::async_test]
async fn no_sender_of_a_link_can_say_when_somebody_signed_in() {
    let (server, alice) = with_alice().await;
    server.clock.advance(HOUR);
    let now = server.clock.now();
    for since in
        ["0", "-1", "1", &START.to_string(), &(now + 1).to_string(), "x", "9".repeat(30).as_str()]
    {
        let asked = Authorize::shop().prompt("login").with("vestibule_since", since);
        let answer = alice.authorize(&asked).await;
        assert_eq!(answer.status, 303, "{since}: {}", answer.text);
        assert!(!answer.location().contains("code="), "{since}: {}", answer.location());
        let plain = Authorize::shop().with("vestibule_since", since);
        assert!([303, 400].contains(&alice.authorize(&plain).await.status), "{since}");
        for other in [plain.clone().prompt("none"), plain.and("vestibule_since", "0")] {
            assert!([303, 400].contains(&alice.authorize(&other).await.status), "{since}");
        }
    }
    let asked = Authorize::shop().prompt("login").with("vestibule_since", "1");
    let next = Step::of(&alice.authorize(&asked).await).next();
    assert_eq!(next.get("vestibule_since"), now.to_string());
}

#[rocket::async_test]
async fn login_may_end_with_another_person() {
    let (server, alice) = with_alice().await;
    server.signed_up("bob").await;
    server.clock.advance(SECOND);
    let asked = Authorize::shop().prompt("login");
    let answer = alice.authorize(&asked).await;
    let done = sign_in(&alice, &answer, "bob").await;
    let tokens = server.backend("shop").redeem(&done.code(&asked), &asked).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
    assert_eq!(claims["sub"], uid(&server, "bob").await);
}

#[rocket::async_test]
async fn consent_asks_again_whatever_was_said_before() {
    let (_server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for asked in [Authorize::widget().prompt("consent"), Authorize::shop().prompt("consent")] {
        let answer = alice.authorize(&asked).await;
        let step = Step::of(&answer);
        assert_eq!((step.path.as_str(), step.get("prompt")), ("/consent", "consent"));
        assert_eq!(step.get("client_id"), asked.value("client_id"));
        assert_eq!(step.get("scope"), "openid");
        assert_eq!(step.next().get("prompt"), "");
        say(&alice, &answer, "allow").await.code(&asked);
        let again = alice.authorize(&asked).await;
        assert_eq!(Step::of(&again).path, "/consent");
        assert_eq!(say(&alice, &again, "deny").await.refusal(&asked), "access_denied");
    }
}

#[rocket::async_test]
async fn select_account_lets_the_person_choose() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::shop().prompt("select_account");
    let step = Step::of(&alice.authorize(&asked).await);
    assert_eq!(step.path, "/signin/choose");
    assert_eq!(step.next().get("prompt"), "");
    let page = alice.get(&step.whole).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Full Name of alice") || page.text.contains("alice@example.org"));
    alice.get(&step.next().whole).await.code(&asked);
}

#[rocket::async_test]
async fn several_at_once_are_asked_one_after_the_other() {
    let (server, alice) = with_alice().await;
    for (prompt, expected) in [
        ("login", vec!["/signin"]),
        ("consent", vec!["/consent"]),
        ("select_account", vec!["/signin/choose"]),
        ("login consent", vec!["/consent", "/signin"]),
        ("consent login", vec!["/consent", "/signin"]),
        ("login select_account", vec!["/signin", "/signin/choose"]),
        ("consent select_account", vec!["/consent", "/signin/choose"]),
        ("select_account login consent", vec!["/consent", "/signin", "/signin/choose"]),
        ("login login", vec!["/signin"]),
    ] {
        for asked in [Authorize::shop().prompt(prompt), Authorize::widget().prompt(prompt)] {
            server.clock.advance(SECOND);
            alice.consent("widget", "allow").await;
            let (mut visited, answer) = walk(&alice, alice.authorize(&asked).await).await;
            visited.sort();
            let asked_for_login = words(prompt).contains(&"login");
            if asked_for_login && !visited.contains(&"/signin/choose".to_owned()) {
                let mut expected = expected.clone();
                expected.retain(|page| *page != "/signin/choose");
                assert_eq!(visited, expected, "signing in is a choice too: {prompt}");
            } else {
                assert_eq!(visited, expected, "{prompt}");
            }
            answer.code(&asked);
        }
    }
}

#[rocket::async_test]
async fn whoever_is_not_signed_in_signs_in_first_whatever_else_is_asked() {
    let server = provider().await;
    server.signed_up("alice").await;
    for prompt in ["login", "consent", "select_account", "login consent select_account"] {
        let hers = uid(&server, "alice").await;
        let forgotten = server.store.disconnect(&hers, "widget", server.clock.now()).await;
        forgotten.expect("the database answers");
        let asked = Authorize::widget().prompt(prompt);
        let browser = server.browser();
        let answer = browser.authorize(&asked).await;
        assert!(["/signin", "/signin/choose"].contains(&Step::of(&answer).path.as_str()));
        let (visited, answer) = walk(&browser, answer).await;
        let times = |page: &str| visited.iter().filter(|path| *path == page).count();
        assert_eq!((times("/signin"), times("/consent")), (1, 1), "{prompt}: {visited:?}");
        answer.code(&asked);
    }
}

#[rocket::async_test]
async fn what_cannot_be_asked_is_refused() {
    let (server, alice) = with_alice().await;
    for prompt in [
        "none login",
        "login none",
        "none consent",
        "none select_account",
        "none perhaps",
        "create",
        "perhaps",
        "NONE",
        "None",
        "login perhaps",
        "login,consent",
        "login\tconsent",
        "login+consent",
        "\u{a0}none",
    ] {
        let asked = Authorize::shop().prompt(prompt);
        for browser in [&alice, &server.browser()] {
            let answer = browser.authorize(&asked).await;
            assert_eq!(answer.refusal(&asked), "invalid_request", "{prompt:?}");
        }
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}
