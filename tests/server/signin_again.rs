//! Signing in although somebody is signed in, and choosing who goes on.

use reqwest::Method;

use crate::support::{ISSUER, PASSWORD, SPECS, TestServer, WIKI, encode, plain};

const AGAIN: &str = "/signin?again=on";

#[rocket::async_test]
async fn the_form_is_shown_again_when_it_is_asked_for_and_changes_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    let page = alice.get(&format!("{AGAIN}&next=/account/profile")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Full Name of alice") && page.text.contains("Sign in again"));
    assert_eq!(page.typed("again").as_deref(), Some("on"));
    assert_eq!(page.typed("next").as_deref(), Some("/account/profile"));
    assert!(!page.text.contains("/signup"), "that page would send her on");
    assert!(page.set_cookies().is_empty());
    for other in ["", "again=", "again=off", "again=ON", "again=true", "again", "Again=on"] {
        assert_eq!(alice.get(&format!("/signin?{other}")).await.status, 303, "{other}");
    }
    assert_eq!(alice.get("/signin?again=on&again=on").await.status, 400);
    for next in ["//evil.test", "https://evil.test/", "/%5Cevil.test"] {
        assert_eq!(alice.get(&format!("{AGAIN}&next={next}")).await.status, 400, "{next}");
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(alice.is_signed_in().await);

    let nobody = server.browser().get(AGAIN).await;
    assert_eq!(nobody.status, 200);
    assert!(!nobody.text.contains("Sign in again") && nobody.text.contains("/signup"));
}

#[rocket::async_test]
async fn signing_in_again_replaces_the_session() {
    let server = TestServer::new().await;
    server.signed_up("bob").await;
    let browser = server.signed_up("alice").await;
    for (login, other) in [("alice", "bob"), ("bob", "alice")] {
        server.clock.advance(60_000);
        let old = browser.at(&server.url);
        let fields = [("again", "on"), ("login", login), ("password", PASSWORD)];
        let answer = browser.post("/signin", &fields).await;
        assert_eq!((answer.status, answer.location()), (303, format!("{ISSUER}/account").as_str()));
        assert_ne!(browser.cookie("__Host-session"), old.cookie("__Host-session"));
        assert!(!old.is_signed_in().await, "the session before has ended");
        let page = browser.get("/account").await.text;
        assert!(page.contains(&format!("Full Name of {login}")));
        assert!(!page.contains(&format!("Full Name of {other}")));
        let now = server.clock.now().to_string();
        let sql = "SELECT CAST(auth_time AS TEXT) FROM sessions ORDER BY created_at DESC";
        assert_eq!(server.database.texts(sql).await[0], now);
    }
}

#[rocket::async_test]
async fn a_wrong_password_ends_nothing_and_keeps_what_was_typed() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let back = format!("{WIKI}/sso/return");
    for (login, password) in [("alice", "not-the-password"), ("nobody", "x"), ("alice", "")] {
        let fields = [
            ("again", "on"),
            ("next", back.as_str()),
            ("login", login),
            ("password", password),
            ("keep", "on"),
        ];
        let page = alice.post("/signin", &fields).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains("Sign in again") && page.text.contains("Full Name of alice"));
        assert_eq!(page.typed("again").as_deref(), Some("on"));
        assert_eq!(page.typed("login").as_deref(), Some(login));
        assert_eq!(page.typed("next").as_deref(), Some(back.as_str()));
        assert!(page.is_ticked("keep"));
        assert!(alice.is_signed_in().await);
    }
}

#[rocket::async_test]
async fn the_same_choice_to_be_kept_is_offered_again() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    assert!(!alice.get(AGAIN).await.is_ticked("keep"));
    let fields = [("again", "on"), ("login", "alice"), ("password", PASSWORD), ("keep", "on")];
    assert_eq!(alice.post("/signin", &fields).await.status, 303);
    assert!(alice.get(AGAIN).await.is_ticked("keep"));
}

