//! What people and pages do, from the click to the token.

use serde_json::json;

use super::{done, finish, hold_asked, provider, walk, with_alice};
use crate::openid::{Step, say};
use crate::support::{Authorize, SHOP, TestServer, Waits, http};

/// What the widget gets for its code.
async fn redeem(server: &TestServer, waits: &Waits, code: &str) -> (u16, serde_json::Value) {
    let fields = [waits.asked.redemption(code), vec![("client_id", "widget")]].concat();
    let body = crate::support::encode(&fields);
    let request = http().post(format!("{}/oauth/token", server.url)).body(body);
    let answer = crate::support::Answer::of(request.header("Content-Type", crate::support::FORM));
    let answer = answer.await;
    (answer.status, answer.json())
}

#[rocket::async_test]
async fn somebody_signs_in_agrees_and_the_page_gets_its_code() {
    let server = provider().await;
    server.signed_up("alice").await;
    let (waits, window) = (server.begun().await, server.browser());
    hold_asked(&server, &waits, &window.open_window(&waits).await).await;
    let visited = walk(&window, window.confirm(&waits).await).await;
    let expected =
        ["/oauth/authorize", "/signin", "/consent", &done(&waits)].map(str::to_owned).to_vec();
    assert_eq!(visited, expected);
    let end = window.get(&done(&waits)).await;
    assert!(end.status == 200 && end.text.contains("You can close this window"), "{}", end.text);
    let code = server.code_of(&waits).await;
    assert_eq!(server.code_of(&waits).await, code, "the same again, if the answer was lost");
    let (status, tokens) = redeem(&server, &waits, &code).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string());
    let (status, again) = redeem(&server, &waits, &code).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")), "it is good once");
}

#[rocket::async_test]
async fn two_windows_that_are_confirmed_at_once_both_go_on() {
    let (server, alice) = with_alice().await;
    for _ in 0..5 {
        let (one, two) = (server.begun().await, server.begun().await);
        let (first, second) = rocket::tokio::join!(alice.confirm(&one), alice.confirm(&two));
        for (waits, answer) in [(&one, first), (&two, second)] {
            assert_eq!(walk(&alice, answer).await.last(), Some(&done(waits)));
            server.code_of(waits).await;
        }
    }
}

#[rocket::async_test]
async fn the_mark_of_a_flow_is_taken_from_the_browser_at_its_end_and_no_sooner() {
    let (server, alice) = with_alice().await;
    let (waits, other) = (server.begun().await, server.begun().await);
    alice.confirm(&other).await;
    let onward = alice.confirm(&waits).await;
    alice.get(&done(&waits)).await;
    assert!(alice.cookie(&waits.cookie()).is_some(), "it has not ended");
    walk(&alice, onward).await;
    alice.get(&done(&waits)).await;
    assert_eq!(alice.cookie(&waits.cookie()), None);
    assert!(alice.cookie(&other.cookie()).is_some());
}

#[rocket::async_test]
async fn whoever_is_signed_in_and_has_agreed_only_compares_the_number() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let visited = walk(&alice, alice.confirm(&waits).await).await;
    assert_eq!(visited, ["/oauth/authorize".to_owned(), done(&waits)]);
    server.code_of(&waits).await;
}

#[rocket::async_test]
async fn a_window_that_still_has_its_opener_spares_the_number() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    hold_asked(&server, &waits, &alice.open_window(&waits).await).await;
    let proved = alice.prove(&waits, &waits.secret).await;
    assert_eq!(proved.status, 200, "{}", proved.text);
    let next = proved.json()["next"].as_str().expect("a path").to_owned();
    assert!(next.starts_with("/oauth/authorize?"), "{next}");
    assert_eq!(Step::of(&alice.get(&next).await).path, done(&waits));
    server.code_of(&waits).await;
}

#[rocket::async_test]
async fn a_no_is_told_and_so_is_a_cancel() {
    let server = provider().await;
    let alice = server.signed_up("alice").await;
    let waits = server.begun().await;
    let at = Step::of(&alice.confirm(&waits).await).whole;
    let denied = say(&alice, &alice.get(&at).await, "deny").await;
    assert_eq!(Step::of(&denied).path, done(&waits));
    assert_eq!(server.error_of(&waits).await, "access_denied");

    let waits = server.begun().await;
    let answer = alice.answer_window(&waits, "cancel", "").await;
    assert_eq!(Step::of(&answer).path, waits.path());
    assert!(alice.get(&waits.path()).await.text.contains("You canceled"));
    assert_eq!(server.error_of(&waits).await, "access_denied");
}

#[rocket::async_test]
async fn two_windows_of_one_browser_go_their_own_ways() {
    let (server, alice) = with_alice().await;
    let (first, second) = (server.begun().await, server.begun().await);
    let at_first = Step::of(&alice.confirm(&first).await).whole;
    let at_second = Step::of(&alice.confirm(&second).await).whole;
    assert_eq!(Step::of(&alice.get(&at_first).await).path, done(&first));
    assert_eq!(Step::of(&alice.get(&at_second).await).path, done(&second));
    assert_ne!(server.code_of(&first).await, server.code_of(&second).await);
}

#[rocket::async_test]
async fn a_window_that_is_loaded_again_goes_on_where_it_was() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    alice.confirm(&waits).await;
    let again = alice.open_window(&waits).await;
    assert_eq!(Step::of(&again).path, "/oauth/authorize");
    assert_eq!(walk(&alice, again).await.last(), Some(&done(&waits)));
    let page = alice.open_window(&waits).await;
    assert!(page.status == 200 && page.text.contains("You are signed in at Widget"));
}

#[rocket::async_test]
async fn an_organisations_own_site_is_confirmed_like_any_other() {
    let (server, alice) = with_alice().await;
    let waits = server.begun_at(SHOP, Authorize::shop()).await;
    hold_asked(&server, &waits, &alice.open_window(&waits).await).await;
    finish(&alice, &waits).await;
    server.code_of(&waits).await;
}

#[rocket::async_test]
async fn what_a_person_is_to_be_asked_is_asked() {
    let (server, alice) = with_alice().await;
    let pages =
        [("login", "/signin"), ("consent", "/consent"), ("select_account", "/signin/choose")];
    for (prompt, page) in pages {
        let asked = Authorize::widget().prompt(prompt).with("login_hint", "alice");
        let waits = server.begun_at(crate::support::SPECS, asked).await;
        server.clock.advance(vestibule::clock::SECOND);
        let visited = walk(&alice, alice.confirm(&waits).await).await;
        assert!(visited.contains(&page.to_owned()), "{prompt}: {visited:?}");
        assert_eq!(visited.last(), Some(&done(&waits)), "{prompt}: {visited:?}");
        server.code_of(&waits).await;
    }
}
