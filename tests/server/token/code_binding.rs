//! A code is good for who asked for it, in the way it was asked for: PKCE (RFC 7636), the redirect
//! URI (RFC 6749 §4.1.3) and the client.

use super::{ALL, STALL_CALLBACK, assert_refused, lives, server, setup, shop_code};
use crate::support::{
    Answer, Authorize, Backend, Browser, SHOP, SHOP_CALLBACK, TestServer, WIDGET_CALLBACK,
    challenge, nonce,
};

const EITHER: [&str; 2] = ["invalid_grant", "invalid_request"];

/// What redeems a code, with another value of one field, or without it.
async fn redeem_with(
    client: &Backend,
    (code, asked): &(String, Authorize),
    name: &str,
    value: Option<&str>,
) -> Answer {
    let mut fields = asked.redemption(code);
    fields.retain(|(known, _)| *known != name);
    fields.extend(value.map(|value| (name, value)));
    client.token(&fields).await
}

/// Holds that a code is of no use to its owner any more.
async fn assert_burnt(server: &TestServer, (code, asked): &(String, Authorize), why: &str) {
    let answer = server.backend("shop").token(&asked.redemption(code)).await;
    assert_refused(&answer, &["invalid_grant"], why);
}

#[rocket::async_test]
async fn a_code_needs_the_verifier_of_its_challenge() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let well_formed = |asked: &Authorize| {
        let verifier = &asked.verifier;
        [
            ("another", nonce()),
            ("the challenge", challenge(verifier)),
            ("in capitals", verifier.to_uppercase()),
            ("one character less", verifier[1..].to_owned()),
            ("one character more", format!("{verifier}0")),
            ("twice", verifier.repeat(2)),
        ]
    };
    for turn in 0..6 {
        let given = shop_code(&alice).await;
        let (why, wrong) = &well_formed(&given.1)[turn];
        let answer = redeem_with(&shop, &given, "code_verifier", Some(wrong)).await;
        assert_refused(&answer, &["invalid_grant"], why);
        assert_burnt(&server, &given, why).await;
    }
}

#[rocket::async_test]
async fn a_verifier_that_is_missing_or_no_verifier_opens_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let (short, long) = ("a".repeat(42), "a".repeat(129));
    let malformed = [None, Some(""), Some(&short), Some(&long), Some("ä ö ü"), Some(" ")];
    for wrong in malformed {
        let given = shop_code(&alice).await;
        let answer = redeem_with(&shop, &given, "code_verifier", wrong).await;
        assert_refused(&answer, &EITHER, &format!("{wrong:?}"));
    }
}

#[rocket::async_test]
async fn a_verifier_for_a_code_without_a_challenge_is_a_downgrade() {
    // RFC 9700 §4.8.2: somebody took the challenge out of the request on its way.
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = Authorize::shop().without_pkce();
    let given = (alice.authorize(&asked).await.code(&asked), asked.clone());
    let shop = server.backend("shop");
    let answer = redeem_with(&shop, &given, "code_verifier", Some(&asked.verifier)).await;
    assert_refused(&answer, &EITHER, "a verifier without a challenge");
    let other = (alice.authorize(&asked).await.code(&asked), asked);
    let tokens = shop.token(&other.1.redemption(&other.0)).await.tokens();
    assert!(lives(&shop, &tokens.access).await, "a client with a secret may do without");
}

