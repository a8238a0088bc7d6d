//! Every parameter missing, doubled, empty or far too long; other methods and other bodies.

use reqwest::Method;

use super::{hold_page, provider, walk, with_alice};
use crate::support::{Answer, Authorize, FORM, encode};

/// A good request in which everything that is understood has a value.
fn full() -> Authorize {
    Authorize::shop()
        .with("response_mode", "query")
        .with("prompt", "none")
        .with("max_age", "1000")
        .with("login_hint", "alice")
}

#[rocket::async_test]
async fn a_request_in_which_something_is_missing() {
    let (_server, alice) = with_alice().await;
    let missing = async |name: &str| {
        let asked = full().without(name);
        let answer = alice.authorize(&asked).await;
        if answer.sent().get("error").is_empty() {
            answer.code(&asked);
            return String::new();
        }
        answer.refusal(&asked)
    };
    for (name, error) in [
        ("response_type", "invalid_request"),
        ("scope", "invalid_scope"),
        ("code_challenge_method", "invalid_request"),
        ("state", ""),
        ("nonce", ""),
        ("response_mode", ""),
        ("max_age", ""),
        ("login_hint", ""),
    ] {
        assert_eq!(missing(name).await, error, "{name}");
    }
}

#[rocket::async_test]
async fn a_parameter_without_a_value_is_as_one_that_is_not_there() {
    let (_server, alice) = with_alice().await;
    for (name, error) in [("response_type", "invalid_request"), ("scope", "invalid_scope")] {
        let asked = full().with(name, "");
        assert_eq!(alice.authorize(&asked).await.refusal(&asked), error, "{name}");
    }
    for name in [
        "state",
        "nonce",
        "response_mode",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "resource",
        "request",
        "request_uri",
        "registration",
        "claims",
        "display",
    ] {
        let asked = full().with(name, "");
        alice.authorize(&asked).await.code(&asked);
        let bare = format!("{}&{name}", full().without(name).path());
        let answer = alice.navigate(&bare).await;
        assert_eq!(answer.sent().get("code").len(), 64, "{name}: {}", answer.location());
    }
}

#[rocket::async_test]
async fn a_parameter_that_is_there_twice_is_refused() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    for name in [
        "response_type",
        "scope",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "response_mode",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "claims",
    ] {
        let (once, asked) = (full().value(name).to_owned(), full());
        for second in [once.as_str(), "other", ""] {
            let twice = asked.clone().with(name, &once).and(name, second);
            let error = alice.authorize(&twice).await.refusal(&twice);
            assert_eq!(error, "invalid_request", "{name} {second:?}");
        }
        let (start, end) = name.split_at(1);
        let hidden = format!("{}&%{:02x}{end}=x", asked.path(), start.as_bytes()[0]);
        if asked.value(name).is_empty() {
            continue;
        }
        let answer = alice.navigate(&hidden).await;
        assert_eq!(answer.refusal(&asked), "invalid_request", "{hidden}");
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn of_two_states_none_is_sent_back() {
    let (_server, alice) = with_alice().await;
    for second in ["evil", ""] {
        let sent = alice.authorize(&full().and("state", second)).await.sent();
        assert_eq!(sent.get("error"), "invalid_request");
        assert!(!sent.names().contains(&"state"), "{sent:?}");
    }
}

#[rocket::async_test]
async fn a_request_that_is_too_long_is_refused_on_a_page() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    let long = "evil".repeat(2_560);
    let names = ["response_type", "client_id", "redirect_uri", "scope", "state", "nonce"];
    let more = ["code_challenge", "prompt", "id_token_hint", "resource", "request", "anything"];
    for name in names.iter().chain(&more) {
        let asked = full().with(name, &long);
        hold_page(&alice.authorize(&asked).await, name);
        let post = alice.request(Method::POST, "/oauth/authorize").header("Content-Type", FORM);
        hold_page(&alice.send(post.body(encode(&asked.fields()))).await, name);
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn state_and_nonce_have_a_length_that_no_honest_client_needs() {
    let (_server, alice) = with_alice().await;
    for name in ["state", "nonce"] {
        let asked = full().with(name, &"a".repeat(2_048));
        alice.authorize(&asked).await.code(&asked);
        let asked = full().with(name, &"a".repeat(2_049));
        let sent = alice.authorize(&asked).await.sent();
        assert_eq!(sent.get("error"), "invalid_request", "{name}");
    }
}

#[rocket::async_test]
async fn a_request_as_long_as_it_may_be_survives_every_page_on_the_way() {
    let server = provider().await;
    server.signed_up("alice").await;
    for (state, nonce) in [("a".repeat(2_048), "b".repeat(2_048)), ("é&".repeat(400), "c".into())]
    {
        let asked = Authorize::widget().prompt("login consent select_account");
        let asked = asked.with("state", &state).with("nonce", &nonce);
        assert!(asked.path().len() < 8_192);
        let browser = server.browser();
        let (visited, answer) = walk(&browser, browser.authorize(&asked).await).await;
        answer.code(&asked);
        assert!(visited.contains(&"/consent".to_owned()), "{visited:?}");
    }
}

#[rocket::async_test]
async fn a_body_of_another_kind_is_not_read() {
    let (_server, alice) = with_alice().await;
    let good = encode(&full().fields());
    let json = serde_json::to_string(&full().fields()).expect("JSON");
    let post = |path: &str| alice.request(Method::POST, path);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"] {
        for body in [&good, &json] {
            let answer = Answer::of(
                post("/oauth/authorize").header("Content-Type", kind).body(body.clone()),
            );
            let answer = answer.await;
            assert!([400, 415].contains(&answer.status), "{kind}: {}", answer.status);
            assert_eq!(answer.location(), "");
        }
    }
    let bare = Answer::of(post("/oauth/authorize").body(good.clone())).await;
    assert!([400, 415].contains(&bare.status), "{}", bare.status);
    let empty = Answer::of(post("/oauth/authorize").header("Content-Type", FORM)).await;
    hold_page(&empty, "an empty body");
    let broken = post("/oauth/authorize").header("Content-Type", FORM).body(vec![0xff, 0xfe]);
    hold_page(&Answer::of(broken).await, "odd bytes");
}

#[rocket::async_test]
async fn a_query_beside_a_body_cannot_add_to_it() {
    let (_server, alice) = with_alice().await;
    let body = encode(&full().fields());
    for extra in [
        "redirect_uri=https://evil.test/",
        "client_id=evil",
        "state=evil",
        "scope=evil",
        "response_mode=fragment",
        "code_challenge=evil",
    ] {
        let path = format!("/oauth/authorize?{extra}");
        let post = alice.request(Method::POST, &path).header("Content-Type", FORM);
        let answer = alice.send(post.body(body.clone())).await;
        if answer.status == 303 {
            assert!(!answer.location().contains("evil"), "{extra}: {}", answer.location());
            assert!(!answer.location().contains('#'), "{extra}: {}", answer.location());
        } else {
            hold_page(&answer, extra);
        }
    }
}

#[rocket::async_test]
async fn other_methods_get_nothing() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = Answer::of(alice.request(method.clone(), &full().path())).await;
        assert!((400..500).contains(&answer.status), "{method}: {}", answer.status);
        assert_eq!(answer.location(), "");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    let post = alice.request(Method::POST, "/oauth/authorize").header("Content-Type", FORM);
    let body = format!("_method=DELETE&{}", encode(&full().fields()));
    assert!(Answer::of(post.body(body)).await.status < 500);
}
