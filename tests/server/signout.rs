//! Signing out, here and everywhere.

use crate::support::{NOTES, PASSWORD, TestServer, WIKI};

#[rocket::async_test]
async fn signing_out_ends_the_session_for_good() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let thief = alice.at(&server.url);
    let answer = alice.sign_out().await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().ends_with("/signin"));
    assert_eq!(alice.cookie("__Host-session"), None);
    assert_eq!(alice.cookie("__Host-session-none"), None);
    assert!(!thief.is_signed_in().await, "who copied the cookie has nothing");
    let asked = thief.ask("notes", NOTES, true, None).await.json();
    assert_eq!(asked["error"], "login_required", "nor with the second one");
}

#[rocket::async_test]
async fn signing_out_elsewhere_leaves_other_browsers_alone() {
    let server = TestServer::new().await;
    let here = server.signed_up("alice").await;
    let there = server.browser();
    there.sign_in("alice", PASSWORD).await;
    here.sign_out().await;
    assert!(!here.is_signed_in().await);
    assert!(there.is_signed_in().await);
}

#[rocket::async_test]
async fn signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses() {
    let server = TestServer::new().await;
    let bob = server.signed_up("bob").await;
    let here = server.signed_up("alice").await;
    let there = server.browser();
    there.sign_in("alice", PASSWORD).await;
    let form = here.get("/signout").await;
    assert!(form.text.contains("one other browser"));
    let payload = there.mint("notes", NOTES, None).await;
    assert_eq!(here.post("/signout", &[("everywhere", "on")]).await.status, 303);
    assert!(!here.is_signed_in().await && !there.is_signed_in().await);
    assert!(bob.is_signed_in().await);
    let late = server.backend("notes").recover(&payload, None).await;
    assert_eq!(late.status, 410, "a payload of an ended session is worth nothing");
}

#[rocket::async_test]
async fn the_known_browser_stays_known() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let mark = alice.cookie("__Host-device");
    alice.sign_out().await;
    assert_eq!(alice.cookie("__Host-device"), mark);
    assert!(mark.is_some());
}

#[rocket::async_test]
async fn the_page_says_whose_session_ends_and_where_one_goes() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let back = format!("{WIKI}/sso/return");
    let form = alice.get(&format!("/signout?next={back}")).await;
    assert_eq!(form.status, 200);
    assert!(form.text.contains("Full Name of alice") && form.text.contains("Wiki"));
    assert!(alice.is_signed_in().await, "looking signs nobody out");
    let answer = alice.post("/signout", &[("next", &back)]).await;
    assert_eq!((answer.status, answer.location()), (303, back.as_str()));
    assert_eq!(alice.cookie("__Host-session"), None);
}

#[rocket::async_test]
async fn who_is_not_signed_in_is_sent_on() {
    let server = TestServer::new().await;
    let back = format!("{WIKI}/sso/return");
    for (path, to) in [
        ("/signout".to_owned(), "/signin"),
        (format!("/signout?next={back}"), &back),
        ("/signout?next=/account".to_owned(), "/account"),
    ] {
        let answer = server.browser().get(&path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().ends_with(to), "{path}: {}", answer.location());
    }
    assert_eq!(server.browser().post("/signout", &[]).await.status, 303);
}
