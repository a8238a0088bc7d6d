//! A client authenticates in exactly the way that is registered for it (RFC 6749 §2.3), at each of
//! the endpoints that ask for it.

use reqwest::RequestBuilder;
use vestibule::config::DeclaredClient;
use vestibule::domain::client::Registration;

use super::{TILL, assert_refused, assert_unauthorized, scope, setup, shop_code};
use crate::support::{
    Answer, Authorize, Backend, Setup, TestServer, declared, encode, nonce, secret_of,
};

/// A path, and fields that are good for it.
const CALLS: [(&str, &[(&str, &str)]); 3] = [
    ("/oauth/token", &[("grant_type", "client_credentials"), ("scope", "payments")]),
    ("/oauth/introspect", &[("token", "a")]),
    ("/oauth/revoke", &[("token", "a")]),
];

/// A client that sends its secret in the body.
fn kiosk() -> DeclaredClient {
    declared(Registration {
        grant_types: vec!["client_credentials".into()],
        token_endpoint_auth_method: "client_secret_post".into(),
        scope: scope("payments"),
        ..Registration::named("kiosk", TILL)
    })
}

async fn setup_with_kiosk() -> Setup {
    let mut setup = setup().await;
    setup.config.clients.push(kiosk());
    setup
}

async fn server() -> TestServer {
    setup_with_kiosk().await.start().await
}

/// The calls with these fields in the body, and whatever `more` does to the request.
async fn each(
    server: &TestServer,
    fields: &[(&str, &str)],
    more: impl Fn(RequestBuilder) -> RequestBuilder,
) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (path, call) in CALLS {
        let body = encode(&[call, fields].concat());
        let request = server.backend("shop").bare_form(path).body(body);
        answers.push(Answer::of(more(request)).await);
    }
    answers
}

async fn by_basic(server: &TestServer, id: &str, secret: &str) -> Vec<Answer> {
    each(server, &[], |request| request.basic_auth(id, Some(secret))).await
}

async fn by_post(server: &TestServer, id: &str, secret: &str) -> Vec<Answer> {
    each(server, &[("client_id", id), ("client_secret", secret)], |request| request).await
}

async fn by_name(server: &TestServer, id: &str) -> Vec<Answer> {
    each(server, &[("client_id", id)], |request| request).await
}

#[rocket::async_test]
async fn a_client_is_known_by_its_registered_method() {
    let server = server().await;
    let good = [
        by_basic(&server, "shop", &secret_of("shop")).await,
        by_post(&server, "kiosk", &secret_of("kiosk")).await,
    ];
    for answers in good {
        for (answer, (path, _)) in answers.iter().zip(CALLS) {
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
    }
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid").await;
    assert_eq!(server.public("widget").refresh(tokens.refresh()).await.status, 200);
    assert_eq!(server.public("widget").revoke("a").await.status, 200);
}

#[rocket::async_test]
async fn every_failed_authentication_looks_the_same() {
    let server = server().await;
    let now = server.clock.now();
    server.store.disable_client("till", now).await.expect("the database answers");
    let (shop, kiosk) = (secret_of("shop"), secret_of("kiosk"));
    let tries = [
        ("nobody at all", each(&server, &[], |request| request).await),
        ("a wrong secret", by_basic(&server, "shop", &nonce()).await),
        ("almost the secret", by_basic(&server, "shop", &shop[1..]).await),
        ("another client's secret", by_basic(&server, "shop", &secret_of("stall")).await),
        ("a wrong secret in the body", by_post(&server, "kiosk", &nonce()).await),
        ("no such client", by_basic(&server, "nobody", &nonce()).await),
        ("no such client in the body", by_post(&server, "nobody", &nonce()).await),
        ("no such public client", by_name(&server, "nobody").await),
        ("a disabled client", by_basic(&server, "till", &secret_of("till")).await),
        ("post, though basic is registered", by_post(&server, "shop", &shop).await),
        ("basic, though post is registered", by_basic(&server, "kiosk", &kiosk).await),
        ("a name alone, though basic is registered", by_name(&server, "shop").await),
        ("a name alone, though post is registered", by_name(&server, "kiosk").await),
        ("a public client with a secret", by_basic(&server, "widget", &nonce()).await),
        ("a public client with one in the body", by_post(&server, "widget", &nonce()).await),
        ("bearer", each(&server, &[], |request| request.bearer_auth(&shop)).await),
    ];
    let mut seen = [const { Vec::new() }; 3];
    for (why, answers) in tries {
        for (answer, seen) in answers.iter().zip(&mut seen) {
            assert_unauthorized(answer, why);
            seen.push(answer.essence());
        }
    }
    for (mut seen, (path, _)) in seen.into_iter().zip(CALLS) {
        seen.dedup();
        assert_eq!(seen.len(), 1, "{path}: {seen:#?}");
    }
}

#[rocket::async_test]
async fn two_authentications_at_once_are_refused() {
    let server = server().await;
    let (shop, kiosk) = (secret_of("shop"), secret_of("kiosk"));
    for (why, id, secret) in [
        ("the same twice", "shop", shop.as_str()),
        ("two clients", "kiosk", &kiosk),
        ("a wrong one too", "shop", "wrong"),
    ] {
        let fields = [("client_id", id), ("client_secret", secret)];
        let basic = |request: RequestBuilder| request.basic_auth("shop", Some(&shop));
        for answer in each(&server, &fields, basic).await {
            assert_refused(&answer, &["invalid_request"], why);
        }
        for answer in each(&server, &fields[1..], basic).await {
            assert_refused(&answer, &["invalid_request"], why);
        }
    }
}

#[rocket::async_test]
async fn the_client_named_in_the_body_is_the_one_that_authenticates() {
    let server = server().await;
    let shop = secret_of("shop");
    let basic = |request: RequestBuilder| request.basic_auth("shop", Some(&shop));
    for other in ["stall", "kiosk", "widget", "nobody", "Shop", "shop "] {
        for answer in each(&server, &[("client_id", other)], basic).await {
            let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
            assert!([400, 401].contains(&answer.status), "{other}: {}", answer.text);
            assert!(["invalid_request", "invalid_client"].contains(&error.as_str()), "{error}");
        }
    }
    for answer in each(&server, &[("client_id", "shop")], basic).await {
        assert_eq!(answer.status, 200, "naming itself is no second method: {}", answer.text);
    }
}

#[rocket::async_test]
async fn secrets_are_not_taken_from_the_address() {
    let server = server().await;
    let kiosk = secret_of("kiosk");
    for (path, fields) in CALLS {
        let query = encode(&[("client_id", "kiosk"), ("client_secret", &kiosk)]);
        let request = server.backend("kiosk").bare_form(&format!("{path}?{query}"));
        assert_unauthorized(&Answer::of(request.body(encode(fields))).await, path);
    }
}

#[rocket::async_test]
async fn a_public_client_may_not_ask_what_a_token_is() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid").await;
    let request = server.public("widget").form("/oauth/introspect", &[("token", &tokens.access)]);
    assert_unauthorized(&Answer::of(request).await, "introspection by a public client");
}

