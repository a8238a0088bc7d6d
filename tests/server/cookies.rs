//! The cookies: how they are set, and that no other site can slip one in.

use reqwest::Method;
use std::collections::BTreeSet;

use crate::support::{Answer, PASSWORD, Seen, TestServer, every_answer};
use vestibule::domain::secret::Secret;

/// Those that a sign-in sets.
const NAMES: [&str; 3] = ["__Host-device", "__Host-session", "__Host-session-none"];
/// All there are; each flow, and each window at a provider, has one of its own.
const ALL: [&str; 6] = [
    "__Host-device",
    "__Host-flow-ab",
    "__Host-identification-ab",
    "__Host-monitor",
    "__Host-session",
    "__Host-session-none",
];

fn hold_cookie(cookie: &str, what: &str) -> String {
    let mut parts = cookie.split(';').map(str::trim);
    let (name, value) = parts.next().and_then(|p| p.split_once('=')).expect("a name");
    let attributes: BTreeSet<&str> = parts.collect();
    let same_site = if name == "__Host-session-none" { "SameSite=None" } else { "SameSite=Lax" };
    assert!(NAMES.contains(&name), "{what}: {name}");
    for attribute in ["Secure", "HttpOnly", "Path=/", same_site] {
        assert!(attributes.contains(attribute), "{what}: {cookie}");
    }
    assert!(!cookie.to_lowercase().contains("domain="), "{what}: {cookie}");
    let is_secret = Secret::parse(value).is_some();
    assert!(is_secret || (value.is_empty() && attributes.contains("Max-Age=0")), "{what}");
    name.to_owned()
}

#[rocket::async_test]
async fn every_cookie_is_bound_to_this_host_and_out_of_reach_of_scripts() {
    let mut names = BTreeSet::new();
    for Seen { what, answer } in every_answer().await {
        names.extend(answer.set_cookies().iter().map(|cookie| hold_cookie(cookie, what)));
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), NAMES);
}

#[rocket::async_test]
async fn a_brief_session_ends_with_the_browser_and_a_kept_one_does_not() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let of = |answer: &Answer, name: &str| {
        let cookies = answer.set_cookies();
        let cookie = cookies.iter().find(|c| c.starts_with(&format!("{name}=")));
        cookie.map(|cookie| cookie.contains("Max-Age=")).expect("the cookie")
    };
    let brief = server.browser().sign_in("alice", PASSWORD).await;
    let fields = [("login", "alice"), ("password", PASSWORD), ("keep", "on")];
    let kept = server.browser().post("/signin", &fields).await;
    for name in ["__Host-session", "__Host-session-none"] {
        assert!(!of(&brief, name), "{name} of a brief session has no Max-Age");
        assert!(of(&kept, name), "{name} of a kept session has one");
    }
    assert!(of(&brief, "__Host-device") && of(&kept, "__Host-device"));
    let cookies = kept.set_cookies();
    assert!(cookies.iter().any(|cookie| cookie.contains(&format!("Max-Age={}", 30 * 86_400))));
}

#[rocket::async_test]
async fn cookies_that_a_sibling_can_toss_change_nothing() {
    let server = TestServer::new().await;
    let bob = server.signed_up("bob").await;
    let bobs = bob.cookie("__Host-session").expect("a session");
    let alice = server.signed_up("alice").await;
    let names = [
        "session",
        "__Secure-session",
        "__host-session",
        "__HOST-SESSION",
        "__Host-Session",
        "Host-session",
        "__Host-session2",
        "device",
    ];
    for name in names {
        alice.set_cookie(name, &bobs);
        let answer = alice.get("/account").await;
        assert!(answer.text.contains("@alice"), "{name}");
        let stranger = server.browser();
        stranger.set_cookie(name, &bobs);
        assert!(!stranger.is_signed_in().await, "{name}");
    }
}

#[rocket::async_test]
async fn a_doubled_cookie_is_refused_wherever_cookies_are_read() {
    let server = TestServer::new().await;
    let personal = server.endpoints.iter();
    let personal = personal.filter(|e| !e.is_impersonal() && !e.is_for_backends());
    // What refuses every `HEAD` reads none.
    let personal = personal.filter(|e| e.method != "HEAD");
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    for endpoint in personal {
        for name in ALL {
            let pair = format!("{name}={}", "ab".repeat(32));
            let place = format!("{name} at {} {}", endpoint.method, endpoint.pattern);
            for short_lived in ["__Host-flow-ab", "__Host-identification-ab", "__Host-monitor"] {
                alice.set_cookie(short_lived, &"cd".repeat(32));
            }
            let again = endpoint.request(&alice).header("Cookie", &pair);
            assert_eq!(Answer::of(again).await.status, 400, "in two headers: {place}");
            let nobody = server.browser();
            let doubled = endpoint.request(&nobody).header("Cookie", format!("{pair}; {pair}"));
            let answer = Answer::of(doubled).await;
            assert_eq!(answer.status, 400, "in one header: {place}");
            assert!(answer.text.contains("more than once"), "{place}");
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_malformed_session_cookie_is_nobody() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let good = alice.cookie("__Host-session").expect("a session");
    let odd = [
        String::new(),
        good[1..].to_owned(),
        format!("{good}0"),
        good.to_uppercase(),
        format!("\"{good}\""),
        format!("{good}%00"),
        "é".repeat(32),
        "' OR 1=1 --".to_owned(),
        "x".repeat(4_000),
    ];
    for value in odd {
        let request = server.browser().request(Method::GET, "/account");
        let header = format!("__Host-session={value}").into_bytes();
        let answer = Answer::of(request.header("Cookie", header)).await;
        assert_eq!(answer.status, 303, "{value}");
    }
}

#[rocket::async_test]
async fn a_planted_session_is_never_taken_over() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    for sign_up in [false, true] {
        let browser = server.browser();
        let planted = Secret::random().reveal();
        for name in NAMES {
            browser.set_cookie(name, &planted);
        }
        let answer = if sign_up {
            browser.sign_up("bob").await
        } else {
            browser.sign_in("alice", PASSWORD).await
        };
        assert_eq!(answer.status, 303);
        for name in NAMES {
            assert_ne!(browser.cookie(name), Some(planted.clone()), "{name}");
        }
        let attacker = server.browser();
        attacker.set_cookie("__Host-session", &planted);
        assert!(!attacker.is_signed_in().await);
    }
}

#[rocket::async_test]
async fn signing_in_again_gives_a_new_session_and_ends_the_old_one() {
    let server = TestServer::new().await;
    server.signed_up("bob").await;
    let browser = server.signed_up("alice").await;
    let old = browser.cookie("__Host-session").expect("a session");
    for (login, whoever) in [("alice", "@alice"), ("bob", "@bob")] {
        let before = browser.cookie("__Host-session");
        assert_eq!(browser.sign_in(login, PASSWORD).await.status, 303);
        assert_ne!(browser.cookie("__Host-session"), before);
        assert!(browser.get("/account").await.text.contains(whoever));
    }
    let thief = server.browser();
    thief.set_cookie("__Host-session", &old);
    assert!(!thief.is_signed_in().await);
}

#[rocket::async_test]
async fn a_browser_keeps_its_mark_when_several_people_share_it() {
    let server = TestServer::new().await;
    let browser = server.signed_up("alice").await;
    let mark = browser.cookie("__Host-device");
    assert_eq!(browser.sign_up("bob").await.status, 303);
    assert_eq!(browser.cookie("__Host-device"), mark);
    let known = server.database.rows("devices", &["account_uid"]).await;
    assert_eq!(known.len(), 2, "both are known on it");
}
