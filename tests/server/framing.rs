//! No page with anything to click can be framed. The bridge and the callback pages are framed by
//! their client's pages only.

use crate::support::{Seen, Setup, TestServer, answers_without_database, every_answer};

fn hold_unframable(seen: &[Seen]) {
    for Seen { what, answer } in seen {
        let is_callback = what.contains(" /callback/");
        let is_for_frames = what.starts_with("GET /bridge ") || is_callback;
        if !answer.is_html() || (answer.status == 200 && is_for_frames) {
            continue;
        }
        assert_eq!(answer.policy("frame-ancestors"), Some("'none'"), "{what}");
        assert_eq!(answer.header("X-Frame-Options"), "DENY", "{what}");
        // Some can stand in a window that a client's page has opened: see `flow/popup.rs`.
        let opener = answer.header("Cross-Origin-Opener-Policy");
        assert!(["same-origin", "unsafe-none"].contains(&opener), "{what}: {opener}");
    }
}

fn has_page(seen: &[Seen], status: u16) -> bool {
    seen.iter().any(|seen| seen.answer.is_html() && seen.answer.status == status)
}

#[rocket::async_test]
async fn no_page_but_the_bridge_and_the_callback_pages_can_be_framed() {
    let seen = every_answer().await;
    hold_unframable(seen);
    for status in [200, 400, 403, 404, 413, 415, 422] {
        assert!(has_page(seen, status), "a page with status {status} was looked at");
    }
}

#[rocket::async_test]
async fn an_error_page_of_a_server_without_database_cannot_be_framed() {
    let seen = answers_without_database().await;
    hold_unframable(seen);
    assert!(has_page(seen, 500));
}

#[rocket::async_test]
async fn a_page_that_says_slow_down_cannot_be_framed() {
    let server = Setup::new().await.with_real_limits().start().await;
    let mut seen = Vec::new();
    for _ in 0..11 {
        let answer = server.browser().sign_in("alice", "not-the-password").await;
        seen.push(Seen { what: "a wrong password".into(), answer });
    }
    hold_unframable(&seen);
    assert!(has_page(&seen, 429));
}

#[rocket::async_test]
async fn a_page_is_not_shown_to_a_frame() {
    let server = TestServer::new().await;
    let pages = server.endpoints.iter().filter(|e| e.is_safe() && !e.is_impersonal());
    let pages = pages.filter(|e| !e.is_for_backends());
    for endpoint in pages.filter(|e| e.pattern != "/bridge") {
        for dest in ["iframe", "frame", "embed", "object"] {
            let alice = server.alice_again().await;
            let request = endpoint.request(&alice).header("Sec-Fetch-Dest", dest);
            let answer = alice.send(request).await;
            assert_eq!(answer.status, 403, "{} in {dest}", endpoint.pattern);
            assert!(!answer.text.contains("alice"), "{} in {dest}", endpoint.pattern);
        }
    }
}
