//! Pages of ours that lead on to a client: what `next` to them may be, and where a form may then
//! lead. Browsers hold a form's `form-action` against every redirect that follows.

use vestibule::domain::client::Registration;

use crate::support::{
    Browser, ISSUER, PASSWORD, SPECS, Setup, TestServer, WIKI, declared, encode, specs, wiki,
};

const APP: &str = "https://app.example.com";

/// Specs also has an app elsewhere; `tool` is a program on people's own machines.
async fn server() -> TestServer {
    let mut setup = Setup::new().await;
    let mut with_app = specs();
    with_app.registration.redirect_uris =
        vec![format!("{SPECS}/callback"), format!("{APP}/callback"), "http://127.0.0.1/x".into()];
    with_app.registration.post_logout_redirect_uris = vec![format!("{APP}/out?a=b")];
    let tool = Registration {
        client_name: "Tool".into(),
        origins: Vec::new(),
        redirect_uris: ["127.0.0.1/callback", "localhost/x", "[::1]/callback"]
            .map(|rest| format!("http://{rest}"))
            .to_vec(),
        token_endpoint_auth_method: "none".into(),
        ..Registration::named("tool", SPECS)
    };
    setup.config.clients = vec![wiki(), with_app, declared(tool)];
    setup.start().await
}

fn authorize(client_id: &str, redirect_uri: &str) -> String {
    let fields = [("client_id", client_id), ("redirect_uri", redirect_uri), ("state", "a b")];
    format!("/oauth/authorize?{}", encode(&fields))
}

fn logout(client_id: &str, uri: &str) -> String {
    let fields = [("client_id", client_id), ("post_logout_redirect_uri", uri)];
    format!("/oauth/logout?{}", encode(&fields))
}

async fn policy(browser: &Browser, page: &str, next: &str) -> String {
    let answer = browser.get(&format!("{page}?{}", encode(&[("next", next)]))).await;
    assert_eq!(answer.status, 200, "{page} {next}");
    let policy = answer.policy("form-action").expect("a policy");
    policy.strip_prefix("'self'").expect("ourselves").trim().to_owned()
}

#[rocket::async_test]
async fn a_form_may_lead_on_to_the_client_and_where_it_has_registered() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let both = format!("{SPECS} {APP}");
    let with_app = authorize("specs", &format!("{APP}/callback"));
    let consent =
        |next: &str| format!("/consent?{}", encode(&[("client_id", "specs"), ("next", next)]));
    for (next, onward) in [
        (with_app.clone(), both.as_str()),
        (authorize("specs", &format!("{SPECS}/callback")), SPECS),
        (authorize("tool", "http://127.0.0.1/callback"), "http://127.0.0.1"),
        (authorize("tool", "http://127.0.0.1:51234/callback"), "http://127.0.0.1:51234"),
        (authorize("tool", "http://localhost:51234/x"), "http://localhost:51234"),
        // A policy cannot name an address such as this one.
        (authorize("tool", "http://[::1]:51234/callback"), "http:"),
        (logout("specs", &format!("{APP}/out?a=b")), APP),
        (consent(&with_app), both.as_str()),
        (consent("/account"), ""),
        ("/oauth/authorize?client%5Fid=specs".to_owned(), SPECS),
    ] {
        for page in ["/signin", "/signup"] {
            assert_eq!(policy(&server.browser(), page, &next).await, onward, "{page} {next}");
        }
        assert_eq!(policy(&alice, "/signout", &next).await, onward, "{next}");
        let wrong = server.browser().post("/signin", &[("next", &next)]).await;
        assert_eq!(wrong.status, 422);
        let kept = format!("'self' {onward}");
        assert_eq!(wrong.policy("form-action"), Some(kept.trim()), "after wrong input: {next}");
    }
}