#[rocket::async_test]
async fn a_name_alone_gives_nothing_of_a_client_with_a_secret() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let (code, asked) = shop_code(&alice).await;
    let tokens = server.shop_tokens(&alice, "openid").await;
    let nobody = server.public("shop");
    assert_unauthorized(&nobody.token(&asked.redemption(&code)).await, "code");
    assert_unauthorized(&nobody.refresh(tokens.refresh()).await, "refresh");
    assert_unauthorized(&nobody.narrow(&tokens.access, "openid", &[]).await, "exchange");
    assert_unauthorized(&nobody.revoke(tokens.refresh()).await, "revocation");
    assert_eq!(server.backend("shop").refresh(tokens.refresh()).await.status, 200);
}

#[rocket::async_test]
async fn guessing_secrets_is_slowed_and_locks_nobody_out() {
    use vestibule::limits::{Rate, Settings};
    let mut setup = setup_with_kiosk().await;
    setup.config.limits = Settings { client_auth: Rate::new(3, 10_000), ..setup.config.limits };
    let server = setup.start().await;
    for answer in by_post(&server, "kiosk", &nonce()).await {
        assert_unauthorized(&answer, "a guess");
    }
    let (known, unknown) =
        (by_basic(&server, "shop", &nonce()).await, by_post(&server, "nobody", &nonce()).await);
    for answer in known.into_iter().chain(unknown) {
        answer.assert_error(429, "rate_limited");
        let wait: i64 = answer.header("Retry-After").parse().expect("seconds");
        assert!((1..=10).contains(&wait), "{wait}");
    }
    for answer in by_basic(&server, "shop", &secret_of("shop")).await {
        assert_eq!(answer.status, 200, "the right one is answered: {}", answer.text);
    }
    server.clock.advance(10_000);
    let guess = server.backend("shop").with_secret(&nonce()).revoke("a").await;
    assert_unauthorized(&guess, "one more after ten seconds");
}

#[rocket::async_test]
async fn one_public_client_is_not_another() {
    let mut setup = setup().await;
    let mut other = crate::support::widget();
    other.registration.client_id = "gadget".into();
    setup.config.clients.push(other);
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.widget_tokens(&alice, "openid").await;
    let gadget: Backend = server.public("gadget");
    gadget.refresh(tokens.refresh()).await.assert_error(400, "invalid_grant");
    gadget.narrow(&tokens.access, "openid", &[]).await.assert_error(400, "invalid_request");
    let asked = Authorize::widget();
    let code = alice.authorize(&asked).await.code(&asked);
    gadget.token(&asked.redemption(&code)).await.assert_error(400, "invalid_grant");
    assert_eq!(gadget.revoke(&tokens.access).await.status, 200);
    assert!(super::opens_userinfo(&server, &tokens.access).await, "it was not gadget's");
}
