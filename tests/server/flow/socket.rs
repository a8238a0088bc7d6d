//! `/flow/events`: the page that waits on a socket.

use std::time::Duration;

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use vestibule::clock::MINUTE;

use super::{finish, provider, with_alice};
use crate::support::waiting_events::WaitingEvents;
use crate::support::{Answer, SHOP, SPECS, Setup, WIKI, nonce};

const SHORT: Duration = Duration::from_millis(100);

#[rocket::async_test]
async fn the_page_is_told_that_it_waits_and_how_it_ends() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    finish(&alice, &waits).await;
    let told = page.next_json().await.expect("the outcome");
    assert_eq!(told, server.outcome(&waits).await, "the same as by asking");
    assert_eq!(page.next_json().await, Err(Some(1000)));
    let mut late = WaitingEvents::of_specs(&server).await;
    late.present(&waits.secret).await;
    assert_eq!(late.next_json().await, Ok(told));
    assert_eq!(late.next_json().await, Err(Some(1000)));
}

#[rocket::async_test]
async fn a_cancel_and_the_end_of_the_time_are_told() {
    let server = provider().await;
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    server.browser().answer_window(&waits, "cancel", "").await;
    let told = page.next_json().await.expect("the outcome");
    assert_eq!(told["response"]["error"], "access_denied");
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    server.clock.advance(15 * MINUTE);
    let told = page.next_json().await.expect("the outcome");
    assert_eq!(told["response"]["error"], "expired_token");
    assert_eq!(page.next_json().await, Err(Some(1000)));
}

#[rocket::async_test]
async fn what_is_no_waiting_secret_opens_nothing() {
    let server = provider().await;
    let waits = server.begun().await;
    let secret = &waits.secret;
    let doubled = format!("{{\"waiting_secret\":\"{secret}\",\"waiting_secret\":\"{secret}\"}}");
    let more = format!("{{\"waiting_secret\":\"{secret}\",\"more\":1}}");
    for text in [
        "",
        "{}",
        "[]",
        "null",
        secret.as_str(),
        &json!({ "waiting_secret": nonce() }).to_string(),
        &json!({ "waiting_secret": waits.id }).to_string(),
        &json!({ "waiting_secret": secret.to_uppercase() }).to_string(),
        &json!({ "waiting_secret": [secret] }).to_string(),
        &json!({ "waitingSecret": secret }).to_string(),
        &doubled,
        &more,
    ] {
        let mut page = WaitingEvents::of_specs(&server).await;
        page.send(Message::Text(text.to_owned())).await;
        assert_eq!(page.next_json().await, Err(Some(1008)), "{text}");
    }
    let mut page = WaitingEvents::of_specs(&server).await;
    page.send(Message::Binary(json!({ "waiting_secret": secret }).to_string().into())).await;
    assert_eq!(page.next_json().await, Err(Some(1002)));
}

#[rocket::async_test]
async fn a_page_of_another_site_has_no_use_for_the_secret() {
    let server = provider().await;
    let waits = server.begun().await;
    for origin in [WIKI, SHOP, "https://evil.example"] {
        let headers = [("Origin", origin)];
        let page = WaitingEvents::open(&server, "/flow/events", &headers).await;
        let mut page = page.expect("a socket");
        page.present(&waits.secret).await;
        assert_eq!(page.next_json().await, Err(Some(1008)), "{origin}");
    }
    let refused: [&[(&str, &str)]; 4] = [
        &[],
        &[("Origin", "null")],
        &[("Origin", SPECS), ("Origin", SPECS)],
        &[("Origin", "http://evil.example")],
    ];
    for headers in refused {
        let page = WaitingEvents::open(&server, "/flow/events", headers).await;
        assert_eq!(page.err(), Some(403), "{headers:?}");
    }
    let plain = server.browser().request(reqwest::Method::GET, "/flow/events");
    let plain = Answer::of(plain.header("Origin", SPECS)).await;
    plain.assert_error(426, "invalid_request");
}

#[rocket::async_test]
async fn nothing_may_come_after_the_first_message() {
    let server = provider().await;
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    page.present(&waits.secret).await;
    assert_eq!(page.next_json().await, Err(Some(1002)));
}

#[rocket::async_test]
async fn a_message_is_at_most_a_kibibyte() {
    let server = provider().await;
    let mut page = WaitingEvents::of_specs(&server).await;
    page.send(Message::Text(" ".repeat(1_025))).await;
    assert_eq!(page.next_json().await, Err(Some(1009)));
    let waits = server.begun().await;
    let mut page = WaitingEvents::of_specs(&server).await;
    let text = json!({ "waiting_secret": waits.secret }).to_string();
    page.send(Message::Text(format!("{text:<1024}"))).await;
    assert_eq!(page.next_json().await, Ok(json!({ "state": "pending" })));
}

#[rocket::async_test]
async fn a_flow_has_five_sockets() {
    let server = provider().await;
    let waits = server.begun().await;
    let mut pages = Vec::new();
    for _ in 0..5 {
        pages.push(WaitingEvents::waiting(&server, &waits.secret).await);
    }
    let mut sixth = WaitingEvents::of_specs(&server).await;
    sixth.present(&waits.secret).await;
    assert_eq!(sixth.next_json().await, Err(Some(1008)));
    server.browser().answer_window(&waits, "cancel", "").await;
    for mut page in pages {
        assert_eq!(page.next_json().await.expect("the outcome")["state"], "completed");
    }
}

#[rocket::async_test]
async fn a_page_that_says_nothing_is_let_go() {
    let mut setup = Setup::new().await.with_openid();
    setup.config.socket_times.connect = SHORT;
    let server = setup.start().await;
    let mut page = WaitingEvents::of_specs(&server).await;
    assert_eq!(page.next_json().await, Err(Some(1008)));
}

#[rocket::async_test]
async fn a_silent_page_is_pinged() {
    let mut setup = Setup::new().await.with_openid();
    setup.config.socket_times.ping = SHORT;
    let server = setup.start().await;
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    page.ping().await;
    page.ping().await;
}

#[rocket::async_test]
async fn a_server_that_stops_says_so() {
    let server = provider().await;
    let waits = server.begun().await;
    let mut page = WaitingEvents::waiting(&server, &waits.secret).await;
    server.shutdown().notify();
    assert_eq!(page.next_json().await, Err(Some(1001)));
}

#[rocket::async_test]
async fn a_client_that_was_switched_off_hears_nothing() {
    let server = provider().await;
    let waits = server.begun().await;
    server.store.disable_client("widget", server.clock.now()).await.expect("the database");
    let mut page = WaitingEvents::of_specs(&server).await;
    page.present(&waits.secret).await;
    assert_eq!(page.next_json().await, Err(Some(1008)));
}

#[rocket::async_test]
async fn a_page_that_leaves_leaves_nothing_behind() {
    let server = provider().await;
    let waits = server.begun().await;
    let page = WaitingEvents::waiting(&server, &waits.secret).await;
    assert_eq!(server.events.awaited(), 1);
    drop(page);
    let gone = async {
        while server.events.awaited() > 0 {
            rocket::tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    rocket::tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is noticed");
}
