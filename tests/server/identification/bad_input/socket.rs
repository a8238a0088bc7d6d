//! `/identification/events`: first messages, and handshakes, that are none.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::support::identification::{CUSTOMER, Identifying};
use crate::support::waiting_events::WaitingEvents;
use crate::support::{Answer, SHOP, Setup};

const EVENTS: &str = "/identification/events";

pub(super) async fn socket(world: &Identifying) -> WaitingEvents {
    WaitingEvents::open(&world.server, EVENTS, &[("Origin", SHOP)]).await.expect("a socket")
}

#[rocket::async_test]
async fn what_is_no_first_message_opens_nothing() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let doubled = format!("{{\"access_token\":\"{token}\",\"access_token\":\"{token}\"}}");
    for text in [
        "",
        "null",
        "{",
        "[]",
        token.as_str(),
        &json!([token, "bank"]).to_string(),
        &json!({ "accessToken": token }).to_string(),
        &json!({ "access_token": null }).to_string(),
        &json!({ "access_token": "" }).to_string(),
        &json!({ "access_token": token.to_uppercase() }).to_string(),
        &json!({ "access_token": format!("{token}\0") }).to_string(),
        &json!({ "access_token": token, "provider": 1 }).to_string(),
        &json!({ "access_token": token, "provider": "" }).to_string(),
        &json!({ "access_token": token, "provider": "BANK" }).to_string(),
        &doubled,
        &"[".repeat(1_024),
    ] {
        let mut page = socket(&world).await;
        page.send(Message::Text(text.to_owned())).await;
        assert_eq!(page.next_json().await, Err(Some(1008)), "{text}");
    }
    let good = json!({ "access_token": token }).to_string();
    for (message, code) in
        [(Message::Binary(good.clone().into()), 1002), (Message::Text(" ".repeat(1_025)), 1009)]
    {
        let mut page = socket(&world).await;
        page.send(message).await;
        assert_eq!(page.next_json().await, Err(Some(code)));
    }
    assert!(world.server.database.rows("monitors", &["id"]).await.is_empty());
    let mut page = socket(&world).await;
    page.send(Message::Text(format!("{good:<1024}"))).await;
    assert_eq!(page.next_json().await.expect("it waits")["state"], "waiting");
}

#[rocket::async_test]
async fn nothing_may_come_after_the_first_message_and_the_page_can_still_ask() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let mut waiting = world.waits_with(&token, None).await;
    waiting.socket.send_json(&json!({ "access_token": token })).await;
    assert_eq!(waiting.socket.next_json().await, Err(Some(1002)));
    assert_eq!(world.server.database.rows("monitors", &["id"]).await.len(), 1);
    let away = alice.go_away(&waiting).await;
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
    assert_eq!(world.outcome(&waiting.secret, &[]).await.json()["result"], "succeeded");
}

#[rocket::async_test]
async fn a_page_that_says_nothing_is_let_go_and_what_is_no_handshake_is_refused() {
    let short = |setup: &mut Setup| {
        setup.config.socket_times.connect = std::time::Duration::from_millis(100);
    };
    let world = Identifying::with(&["bank"], short).await;
    assert_eq!(socket(&world).await.next_json().await, Err(Some(1008)));
    let browser = world.server.browser();
    let plain = || browser.request(Method::GET, EVENTS).header("Origin", SHOP);
    Answer::of(plain()).await.assert_error(426, "invalid_request");
    let framed = Answer::of(plain().header("Sec-Fetch-Dest", "iframe")).await;
    framed.assert_error(403, "access_denied");
    let doubled = "__Host-monitor=a; __Host-monitor=b";
    let headers = [("Origin", SHOP), ("Cookie", doubled)];
    assert_eq!(WaitingEvents::open(&world.server, EVENTS, &headers).await.err(), Some(400));
    // A cookie that is none is as good as none.
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let waiting = world.waits_with(&token, Some("abc")).await;
    assert!(waiting.path.contains("monitor="), "{}", waiting.path);
}

#[rocket::async_test]
async fn a_client_that_was_switched_off_has_nobody_identified() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let (waiting, begun) = (world.waits(&alice).await, world.waits(&alice).await);
    let away = alice.go_away(&begun).await;
    let now = world.server.clock.now();
    world.server.store.disable_client("shop", now).await.expect("the database");
    assert_eq!(alice.navigate(&waiting.path).await.status, 410);
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 400);
    world.outcome(&waiting.secret, &[]).await.assert_error(404, "not_found");
    assert!(world.kept().await.is_empty());
}
