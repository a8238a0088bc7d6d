//! The hosted callback pages, which pass an answer on to the client's own pages.

use reqwest::Method;
use vestibule::domain::origin::{Embedder, Origin};

use crate::support::{Answer, NOTES, SPECS, Setup, TestServer, WIKI, notes};

const KINDS: [&str; 2] = ["passive", "popup"];
const ANSWER: &str = "?code=abc-secret&state=xyz-state&iss=https%3A%2F%2Fevil.test";

fn origins(answer: &Answer) -> String {
    let rest = answer.text.split_once("data-origins=\"").expect("its origins").1;
    let value = rest.split_once('"').expect("the attribute ends").0;
    value.replace("&quot;", "\"").replace("&#x2F;", "/")
}

#[rocket::async_test]
async fn they_are_framed_by_the_clients_pages_and_embedders_and_tell_its_own_origins_only() {
    let server = TestServer::new().await;
    for kind in KINDS {
        let answer = server.browser().get(&format!("/callback/notes/{kind}")).await;
        assert_eq!(answer.status, 200, "{kind}");
        let ancestors = format!("{NOTES} {WIKI} {SPECS}");
        assert_eq!(answer.policy("frame-ancestors"), Some(ancestors.as_str()), "{kind}");
        assert_eq!(origins(&answer), format!("[\"{NOTES}\"]"), "{kind}");
        assert!(answer.text.contains(&format!("data-callback=\"{kind}\"")), "{kind}");
    }
}

#[rocket::async_test]
async fn a_widget_for_anywhere_still_tells_its_own_pages_only() {
    let mut setup = Setup::new().await;
    let mut client = notes();
    client.registration.embedders = vec![Embedder::AnyHttps];
    client.registration.origins.push(Origin::parse("https://n.example.org").expect("an origin"));
    setup.config.clients = vec![client];
    let server = setup.start().await;
    for kind in KINDS {
        let answer = server.browser().get(&format!("/callback/notes/{kind}")).await;
        let ancestors = format!("{NOTES} https://n.example.org https:");
        assert_eq!(answer.policy("frame-ancestors"), Some(ancestors.as_str()), "{kind}");
        assert_eq!(origins(&answer), format!("[\"{NOTES}\",\"https://n.example.org\"]"));
    }
}

#[rocket::async_test]
async fn their_headers_let_them_be_framed_and_keep_their_opener() {
    let server = TestServer::new().await;
    for kind in KINDS {
        let answer = server.browser().get(&format!("/callback/wiki/{kind}{ANSWER}")).await;
        let expected = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cross-Origin-Opener-Policy", "unsafe-none"),
            ("Cross-Origin-Embedder-Policy", "require-corp"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            ("Referrer-Policy", "strict-origin"),
            ("Cache-Control", "no-store"),
        ];
        for (name, value) in expected {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{kind} {name}");
            assert_eq!(answer.header(name), value, "{kind}");
        }
        for absent in ["X-Frame-Options", "Set-Cookie", "Activate-Storage-Access"] {
            assert_eq!(answer.header(absent), "", "{kind} {absent}");
        }
        let policy = [
            ("default-src", "'none'"),
            ("script-src", "'self'"),
            ("style-src", "'self'"),
            ("base-uri", "'none'"),
            ("form-action", "'none'"),
            ("object-src", "'none'"),
            ("require-trusted-types-for", "'script'"),
            ("trusted-types", "'none'"),
        ];
        for (name, value) in policy {
            assert_eq!(answer.policy(name), Some(value), "{kind} {name}");
        }
    }
}

#[rocket::async_test]
async fn there_is_one_script_nothing_to_click_and_nothing_of_the_answer_in_them() {
    let server = TestServer::new().await;
    for kind in KINDS {
        let answer = server.browser().get(&format!("/callback/wiki/{kind}{ANSWER}")).await;
        assert_eq!(answer.text.matches("<script").count(), 1, "{kind}");
        for absent in ["abc-secret", "xyz-state", "evil.test", "<a ", "<button", "<form", "<style"]
        {
            assert!(!answer.text.contains(absent), "{kind}: {absent}");
        }
    }
    let popup = server.browser().get("/callback/wiki/popup").await;
    assert!(popup.text.contains("You can close this window"), "also without script");
    let passive = server.browser().get("/callback/wiki/passive").await;
    assert!(!passive.text.contains("<link") && passive.text.contains("></body>"), "blank");
}

#[rocket::async_test]
async fn whatever_the_query_says_they_are_the_same() {
    let server = TestServer::new().await;
    for kind in KINDS {
        let path = format!("/callback/wiki/{kind}");
        let plain = server.browser().get(&path).await;
        let long = format!("?state={}", "s".repeat(3_000));
        for query in [ANSWER, "?client_id=notes&client_id=notes", "?%ff&x=%00", "?", &long] {
            let answer = server.browser().get(&format!("{path}{query}")).await;
            assert_eq!((answer.status, &answer.text), (200, &plain.text), "{query}");
            assert_eq!(answer.policy("frame-ancestors"), Some(WIKI), "{query}");
        }
    }
}

#[rocket::async_test]
async fn they_look_at_nobody() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for kind in KINDS {
        let path = format!("/callback/wiki/{kind}");
        assert_eq!(alice.get(&path).await.text, server.browser().get(&path).await.text);
        let doubled = alice.request(Method::GET, &path).header("Cookie", "__Host-session=x");
        assert_eq!(alice.send(doubled.header("Sec-Fetch-Dest", "iframe")).await.status, 200);
    }
}

#[rocket::async_test]
async fn a_client_that_is_not_there_has_none_and_nobody_can_frame_that() {
    let server = TestServer::new().await;
    let now = server.clock.now();
    assert!(server.store.disable_client("specs", now).await.expect("the database answers"));
    let long = "a".repeat(65);
    let missing =
        ["nobody", "specs", "Wiki", "wiki%20", "..%2Fwiki", "%3Cscript%3E", "%ff", "%00", &long];
    for kind in KINDS {
        for client_id in missing {
            let answer = server.browser().get(&format!("/callback/{client_id}/{kind}")).await;
            assert_eq!(answer.status, 404, "{client_id}");
            assert_eq!(answer.policy("frame-ancestors"), Some("'none'"), "{client_id}");
            assert_eq!(answer.header("X-Frame-Options"), "DENY", "{client_id}");
            assert!(!answer.text.contains("data-callback"), "{client_id}");
        }
        let answer = server.browser().get(&format!("/callback/nobody/{kind}")).await;
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "unsafe-none");
    }
    for path in ["/callback/wiki", "/callback/wiki/", "/callback//popup", "/callback/wiki/popup/x"]
    {
        assert_eq!(server.browser().get(path).await.status, 404, "{path}");
    }
    let post = server.browser().post("/callback/wiki/popup", &[("code", "x")]).await;
    assert_eq!(post.status, 404);
}
