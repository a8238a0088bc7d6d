//! The form of an exchange: which kinds of token go in and come out.

use crate::support::{ACCESS_TOKEN, EXCHANGE, Tokens, nonce};
use crate::token::{assert_refused, lives, setup, shop_code, shopping};

const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const SAML: &str = "urn:ietf:params:oauth:token-type:saml2";

fn exchange<'a>(token: &'a str, kind: &'a str) -> [(&'a str, &'a str); 4] {
    let grant_type = ("grant_type", EXCHANGE);
    [grant_type, ("subject_token", token), ("subject_token_type", kind), ("scope", "openid")]
}

#[rocket::async_test]
async fn only_an_access_token_goes_in() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let (code, _) = shop_code(&alice).await;
    let id_token = tokens.id.clone().expect("an id token");
    let cookie = alice.cookie("__Host-session").expect("a session");
    let none = cookie_of(&alice);
    for (what, subject) in [
        ("a refresh token", tokens.refresh()),
        ("an id token", &id_token),
        ("a code", &code),
        ("a session's cookie", &cookie),
        ("the second cookie", &none),
        ("never made", &nonce()),
        ("the hash of a token", &crate::support::hash(&tokens.access)),
        ("in capitals", &tokens.access.to_uppercase()),
        ("one character less", &tokens.access[1..]),
        ("with a space", &format!("{} ", tokens.access)),
        ("nothing", ""),
    ] {
        for kind in [ACCESS_TOKEN, REFRESH_TOKEN, ID_TOKEN, JWT] {
            let answer = shop.token(&exchange(subject, kind)).await;
            assert_refused(&answer, &["invalid_request"], &format!("{what} as {kind}"));
        }
    }
    assert!(lives(&shop, &tokens.access).await);
    assert_eq!(shop.refresh(tokens.refresh()).await.status, 200, "nothing was used up");
}

fn cookie_of(browser: &crate::support::Browser) -> String {
    browser.cookie("__Host-session-none").unwrap_or_else(nonce)
}

#[rocket::async_test]
async fn the_type_of_what_goes_in_is_said_and_true() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    for kind in [REFRESH_TOKEN, ID_TOKEN, JWT, SAML, "access_token", "Bearer", ""] {
        let answer = shop.token(&exchange(&tokens.access, kind)).await;
        assert_refused(&answer, &["invalid_request"], kind);
    }
    let upper = ACCESS_TOKEN.to_uppercase();
    let answer = shop.token(&exchange(&tokens.access, &upper)).await;
    assert_refused(&answer, &["invalid_request"], "in capitals");
}

#[rocket::async_test]
async fn only_an_access_token_comes_out() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    for kind in [REFRESH_TOKEN, ID_TOKEN, JWT, SAML, "access_token", "x"] {
        let more = [("requested_token_type", kind)];
        let answer = shop.narrow(&tokens.access, "openid", &more).await;
        assert_refused(&answer, &["invalid_request"], kind);
    }
    for more in [&[("requested_token_type", ACCESS_TOKEN)], &[("requested_token_type", "")]] {
        let fresh: Tokens = shop.narrow(&tokens.access, "openid", more).await.tokens();
        assert_eq!(fresh.body["issued_token_type"], ACCESS_TOKEN);
    }
}

#[rocket::async_test]
async fn nobody_acts_for_somebody_else() {
    let (server, _alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let other = shop.narrow(&tokens.access, "payments", &[]).await.tokens().access;
    let (token, kind) = (("actor_token", other.as_str()), ("actor_token_type", ACCESS_TOKEN));
    for more in [&[token, kind][..], &[token], &[kind], &[("actor_token", "x"), kind]] {
        let answer = shop.narrow(&tokens.access, "openid", more).await;
        assert_refused(&answer, &["invalid_request"], &format!("{more:?}"));
    }
}

#[rocket::async_test]
async fn a_client_that_is_not_registered_for_it_is_told_so() {
    let mut setup = setup().await;
    setup.registration("shop").grant_types.retain(|grant_type| grant_type != EXCHANGE);
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, "openid").await;
    let answer = server.backend("shop").narrow(&tokens.access, "openid", &[]).await;
    answer.assert_error(400, "unauthorized_client");
    let answer = server.backend("pay").narrow(&tokens.access, "openid", &[]).await;
    answer.assert_error(400, "unauthorized_client");
}

#[rocket::async_test]
async fn a_token_that_is_dead_cannot_be_narrowed() {
    let (server, alice, tokens) = shopping().await;
    let shop = server.backend("shop");
    let revoked = shop.narrow(&tokens.access, "openid", &[]).await.tokens().access;
    shop.revoke(&revoked).await;
    let refused = async |token: &str, why: &str| {
        let answer = shop.narrow(token, "openid", &[]).await;
        assert_refused(&answer, &["invalid_request"], why);
    };
    refused(&revoked, "revoked").await;
    let other = server.shop_tokens(&alice, "openid").await;
    server.clock.advance(600_000);
    refused(&tokens.access, "expired").await;
    let fresh = shop.refresh(other.refresh()).await.tokens();
    alice.sign_out().await;
    refused(&fresh.access, "its session has ended").await;
}
