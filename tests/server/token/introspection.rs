//! Who may ask what a token is (RFC 7662): its owner, and whom it is for. Everybody else sees what
//! they would see of a token that never was.

use reqwest::Method;

use super::{REFUND, assert_unauthorized, is_hex, lives, setup, shop_code, shopping, stall_tokens};
use crate::support::{
    Answer, FORM, PAY, Setup, TestServer, declared, encode, http, nonce, secret_of,
};
use vestibule::domain::client::Registration;

/// All that anybody sees of a token that is not theirs or is none.
const INACTIVE: &str = "{\"active\":false}";

async fn ask(server: &TestServer, client_id: &str, token: &str) -> Answer {
    let fields = [("token", token)];
    Answer::of(server.backend(client_id).form("/oauth/introspect", &fields)).await
}

async fn assert_inactive(server: &TestServer, client_id: &str, token: &str, why: &str) {
    let answer = ask(server, client_id, token).await;
    assert_eq!(answer.status, 200, "{why}");
    assert_eq!(answer.text, INACTIVE, "{why}");
    assert_eq!(answer.header("Cache-Control"), "no-store", "{why}");
    assert_eq!(answer.header("Content-Type"), "application/json", "{why}");
}

#[rocket::async_test]
async fn the_owner_and_whom_it_is_for_may_ask() {
    let (server, _alice, tokens) = shopping().await;
    let (shop, pay, till) = (server.backend("shop"), server.backend("pay"), server.backend("till"));
    let aimed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    assert!(lives(&shop, &aimed.access).await && lives(&pay, &aimed.access).await);
    assert!(!lives(&till, &aimed.access).await);
    assert!(lives(&shop, &tokens.access).await, "the issuer's is its owner's");
    assert!(!lives(&pay, &tokens.access).await && !lives(&till, &tokens.access).await);
}

#[rocket::async_test]
async fn a_resource_on_a_clients_origin_is_for_that_client() {
    let mut setup: Setup = setup().await;
    let look_alikes = [
        PAY.replace(":8004", ":18004"),
        PAY.replace("8004", "8005"),
        PAY.replace("http:", "https:"),
        PAY.replace("pay.", "repay."),
        PAY.replace(".localhost", ".localhost.evil.localhost"),
        format!("http://localhost/?at={PAY}"),
        format!("http://localhost/{PAY}"),
        REFUND.to_owned(),
    ];
    setup.registration("shop").audiences.extend(look_alikes.clone());
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "openid payments").await;
    let (shop, pay) = (server.backend("shop"), server.backend("pay"));
    let aimed = async |resource: &str| {
        let more = [("resource", resource)];
        shop.narrow(&tokens.access, "payments", &more).await.tokens().access
    };
    let charge = format!("{PAY}/charge");
    let token = aimed(&charge).await;
    assert_eq!(pay.introspect(&token).await["aud"], charge);
    assert!(!lives(&server.backend("till"), &token).await);
    for other in look_alikes {
        let token = aimed(&other).await;
        assert_inactive(&server, "pay", &token, &other).await;
        assert!(lives(&shop, &token).await, "{other}");
    }
}

#[rocket::async_test]
async fn of_what_is_not_theirs_everybody_sees_the_same() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let stalls = stall_tokens(&server, &alice, "openid payments").await;
    let widgets = server.widget_tokens(&alice, "openid").await;
    let revoked = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    shop.revoke(&revoked.access).await;
    let (code, _) = shop_code(&alice).await;
    let cookie = alice.cookie("__Host-session").expect("a session");
    let id_token = tokens.id.clone().expect("an id token");
    let long = "a".repeat(10_000);
    for (why, client_id, token) in [
        ("another client's", "stall", tokens.access.as_str()),
        ("another client's, by the shop", "shop", &stalls.access),
        ("a public client's", "shop", &widgets.access),
        ("the issuer's, by a resource server", "pay", &tokens.access),
        ("another client's refresh token", "pay", tokens.refresh()),
        ("the same by the stall", "stall", tokens.refresh()),
        ("revoked, by its owner", "shop", &revoked.access),
        ("revoked, by whom it was for", "pay", &revoked.access),
        ("never made", "shop", &nonce()),
        ("a code", "shop", &code),
        ("a session's cookie", "shop", &cookie),
        ("an id token", "shop", &id_token),
        ("an id token, by another", "pay", &id_token),
        ("in capitals", "shop", &tokens.access.to_uppercase()),
        ("one character less", "shop", &tokens.access[1..]),
        ("one character more", "shop", &format!("{}0", tokens.access)),
        ("with a space", "shop", &format!(" {}", tokens.access)),
        ("the hash of one", "shop", &crate::support::hash(&tokens.access)),
        ("a word", "shop", "token"),
        ("a crab", "shop", "🦀"),
        ("10 kB", "shop", &long),
    ] {
        assert_inactive(&server, client_id, token, why).await;
    }
    server.clock.advance(600_000);
    assert_inactive(&server, "shop", &tokens.access, "expired").await;
    assert!(is_hex(&tokens.access));
}

