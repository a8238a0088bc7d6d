//! An unsafe request acts by a cookie only if a page of ours sent it. A safe one never acts.

use reqwest::{Method, RequestBuilder};

use crate::support::{Answer, Endpoint, ISSUER, TestServer, WIKI};

/// The routes that act by a cookie.
fn acting_by_cookie(server: &TestServer) -> impl Iterator<Item = &Endpoint> {
    let acts = |e: &&Endpoint| !e.is_safe() && !e.is_for_backends() && !e.is_read_as_get();
    server.endpoints.iter().filter(acts)
}

/// Headers of requests that no page of ours sends.
fn foreign() -> Vec<Vec<(&'static str, &'static str)>> {
    let ours = ("Origin", ISSUER);
    let mut foreign = vec![
        vec![],
        vec![("Origin", "null")],
        vec![("Origin", "")],
        vec![("Origin", WIKI)],
        vec![("Origin", "http://accounts.vestibule.localhost")],
        vec![("Origin", "http://accounts.vestibule.localhost:8000.evil.test")],
        vec![("Origin", "HTTP://ACCOUNTS.VESTIBULE.LOCALHOST:8000")],
        vec![ours, ours],
        vec![("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        vec![("Referer", ISSUER)],
    ];
    for site in ["same-site", "cross-site", "none", "", "Same-Origin", "same-origin, none"] {
        foreign.push(vec![("Sec-Fetch-Site", site)]);
        foreign.push(vec![("Sec-Fetch-Site", site), ours]);
    }
    foreign
}

fn with(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

#[rocket::async_test]
async fn a_request_that_no_page_of_ours_sent_is_refused_and_changes_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    let unsafe_ones: Vec<_> = acting_by_cookie(&server).collect();
    assert!(unsafe_ones.len() >= 10, "{unsafe_ones:?}");
    for endpoint in unsafe_ones {
        for headers in foreign() {
            let answer = alice.send(with(endpoint.bare_request(&alice), &headers)).await;
            let place = format!("{} {} with {headers:?}", endpoint.method, endpoint.pattern);
            assert_eq!(answer.status, 403, "{place}");
            assert!(answer.set_cookies().is_empty(), "{place}");
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn the_same_request_from_a_page_of_ours_works() {
    let server = TestServer::new().await;
    for endpoint in acting_by_cookie(&server) {
        // Only scripts of ours, which need a browser of today, do without the fallback.
        let is_script =
            endpoint.pattern.starts_with("/bridge/") || endpoint.pattern.ends_with("/proof");
        let by_metadata: &[_] = &[("Sec-Fetch-Site", "same-origin")];
        let by_origin: &[_] = &[("Origin", ISSUER)];
        for headers in [by_metadata, by_origin] {
            let alice = server.alice_again().await;
            let answer = alice.send(with(endpoint.bare_request(&alice), headers)).await;
            let place = format!("{} {} with {headers:?}", endpoint.method, endpoint.pattern);
            if is_script && headers == by_origin {
                assert_eq!(answer.status, 403, "{place}");
                continue;
            }
            let ours = match endpoint.pattern.as_str() {
                "/account/sessions/<id>/end"
                | "/account/sites/<client_id>/remove"
                | "/operations/<id>"
                | "/flow/<id>" => 404,
                "/identification/start" => 410,
                // It is another secret than that of the flow.
                "/flow/<id>/proof" => 403,
                // The second time, somebody has that name.
                "/signup" if headers == by_origin => 422,
                "/bridge/payload" => 200,
                "/bridge/signout" => 204,
                _ => 303,
            };
            assert_eq!(answer.status, ours, "{place}: {}", answer.text);
        }
    }
}

#[rocket::async_test]
async fn looking_changes_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let but = ["last_seen_at", "idle_expires_at"];
    let before = server.database.every_row_but(&but).await;
    // Far enough for the time of last use to be written again, which is all that may be.
    server.clock.advance(10 * vestibule::clock::MINUTE);
    // A code that nobody takes is what a look at the authorization endpoint may leave.
    for endpoint in server.endpoints.iter().filter(|e| e.pattern != "/oauth/authorize") {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            for browser in [&alice, &server.browser()] {
                let path = endpoint.path();
                let request = browser.request(method.clone(), &path);
                let answer = Answer::of(request.header("Sec-Fetch-Site", "same-origin")).await;
                let place = format!("{method} {path}");
                assert!(answer.status < 500, "{place}: {}", answer.status);
                assert!(answer.set_cookies().is_empty(), "{place}");
                assert!(method == Method::GET || answer.text.is_empty() || answer.status == 404);
            }
        }
    }
    assert_eq!(server.database.every_row_but(&but).await, before);
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn head_is_get_without_a_body() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let paths = |method: &str| -> Vec<String> {
        let of_method = server.endpoints.iter().filter(|e| e.method == method);
        of_method.filter(|e| !e.is_read_as_get()).map(Endpoint::path).collect()
    };
    let refused = paths("HEAD");
    assert_eq!(refused.len(), 3, "{refused:?}");
    for path in paths("GET").into_iter().filter(|path| !refused.contains(path)) {
        let get = Answer::of(alice.request(Method::GET, &path)).await;
        let head = Answer::of(alice.request(Method::HEAD, &path)).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.text, "", "{path}");
        for header in ["Content-Type", "Location", "X-Frame-Options", "Cache-Control", "ETag"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
    // Where a `GET` does something, a look is refused.
    for path in refused {
        let request = alice.request(Method::HEAD, &path).header("Origin", WIKI);
        let head = Answer::of(request).await;
        assert_eq!((head.status, head.text.as_str()), (405, ""), "{path}");
        assert!(head.header("Allow").starts_with("GET"), "{path}");
    }
}

#[rocket::async_test]
async fn a_method_named_in_the_form_opens_no_side_door() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    for endpoint in acting_by_cookie(&server) {
        for method in ["POST", "post", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "no"] {
            let body = format!("_method={method}&everywhere=on&answer=allow&client_id=specs");
            let request = alice.request(Method::POST, &endpoint.path());
            let request = request.header("Content-Type", crate::support::FORM).body(body);
            let answer = alice.send(request.header("Sec-Fetch-Site", "same-site")).await;
            let place = format!("{method} at {}: {}", endpoint.pattern, answer.status);
            assert!(answer.status < 500, "{place}");
            assert!(answer.set_cookies().is_empty(), "{place}");
        }
    }
    for path in ["/signout", "/account", "/account/profile"] {
        for method in ["POST", "DELETE", "PUT"] {
            let answer = alice.get(&format!("{path}?_method={method}")).await;
            assert_eq!(answer.status, 200, "{path}: a query says nothing of the method");
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_preflight_is_not_answered() {
    let server = TestServer::new().await;
    for endpoint in acting_by_cookie(&server) {
        let request = server.browser().request(Method::OPTIONS, &endpoint.path());
        let request =
            request.header("Origin", WIKI).header("Access-Control-Request-Method", "POST");
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 404, "{}", endpoint.pattern);
        let allows =
            |name: &reqwest::header::HeaderName| name.as_str().starts_with("access-control");
        assert!(!answer.headers.keys().any(allows), "{}", endpoint.pattern);
    }
}
