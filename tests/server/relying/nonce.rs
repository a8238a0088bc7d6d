//! The nonce, which binds a payload to the browser that asked for it.

use super::person::error;
use super::{TRANSACTION, World, at_each_backend, facts};
use crate::support::{NOTES, WIKI, nonce};

at_each_backend![
    the_nonce_is_derived_as_it_is_written_down,
    every_browser_has_a_nonce_of_its_own,
    tabs_that_ask_at_the_same_time_agree,
    without_the_cookie_nothing_is_opened,
    a_cookie_of_another_form_counts_as_none,
    a_payload_made_in_another_browser_is_refused_and_burnt,
    a_payload_for_another_nonce_client_or_page_is_refused,
];

/// The example of docs/relying.md.
const OF_ZEROS: &str = "GFTMTXbVkJ3cfCKCich8d2GvXwOR_PBeJ0Sn-ZHu2nU";

async fn the_nonce_is_derived_as_it_is_written_down(world: &World) {
    let visitor = world.stranger();
    visitor.site.set_cookie(TRANSACTION, &"0".repeat(64));
    let answer = visitor.ask().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), serde_json::json!({ "hasSession": false, "nonce": OF_ZEROS }));
    assert_eq!(answer.header("Cache-Control"), "no-store");
    assert_eq!(answer.set_cookies(), Vec::<&str>::new(), "a good cookie is kept");
}

async fn every_browser_has_a_nonce_of_its_own(world: &World) {
    let (one, other) = (world.stranger(), world.stranger());
    assert_ne!(one.nonce().await, other.nonce().await);
    let cookie = one.site.cookie(TRANSACTION).expect("a cookie");
    assert_ne!(Some(cookie.as_str()), other.site.cookie(TRANSACTION).as_deref());
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(cookie.len() == 64 && cookie.chars().all(hex), "{cookie}");
    assert!(!one.ask().await.text.contains(&cookie), "scripts never see the cookie");
}

async fn tabs_that_ask_at_the_same_time_agree(world: &World) {
    let alice = world.signed_up("alice").await;
    let (first, second) = (alice.payload().await, alice.payload().await);
    assert_eq!(facts(&alice.hand_in(&first).await), (204, "created"));
    assert_eq!(facts(&alice.hand_in(&second).await), (204, "already"));
}

async fn without_the_cookie_nothing_is_opened(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let transaction = alice.site.cookie(TRANSACTION).expect("a cookie");
    alice.site.forget(TRANSACTION);
    let answer = alice.hand_in(&payload).await;
    assert_eq!(error(&answer), (403, "invalid_nonce".into()));
    assert_eq!((facts(&answer), answer.set_cookies().len()), ((403, "none"), 0));
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    alice.site.set_cookie(TRANSACTION, &transaction);
    assert_eq!(facts(&alice.hand_in(&payload).await), (204, "created"), "nothing was used up");
}

async fn a_cookie_of_another_form_counts_as_none(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let transaction = alice.site.cookie(TRANSACTION).expect("a cookie");
    let short = transaction[1..].to_owned();
    for wrong in [short, format!("{transaction}0"), "A".repeat(64), "x".repeat(64), String::new()] {
        alice.site.set_cookie(TRANSACTION, &wrong);
        assert_eq!(error(&alice.hand_in(&payload).await), (403, "invalid_nonce".into()), "{wrong}");
        let answer = alice.ask().await;
        assert_eq!(answer.set_cookies().len(), 1, "a good one is given instead of {wrong}");
    }
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
}

/// Somebody has a victim's browser hand in his own payload, so that she works in his account.
async fn a_payload_made_in_another_browser_is_refused_and_burnt(world: &World) {
    let (bob, victim) = (world.signed_up("bob").await, world.stranger());
    victim.nonce().await;
    let payload = bob.payload().await;
    let answer = victim.hand_in(&payload).await;
    assert_eq!(error(&answer), (403, "payload_refused".into()));
    assert_eq!((facts(&answer), answer.set_cookies().len()), ((403, "none"), 0));
    assert_eq!(victim.is_known_as().await, None);
    assert_eq!(facts(&bob.hand_in(&payload).await), (410, "none"), "it was burnt");
}

async fn a_payload_for_another_nonce_client_or_page_is_refused(world: &World) {
    let alice = world.signed_up("alice").await;
    let own = alice.nonce().await;
    let payloads = [
        alice.accounts.mint("wiki", WIKI, Some(&nonce())).await,
        alice.accounts.mint("notes", NOTES, Some(&own)).await,
        alice.accounts.mint("notes", NOTES, None).await,
    ];
    for payload in payloads {
        assert_eq!(facts(&alice.hand_in(&payload).await), (403, "none"));
    }
    assert_eq!(alice.is_known_as().await, None);
}
