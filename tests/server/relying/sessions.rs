//! What handing in a payload does to the session that is, or is not, there.

use vestibule::clock::MINUTE;

use super::person::error;
use super::{Mode, SESSION, TRANSACTION, World, at_each_backend, facts};

at_each_backend![
    a_planted_session_id_is_never_used,
    the_same_sign_in_again_leaves_the_session_as_it_is,
    a_changed_profile_is_taken_over_under_a_new_id,
    a_later_sign_in_of_the_same_person_resumes,
    a_session_of_somebody_else_is_not_replaced,
    a_session_of_somebody_else_that_ended_over_there_gives_way,
    without_a_clear_no_a_session_of_somebody_else_stays,
    an_empty_payload_closes_the_session,
    an_empty_payload_closes_without_asking_the_accounts_server,
    only_a_page_of_the_site_closes_the_session,
    without_a_session_there_is_nothing_to_close,
    a_used_payload_is_gone_and_ends_what_it_opened,
    a_payload_is_gone_after_a_minute,
    a_payload_is_gone_with_the_session_it_was_minted_by,
    tabs_that_hand_in_at_the_same_time_all_end_signed_in,
    the_secret_of_the_accounts_session_never_reaches_the_site,
];

async fn a_planted_session_id_is_never_used(world: &World) {
    let alice = world.signed_up("alice").await;
    let planted = "c0".repeat(32);
    alice.site.set_cookie(SESSION, &planted);
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
    assert_ne!(alice.session(), planted);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    let attacker = world.stranger();
    attacker.site.set_cookie(SESSION, &planted);
    assert_eq!(attacker.is_known_as().await, None);
}

/// Requests of other tabs may be under way with its cookie.
async fn the_same_sign_in_again_leaves_the_session_as_it_is(world: &World) {
    let alice = world.member("alice").await;
    let (before, profile) = (alice.session(), alice.profile().await);
    world.accounts.clock.advance(9 * MINUTE);
    let answer = alice.arrive().await;
    assert_eq!((facts(&answer), answer.set_cookies().len()), ((204, "already"), 0));
    assert_eq!(alice.session(), before);
    assert_eq!(alice.profile().await, profile);
}

async fn a_changed_profile_is_taken_over_under_a_new_id(world: &World) {
    let alice = world.member("alice").await;
    let before = alice.session();
    let fields =
        [("full_name", "Alice Liddell"), ("username", "alice"), ("email", "alice@example.org")];
    assert_eq!(alice.accounts.post("/account/profile", &fields).await.status, 303);
    assert_eq!(facts(&alice.arrive().await), (204, "already"));
    assert_ne!(alice.session(), before);
    assert_eq!(alice.profile().await["fullName"], "Alice Liddell");
    let thief = world.stranger();
    thief.site.set_cookie(SESSION, &before);
    assert_eq!(thief.is_known_as().await, None, "the old id opens nothing");
}

async fn a_later_sign_in_of_the_same_person_resumes(world: &World) {
    let alice = world.member("alice").await;
    let (before, profile) = (alice.session(), alice.profile().await);
    alice.accounts.sign_out().await;
    alice.sign_in("alice").await;
    assert_eq!(facts(&alice.arrive().await), (204, "resumed"));
    let after = alice.profile().await;
    assert_eq!(after["uid"], profile["uid"]);
    assert_ne!(after["sid"], profile["sid"]);
    alice.site.set_cookie(SESSION, &before);
    assert_eq!(alice.is_known_as().await, None);
}

async fn a_session_of_somebody_else_is_not_replaced(world: &World) {
    let alice = world.member("alice").await;
    let bob = world.signed_up("bob").await;
    bob.site.set_cookie(SESSION, &alice.session());
    let answer = bob.arrive().await;
    assert_eq!(error(&answer), (409, "other_account".into()));
    assert_eq!((facts(&answer), answer.set_cookies().len()), ((409, "none"), 0));
    assert_eq!(bob.is_known_as().await.as_deref(), Some("alice"), "her session is as it was");
    // Once it has been closed, his way is free.
    assert_eq!(facts(&bob.hand_in("").await), (401, "closed"));
    assert_eq!(facts(&bob.arrive().await), (204, "created"));
    assert_eq!(bob.is_known_as().await.as_deref(), Some("bob"));
}

/// Alice goes and Bob comes, on one computer: the site has not heard of her sign-out yet.
async fn a_session_of_somebody_else_that_ended_over_there_gives_way(world: &World) {
    let shared = world.member("alice").await;
    let before = shared.session();
    shared.accounts.sign_out().await;
    assert_eq!(shared.accounts.sign_up("bob").await.status, 303);
    assert_eq!(facts(&shared.arrive().await), (204, "created"));
    assert_eq!(shared.is_known_as().await.as_deref(), Some("bob"));
    let thief = world.stranger();
    thief.site.set_cookie(SESSION, &before);
    assert_eq!(thief.is_known_as().await, None);
}

