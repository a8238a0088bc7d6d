//! Which scripts may read what: the pages of registered clients, and never with cookies.

use reqwest::Method;
use vestibule::domain::origin::Origin;

use super::{provider, with_alice};
use crate::support::{
    Answer, Authorize, Backend, FORM, NOTES, PAY, SHOP, SPECS, TestServer, WIKI, encode,
};

/// Paths that scripts of clients may read, with their methods.
const OPEN: [(&str, &str); 8] = [
    ("/oauth/token", "POST"),
    ("/oauth/revoke", "POST"),
    ("/oauth/userinfo", "GET"),
    ("/oauth/userinfo", "POST"),
    ("/v1/profile", "GET"),
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/oauth/jwks", "GET"),
];

/// And those that they may not.
const CLOSED: [(&str, &str); 12] = [
    ("/oauth/authorize", "GET"),
    ("/oauth/authorize", "POST"),
    ("/oauth/introspect", "POST"),
    ("/oauth/logout", "GET"),
    ("/oauth/logout", "POST"),
    ("/signin", "GET"),
    ("/consent", "POST"),
    ("/account", "GET"),
    ("/bridge/payload", "POST"),
    ("/v1/session/recover", "POST"),
    ("/v1/session/status", "POST"),
    ("/nothing", "GET"),
];

const FOREIGN: [&str; 14] = [
    "null",
    "https://evil.test",
    "http://specs.example.localhost",
    "http://specs.example.localhost:8006",
    "https://specs.example.localhost:8005",
    "http://specs.example.localhost:8005.evil.test",
    "http://specs.example.localhost:8005/",
    "http://SPECS.example.localhost:8005",
    "http://evil.specs.example.localhost:8005",
    "http://evilspecs.example.localhost:8005",
    "http://specs.example.localhost:80050",
    "http://accounts.vestibule.localhost:8000.evil.test",
    "*",
    "http://specs.example.localhost:8005, https://evil.test",
];

async fn preflight(server: &TestServer, path: &str, method: &str, origin: &str) -> Answer {
    let request = server.plain_request(Method::OPTIONS, path).header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", method);
    let headers = "authorization, content-type";
    Answer::of(request.header("Access-Control-Request-Headers", headers)).await
}

fn hold_open(answer: &Answer, origin: &str, place: &str) {
    assert_eq!(answer.header("Access-Control-Allow-Origin"), origin, "{place}");
    assert_eq!(answer.headers.get_all("Access-Control-Allow-Origin").iter().count(), 1);
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), "", "{place}");
    assert!(varies(answer), "{place}: another origin is answered otherwise");
    assert!(answer.set_cookies().is_empty(), "{place}");
}

fn hold_closed(answer: &Answer, place: &str) {
    for name in [
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Private-Network",
    ] {
        assert_eq!(answer.header(name), "", "{place}: {name}");
    }
}

fn varies(answer: &Answer) -> bool {
    let values = answer.headers.get_all("Vary").iter().map(|value| value.to_str().expect("ASCII"));
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("origin"))
}

#[rocket::async_test]
async fn a_preflight_of_a_registered_origin_is_let_through() {
    let server = provider().await;
    for origin in [SHOP, PAY, SPECS, WIKI, NOTES] {
        for (path, method) in OPEN {
            let answer = preflight(&server, path, method, origin).await;
            let place = format!("{method} {path} of {origin}");
            assert!([200, 204].contains(&answer.status), "{place}: {}", answer.status);
            assert_eq!(answer.text, "", "{place}");
            hold_open(&answer, origin, &place);
            let allowed = answer.header("Access-Control-Allow-Methods").to_owned();
            assert!(allowed.contains(method), "{place}: {allowed}");
            let headers = answer.header("Access-Control-Allow-Headers").to_lowercase();
            assert!(!headers.contains('*') && !allowed.contains('*'), "{place}");
            if path != "/oauth/jwks" && !path.starts_with("/.well-known") {
                assert!(headers.contains("authorization"), "{place}: {headers}");
            }
            if path == "/oauth/token" {
                assert!(headers.contains("content-type"), "{place}: {headers}");
            }
        }
    }
}

