//! A page that asks again and again is told to wait; nobody else has to.

use vestibule::clock::SECOND;

use crate::support::{Authorize, Setup};

#[rocket::async_test]
async fn who_asks_for_codes_too_often_is_told_so_by_a_redirect() {
    let server = Setup::new().await.with_openid().with_real_limits().start().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::shop();
    for _ in 0..30 {
        alice.silently(&asked).await.code(&asked);
    }
    let written = server.database.rows("grants", &["id"]).await.len();
    for prompt in ["none", ""] {
        let again = asked.clone().prompt(prompt);
        let error = alice.authorize(&again).await.refusal(&again);
        assert_eq!(error, "temporarily_unavailable", "{prompt:?}");
    }
    assert_eq!(server.database.rows("grants", &["id"]).await.len(), written);
    let other = Authorize::widget();
    alice.silently(&other).await.code(&other);
    bob.silently(&asked).await.code(&asked);
    server.clock.advance(2 * SECOND);
    alice.silently(&asked).await.code(&asked);
}

#[rocket::async_test]
async fn an_answer_without_a_code_costs_nothing() {
    let server = Setup::new().await.with_openid().with_real_limits().start().await;
    let alice = server.signed_up("alice").await;
    let wrong = Authorize::shop().scope("other");
    for _ in 0..40 {
        assert_eq!(alice.authorize(&wrong).await.refusal(&wrong), "invalid_scope");
        let asked = Authorize::shop();
        assert_eq!(server.browser().silently(&asked).await.refusal(&asked), "login_required");
    }
    let asked = Authorize::shop();
    alice.silently(&asked).await.code(&asked);
}