async fn without_a_clear_no_a_session_of_somebody_else_stays(world: &World) {
    let shared = world.member("alice").await;
    shared.accounts.sign_out().await;
    assert_eq!(shared.accounts.sign_up("bob").await.status, 303);
    let status = "/v1/session/status";
    world.wire.set(Mode::CutAt(status));
    assert_eq!(facts(&shared.arrive().await), (409, "none"));
    for (code, body) in [
        ("200 OK", "{}"),
        ("200 OK", r#"{"active":0}"#),
        ("200 OK", ""),
        ("500 No", r#"{"active":false}"#),
    ] {
        let length = body.len();
        let head = format!("HTTP/1.1 {code}\r\nContent-Length: {length}\r\nConnection: close");
        world.wire.set(Mode::SaysAt(status, format!("{head}\r\n\r\n{body}")));
        assert_eq!(facts(&shared.arrive().await), (409, "none"), "{code} {body}");
    }
    assert_eq!(shared.is_known_as().await.as_deref(), Some("alice"));
    world.wire.set(Mode::Open);
    assert_eq!(facts(&shared.arrive().await), (204, "created"));
}

async fn an_empty_payload_closes_the_session(world: &World) {
    let alice = world.member("alice").await;
    let elsewhere = world.signed_in("alice").await;
    assert_eq!(facts(&elsewhere.arrive().await), (204, "created"));
    let before = alice.session();
    alice.accounts.sign_out().await;

    let answer = alice.post("/sso", &super::person::OWN_PAGE, "").await;
    assert_eq!(facts(&answer), (415, "none"), "no body is not an empty payload");
    let answer = alice.hand_in("").await;
    assert_eq!(facts(&answer), (401, "closed"));
    assert_eq!(error(&answer), (401, "login_required".into()));
    assert_eq!(alice.site.cookie(SESSION), None, "the cookie is taken away");
    alice.site.set_cookie(SESSION, &before);
    assert_eq!(alice.is_known_as().await, None, "and opens nothing");
    assert_eq!(facts(&alice.hand_in("").await), (401, "none"), "closed once");
    assert_eq!(elsewhere.is_known_as().await.as_deref(), Some("alice"));
}

/// Also where the session would have been asked after again: it is closed, whoever says what.
async fn an_empty_payload_closes_without_asking_the_accounts_server(world: &World) {
    let alice = world.member("alice").await;
    let json = [super::person::OWN_PAGE[0], super::person::JSON];
    world.ten_minutes_later().await;
    alice.accounts.sign_out().await;
    let answer = alice.post("/sso", &json, r#"{"recoveryPayload":""}"#).await;
    assert_eq!(facts(&answer), (401, "closed"));
    assert_eq!(alice.is_known_as().await, None);
    assert_eq!(world.wire.calls("status"), 0);
}

async fn only_a_page_of_the_site_closes_the_session(world: &World) {
    let alice = world.member("alice").await;
    for site in ["same-site", "cross-site", "none"] {
        let answer = alice.hand_in_from(&[("Sec-Fetch-Site", site)], "").await;
        assert_eq!(facts(&answer), (403, "none"), "{site}");
    }
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

async fn without_a_session_there_is_nothing_to_close(world: &World) {
    let visitor = world.stranger();
    assert_eq!(facts(&visitor.hand_in("").await), (401, "none"));
    visitor.site.set_cookie(SESSION, &"c0".repeat(32));
    assert_eq!(facts(&visitor.hand_in("").await), (401, "none"));
    assert!(world.wire.is_quiet());
}

async fn a_used_payload_is_gone_and_ends_what_it_opened(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    assert_eq!(facts(&alice.hand_in(&payload).await), (204, "created"));
    let thief = world.stranger();
    thief.site.set_cookie(TRANSACTION, &alice.site.cookie(TRANSACTION).expect("a cookie"));
    assert_eq!(facts(&thief.hand_in(&payload).await), (410, "none"));
    assert_eq!(thief.is_known_as().await, None);
    world.ten_minutes_later().await;
    assert_eq!(alice.is_known_as().await, None);
}

async fn a_payload_is_gone_after_a_minute(world: &World) {
    let alice = world.signed_up("alice").await;
    let (early, late) = (alice.payload().await, alice.payload().await);
    world.accounts.clock.advance(MINUTE - 1);
    assert_eq!(facts(&alice.hand_in(&early).await), (204, "created"));
    world.accounts.clock.advance(1);
    assert_eq!(facts(&alice.hand_in(&late).await), (410, "none"));
}

async fn a_payload_is_gone_with_the_session_it_was_minted_by(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    alice.accounts.sign_out().await;
    assert_eq!(facts(&alice.hand_in(&payload).await), (410, "none"));
    assert_eq!(alice.is_known_as().await, None);
}

async fn tabs_that_hand_in_at_the_same_time_all_end_signed_in(world: &World) {
    let alice = world.signed_up("alice").await;
    let mut payloads = Vec::new();
    for _ in 0..8 {
        payloads.push(alice.payload().await);
    }
    let tabs = payloads.iter().map(|payload| alice.hand_in(payload));
    let answers = futures_util::future::join_all(tabs).await;
    assert!(answers.iter().all(|answer| answer.status == 204));
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(facts(&alice.arrive().await), (204, "already"));
}

async fn the_secret_of_the_accounts_session_never_reaches_the_site(world: &World) {
    let alice = world.member("alice").await;
    let secret = alice.accounts.cookie("__Host-session").expect("signed in");
    let payload = alice.payload().await;
    let heard = world.wire.heard();
    assert!(!heard.contains(&secret));
    assert!(!heard.contains(&payload), "and this one was not handed in");
    assert!(!alice.profile().await.to_string().contains(&secret));
    assert_ne!(alice.session(), secret);
}
