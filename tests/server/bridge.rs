//! The framable page, and signing out through it.

use reqwest::Method;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use vestibule::config::DeclaredClient;
use vestibule::domain::origin::{Embedder, Origin};

use crate::support::{
    Answer, Browser, NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, notes, wiki,
};

/// The directives of the answer's Content-Security-Policy.
fn policy(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.headers.get_all("Content-Security-Policy").iter().count(), 1);
    let directives = answer.header("Content-Security-Policy").split(';').map(str::trim);
    let pairs = directives.map(|directive| directive.split_once(' ').unwrap_or((directive, "")));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The value of an attribute of the page.
fn attribute(answer: &Answer, name: &str) -> String {
    let start = format!("{name}=\"");
    let rest = answer.text.split_once(&start).unwrap_or_else(|| panic!("{}", answer.text)).1;
    let value = rest.split_once('"').expect("the attribute ends").0;
    value.replace("&quot;", "\"").replace("&#x2F;", "/").replace("&#x27;", "'")
}

fn with_embedders(embedders: Vec<Embedder>) -> DeclaredClient {
    let mut client = notes();
    client.registration.embedders = embedders;
    client
}

#[rocket::async_test]
async fn only_the_clients_origins_and_embedders_may_stand_above_it() {
    let server = TestServer::new().await;
    let browser = server.browser();
    let ancestors = async |client_id: &str| {
        let answer = browser.get(&format!("/bridge?client_id={client_id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("X-Frame-Options"), "");
        assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "");
        policy(&answer)["frame-ancestors"].clone()
    };
    assert_eq!(ancestors("wiki").await, WIKI);
    assert_eq!(ancestors("notes").await, format!("{NOTES} {WIKI} {SPECS}"));
    assert_eq!(ancestors("specs").await, SPECS);
}

#[rocket::async_test]
async fn a_widget_for_anywhere_says_so_with_a_scheme() {
    let mut setup = Setup::new().await;
    setup.config.clients = vec![with_embedders(vec![Embedder::AnyHttps])];
    let server = setup.start().await;
    let answer = server.browser().get("/bridge?client_id=notes").await;
    assert_eq!(policy(&answer)["frame-ancestors"], format!("{NOTES} https:"));
    // An embedder frames; it is never answered.
    assert_eq!(attribute(&answer, "data-origins"), format!("[\"{NOTES}\"]"));
}

#[rocket::async_test]
async fn a_client_without_pages_cannot_be_framed() {
    let mut setup = Setup::new().await;
    let mut client = with_embedders(Vec::new());
    client.registration.origins.clear();
    client.registration.return_uris.clear();
    setup.config.clients = vec![client];
    let server = setup.start().await;
    let answer = server.browser().get("/bridge?client_id=notes").await;
    assert_eq!(policy(&answer)["frame-ancestors"], "'none'");
}

#[rocket::async_test]
async fn its_headers_are_exactly_those_a_bridge_needs() {
    let server = TestServer::new().await;
    let answer = server.browser().get("/bridge?client_id=wiki").await;
    let expected = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Cache-Control", "no-store"),
        ("Vary", "Sec-Fetch-Dest, Sec-Fetch-Site"),
        ("Referrer-Policy", "strict-origin"),
        (
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
             publickey-credentials-get=()",
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
        ("Origin-Agent-Cluster", "?1"),
        ("Activate-Storage-Access", "load"),
    ];
    for (name, value) in expected {
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
        assert_eq!(answer.header(name), value, "{name}");
    }
    for absent in ["X-Frame-Options", "Cross-Origin-Opener-Policy", "Set-Cookie", "Server"] {
        assert_eq!(answer.header(absent), "", "{absent}");
    }
    assert!(!answer.headers.keys().any(|name| name.as_str().starts_with("access-control-")));
}

#[rocket::async_test]
async fn its_policy_lets_one_script_run_and_nothing_else() {
    let server = TestServer::new().await;
    let answer = server.browser().get("/bridge?client_id=wiki").await;
    let nonce = attribute(&answer, "nonce");
    let expected = [
        ("default-src", "'none'".to_owned()),
        ("script-src", format!("'nonce-{nonce}' 'strict-dynamic'")),
        ("connect-src", "'self'".to_owned()),
        ("base-uri", "'none'".to_owned()),
        ("form-action", "'none'".to_owned()),
        ("object-src", "'none'".to_owned()),
        ("frame-ancestors", WIKI.to_owned()),
        ("require-trusted-types-for", "'script'".to_owned()),
        ("trusted-types", "'none'".to_owned()),
        ("report-to", "csp".to_owned()),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(policy(&answer), BTreeMap::from(expected));
    assert_eq!(answer.text.matches("<script").count(), 1);
    assert!(attribute(&answer, "src").starts_with("/assets/bridge/bridge.js"), "{}", answer.text);
    // Loaded only when a button is offered; the name is for its text.
    assert!(attribute(&answer, "data-offer").starts_with("/assets/bridge/offer.js?v="));
    assert_eq!(attribute(&answer, "data-brand"), "Vestibule");
    assert!(!answer.text.contains("<style") && !answer.text.contains("style="));
}

#[rocket::async_test]
async fn its_script_nonce_is_new_each_time_and_cannot_be_guessed() {
    let server = TestServer::new().await;
    let browser = server.browser();
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let nonce = attribute(&browser.get("/bridge?client_id=wiki").await, "nonce");
        let digits = nonce.trim_end_matches('=');
        assert!(digits.len() * 6 >= 128, "{nonce}");
        assert!(digits.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b)));
        assert!(seen.insert(nonce), "a nonce came twice");
    }
}

