//! The accounts server is away, slow, or talks nonsense. Nobody is signed in or out by that.

use rocket::tokio;
use std::time::{Duration, Instant};

use super::person::error;
use super::{Mode, Person, Wire, World, at_each_backend, facts};
use crate::support::Answer;

at_each_backend![
    a_refused_connection_is_502,
    a_cut_connection_is_502,
    an_accounts_server_that_says_nothing_is_504_in_time,
    an_answer_that_does_not_end_in_time_is_504,
    an_answer_of_another_shape_is_502,
    another_status_is_502,
    a_redirect_is_not_followed,
    an_answer_that_is_too_long_is_502,
    a_busy_accounts_server_is_503_with_its_patience,
    what_fails_leaves_the_session_as_it_is,
];

/// An answer as it goes over the wire.
pub fn http(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         {more}Connection: close\r\n\r\n{body}"
    )
}

/// Hands in a good payload while the wire does this.
async fn arrive(world: &World, alice: &Person, mode: Mode) -> Answer {
    world.wire.set(Mode::Open);
    let payload = alice.payload().await;
    world.wire.set(mode);
    let answer = alice.hand_in(&payload).await;
    assert_eq!(answer.set_cookies(), Vec::<&str>::new());
    assert!(!answer.text.contains(&payload));
    answer
}

async fn a_refused_connection_is_502(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    world.wire.close().await;
    let answer = alice.hand_in(&payload).await;
    assert_eq!(error(&answer), (502, "accounts_unreachable".into()));
    assert_eq!(facts(&answer), (502, "none"));
}

async fn a_cut_connection_is_502(world: &World) {
    let alice = world.signed_up("alice").await;
    for mode in [Mode::Cut, Mode::CutAt("/v1/session/recover")] {
        let answer = arrive(world, &alice, mode).await;
        assert_eq!(error(&answer), (502, "accounts_unreachable".into()));
        assert_eq!(facts(&answer), (502, "none"));
    }
}

async fn an_accounts_server_that_says_nothing_is_504_in_time(world: &World) {
    let alice = world.signed_up("alice").await;
    let begun = Instant::now();
    let answer = arrive(world, &alice, Mode::Silent).await;
    assert_eq!(error(&answer), (504, "accounts_timeout".into()));
    assert_eq!(facts(&answer), (504, "none"));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

async fn an_answer_that_does_not_end_in_time_is_504(world: &World) {
    let alice = world.signed_up("alice").await;
    let promised = http("200 OK", "", "{\"uid\":").replace("Length: 7", "Length: 700");
    for begun in ["HTTP/1.1 200 OK\r\n", promised.as_str()] {
        let answer = arrive(world, &alice, Mode::Begins(begun.to_owned())).await;
        assert_eq!(error(&answer), (504, "accounts_timeout".into()), "{begun}");
        assert_eq!(facts(&answer), (504, "none"));
    }
}

async fn an_answer_of_another_shape_is_502(world: &World) {
    let alice = world.signed_up("alice").await;
    for body in [
        "",
        "<!doctype html>",
        "null",
        "[]",
        "{}",
        r#"{"uid":"a"}"#,
        r#"{"sid":"s","authTime":1}"#,
        r#"{"uid":7,"sid":"s","authTime":1}"#,
        r#"{"uid":"","sid":"s","authTime":1}"#,
        r#"{"uid":"a","sid":"","authTime":1}"#,
        r#"{"uid":"a","sid":"s","authTime":"1"}"#,
        r#"{"uid":"a","sid":"s","authTime":1"#,
    ] {
        let answer = arrive(world, &alice, Mode::Says(http("200 OK", "", body))).await;
        assert_eq!(error(&answer), (502, "accounts_error".into()), "{body}");
        assert_eq!(facts(&answer), (502, "none"));
    }
    for rubbish in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0\0\0\0\0", "HTTP/1.1 200"] {
        let answer = arrive(world, &alice, Mode::Says(rubbish.to_owned())).await;
        assert_eq!(facts(&answer), (502, "none"), "{rubbish:?}");
    }
    assert_eq!(alice.is_known_as().await, None);
}

async fn another_status_is_502(world: &World) {
    let alice = world.signed_up("alice").await;
    let profile = r#"{"uid":"a","sid":"s","authTime":1}"#;
    for status in ["201 Created", "400 Bad Request", "401 Unauthorized", "404 Not Found", "500 No"]
    {
        let answer = arrive(world, &alice, Mode::Says(http(status, "", profile))).await;
        assert_eq!(error(&answer), (502, "accounts_error".into()), "{status}");
        assert_eq!(facts(&answer), (502, "none"));
    }
}

async fn a_redirect_is_not_followed(world: &World) {
    let alice = world.signed_up("alice").await;
    let elsewhere = Wire::to(&world.accounts.url).await;
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}/v1/session/recover\r\n", elsewhere.url);
        let answer = arrive(world, &alice, Mode::Says(http(status, &location, ""))).await;
        assert_eq!(facts(&answer), (502, "none"), "{status}");
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(elsewhere.is_quiet(), "the secret and the payload went nowhere else");
}

async fn an_answer_that_is_too_long_is_502(world: &World) {
    let alice = world.signed_up("alice").await;
    let padding = "x".repeat(70_000);
    let body = format!(r#"{{"uid":"a","sid":"s","authTime":1,"padding":"{padding}"}}"#);
    let answer = arrive(world, &alice, Mode::Says(http("200 OK", "", &body))).await;
    assert_eq!(error(&answer), (502, "accounts_error".into()));
    let begun = Instant::now();
    let endless = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_owned();
    let answer = arrive(world, &alice, Mode::Endless(endless)).await;
    assert_eq!(error(&answer), (502, "accounts_error".into()));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

async fn a_busy_accounts_server_is_503_with_its_patience(world: &World) {
    let alice = world.signed_up("alice").await;
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let busy = http(status, "Retry-After: 7\r\n", r#"{"error":"rate_limited"}"#);
        let answer = arrive(world, &alice, Mode::Says(busy)).await;
        assert_eq!(error(&answer), (503, "accounts_busy".into()));
        assert_eq!(facts(&answer), (503, "none"));
        assert_eq!(answer.header("Retry-After"), "7");
    }
}

async fn what_fails_leaves_the_session_as_it_is(world: &World) {
    let alice = world.member("alice").await;
    let before = alice.session();
    for mode in [Mode::Cut, Mode::Says(http("500 No", "", "")), Mode::Says("rubbish".into())] {
        assert_eq!(facts(&arrive(world, &alice, mode).await), (502, "none"));
        assert_eq!(alice.session(), before);
        assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    }
    // A payload that was refused over there says nothing about the person who is here.
    world.wire.set(Mode::Open);
    assert_eq!(facts(&alice.hand_in(&"0".repeat(64)).await), (410, "none"));
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}
