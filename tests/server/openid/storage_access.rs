//! A frame on another site whose storage access was granted before, but is not active: the silent
//! request is asked for once more, then with the cookies (Storage Access Headers).

use reqwest::Method;
use vestibule::domain::origin::{Embedder, Origin};

use super::provider;
use crate::support::{Answer, Authorize, Browser, PAY, SHOP, SPECS, Setup, TestServer};

const RETRY: &str = "Activate-Storage-Access";

/// The silent request of a frame, with what the browser says of its storage.
async fn framed(browser: &Browser, asked: &Authorize, headers: &[(&str, &str)]) -> Answer {
    let path = asked.clone().prompt("none").path();
    let request = browser.request(Method::GET, &path).header("Sec-Fetch-Site", "cross-site");
    let request = request.header("Sec-Fetch-Dest", "iframe");
    browser.send(headers.iter().fold(request, |r, (name, value)| r.header(*name, *value))).await
}

/// A browser that keeps the cookies from the frame, and would send them.
async fn inactive(server: &TestServer, asked: &Authorize, origin: &str) -> Answer {
    let headers = [("Sec-Fetch-Storage-Access", "inactive"), ("Origin", origin)];
    framed(&server.browser(), asked, &headers).await
}

/// The shop's frames may stand in pages of specs.
async fn with_embedder() -> TestServer {
    let mut setup = Setup::new().await.with_openid();
    let specs = Origin::parse(SPECS).expect("an origin");
    setup.registration("shop").embedders = vec![Embedder::Origin(specs)];
    setup.start().await
}

#[rocket::async_test]
async fn a_page_that_may_frame_the_client_has_it_asked_again() {
    let server = with_embedder().await;
    for origin in [SHOP, SPECS] {
        let asked = Authorize::shop();
        let answer = inactive(&server, &asked, origin).await;
        assert_eq!(answer.header(RETRY), format!("retry; allowed-origin=\"{origin}\""));
        assert_eq!(answer.refusal(&asked), "login_required", "for browsers that do not ask again");
        assert_eq!(answer.status, 303);
        assert!(!answer.is_html() && answer.text.is_empty());
    }
}

#[rocket::async_test]
async fn asked_again_it_answers_by_the_second_cookie_and_no_more() {
    let server = with_embedder().await;
    let alice = server.signed_up("alice").await;
    let second = alice.cookie("__Host-session-none").expect("the second cookie");
    for status in ["active", "inactive"] {
        let frame = server.browser();
        frame.set_cookie("__Host-session-none", &second);
        let asked = Authorize::shop();
        let headers = [("Sec-Fetch-Storage-Access", status), ("Origin", SHOP)];
        let answer = framed(&frame, &asked, &headers).await;
        answer.code(&asked);
        assert_eq!(answer.header(RETRY), "", "a code is not asked for twice");
    }
    let asked = Authorize::shop();
    let headers = [("Sec-Fetch-Storage-Access", "active"), ("Origin", SHOP)];
    let answer = framed(&server.browser(), &asked, &headers).await;
    assert_eq!(answer.refusal(&asked), "login_required");
    assert_eq!(answer.header(RETRY), "", "it is asked again once");
}

#[rocket::async_test]
async fn nobody_else_has_it_asked_again() {
    let server = with_embedder().await;
    let embedder_of_another = PAY;
    for origin in [
        embedder_of_another,
        "null",
        "*",
        "",
        "https://evil.test",
        "http://shop.vestibule.localhost:8003/",
        "http://shop.vestibule.localhost",
        "HTTP://shop.vestibule.localhost:8003",
        "http://shop.vestibule.localhost:8003.evil.test",
    ] {
        let asked = Authorize::shop();
        let answer = inactive(&server, &asked, origin).await;
        assert_eq!(answer.header(RETRY), "", "{origin}");
        assert_eq!(answer.refusal(&asked), "login_required", "{origin}");
    }
    let asked = Authorize::shop();
    let state = |value| ("Sec-Fetch-Storage-Access", value);
    let cases: [&[(&str, &str)]; 7] = [
        &[("Origin", SHOP)],
        &[state("inactive")],
        &[state("none"), ("Origin", SHOP)],
        &[state("active"), ("Origin", SHOP)],
        &[state("Inactive"), ("Origin", SHOP)],
        &[state("inactive"), state("inactive"), ("Origin", SHOP)],
        &[state("inactive"), ("Origin", SHOP), ("Origin", SHOP)],
    ];
    for headers in cases {
        let answer = framed(&server.browser(), &asked, headers).await;
        assert_eq!(answer.header(RETRY), "", "{headers:?}");
        answer.refusal(&asked);
    }
}

#[rocket::async_test]
async fn only_the_silent_request_of_a_frame_is_asked_again() {
    let server = provider().await;
    let headers = [("Sec-Fetch-Storage-Access", "inactive"), ("Origin", SHOP)];
    let browser = server.browser();
    let send = async |method: Method, path: &str, dest: &str, body: &str| {
        let request = browser.request(method, path).header("Sec-Fetch-Dest", dest);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |r, (name, value)| r.header(*name, *value));
        browser.send(request.body(body.to_owned())).await
    };
    let silent = Authorize::shop().prompt("none").path();
    let (path, query) = silent.split_once('?').expect("a query");
    let loud = Authorize::shop().path();
    let foreign = Authorize::new("shop", "https://evil.test/").prompt("none").path();
    let broken = Authorize::shop().prompt("none").with("response_type", "token").path();
    for (method, address, dest, body) in [
        (Method::GET, silent.as_str(), "document", ""),
        (Method::POST, path, "iframe", query),
        (Method::GET, &loud, "iframe", ""),
        (Method::GET, &foreign, "iframe", ""),
        (Method::GET, &broken, "iframe", ""),
    ] {
        let answer = send(method.clone(), address, dest, body).await;
        assert_eq!(answer.header(RETRY), "", "{method} {address} {dest}");
    }
    let answer = send(Method::GET, &silent, "iframe", "").await;
    assert_ne!(answer.header(RETRY), "", "the silent one is");
    for part in ["Sec-Fetch-Dest", "Sec-Fetch-Storage-Access", "Origin"] {
        assert!(answer.header("Vary").contains(part), "{part}");
    }
}
