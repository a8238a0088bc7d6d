//! `id_token_hint`: whom the client believes to be there.

use vestibule::clock::{HOUR, MINUTE, SECOND};

use super::{Step, sign_in, with_alice};
use crate::support::{Authorize, Browser, TestServer};

async fn id_token(server: &TestServer, browser: &Browser, client_id: &str) -> String {
    let tokens = match client_id {
        "shop" => server.shop_tokens(browser, "openid").await,
        _ => server.widget_tokens(browser, "openid").await,
    };
    tokens.id.expect("an id token")
}

fn ask(client_id: &str, hint: &str) -> Authorize {
    let asked = if client_id == "shop" { Authorize::shop() } else { Authorize::widget() };
    asked.with("id_token_hint", hint)
}

#[rocket::async_test]
async fn the_client_s_own_is_fine_even_when_it_has_expired() {
    let (server, alice) = with_alice().await;
    for client_id in ["shop", "widget"] {
        let asked = ask(client_id, &id_token(&server, &alice, client_id).await);
        alice.silently(&asked).await.code(&asked);
        alice.authorize(&asked).await.code(&asked);
        server.clock.advance(HOUR);
        alice.silently(&asked).await.code(&asked);
        alice.authorize(&asked).await.code(&asked);
    }
    let asked = ask("shop", &id_token(&server, &alice, "shop").await);
    alice.sign_out().await;
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "login_required");
    alice.sign_in("alice", crate::support::PASSWORD).await;
    alice.silently(&asked).await.code(&asked);
}

#[rocket::async_test]
async fn another_person_is_not_who_was_meant() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    for client_id in ["shop", "widget"] {
        let hers = id_token(&server, &alice, client_id).await;
        let his = id_token(&server, &bob, client_id).await;
        let grants = server.database.rows("grants", &["id"]).await.len();
        for (browser, hint) in [(&alice, &his), (&bob, &hers)] {
            let asked = ask(client_id, hint);
            assert_eq!(browser.silently(&asked).await.refusal(&asked), "login_required");
            let answer = browser.authorize(&asked).await;
            assert!(!answer.location().contains("code="), "{}", answer.location());
        }
        assert_eq!(server.database.rows("grants", &["id"]).await.len(), grants);
    }
}

#[rocket::async_test]
async fn whoever_was_meant_may_still_come() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    let asked = ask("shop", &id_token(&server, &alice, "shop").await);
    let nobody = server.browser();
    let answer = nobody.authorize(&asked).await;
    sign_in(&nobody, &answer, "alice").await.code(&asked);
    server.clock.advance(MINUTE);
    let answer = bob.authorize(&asked).await;
    if super::is_ours(&answer) {
        assert!(Step::of(&answer).path.starts_with("/signin"), "{}", answer.location());
    } else {
        assert_eq!(answer.refusal(&asked), "login_required");
    }
}

#[rocket::async_test]
async fn whoever_comes_instead_is_not_taken_for_who_was_meant() {
    let (server, alice) = with_alice().await;
    server.signed_up("bob").await;
    let asked = ask("shop", &id_token(&server, &alice, "shop").await);
    let nobody = server.browser();
    let answer = nobody.authorize(&asked).await;
    let mut done = sign_in(&nobody, &answer, "bob").await;
    // He may be asked once more, in case he only took the wrong name.
    if super::is_ours(&done) {
        server.clock.advance(SECOND);
        done = sign_in(&nobody, &done, "bob").await;
    }
    assert_eq!(done.refusal(&asked), "login_required");
}

#[rocket::async_test]
async fn one_for_another_client_is_refused() {
    let (server, alice) = with_alice().await;
    let shops = id_token(&server, &alice, "shop").await;
    let widgets = id_token(&server, &alice, "widget").await;
    for asked in [ask("shop", &widgets), ask("widget", &shops)] {
        for browser in [&alice, &server.browser()] {
            assert_eq!(browser.silently(&asked).await.refusal(&asked), "invalid_request");
            assert_eq!(browser.authorize(&asked).await.refusal(&asked), "invalid_request");
        }
    }
}