#[rocket::async_test]
async fn every_end_of_a_token_looks_the_same() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let aimed = shop.narrow(&tokens.access, "payments", &[("audience", "pay")]).await.tokens();
    alice.sign_out().await;
    for client_id in ["shop", "pay"] {
        assert_inactive(&server, client_id, &aimed.access, "she signed out").await;
        assert_inactive(&server, client_id, &tokens.access, "she signed out").await;
    }
}

#[rocket::async_test]
async fn who_does_not_authenticate_learns_nothing() {
    let (server, _alice, tokens) = shopping().await;
    let send = async |fields: &[(&str, &str)], secret: Option<&str>| {
        let request = server.backend("shop").bare_form("/oauth/introspect").body(encode(fields));
        let request = match secret {
            Some(secret) => request.basic_auth("shop", Some(secret)),
            None => request,
        };
        Answer::of(request).await
    };
    let token = ("token", tokens.access.as_str());
    let wrong = nonce();
    for (why, answer) in [
        ("nobody", send(&[token], None).await),
        ("a wrong secret", send(&[token], Some(&wrong)).await),
        ("a name", send(&[token, ("client_id", "shop")], None).await),
        ("a public client", send(&[token, ("client_id", "widget")], None).await),
    ] {
        assert_unauthorized(&answer, why);
        assert!(!answer.text.contains("active"), "{}", answer.text);
    }
    let bearer = http().post(format!("{}/oauth/introspect", server.url)).bearer_auth(token.1);
    let answer = Answer::of(bearer.header("Content-Type", FORM).body(encode(&[token]))).await;
    assert_unauthorized(&answer, "the token itself");
}

#[rocket::async_test]
async fn it_is_not_asked_by_an_address() {
    let (server, _alice, tokens) = shopping().await;
    let path = format!("/oauth/introspect?{}", encode(&[("token", &tokens.access)]));
    let shop = |request: reqwest::RequestBuilder| {
        Answer::of(request.basic_auth("shop", Some(secret_of("shop"))))
    };
    let got = shop(server.plain_request(Method::GET, &path)).await;
    assert!([404, 405].contains(&got.status), "{}: {}", got.status, got.text);
    let posted = server.plain_request(Method::POST, &path).header("Content-Type", FORM);
    let posted = shop(posted.body("")).await;
    posted.assert_error(400, "invalid_request");
}

#[rocket::async_test]
async fn a_hint_changes_nothing() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let plain = ask(&server, "shop", &tokens.access).await;
    for hint in ["access_token", "refresh_token", "id_token", "nothing", "", "🦀"] {
        let fields = [("token", tokens.access.as_str()), ("token_type_hint", hint)];
        let answer = Answer::of(shop.form("/oauth/introspect", &fields)).await;
        assert_eq!(answer.text, plain.text, "{hint}");
        let fields = [("token", nonce()), ("token_type_hint", hint.to_owned())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let answer = Answer::of(shop.form("/oauth/introspect", &fields)).await;
        assert_eq!(answer.text, INACTIVE, "{hint}");
    }
}

#[rocket::async_test]
async fn a_client_that_is_not_registered_for_anything_may_ask_of_what_is_for_it() {
    let mut setup = setup().await;
    let ledger = Registration {
        grant_types: Vec::new(),
        token_endpoint_auth_method: "client_secret_post".into(),
        ..Registration::named("ledger", "https://ledger.example.org")
    };
    setup.config.clients.push(declared(ledger));
    setup.registration("shop").audiences.push("ledger".into());
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "payments").await;
    let aimed = [("audience", "ledger")];
    let token = server.backend("shop").narrow(&tokens.access, "payments", &aimed).await.tokens();
    let secret = secret_of("ledger");
    let fields =
        [("token", token.access.as_str()), ("client_id", "ledger"), ("client_secret", &secret)];
    let request = server.backend("ledger").bare_form("/oauth/introspect").body(encode(&fields));
    assert_eq!(Answer::of(request).await.json()["active"], true);
}