#[rocket::async_test]
async fn a_form_does_not_lead_where_nobody_has_registered() {
    let server = server().await;
    let app = format!("{APP}/callback");
    let app = app.as_str();
    let twice = |name: &str, value: &str| {
        format!("{}&{}", authorize("specs", app), encode(&[(name, value)]))
    };
    for (next, onward) in [
        (authorize("specs", "https://evil.test/callback"), SPECS),
        (authorize("specs", &format!("{APP}/callback/")), SPECS),
        (authorize("specs", &format!("{APP}/callback#x")), SPECS),
        (authorize("specs", "https://app.example.com@evil.test/callback"), SPECS),
        // The port is free for programs that hold no secret.
        (authorize("specs", "http://127.0.0.1:51234/x"), SPECS),
        (authorize("tool", "http://127.0.0.1.evil.test/callback"), ""),
        (authorize("tool", "http://127.0.0.1:51234/callback;x"), ""),
        (authorize("tool", app), ""),
        (twice("redirect_uri", app), SPECS),
        (twice("client_id", "specs"), ""),
        (authorize("nobody", app), ""),
        (authorize("", app), ""),
        (logout("specs", &format!("{APP}/out")), ""),
        (logout("specs", "https://evil.test/"), ""),
        (logout("specs", app), ""),
        (logout("tool", &format!("{APP}/out?a=b")), ""),
        // Nothing of ours is at these.
        (authorize("specs", app).replacen("/oauth/", "/oauth/./", 1), ""),
        (authorize("specs", app).replacen("/oauth/", "/x/../oauth/", 1), ""),
        (authorize("specs", app).replacen("authorize", "authorize/", 1), ""),
        (authorize("specs", app).replacen("authorize", "AUTHORIZE", 1), ""),
    ] {
        assert_eq!(policy(&server.browser(), "/signin", &next).await, onward, "{next}");
    }
    server.store.disable_client("specs", server.clock.now()).await.expect("the database answers");
    assert_eq!(policy(&server.browser(), "/signin", &authorize("specs", app)).await, "");
}

#[rocket::async_test]
async fn a_page_says_which_client_it_leads_on_to() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for next in [authorize("specs", ""), logout("specs", ""), "/consent?client_id=specs".into()] {
        let query = encode(&[("next", &next)]);
        for page in ["/signin", "/signup"] {
            let answer = server.browser().get(&format!("{page}?{query}")).await;
            assert!(answer.text.contains("<strong>Specs</strong>"), "{page} {next}");
        }
        let answer = alice.get(&format!("/signout?{query}")).await;
        assert!(answer.text.contains("Specs included"), "{next}");
    }
}

#[rocket::async_test]
async fn what_was_asked_comes_back_as_it_was_after_signing_in() {
    let server = server().await;
    server.signed_up("alice").await;
    let redirect = format!("{SPECS}/callback");
    let start = authorize("specs", &redirect);
    for (next, status) in [
        (start.clone(), 303),
        (logout("specs", ""), 303),
        (format!("{start}&{}", "a".repeat(8_191 - start.len())), 303),
        (format!("{start}&{}", "a".repeat(8_192 - start.len())), 400),
        (format!("/oauth/logout?{}", "a".repeat(8_178)), 303),
        (format!("/oauth/logout?{}", "a".repeat(8_179)), 400),
        (format!("/oauth/authorize/?{}", "a".repeat(2_100)), 400),
    ] {
        let fields = [("login", "alice"), ("password", PASSWORD), ("next", next.as_str())];
        let answer = server.browser().post("/signin", &fields).await;
        assert_eq!(answer.status, status, "{} bytes", next.len());
        let expected = if status == 303 { format!("{ISSUER}{next}") } else { String::new() };
        assert_eq!(answer.location(), expected);
        let page = server.browser().get(&format!("/signin?{}", encode(&[("next", &next)]))).await;
        assert_eq!(page.status, if status == 303 { 200 } else { 400 });
    }
}

#[rocket::async_test]
async fn who_stays_signed_in_is_not_asked_again_to_sign_out() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let back = format!("{WIKI}/sso/return");
    for (next, stay) in [
        ("", "/account"),
        ("/account/profile", "/account/profile"),
        (back.as_str(), back.as_str()),
        (logout("specs", &format!("{APP}/out?a=b")).as_str(), "/account"),
    ] {
        let page = alice.get(&format!("/signout?{}", encode(&[("next", next)]))).await;
        let link = format!("href=\"{}\">Stay signed in", stay.replace('/', "&#x2F;"));
        assert!(page.text.contains(&link), "{next}: {}", page.text);
        assert_eq!(page.typed("next").as_deref(), Some(next));
    }
    let next = logout("specs", &format!("{APP}/out?a=b"));
    let answer = alice.post("/signout", &[("next", &next)]).await;
    assert_eq!((answer.status, answer.location()), (303, format!("{ISSUER}{next}").as_str()));
    assert!(!alice.is_signed_in().await);
}