#[rocket::async_test]
async fn a_code_needs_the_redirect_uri_it_was_sent_to() {
    let mut setup = setup().await;
    let second = format!("{SHOP}/oidc/other");
    setup.registration("shop").redirect_uris.push(second.clone());
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let shop = server.backend("shop");
    let look_alikes = [
        second,
        STALL_CALLBACK.to_owned(),
        WIDGET_CALLBACK.to_owned(),
        format!("{SHOP_CALLBACK}/"),
        format!("{SHOP_CALLBACK}?"),
        format!("{SHOP_CALLBACK}#"),
        format!("{SHOP_CALLBACK}?code=1"),
        format!("{SHOP_CALLBACK}/../callback"),
        format!("{SHOP_CALLBACK} "),
        format!(" {SHOP_CALLBACK}"),
        SHOP_CALLBACK.replace("shop.", "SHOP."),
        SHOP_CALLBACK.replace("/oidc", "/%6Fidc"),
        SHOP_CALLBACK.replace("http:", "https:"),
        SHOP_CALLBACK.replace(":8003", ""),
        SHOP_CALLBACK.replace("http://", "http://shop@"),
        SHOP_CALLBACK[..SHOP_CALLBACK.len() - 1].to_owned(),
    ];
    for wrong in look_alikes {
        let given = shop_code(&alice).await;
        let answer = redeem_with(&shop, &given, "redirect_uri", Some(&wrong)).await;
        assert_refused(&answer, &["invalid_grant"], &wrong);
        assert_burnt(&server, &given, &wrong).await;
    }
    for missing in [None, Some("")] {
        let given = shop_code(&alice).await;
        let answer = redeem_with(&shop, &given, "redirect_uri", missing).await;
        assert_refused(&answer, &EITHER, &format!("{missing:?}"));
    }
}

#[rocket::async_test]
async fn a_free_loopback_port_is_still_the_one_that_was_used() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    alice.consent("widget", "allow").await;
    let widget = server.public("widget");
    for (redeemed_at, status) in [
        ("http://127.0.0.1:50001/callback", 200),
        ("http://127.0.0.1:50002/callback", 400),
        ("http://127.0.0.1/callback", 400),
    ] {
        let asked = Authorize::new("widget", "http://127.0.0.1:50001/callback");
        let given = (alice.authorize(&asked).await.code(&asked), asked);
        let answer = redeem_with(&widget, &given, "redirect_uri", Some(redeemed_at)).await;
        assert_eq!(answer.status, status, "{redeemed_at}: {}", answer.text);
    }
}

/// A code of the widget, to which alice has said yes.
async fn widget_code(alice: &Browser) -> (String, Authorize) {
    assert_eq!(alice.consent("widget", "allow").await.status, 303);
    let asked = Authorize::widget();
    (alice.authorize(&asked).await.code(&asked), asked)
}

#[rocket::async_test]
async fn a_code_of_another_client_is_refused_and_burnt() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for thief in [server.backend("stall"), server.public("widget")] {
        let given = shop_code(&alice).await;
        let answer = thief.token(&given.1.redemption(&given.0)).await;
        assert_refused(&answer, &["invalid_grant"], "a foreign code");
        assert_burnt(&server, &given, "a thief has presented it").await;
    }
    let given = widget_code(&alice).await;
    let answer = server.backend("shop").token(&given.1.redemption(&given.0)).await;
    assert_refused(&answer, &["invalid_grant"], "the widget's code, by the shop");
}

#[rocket::async_test]
async fn who_does_not_authenticate_burns_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let given = shop_code(&alice).await;
    let fields = given.1.redemption(&given.0);
    let stranger = server.backend("shop").with_secret(&nonce());
    stranger.token(&fields).await.assert_error(401, "invalid_client");
    server.public("shop").token(&fields).await.assert_error(401, "invalid_client");
    assert_eq!(server.backend("shop").token(&fields).await.status, 200);
}

#[rocket::async_test]
async fn a_code_gives_what_was_authorised_and_nothing_that_is_asked_for_later() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = Authorize::shop().scope("openid");
    let code = alice.authorize(&asked).await.code(&asked);
    let fields = [asked.redemption(&code), vec![("scope", ALL)]].concat();
    let answer = server.backend("shop").token(&fields).await;
    if answer.status == 200 {
        assert_eq!(answer.tokens().scope, "openid", "RFC 6749 §4.1.3 knows no scope here");
    } else {
        assert_refused(&answer, &["invalid_scope", "invalid_request"], "a wider scope");
    }
}

#[rocket::async_test]
async fn a_stolen_code_is_of_no_use_in_another_browsers_flow() {
    // Code injection (RFC 9700 §4.5): the thief's code, the victim's verifier.
    let server = server().await;
    let (alice, mallory) = (server.signed_up("alice").await, server.signed_up("mallory").await);
    let (stolen, _) = shop_code(&alice).await;
    let (_, own) = shop_code(&mallory).await;
    let answer = server.backend("shop").token(&own.redemption(&stolen)).await;
    assert_refused(&answer, &["invalid_grant"], "an injected code");
}
