//! The session's second secret, `__Host-session-none`: for frames on other sites, and for nothing
//! but the bridge's own call.

use serde_json::json;
use vestibule::domain::origin::{Embedder, Origin};

use crate::support::{
    Browser, NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, notes, specs, wiki,
};

const SECOND: &str = "__Host-session-none";

/// A browser that has only this cookie.
fn with_only(server: &TestServer, name: &str, value: &str) -> Browser {
    let browser = server.browser();
    browser.set_cookie(name, value);
    browser
}

async fn second_secret(browser: &Browser) -> Option<String> {
    let answer = browser.sign_up("alice").await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    browser.cookie(SECOND)
}

#[rocket::async_test]
async fn it_is_there_only_where_a_client_is_on_another_site() {
    let cross_site_embedder = |embedder: Embedder| {
        let mut client = notes();
        client.registration.embedders = vec![embedder];
        client
    };
    let origin = |text: &str| Embedder::Origin(Origin::parse(text).expect("an origin"));
    let cases = [
        (vec![], false),
        (vec![wiki()], false),
        (vec![cross_site_embedder(origin(WIKI))], false),
        (vec![cross_site_embedder(origin(SPECS))], true),
        (vec![cross_site_embedder(Embedder::AnyHttps)], true),
        (vec![wiki(), specs()], true),
    ];
    for (clients, expected) in cases {
        let mut setup = Setup::new().await;
        setup.config.clients = clients;
        let server = setup.start().await;
        let secret = second_secret(&server.browser()).await;
        assert_eq!(secret.is_some(), expected, "{:?}", server.store.list_clients().await);
    }
}

#[rocket::async_test]
async fn a_disabled_client_on_another_site_does_not_bring_it() {
    let mut setup = Setup::new().await;
    setup.config.clients = vec![wiki(), specs()];
    let server = setup.start().await;
    server.store.disable_client("specs", server.clock.now()).await.expect("the database answers");
    assert_eq!(second_secret(&server.browser()).await, None);
}

#[rocket::async_test]
async fn it_is_another_secret_with_same_site_none() {
    let server = TestServer::new().await;
    let alice = server.browser();
    let answer = alice.sign_up("alice").await;
    let cookies = answer.set_cookies();
    let line = |name: &str| {
        let start = format!("{name}=");
        *cookies.iter().find(|cookie| cookie.starts_with(&start)).expect("the cookie")
    };
    for (name, same_site) in [("__Host-session", "SameSite=Lax"), (SECOND, "SameSite=None")] {
        let attributes: Vec<&str> = line(name).split("; ").skip(1).collect();
        for expected in ["HttpOnly", "Secure", "Path=/", same_site] {
            assert!(attributes.contains(&expected), "{name}: {attributes:?}");
        }
        assert!(!line(name).contains("Domain"), "{name}");
    }
    let (first, second) = (alice.cookie("__Host-session"), alice.cookie(SECOND));
    assert_ne!(first, second);
    assert_eq!(second.map(|secret| secret.len()), Some(64));
}

#[rocket::async_test]
async fn it_answers_the_bridge_like_the_session_itself() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let frame = with_only(&server, SECOND, &alice.cookie(SECOND).expect("a second secret"));
    let asked = frame.ask("notes", NOTES, false, None).await.json();
    assert_eq!(asked["mark"], alice.ask("notes", NOTES, false, None).await.json()["mark"]);
    let payload = frame.mint("notes", NOTES, None).await;
    let profile = server.backend("notes").recover(&payload, None).await.json();
    assert_eq!(profile["username"], "alice");

    alice.sign_out().await;
    let body = frame.ask("notes", NOTES, true, None).await.json();
    assert_eq!(body["error"], "login_required", "it ends with the session");
}

#[rocket::async_test]
async fn it_opens_nothing_else() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let secret = alice.cookie(SECOND).expect("a second secret");
    let frame = || with_only(&server, SECOND, &secret);

    for path in ["/account", "/account/profile", "/account/password", "/consent?client_id=specs"] {
        let answer = frame().get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().contains("/signin"), "{path}: {}", answer.location());
    }
    let bridge = frame().get("/bridge?client_id=wiki").await;
    assert!(bridge.text.contains("data-mark=\"\""), "{}", bridge.text);
    assert_eq!(frame().get("/signin").await.status, 200, "nobody is signed in here");
    frame().sign_out().await;
    frame().post("/signout", &[("everywhere", "on")]).await;
    frame().change_password("another-glass-1872").await;
    frame().consent("specs", "allow").await;
    frame().post("/account/sessions/end-others", &[]).await;
    let leave = json!({ "clientId": "notes", "origin": NOTES });
    let left = frame().bridge_call("/bridge/signout", &leave).await;
    assert_eq!(left.status, 409, "it does not claim a sign-out that did not happen");
    assert_eq!(left.json()["error"], "storage_blocked");
    assert!(left.set_cookies().is_empty());

    assert!(alice.is_signed_in().await, "none of this ended the session");
    let asked = alice.ask("specs", SPECS, false, None).await.json();
    assert_eq!(asked["error"], "consent_required", "nor gave a consent");
    assert_eq!(server.browser().sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn the_two_secrets_cannot_stand_for_each_other() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let secret = |name: &str| alice.cookie(name).expect("a cookie");
    let swapped = with_only(&server, "__Host-session", &secret(SECOND));
    assert!(!swapped.is_signed_in().await);
    let body = swapped.ask("notes", NOTES, true, None).await.json();
    assert_eq!(body["error"], "login_required");
    let swapped = with_only(&server, SECOND, &secret("__Host-session"));
    let body = swapped.ask("notes", NOTES, true, None).await.json();
    assert_eq!(body["error"], "login_required");
}

#[rocket::async_test]
async fn doubled_or_tossed_cookies_change_nothing() {
    let server = TestServer::new().await;
    let (alice, bob) = (server.signed_up("alice").await, server.signed_up("bob").await);
    let body = json!({ "clientId": "notes", "origin": NOTES, "mint": false });
    let send = async |cookie: String| {
        let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", cookie.as_str())];
        server.browser().bridge_call_with("/bridge/payload", &body, &headers).await
    };
    for name in ["__Host-session", SECOND] {
        let (hers, his) = (alice.cookie(name).expect("one"), bob.cookie(name).expect("one"));
        let doubled = send(format!("{name}={hers}; {name}={his}")).await;
        doubled.assert_error(400, "invalid_request");
        send(format!("{name}={hers}; {name}={hers}")).await.assert_error(400, "invalid_request");
        let bare = name.trim_start_matches("__Host-");
        let tossed = send(format!("{bare}={his}; __Secure-{bare}={his}; {name}={hers}")).await;
        let asked = alice.ask("notes", NOTES, false, None).await.json();
        assert_eq!(tossed.json()["mark"], asked["mark"], "{name}");
    }
}
