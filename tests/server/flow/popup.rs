//! `Cross-Origin-Opener-Policy`: what can stand in a window that a client's page has opened leaves
//! that window in its hand; everything else does not.

use std::collections::BTreeSet;

use super::{provider, with_alice};
use crate::openid::Step;
use crate::support::{Seen, answers_without_database, every_answer};

/// The routes that can stand in such a window.
const IN_POPUP: [&str; 20] = [
    "GET /callback/<client_id>/passive",
    "GET /callback/<client_id>/popup",
    "GET /consent",
    "GET /consent/done",
    "GET /flow/<id>",
    "GET /flow/<id>/done",
    "GET /identification/return/<provider>",
    "GET /identification/start",
    "GET /oauth/authorize",
    "GET /signin",
    "GET /signin/choose",
    "GET /signup",
    "HEAD /identification/return/<_>",
    "HEAD /identification/start",
    "POST /consent",
    "POST /flow/<id>",
    "POST /identification/start",
    "POST /oauth/authorize",
    "POST /signin",
    "POST /signup",
];

/// The route that a request of the crawl reaches, be it in another way than it is meant.
fn route_of(what: &str) -> String {
    let (method, rest) = what.split_once(' ').expect("a method");
    let (pattern, how) = rest.split_once(' ').unwrap_or((rest, ""));
    let pattern = pattern.split('?').next().unwrap_or_default();
    let method = match how {
        "by HEAD" if method != "HEAD" => "GET",
        "by OPTIONS" => "OPTIONS",
        "by PUT" => "PUT",
        _ if how.starts_with("by POST") => "POST",
        _ => method,
    };
    // To the other method these are as good as ids.
    match (method, pattern) {
        ("GET", "/flow/outcome") => "GET /flow/<id>".into(),
        ("POST", "/flow/events") => "POST /flow/<id>".into(),
        ("GET", "/callback/nobody/passive") => "GET /callback/<client_id>/passive".into(),
        ("GET", "/callback/nobody/popup") => "GET /callback/<client_id>/popup".into(),
        _ => format!("{method} {pattern}"),
    }
}

fn hold(seen: &[Seen]) -> BTreeSet<String> {
    let mut popups = BTreeSet::new();
    for Seen { what, answer } in seen {
        let route = route_of(what);
        let policies: Vec<_> =
            answer.headers.get_all("Cross-Origin-Opener-Policy").iter().collect();
        if IN_POPUP.contains(&route.as_str()) {
            assert_eq!(policies, ["unsafe-none"], "{what}");
            popups.insert(route);
        } else if answer.status == 200 && what.starts_with("GET /bridge ") {
            assert!(policies.is_empty(), "{what}: it is framed");
        } else {
            assert_eq!(policies, ["same-origin"], "{what}");
        }
    }
    popups
}

#[rocket::async_test]
async fn only_what_can_stand_in_a_popup_stays_in_its_openers_hand() {
    let popups = hold(every_answer().await);
    assert_eq!(popups.into_iter().collect::<Vec<_>>(), IN_POPUP);
}

#[rocket::async_test]
async fn so_do_its_errors_when_the_database_is_gone() {
    hold(answers_without_database().await);
}

#[rocket::async_test]
async fn every_step_of_a_flow_stays_in_its_openers_hand() {
    let server = provider().await;
    server.signed_up("alice").await;
    let (waits, window) = (server.begun().await, server.browser());
    let mut answer = window.open_window(&waits).await;
    let mut seen = Vec::new();
    for _ in 0..12 {
        let policy = answer.header("Cross-Origin-Opener-Policy").to_owned();
        assert_eq!(policy, "unsafe-none", "after {seen:?}: {}", answer.text);
        if answer.status == 303 {
            let step = Step::of(&answer);
            seen.push(step.path.clone());
            answer = window.get(&step.whole).await;
            continue;
        }
        let next = answer
            .text
            .split("name=\"next\" value=\"")
            .nth(1)
            .map(|rest| crate::support::plain(rest.split('"').next().unwrap_or_default()));
        let next = next.unwrap_or_default();
        let fields = [
            ("next", next.as_str()),
            ("login", "alice"),
            ("password", crate::support::PASSWORD),
            ("client_id", "widget"),
        ];
        answer = match seen.last().map(String::as_str) {
            None => window.confirm(&waits).await,
            Some("/signin") => window.post("/signin", &fields).await,
            Some("/consent") => {
                window.post("/consent", &[&fields[..], &[("answer", "allow")]].concat()).await
            }
            Some(other) => {
                assert_eq!(other, super::done(&waits));
                return;
            }
        };
    }
    panic!("it comes to an end: {seen:?}");
}

#[rocket::async_test]
async fn an_answer_sent_to_a_client_by_a_form_does_so_too() {
    let (_server, alice) = with_alice().await;
    let asked = crate::support::Authorize::shop().with("response_mode", "form_post");
    let answer = alice.authorize(&asked).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "unsafe-none");
}