#[rocket::async_test]
async fn a_login_can_be_suggested() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let longest = "é".repeat(320);
    for (suggested, shown) in [
        ("bob@example.org", "bob@example.org"),
        ("a \"b\"><script>alert(1)</script>", "a \"b\"><script>alert(1)</script>"),
        (longest.as_str(), longest.as_str()),
        (format!("{longest}é").as_str(), ""),
        ("a\nb", ""),
        ("a\tb", ""),
        ("", ""),
    ] {
        let query = encode(&[("login_hint", suggested), ("again", "on")]);
        for browser in [&alice, &server.browser()] {
            let page = browser.get(&format!("/signin?{query}")).await;
            assert_eq!(page.status, 200);
            assert_eq!(page.typed("login").as_deref(), Some(shown), "{suggested}");
            assert!(!page.text.contains("<script>alert"));
        }
    }
    for wrong in ["login_hint=a&login_hint=b", "login_hint=%ff", "login_hint=%00"] {
        assert_eq!(server.browser().get(&format!("/signin?{wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(alice.get("/signin?login_hint=bob").await.status, 303, "it asks for nothing");
}

/// The addresses that a page's buttons lead to.
fn links(html: &str) -> Vec<String> {
    let tags = html.split('<').filter(|tag| tag.starts_with("a class=\"button"));
    let links = tags.filter_map(|tag| tag.split("href=\"").nth(1)?.split('"').next());
    links.map(plain).collect()
}

#[rocket::async_test]
async fn one_goes_on_as_oneself_or_as_somebody_else() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    let own = "/oauth/authorize?client_id=wiki&state=a%26b";
    let back = format!("{WIKI}/sso/return");
    for (next, address, client) in [
        (own, own, "Wiki"),
        (back.as_str(), &back, "Wiki"),
        ("/account/profile", "/account/profile", ""),
    ] {
        let query = encode(&[("next", next)]);
        let page = alice.get(&format!("/signin/choose?{query}")).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Continue as Full Name of alice"), "{}", page.text);
        assert!(page.text.contains(client) && page.set_cookies().is_empty());
        let [go, other] = &links(&page.text)[..] else { panic!("two ways: {}", page.text) };
        assert_eq!(go, address);
        let form = alice.get(other).await;
        assert!(form.text.contains("Sign in again"), "{other}");
        assert_eq!(form.typed("next").as_deref(), Some(next));
        assert_eq!(page.policy("form-action"), Some("'self'"));
    }
    let page = alice.get("/signin/choose").await;
    assert_eq!(links(&page.text), ["/account", AGAIN]);
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn nobody_has_nothing_to_choose() {
    let server = TestServer::new().await;
    let next = "/oauth/authorize?client_id=wiki&state=a%26b";
    let query = encode(&[("next", next)]);
    let answer = server.browser().get(&format!("/signin/choose?{query}")).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), format!("{ISSUER}/signin?{query}"));
    let form = server.browser().get(answer.location().trim_start_matches(ISSUER)).await;
    assert_eq!(form.typed("next").as_deref(), Some(next));
}

#[rocket::async_test]
async fn a_choice_leads_nowhere_else_and_is_made_on_our_own_page() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let foreign = format!("{SPECS}/sso/return");
    for browser in [&alice, &server.browser()] {
        for next in ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:x", &foreign]
        {
            let query = encode(&[("next", next)]);
            let answer = browser.get(&format!("/signin/choose?{query}")).await;
            assert_eq!((answer.status, answer.location()), (400, ""), "{next}");
            assert!(!answer.text.contains("evil.test"), "{next}");
        }
        let twice = browser.get("/signin/choose?next=/account&next=/account").await;
        assert_eq!(twice.status, 400);
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            let request = browser.request(method.clone(), "/signin/choose");
            let request = request.header("Sec-Fetch-Site", "same-origin").header("Origin", ISSUER);
            assert_eq!(browser.send(request).await.status, 404, "{method}");
        }
    }
    for dest in ["iframe", "frame", "embed", "object"] {
        let request = alice.request(Method::GET, "/signin/choose").header("Sec-Fetch-Dest", dest);
        assert_eq!(alice.send(request).await.status, 403, "{dest}");
    }
}
