//! What happens between the question and the answer.

use vestibule::clock::{HOUR, SECOND};

use super::{Step, hold_page, sign_in, submit, uid, with_alice};
use crate::support::{Authorize, PASSWORD, SHOP, Setup};

#[rocket::async_test]
async fn a_client_that_is_switched_off_meanwhile_gets_nothing() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::widget();
    let code = alice.authorize(&asked).await.code(&asked);
    let browser = server.browser();
    let step = Step::of(&browser.authorize(&asked).await);
    server.store.disable_client("widget", server.clock.now()).await.expect("the database answers");
    let page = browser.get(&step.whole).await;
    assert!(page.status < 500);
    let typed = [("login", "alice"), ("password", PASSWORD), ("next", step.get("next"))];
    browser.post("/signin", &typed).await;
    hold_page(&browser.get(&step.next().whole).await, "switched off");
    let answer = server.public("widget").token(&asked.redemption(&code)).await;
    answer.assert_error(401, "invalid_client");
    server.store.enable_client("widget", server.clock.now()).await.expect("the database answers");
    let answer = server.public("widget").token(&asked.redemption(&code)).await;
    assert_eq!(answer.status, 400, "it is not good again: {}", answer.text);
}

#[rocket::async_test]
async fn a_session_that_ends_meanwhile_takes_its_codes_with_it() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let shop = server.backend("shop");
    let code = alice.authorize(&asked).await.code(&asked);
    alice.sign_out().await;
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");

    alice.sign_in("alice", PASSWORD).await;
    let code = alice.authorize(&asked).await.code(&asked);
    let other = server.browser();
    other.sign_in("alice", PASSWORD).await;
    other.post("/account/sessions/end-others", &[]).await;
    shop.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");

    let code = other.authorize(&asked).await.code(&asked);
    other.change_password("curiouser and curiouser").await;
    assert!(other.is_signed_in().await);
    let answer = shop.token(&asked.redemption(&code)).await;
    assert!([200, 400].contains(&answer.status), "{}", answer.text);
}

#[rocket::async_test]
async fn an_account_that_is_closed_meanwhile_gives_nothing() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget();
    let consent = Step::of(&alice.authorize(&asked).await);
    let shop = Authorize::shop();
    let code = alice.authorize(&shop).await.code(&shop);
    let hers = uid(&server, "alice").await;
    server.store.disable_account(&hers, server.clock.now()).await.expect("the database answers");
    let answer = server.backend("shop").token(&shop.redemption(&code)).await;
    answer.assert_error(400, "invalid_grant");
    let fields = [("client_id", "widget"), ("answer", "allow"), ("next", consent.get("next"))];
    let said = alice.post("/consent", &fields).await;
    assert_eq!(Step::of(&said).path, "/signin");
    assert_eq!(Step::of(&alice.get(&consent.next().whole).await).path, "/signin");
    assert!(server.database.rows("consents", &["client_id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_session_that_ends_on_the_consent_page_is_asked_for_again() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget();
    let step = Step::of(&alice.authorize(&asked).await);
    let page = alice.get(&step.whole).await;
    alice.sign_out().await;
    let answer = submit(&alice, &page, "/consent", &[("answer", "allow")]).await;
    assert_eq!(answer.status, 200, "the sign-in page");
    assert!(server.database.rows("consents", &["client_id"]).await.is_empty());
}

#[rocket::async_test]
async fn another_person_on_the_consent_page_says_yes_for_themselves() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    let asked = Authorize::widget().scope("openid profile");
    let step = Step::of(&alice.authorize(&asked).await);
    let page = bob.get(&step.whole).await;
    let code = submit(&bob, &page, "/consent", &[("answer", "allow")]).await.code(&asked);
    let tokens = server.public("widget").redeem(&code, &asked).await;
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert_eq!(told["preferred_username"], "bob");
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");
}

#[rocket::async_test]
async fn a_registration_that_shrinks_meanwhile_is_the_one_that_counts() {
    let setup = Setup::new().await.with_openid();
    let mut narrower = setup.config.clone();
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let asked = Authorize::shop().scope("openid payments");
    let browser = server.browser();
    let answer = browser.authorize(&asked).await;
    for client in &mut narrower.clients {
        if client.registration.client_id == "shop" {
            client.registration.redirect_uris = vec![format!("{SHOP}/elsewhere")];
        }
    }
    let _restarted = server.second_node(narrower).await;
    hold_page(&alice.authorize(&asked).await, "no longer registered");
    hold_page(&sign_in(&browser, &answer, "alice").await, "no longer registered");
}

#[rocket::async_test]
async fn a_code_lives_for_a_minute() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let shop = server.backend("shop");
    let codes = [alice.authorize(&asked).await, alice.silently(&asked).await];
    let [first, second] = codes.map(|answer| answer.code(&asked));
    server.clock.advance(59 * SECOND);
    shop.redeem(&first, &asked).await;
    server.clock.advance(2 * SECOND);
    shop.token(&asked.redemption(&second)).await.assert_error(400, "invalid_grant");
    server.clock.advance(HOUR);
    shop.token(&asked.redemption(&second)).await.assert_error(400, "invalid_grant");
}
