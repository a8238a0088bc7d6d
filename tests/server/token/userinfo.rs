//! Who a token stands for (OpenID Connect Core §5.3), by RFC 6750.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{ALL, server, setup, shopping, uid};
use crate::support::{Answer, FORM, TestServer, encode, http, nonce};

const PATHS: [&str; 2] = ["/oauth/userinfo", "/v1/profile"];

/// Holds that a token was refused (RFC 6750 §3.1).
fn assert_invalid(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    let header = answer.header("WWW-Authenticate");
    assert!(header.starts_with("Bearer realm=\"vestibule\", error=\"invalid_token\""), "{header}");
    assert_eq!(answer.json()["error"], "invalid_token", "{why}");
    assert_eq!(answer.header("Cache-Control"), "no-store", "{why}");
}

/// Holds that no token was seen: RFC 6750 §3.1 says no more than how to bring one.
fn assert_bare(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    assert_eq!(answer.header("WWW-Authenticate"), "Bearer realm=\"vestibule\"", "{why}");
    assert!(!answer.text.contains("alice"), "{why}");
}

#[rocket::async_test]
async fn each_scope_tells_its_claims() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (sub, name) = (("sub", json!(uid(&server, "alice").await)), "Full Name of alice");
    let profile = [("name", json!(name)), ("preferred_username", json!("alice"))];
    let email = [("email", json!("alice@example.org")), ("email_verified", json!(false))];
    for (scope, more) in [
        ("openid", vec![]),
        ("openid payments", vec![]),
        ("openid profile", profile.to_vec()),
        ("openid email", email.to_vec()),
        (ALL, [profile, email].concat()),
    ] {
        let tokens = server.shop_tokens(&alice, scope).await;
        let mut wanted = json!({ sub.0: sub.1 });
        for (name, value) in more {
            wanted[name] = value;
        }
        for method in [Method::GET, Method::POST] {
            let request = server.plain_request(method, "/oauth/userinfo");
            let answer = Answer::of(request.bearer_auth(&tokens.access)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.json(), wanted, "{scope}");
            assert_eq!(answer.header("Cache-Control"), "no-store");
            assert_eq!(answer.header("Content-Type"), "application/json");
        }
    }
}

#[rocket::async_test]
async fn it_is_the_person_of_the_id_token() {
    let (server, alice, tokens) = shopping().await;
    let claims = server.verify(tokens.id.as_deref().expect("an id token"), "shop").await.claims;
    let person = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert_eq!(person["sub"], claims["sub"]);
    let widgets = server.widget_tokens(&alice, "openid profile").await;
    let claims = server.verify(widgets.id.as_deref().expect("an id token"), "widget").await.claims;
    let there = server.with_bearer("/oauth/userinfo", &widgets.access).await.json();
    assert_eq!(there["sub"], claims["sub"]);
    assert_ne!(there["sub"], person["sub"], "the widget knows her by another identifier");
}

#[rocket::async_test]
async fn without_openid_there_is_nothing_to_say() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for scope in ["payments", "profile", "profile email"] {
        let tokens = server.shop_tokens(&alice, scope).await;
        let answer = server.with_bearer("/oauth/userinfo", &tokens.access).await;
        assert_eq!(answer.status, 403, "{scope}: {}", answer.text);
        assert_eq!(answer.json()["error"], "insufficient_scope");
        let header = answer.header("WWW-Authenticate");
        assert!(header.starts_with("Bearer realm=\"vestibule\""), "{header}");
        assert!(header.contains("error=\"insufficient_scope\""), "{header}");
        assert!(!answer.text.contains("alice"), "{}", answer.text);
    }
}

#[rocket::async_test]
async fn who_brings_no_token_is_told_how() {
    let (server, alice, tokens) = shopping().await;
    for path in PATHS {
        assert_bare(&server.plain_get(path).await, "nothing");
        let cookie = alice.send(alice.request(Method::GET, path)).await;
        assert_bare(&cookie, "a session is no token");
        let basic = server.plain_request(Method::GET, path);
        assert_bare(&Answer::of(basic.basic_auth("shop", Some(&tokens.access))).await, "basic");
        for scheme in ["DPoP", "MAC", "Token", ""] {
            let value = format!("{scheme} {}", tokens.access);
            let request = server.plain_request(Method::GET, path).header("Authorization", value);
            let answer = Answer::of(request).await;
            assert!([400, 401].contains(&answer.status), "{scheme}: {}", answer.status);
            assert!(answer.header("WWW-Authenticate").starts_with("Bearer realm=\"vestibule\""));
        }
    }
}

#[rocket::async_test]
async fn the_scheme_may_be_in_any_case() {
    let (server, _alice, tokens) = shopping().await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {}", tokens.access);
        for path in PATHS {
            let request = server.plain_request(Method::GET, path).header("Authorization", &value);
            assert_eq!(Answer::of(request).await.status, 200, "{scheme} {path}");
        }
    }
}

#[rocket::async_test]
async fn what_is_no_living_token_is_refused() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let revoked = shop.narrow(&tokens.access, "openid", &[]).await.tokens().access;
    shop.revoke(&revoked).await;
    let cookie = alice.cookie("__Host-session").expect("a session");
    let id_token = tokens.id.clone().expect("an id token");
    for path in PATHS {
        for (why, token) in [
            ("never made", nonce().as_str()),
            ("revoked", &revoked),
            ("a refresh token", tokens.refresh()),
            ("an id token", &id_token),
            ("a session's cookie", &cookie),
            ("the hash of one", &crate::support::hash(&tokens.access)),
            ("in capitals", &tokens.access.to_uppercase()),
            ("one character less", &tokens.access[1..]),
            ("two of them", &format!("{}{}", tokens.access, tokens.access)),
            ("10 kB", &"a".repeat(7_000)),
        ] {
            assert_invalid(&server.with_bearer(path, token).await, &format!("{path} {why}"));
        }
    }
    server.clock.advance(600_000);
    for path in PATHS {
        assert_invalid(&server.with_bearer(path, &tokens.access).await, "expired");
    }
}