#[rocket::async_test]
async fn a_client_that_is_not_there_cannot_be_framed() {
    let server = TestServer::new().await;
    let now = server.clock.now();
    assert!(server.store.disable_client("specs", now).await.expect("the database answers"));
    let long = format!("?client_id={}", "a".repeat(65));
    let missing = [
        "",
        "?",
        "?client_id=",
        "?client_id",
        "?client=wiki",
        "?CLIENT_ID=wiki",
        "?client_id=nobody",
        "?client_id=Wiki",
        "?client_id=wiki%20",
        "?client_id=specs",
        "?client_id=..%2Fwiki",
        "?client_id=%3Cscript%3E",
        long.as_str(),
    ];
    for query in missing {
        let answer = server.browser().get(&format!("/bridge{query}")).await;
        assert_eq!(answer.status, 404, "{query}");
        assert_cannot_be_framed(&answer, query);
        assert!(!answer.text.contains("data-bridge"), "{query}");
    }
}

#[rocket::async_test]
async fn a_client_named_twice_or_wrongly_encoded_is_refused_before_any_query() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.store.queries();
    let wrong = [
        "?client_id=wiki&client_id=wiki",
        "?client_id=wiki&client_id=notes",
        "?client_id=&client_id=wiki",
        "?client_id=wiki&client%5Fid=notes",
        "?client_id=%ff",
        "?client_id=wiki%00",
    ];
    for query in wrong {
        let answer = alice.get(&format!("/bridge{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_cannot_be_framed(&answer, query);
    }
    assert_eq!(server.store.queries(), before);
}

fn assert_cannot_be_framed(answer: &Answer, why: &str) {
    assert_eq!(policy(answer)["frame-ancestors"], "'none'", "{why}");
    assert_eq!(answer.header("X-Frame-Options"), "DENY", "{why}");
    assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "same-origin", "{why}");
    assert_eq!(answer.header("Cross-Origin-Resource-Policy"), "same-origin", "{why}");
}

#[rocket::async_test]
async fn other_query_parameters_are_ignored() {
    let server = TestServer::new().await;
    let plain = server.browser().get("/bridge?client_id=wiki").await;
    let others = [
        "origin=https%3A%2F%2Fevil.test&client_id=wiki",
        "client_id=wiki&x=%ff&x=%00&x",
        "client_id=wiki&frame_ancestors=*&v=2",
        "&&client_id=wiki&=&%",
    ];
    for query in others {
        let answer = server.browser().get(&format!("/bridge?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(policy(&answer)["frame-ancestors"], WIKI, "{query}");
        assert_eq!(attribute(&answer, "data-origins"), attribute(&plain, "data-origins"));
        assert!(!answer.text.contains("evil"), "{query}");
    }
}

#[rocket::async_test]
async fn it_opens_in_a_frame_on_whatever_site() {
    let server = TestServer::new().await;
    let browser = server.browser();
    for site in ["same-site", "cross-site", "same-origin", "none"] {
        let request = browser.request(Method::GET, "/bridge?client_id=notes");
        let request = request.header("Sec-Fetch-Dest", "iframe").header("Sec-Fetch-Site", site);
        assert_eq!(browser.send(request).await.status, 200, "{site}");
    }
}

#[rocket::async_test]
async fn its_mark_tells_sessions_apart_and_opens_nothing() {
    let server = TestServer::new().await;
    let mark = async |browser: &Browser| {
        attribute(&browser.get("/bridge?client_id=wiki").await, "data-mark")
    };
    assert_eq!(mark(&server.browser()).await, "");
    let alice = server.signed_up("alice").await;
    let first = mark(&alice).await;
    assert_eq!(mark(&alice).await, first);
    let asked = alice.ask("wiki", WIKI, false, None).await.json();
    assert_eq!(asked["mark"], json!(first), "the page and the call know one session");
    assert!(!first.is_empty());
    let secret = alice.cookie("__Host-session").expect("a session");
    assert!(!secret.contains(&first) && !first.contains(&secret[..16]));

    alice.sign_out().await;
    assert_eq!(mark(&alice).await, "");
    alice.sign_in("alice", PASSWORD).await;
    assert_ne!(mark(&alice).await, first);
}

#[rocket::async_test]
async fn a_client_with_two_origins_has_both_answered_and_framed() {
    let mut setup = Setup::new().await;
    let mut client = wiki();
    let second = "https://wiki.example.org:8443";
    client.registration.origins.push(Origin::parse(second).expect("an origin"));
    setup.config.clients = vec![client];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let page = alice.get("/bridge?client_id=wiki").await;
    assert_eq!(policy(&page)["frame-ancestors"], format!("{WIKI} {second}"));
    assert_eq!(attribute(&page, "data-origins"), format!("[\"{WIKI}\",\"{second}\"]"));
    for origin in [WIKI, second] {
        assert_eq!(alice.ask("wiki", origin, false, None).await.status, 200, "{origin}");
    }
}
