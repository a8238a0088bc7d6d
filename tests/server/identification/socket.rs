//! `/identification/events`: who may wait.

use serde_json::{Value, json};

use crate::support::identification::{Identifying, Waiting};
use crate::support::waiting_events::WaitingEvents;
use crate::support::{SHOP, SPECS, Setup, WIKI, nonce};

async fn refused(world: &Identifying, origin: &str, message: &Value) {
    let headers = [("Origin", origin)];
    let page = WaitingEvents::open(&world.server, "/identification/events", &headers).await;
    let mut page = page.expect("a socket");
    page.send_json(message).await;
    assert_eq!(page.next_json().await, Err(Some(1008)), "{origin} {message}");
}

#[rocket::async_test]
async fn a_page_waits_by_its_own_persons_token_and_nothing_else() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let good = json!({ "access_token": token });
    for origin in [WIKI, SPECS, "https://evil.example"] {
        refused(&world, origin, &good).await;
    }
    let without_scope = world.server.shop_tokens(&alice, "openid payments").await.access;
    let widgets = world.server.widget_tokens(&alice, "openid").await.access;
    let aimed = world.server.backend("shop");
    let aimed = aimed.narrow(&token, "identification", &[("audience", "pay")]).await.tokens();
    let nobodys = world.server.backend("shop");
    let nobodys = nobodys
        .token(&[("grant_type", "client_credentials"), ("scope", "identification")])
        .await
        .tokens();
    for token in [&without_scope, &widgets, &aimed.access, &nobodys.access, &nonce()] {
        refused(&world, SHOP, &json!({ "access_token": token })).await;
    }
    for odd in [
        json!({}),
        json!([token]),
        json!({ "access_token": [token] }),
        json!({ "access_token": token, "more": 1 }),
        json!({ "access_token": token, "provider": "nobody" }),
        json!({ "access_token": token, "provider": "../x" }),
    ] {
        refused(&world, SHOP, &odd).await;
    }
    for headers in [&[][..], &[("Origin", "null")], &[("Origin", SHOP), ("Origin", SHOP)]] {
        let page = WaitingEvents::open(&world.server, "/identification/events", headers).await;
        assert_eq!(page.err(), Some(403), "{headers:?}");
    }
    assert!(world.server.database.rows("monitors", &["id"]).await.is_empty());
    world.server.backend("shop").revoke(&token).await;
    refused(&world, SHOP, &good).await;
}

#[rocket::async_test]
async fn a_narrowed_token_is_enough_and_the_page_may_choose_the_provider() {
    let world = Identifying::with(&["bank", "other"], |_| ()).await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let narrow = world.server.backend("shop").narrow(&token, "identification", &[]).await.tokens();
    let headers = [("Origin", SHOP)];
    let page = WaitingEvents::open(&world.server, "/identification/events", &headers).await;
    let mut page = page.expect("a socket");
    page.send_json(&json!({ "access_token": narrow.access, "provider": "other" })).await;
    let told = page.next_json().await.expect("it waits");
    let uri = told["start_uri"].as_str().expect("an address");
    assert!(uri.contains("/identification/start?provider=other&monitor="), "{uri}");
    let path = uri.strip_prefix(crate::support::ISSUER).expect("one of ours");
    assert!(alice.navigate(path).await.text.contains("Continue to The other"));
}

#[rocket::async_test]
async fn pages_may_begin_to_wait_for_somebody_so_often() {
    let real = |setup: &mut Setup| {
        setup.config.limits.identifications =
            vestibule::limits::Settings::default().identifications;
    };
    let world = Identifying::with(&["bank"], real).await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    let token = world.token(&alice).await;
    for _ in 0..20 {
        world.waits_with(&token, None).await;
    }
    refused(&world, SHOP, &json!({ "access_token": token })).await;
    world.waits(&bob).await;
}

#[rocket::async_test]
async fn a_sixth_page_that_waits_for_the_same_person_ends_the_first() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let mut waiting: Vec<Waiting> = Vec::new();
    for _ in 0..6 {
        world.server.clock.advance(1);
        waiting.push(world.waits_with(&token, None).await);
    }
    waiting.remove(0).hold_failed("canceled").await;
    for page in &waiting {
        assert_eq!(world.outcome(&page.secret, &[]).await.json()["state"], "waiting");
    }
}
