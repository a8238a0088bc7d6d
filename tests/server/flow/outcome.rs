//! `POST /flow/outcome`: what the page that waits is told, and who is told nothing.

use std::time::{Duration, Instant};

use rocket::tokio::time::sleep;
use serde_json::json;
use vestibule::clock::SECOND;

use super::{finish, provider, with_alice};
use crate::support::waiting_events::WaitingEvents;
use crate::support::{Answer, FORM, SHOP, SPECS, WIKI, encode, http, nonce};

#[rocket::async_test]
async fn who_has_no_secret_of_ours_is_told_nothing() {
    let server = provider().await;
    let waits = server.begun().await;
    for unknown in [nonce(), waits.id.clone()] {
        let answer = server.outcome_with(&[("waiting_secret", &unknown)], &[]).await;
        answer.assert_error(404, "not_found");
    }
    for odd in ["", "abc", &waits.secret.to_uppercase(), &waits.secret[1..]] {
        let answer = server.outcome_with(&[("waiting_secret", odd)], &[]).await;
        answer.assert_error(400, "invalid_request");
    }
    let secret = ("waiting_secret", waits.secret.as_str());
    server.outcome_with(&[secret, secret], &[]).await.assert_error(400, "invalid_request");
}

#[rocket::async_test]
async fn a_page_of_another_site_is_told_nothing_even_with_the_secret() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let secret = [("waiting_secret", waits.secret.as_str())];
    for ended in [false, true] {
        if ended {
            finish(&alice, &waits).await;
        }
        for origin in [WIKI, SHOP, "null", "", "https://evil.test"] {
            let answer = server.outcome_with(&secret, &[("Origin", origin)]).await;
            answer.assert_error(403, "access_denied");
        }
        let two = [("Origin", SPECS), ("Origin", SPECS)];
        server.outcome_with(&secret, &two).await.assert_error(403, "access_denied");
        let own = server.outcome_with(&secret, &[("Origin", SPECS)]).await;
        assert_eq!(own.status, 200, "{}", own.text);
        assert_eq!(own.header("Access-Control-Allow-Origin"), SPECS);
        assert_eq!(own.header("Access-Control-Allow-Credentials"), "");
        assert_eq!(own.header("Cache-Control"), "no-store");
    }
}

#[rocket::async_test]
async fn a_page_may_wait_25_seconds_and_no_longer() {
    let server = provider().await;
    let waits = server.begun().await;
    for odd in ["26", "-1", "x", "1.5", "99999999999999999999"] {
        let fields = [("waiting_secret", waits.secret.as_str()), ("wait", odd)];
        server.outcome_with(&fields, &[]).await.assert_error(400, "invalid_request");
    }
    let begun = Instant::now();
    let fields = [("waiting_secret", waits.secret.as_str()), ("wait", "1")];
    let answer = server.outcome_with(&fields, &[]).await;
    assert_eq!(answer.json(), json!({ "state": "pending" }));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[rocket::async_test]
async fn questions_and_sockets_have_five_places_together_and_the_next_is_answered_at_once() {
    const WAIT: Duration = Duration::from_secs(4);
    let server = provider().await;
    let waits = server.begun().await;
    let mut sockets = Vec::new();
    for _ in 0..4 {
        sockets.push(WaitingEvents::waiting(&server, &waits.secret).await);
    }
    let fields = [("waiting_secret", waits.secret.as_str()), ("wait", "4")];
    let ask = async || {
        let begun = Instant::now();
        let answer = server.outcome_with(&fields, &[]).await;
        assert_eq!(answer.json(), json!({ "state": "pending" }));
        begun.elapsed() >= WAIT
    };
    let (one, two) = rocket::tokio::join!(ask(), ask());
    assert!(one != two, "one has waited, and the other has not: {one} {two}");
    sockets.push(WaitingEvents::waiting(&server, &waits.secret).await);
    assert!(!ask().await, "there is no place, and it is answered all the same");
}

#[rocket::async_test]
async fn a_page_that_waits_is_told_at_once() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let fields = [("waiting_secret", waits.secret.as_str()), ("wait", "25")];
    let asking = server.outcome_with(&fields, &[("Origin", SPECS)]);
    let ending = async {
        while server.events.awaited() == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        finish(&alice, &waits).await;
    };
    let begun = Instant::now();
    let (answer, ()) = rocket::tokio::join!(asking, ending);
    assert_eq!(answer.json()["state"], "completed", "{}", answer.text);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[rocket::async_test]
async fn a_page_that_was_away_gets_its_code_and_may_ask_again_for_a_minute() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    finish(&alice, &waits).await;
    server.clock.advance(10 * 60 * SECOND);
    let code = server.code_of(&waits).await;
    server.clock.advance(59 * SECOND);
    assert_eq!(server.code_of(&waits).await, code);
    let fields = [waits.asked.redemption(&code), vec![("client_id", "widget")]].concat();
    let request = http().post(format!("{}/oauth/token", server.url)).header("Content-Type", FORM);
    let tokens = Answer::of(request.body(encode(&fields))).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    server.clock.advance(SECOND);
    assert_eq!(server.error_of(&waits).await, "expired_token");
}

#[rocket::async_test]
async fn a_code_that_was_given_lives_no_longer_than_any_other() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    finish(&alice, &waits).await;
    server.clock.advance(5 * 60 * SECOND);
    let code = server.code_of(&waits).await;
    server.clock.advance(60 * SECOND);
    let fields = [waits.asked.redemption(&code), vec![("client_id", "widget")]].concat();
    let request = http().post(format!("{}/oauth/token", server.url)).header("Content-Type", FORM);
    Answer::of(request.body(encode(&fields))).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn a_code_that_nobody_fetched_in_time_is_given_to_nobody() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    finish(&alice, &waits).await;
    server.clock.advance(16 * 60 * SECOND);
    assert_eq!(server.error_of(&waits).await, "expired_token");
}

#[rocket::async_test]
async fn an_answer_without_state_has_none() {
    let (server, alice) = with_alice().await;
    let asked = crate::support::Authorize::widget().without("state");
    let waits = server.begun_at(SPECS, asked).await;
    finish(&alice, &waits).await;
    let told = server.outcome(&waits).await;
    let names: Vec<&String> = told["response"].as_object().expect("members").keys().collect();
    assert_eq!(names, ["code", "iss"]);
}
