//! Changing the password.

use crate::support::{Answer, Browser, NOTES, PASSWORD, TestServer};

const NEW: &str = "curiouser and curiouser";

async fn change(browser: &Browser, current: &str, new: &str) -> Answer {
    let fields = [("current", current), ("new", new)];
    browser.post("/account/password", &fields).await
}

#[rocket::async_test]
async fn only_the_new_password_signs_in() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let answer = change(&alice, PASSWORD, NEW).await;
    assert_eq!(answer.status, 303, "{:?}", answer.wrong_fields());
    assert_eq!(server.browser().sign_in("alice", PASSWORD).await.status, 422);
    assert_eq!(server.browser().sign_in("alice", NEW).await.status, 303);
}

#[rocket::async_test]
async fn every_other_session_ends_and_this_one_gets_a_new_secret() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let there = server.browser();
    there.sign_in("alice", PASSWORD).await;
    let bob = server.signed_up("bob").await;
    let thief = alice.at(&server.url);
    let none = alice.cookie("__Host-session-none");
    change(&alice, PASSWORD, NEW).await;
    assert!(alice.is_signed_in().await, "this browser stays signed in");
    assert!(!thief.is_signed_in().await, "by another secret");
    assert_ne!(alice.cookie("__Host-session-none"), none);
    assert!(!there.is_signed_in().await);
    assert!(bob.is_signed_in().await, "nobody else is concerned");
    let page = alice.get("/account?done=password").await;
    assert_eq!(page.text.matches("class=\"session\"").count(), 1);
    assert!(page.text.contains("You are signed out everywhere else."));
}

#[rocket::async_test]
async fn what_sites_got_before_is_worth_nothing_afterwards() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let used = alice.mint("notes", NOTES, None).await;
    let profile = server.backend("notes").recover(&used, None).await.json();
    let sid = profile["sid"].as_str().expect("a sid");
    let unused = alice.mint("notes", NOTES, None).await;
    change(&alice, PASSWORD, NEW).await;
    assert!(!server.backend("notes").is_active(sid).await);
    assert_eq!(server.backend("notes").recover(&unused, None).await.status, 410);
}

#[rocket::async_test]
async fn a_kept_session_stays_kept_and_a_brief_one_brief() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let mut passwords = [PASSWORD, NEW, "through the garden"].into_iter();
    let mut present = passwords.next().expect("the first");
    for (keep, new) in [("on", NEW), ("", "through the garden")] {
        let browser = server.browser();
        let fields = [("login", "alice"), ("password", present), ("keep", keep)];
        browser.post("/signin", &fields).await;
        let answer = change(&browser, present, new).await;
        assert_eq!(answer.status, 303);
        let cookies = answer.set_cookies();
        let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-session="));
        let is_kept = session.expect("a session").contains("Max-Age=2592000");
        assert_eq!(is_kept, keep == "on");
        present = new;
    }
}

#[rocket::async_test]
async fn a_wrong_present_password_changes_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let there = server.browser();
    there.sign_in("alice", PASSWORD).await;
    for current in ["", "not-the-password", NEW] {
        let answer = change(&alice, current, NEW).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.wrong_fields(), ["current"]);
        assert!(answer.set_cookies().is_empty());
        for secret in [NEW, "not-the-password"] {
            assert!(!answer.text.contains(secret), "no password comes back");
        }
    }
    assert!(there.is_signed_in().await && alice.is_signed_in().await);
    assert_eq!(server.browser().sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn a_bad_new_password_is_explained() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let cases = [
        (String::new(), "at least 8"),
        ("short".into(), "at least 8"),
        ("ab".repeat(513), "at most 1024"),
        ("qwertyuiop".into(), "first passwords anybody would try"),
        ("alice-1871".into(), "Leave out your name"),
        ("vestibule1".into(), "Leave out your name"),
    ];
    for (new, sentence) in cases {
        let answer = change(&alice, PASSWORD, &new).await;
        assert_eq!(answer.status, 422, "{new}");
        let error = answer.field_error("new").expect("a sentence");
        assert!(error.contains(sentence), "{new}: {error}");
        assert!(!answer.text.contains(PASSWORD));
    }
    assert_eq!(server.browser().sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn of_two_changes_at_once_one_wins() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let other = alice.at(&server.url);
    let news = ["the first of the two", "the second of both"];
    let (one, two) =
        rocket::tokio::join!(change(&alice, PASSWORD, news[0]), change(&other, PASSWORD, news[1]));
    let won: Vec<bool> = [&one, &two].iter().map(|answer| answer.status == 303).collect();
    let signed_in = [
        server.browser().sign_in("alice", news[0]).await.status == 303,
        server.browser().sign_in("alice", news[1]).await.status == 303,
    ];
    assert_eq!(signed_in.iter().filter(|good| **good).count(), 1);
    // The one who came second may have been signed out by the first before being looked at.
    for (n, browser) in [&alice, &other].iter().enumerate() {
        if signed_in[n] {
            assert!(won[n] && browser.is_signed_in().await);
        } else {
            assert!(!browser.is_signed_in().await);
        }
    }
}
