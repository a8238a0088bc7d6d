//! `POST /flow/{id}/proof`: what the window's script shows in place of a number.

use reqwest::Method;

use super::{hold_asked, provider};
use crate::support::{Answer, FORM, ISSUER, SPECS, TestServer, Waits, encode, nonce, proof_of};

async fn hold_unproved(server: &TestServer, waits: &Waits) {
    hold_asked(server, waits, &server.browser().open_window(waits).await).await;
}

#[rocket::async_test]
async fn another_secret_proves_nothing_and_costs_nothing() {
    let server = provider().await;
    let (waits, other) = (server.begun().await, server.begun().await);
    let window = server.browser();
    for secret in [&nonce(), &other.secret, &waits.id] {
        window.prove(&waits, secret).await.assert_error(403, "access_denied");
    }
    for odd in ["", &waits.secret[1..], &waits.secret.to_uppercase()] {
        window.prove(&waits, odd).await.assert_error(400, "invalid_request");
    }
    assert_eq!(window.cookie(&waits.cookie()), None);
    hold_unproved(&server, &waits).await;
    assert_eq!(window.prove(&waits, &waits.secret).await.status, 200);
}

#[rocket::async_test]
async fn only_our_own_script_proves_anything() {
    let server = provider().await;
    let (waits, window) = (server.begun().await, server.browser());
    let (path, body) = (format!("{}/proof", waits.path()), proof_of(&waits.secret));
    for headers in [
        vec![],
        vec![("Origin", ISSUER)],
        vec![("Origin", SPECS), ("Sec-Fetch-Site", "cross-site")],
        vec![("Origin", ISSUER), ("Sec-Fetch-Site", "same-site")],
        vec![("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
    ] {
        let answer = window.bridge_call_with(&path, &body, &headers).await;
        answer.assert_error(403, "access_denied");
    }
    let form = window.request(Method::POST, &path).header("Content-Type", FORM);
    let form = form.header("Sec-Fetch-Site", "same-origin");
    let form = Answer::of(form.body(encode(&[("waitingSecret", &waits.secret)]))).await;
    form.assert_error(415, "invalid_request");
    for odd in ["{", "[]", "{}", "{\"waitingSecret\":1}", "\"x\""] {
        window.bridge_send(&path, odd.to_owned()).await.assert_error(400, "invalid_request");
    }
    let large = format!("{{\"waitingSecret\":\"{}\"}}", "a".repeat(20_000));
    window.bridge_send(&path, large).await.assert_error(413, "invalid_request");
    hold_unproved(&server, &waits).await;
}

#[rocket::async_test]
async fn a_proof_again_goes_on_in_the_same_browser_and_in_no_other() {
    let server = provider().await;
    let (waits, window, eve) = (server.begun().await, server.browser(), server.browser());
    let first = window.prove(&waits, &waits.secret).await;
    let cookie = window.cookie(&waits.cookie());
    let again = window.prove(&waits, &waits.secret).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    assert_eq!(window.cookie(&waits.cookie()), cookie);
    eve.prove(&waits, &waits.secret).await.assert_error(403, "access_denied");
    assert_eq!(eve.cookie(&waits.cookie()), None);
}

#[rocket::async_test]
async fn a_flow_that_has_ended_or_never_began_is_proved_by_nobody() {
    let server = provider().await;
    let (mut waits, window) = (server.begun().await, server.browser());
    window.answer_window(&waits, "cancel", "").await;
    window.prove(&waits, &waits.secret).await.assert_error(404, "not_found");
    waits.secret = nonce();
    waits.id = crate::support::hash(&waits.secret);
    window.prove(&waits, &waits.secret).await.assert_error(404, "not_found");
    assert_eq!(window.cookie(&waits.cookie()), None);
}

#[rocket::async_test]
async fn the_cookie_is_bound_to_this_host_for_a_quarter_of_an_hour() {
    let server = provider().await;
    let waits = server.begun().await;
    let proved = server.browser().prove(&waits, &waits.secret).await;
    let other = server.begun().await;
    let confirmed = server.browser().confirm(&other).await;
    for (answer, waits) in [(proved, waits), (confirmed, other)] {
        let cookies = answer.set_cookies();
        let [cookie] = cookies.as_slice() else { panic!("one cookie: {cookies:?}") };
        assert!(cookie.starts_with(&format!("{}=", waits.cookie())), "{cookie}");
        for attribute in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=900"] {
            assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
        }
    }
}