#[rocket::async_test]
async fn a_preflight_of_anybody_else_is_not() {
    let server = provider().await;
    for origin in FOREIGN {
        for (path, method) in OPEN {
            let answer = preflight(&server, path, method, origin).await;
            hold_closed(&answer, &format!("{method} {path} of {origin}"));
            assert!(answer.status < 500, "{path} of {origin}: {}", answer.status);
        }
    }
    for (path, method) in CLOSED {
        for origin in [SHOP, SPECS, "null", "https://evil.test"] {
            let answer = preflight(&server, path, method, origin).await;
            hold_closed(&answer, &format!("{method} {path} of {origin}"));
        }
    }
}

async fn ask(server: &TestServer, path: &str, method: &str, origin: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = server.plain_request(method.clone(), path).header("Origin", origin);
    let request = request.header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Mode", "cors");
    let request = match method {
        Method::POST => request.header("Content-Type", FORM).body("client_id=widget&token=x"),
        _ => request,
    };
    Answer::of(request).await
}

#[rocket::async_test]
async fn an_answer_even_of_an_error_is_read_by_registered_origins_only() {
    let server = provider().await;
    for (path, method) in OPEN {
        for origin in [SHOP, SPECS] {
            let answer = ask(&server, path, method, origin).await;
            hold_open(&answer, origin, &format!("{method} {path} of {origin}"));
        }
        for origin in FOREIGN {
            let answer = ask(&server, path, method, origin).await;
            hold_closed(&answer, &format!("{method} {path} of {origin}"));
            assert!(varies(&answer), "{path}: a cache must not mix them up");
        }
        let plain = server.plain_request(Method::GET, path);
        let answer = Answer::of(plain).await;
        hold_closed(&answer, path);
        if method == "GET" {
            assert!(varies(&answer), "{path}: a cache must not mix them up");
        }
    }
    for (path, method) in CLOSED {
        for origin in [SHOP, SPECS, "null", "https://evil.test"] {
            hold_closed(&ask(&server, path, method, origin).await, &format!("{method} {path}"));
        }
    }
}

#[rocket::async_test]
async fn a_page_of_the_widget_can_do_all_that_it_needs() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    let asked = Authorize::widget().scope("openid profile");
    let code = alice.silently(&asked).await.code(&asked);
    let widget: Backend = server.public("widget");
    let fields = asked.redemption(&code);
    let answer = Answer::of(widget.form("/oauth/token", &fields).header("Origin", SPECS)).await;
    hold_open(&answer, SPECS, "token");
    let access = answer.tokens().access;
    for path in ["/oauth/userinfo", "/v1/profile"] {
        let request = server.plain_request(Method::GET, path).bearer_auth(&access);
        let answer = Answer::of(request.header("Origin", SPECS)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        hold_open(&answer, SPECS, path);
    }
    let revoke = widget.form("/oauth/revoke", &[("token", &access)]).header("Origin", SPECS);
    let answer = Answer::of(revoke).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    hold_open(&answer, SPECS, "revoke");
}

#[rocket::async_test]
async fn cookies_count_for_nothing_there() {
    let (server, alice) = with_alice().await;
    for (path, method) in OPEN {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let request = alice.request(method.clone(), path).header("Origin", SPECS);
        let request = request.header("Content-Type", FORM);
        let body = encode(&[("client_id", "widget"), ("token", "x"), ("grant_type", "x")]);
        let answer = Answer::of(request.body(body)).await;
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), "", "{path}");
        assert!(!answer.text.contains("alice"), "{path}: {}", answer.text);
    }
    assert_eq!(server.browser().get("/oauth/userinfo").await.status, 401);
    assert_eq!(alice.get("/oauth/userinfo").await.status, 401);
}

#[rocket::async_test]
async fn the_origins_of_a_client_that_is_switched_off_are_nobody_s() {
    let server = provider().await;
    let origin = Origin::parse(SHOP).expect("an origin");
    assert_eq!(origin.as_str(), SHOP);
    hold_open(&ask(&server, "/oauth/jwks", "GET", SHOP).await, SHOP, "before");
    server.store.disable_client("shop", server.clock.now()).await.expect("the database answers");
    for (path, method) in OPEN {
        hold_closed(&preflight(&server, path, method, SHOP).await, path);
        hold_closed(&ask(&server, path, method, SHOP).await, path);
        assert!([200, 204].contains(&preflight(&server, path, method, SPECS).await.status));
    }
}