#[rocket::async_test]
async fn a_token_dies_with_session_and_account() {
    let (server, alice, tokens) = shopping().await;
    alice.sign_out().await;
    for path in PATHS {
        assert_invalid(&server.with_bearer(path, &tokens.access).await, "she signed out");
    }
    alice.sign_in("alice", crate::support::PASSWORD).await;
    let tokens = server.shop_tokens(&alice, ALL).await;
    let (uid, now) = (uid(&server, "alice").await, server.clock.now());
    assert!(server.store.disable_account(&uid, now).await.expect("the database answers"));
    for path in PATHS {
        assert_invalid(&server.with_bearer(path, &tokens.access).await, "she is disabled");
    }
}

/// A request with a body of a form, as RFC 6750 §2.2 has it.
fn by_form(server: &TestServer, token: &str) -> RequestBuilder {
    let request = http().post(format!("{}/oauth/userinfo", server.url));
    request.header("Content-Type", FORM).body(encode(&[("access_token", token)]))
}

#[rocket::async_test]
async fn a_token_in_the_address_is_not_looked_at() {
    let (server, _alice, tokens) = shopping().await;
    for path in PATHS {
        let query = format!("{path}?access_token={}", tokens.access);
        let answer = server.plain_get(&query).await;
        assert!([400, 401].contains(&answer.status), "{path}: {}", answer.text);
        assert!(!answer.text.contains("alice"));
    }
    let post = server.plain_request(Method::POST, "/oauth/userinfo");
    let query = format!("/oauth/userinfo?access_token={}", tokens.access);
    let posted = Answer::of(server.plain_request(Method::POST, &query)).await;
    assert!([400, 401].contains(&posted.status), "{}", posted.text);
    assert_bare(&Answer::of(post).await, "nothing, by POST");
}

#[rocket::async_test]
async fn two_ways_at_once_are_refused() {
    let (server, _alice, tokens) = shopping().await;
    let token = tokens.access.as_str();
    for other in [token, &nonce()] {
        let both = by_form(&server, other).bearer_auth(token);
        let both = Answer::of(both).await;
        both.assert_error(400, "invalid_request");
        // RFC 6750 §3.1.
        let challenge = "Bearer realm=\"vestibule\", error=\"invalid_request\"";
        assert_eq!(both.header("WWW-Authenticate"), challenge);
        for path in PATHS {
            let twice = server.plain_request(Method::GET, path).bearer_auth(token);
            let twice = Answer::of(twice.header("Authorization", format!("Bearer {other}"))).await;
            assert!([400, 401].contains(&twice.status), "{path}: {}", twice.text);
        }
    }
    // The address is no way at all: what counts is the header.
    for path in PATHS {
        let query = format!("{path}?access_token={token}");
        let wrong = server.plain_request(Method::GET, &query).bearer_auth(nonce());
        let answer = Answer::of(wrong).await;
        assert!([400, 401].contains(&answer.status), "{path}: {}", answer.text);
    }
}

#[rocket::async_test]
async fn a_token_may_come_in_a_form_instead() {
    // RFC 6750 §2.2.
    let (server, _alice, tokens) = shopping().await;
    let answer = Answer::of(by_form(&server, &tokens.access)).await;
    assert_eq!(answer.json()["preferred_username"], "alice");
    assert_invalid(&Answer::of(by_form(&server, &nonce())).await, "an unknown one");
    assert_bare(&Answer::of(by_form(&server, "")).await, "an empty one");
    let twice = encode(&[("access_token", &tokens.access), ("access_token", &tokens.access)]);
    let request = server.plain_request(Method::POST, "/oauth/userinfo");
    let answer = Answer::of(request.header("Content-Type", FORM).body(twice)).await;
    answer.assert_error(400, "invalid_request");
}

#[rocket::async_test]
async fn a_body_that_is_no_form_is_not_looked_at() {
    let (server, _alice, tokens) = shopping().await;
    let unread = format!("access_token={}", nonce());
    for (media, body) in [
        (None, unread.as_str()),
        (Some("text/plain"), &unread),
        (Some("application/json"), "{}"),
        (Some("application/json"), "not even JSON"),
        (Some("nonsense"), "\u{0}"),
    ] {
        let request = server.plain_request(Method::POST, "/oauth/userinfo").body(body.to_owned());
        let request = media.into_iter().fold(request, |r, media| r.header("Content-Type", media));
        let answer = Answer::of(request.bearer_auth(&tokens.access)).await;
        assert_eq!(answer.status, 200, "{media:?} {body:?}: {}", answer.text);
        assert_eq!(answer.json()["preferred_username"], "alice", "{media:?}");
    }
}

#[rocket::async_test]
async fn a_public_client_and_a_narrowed_token_see_no_more_than_their_scope() {
    let mut setup = setup().await;
    setup.registration("widget").scope = super::scope("openid profile email");
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid email").await;
    let less = server.public("widget").narrow(&tokens.access, "openid", &[]).await.tokens();
    let person = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert!(person.get("name").is_none() && person["email"] == "alice@example.org", "{person}");
    let person = server.with_bearer("/oauth/userinfo", &less.access).await.json();
    assert_eq!(person.as_object().map(serde_json::Map::len), Some(1), "{person}");
}
