//! What every answer carries, and what none does.

use crate::support::{Seen, TestServer, answers_without_database, every_answer};

#[rocket::async_test]
async fn every_answer_carries_the_headers_that_protect_it() {
    for Seen { what, answer } in every_answer().await.iter().chain(answers_without_database().await)
    {
        let hsts = answer.header("Strict-Transport-Security");
        let seconds = hsts.strip_prefix("max-age=").and_then(|rest| rest.split(';').next());
        let seconds: u64 = seconds.and_then(|s| s.parse().ok()).unwrap_or_default();
        assert!(seconds >= 365 * 24 * 3_600, "{what}: {hsts}");
        assert!(hsts.contains("includeSubDomains"), "{what}");
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff", "{what}");
        assert!(answer.header("Permissions-Policy").contains("camera=()"), "{what}");
        assert!(!answer.header("Cross-Origin-Resource-Policy").is_empty(), "{what}");
        assert!(!answer.header("Cache-Control").is_empty(), "{what}");
        assert_eq!(answer.header("X-Request-Id").len(), 32, "{what}");
        assert_eq!(answer.header("Server"), "", "{what}");
        let referrer = answer.header("Referrer-Policy");
        assert!(referrer.starts_with("strict-origin"), "{what}: {referrer}");
        let policy = answer.header("Content-Security-Policy");
        assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
        for header in ["Content-Security-Policy", "X-Frame-Options", "Cache-Control"] {
            assert!(answer.headers.get_all(header).iter().count() <= 1, "{what}: {header}");
        }
    }
}

#[rocket::async_test]
async fn no_policy_lets_in_scripts_or_styles_that_are_not_files_of_ours() {
    for Seen { what, answer } in every_answer().await {
        let policy = answer.header("Content-Security-Policy");
        assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{what}: {policy}");
        if answer.is_html() {
            assert_eq!(answer.policy("base-uri"), Some("'none'"), "{what}");
            assert!(answer.policy("form-action").is_some(), "{what}");
        }
    }
}

#[rocket::async_test]
async fn only_files_for_everybody_are_kept_by_caches_or_read_by_other_sites() {
    let mut public = Vec::new();
    for Seen { what, answer } in every_answer().await {
        if !answer.header("Access-Control-Allow-Origin").is_empty() {
            assert!(what.contains("/sdk/"), "{what}");
        }
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), "", "{what}");
        if answer.header("Cache-Control") == "no-store" {
            continue;
        }
        assert!(answer.set_cookies().is_empty(), "{what}");
        public.push(what);
    }
    let same_for_all = ["/assets/", "/sdk/", "/.well-known/", "/oauth/jwks"];
    let is_file = |what: &&String| same_for_all.iter().any(|path| what.contains(path));
    assert!(public.iter().all(is_file), "{public:?}");
    assert!(!public.is_empty());
}

#[rocket::async_test]
async fn every_answer_has_a_request_id_of_its_own_which_error_pages_show() {
    let server = TestServer::new().await;
    let browser = server.browser();
    let first = browser.get("/nothing").await;
    let second = browser.get("/nothing").await;
    let id = first.header("X-Request-Id");
    assert!(id.bytes().all(|b| b.is_ascii_hexdigit()) && id.len() == 32, "{id}");
    assert_ne!(id, second.header("X-Request-Id"));
    assert!(first.text.contains(id));

    let ours = browser.request(reqwest::Method::GET, "/nothing");
    let planted = browser.send(ours.header("X-Request-Id", "planted")).await;
    assert!(!planted.text.contains("planted"));
    assert_ne!(planted.header("X-Request-Id"), "planted");
}

#[rocket::async_test]
async fn nothing_is_made_of_the_host_a_request_names() {
    let server = TestServer::new().await;
    for endpoint in &server.endpoints {
        let alice = server.alice_again().await;
        let request = endpoint
            .request(&alice)
            .header("Host", "evil.test")
            .header("Forwarded", "for=192.0.2.1;host=evil.test;proto=https")
            .header("X-Forwarded-Host", "evil.test")
            .header("X-Forwarded-Proto", "evil.test")
            .header("X-Original-URL", "/evil.test")
            .header("X-Rewrite-URL", "/evil.test");
        let answer = alice.send(request).await;
        let place = format!("{} {}", endpoint.method, endpoint.pattern);
        assert!(answer.status < 500, "{place}");
        assert!(!answer.text.contains("evil.test"), "{place}");
        assert!(!format!("{:?}", answer.headers).contains("evil.test"), "{place}");
    }
}

#[rocket::async_test]
async fn no_body_and_no_header_but_set_cookie_holds_a_secret_of_the_browser() {
    let server = TestServer::new().await;
    for endpoint in &server.endpoints {
        let alice = server.alice_again().await;
        let names = ["__Host-session", "__Host-session-none", "__Host-device"];
        let before: Vec<String> = names.iter().filter_map(|name| alice.cookie(name)).collect();
        assert_eq!(before.len(), 3, "alice has all three");
        let mut answer = alice.send(endpoint.request(&alice)).await;
        let after = names.iter().filter_map(|name| alice.cookie(name));
        let secrets: Vec<String> = before.into_iter().chain(after).collect();
        answer.headers.remove("Set-Cookie");
        let everything = format!("{:?} {}", answer.headers, answer.text);
        let place = format!("{} {}", endpoint.method, endpoint.pattern);
        assert!(secrets.iter().all(|secret| !everything.contains(secret)), "{place}");
        assert!(!everything.contains(crate::support::PASSWORD), "{place}");
        assert!(!everything.contains("$argon2"), "{place}");
    }
}

#[rocket::async_test]
async fn whatever_is_sent_is_never_answered_with_a_fault_of_ours() {
    for Seen { what, answer } in every_answer().await {
        assert!(answer.status < 500, "{what}: {} {}", answer.status, answer.text);
    }
}
