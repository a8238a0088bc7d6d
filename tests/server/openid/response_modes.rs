//! How an answer travels: in the query, in the fragment, or in a form.

use std::collections::BTreeSet;
use vestibule::domain::origin::Origin;

use super::{provider, with_alice};
use crate::support::{Answer, Authorize, ISSUER, SHOP, Setup};

/// Holds that a page posts itself to the shop and does nothing else.
fn hold_form_post(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("Cache-Control"), "no-store");
    let targets = answer.policy("form-action").unwrap_or_default();
    assert!(targets.split(' ').all(|to| to == SHOP || to == "'self'"), "{targets}");
    assert!(targets.contains(SHOP), "{targets}");
    assert_eq!(answer.policy("default-src"), Some("'none'"));
    assert_eq!(answer.policy("frame-ancestors"), Some("'none'"));
    assert_eq!(answer.header("X-Frame-Options"), "DENY");
    assert!(answer.set_cookies().is_empty());
    let text = answer.text.to_lowercase();
    assert_eq!(text.matches("<form").count(), 1);
    assert!(text.contains("method=\"post\""), "{text}");
    assert!(text.contains("<button") || text.contains("type=\"submit\""), "without scripts too");
    let inline = text.split("<script").skip(1).any(|tag| !tag.trim_start().contains("src="));
    assert!(!inline && !text.contains("onload="), "{text}");
}

#[rocket::async_test]
async fn each_mode_carries_a_code_or_an_error() {
    let (server, alice) = with_alice().await;
    for (asked, mode) in [("", "query"), ("query", "query"), ("fragment", "fragment")] {
        let asked = Authorize::shop().with("response_mode", asked);
        let answer = alice.authorize(&asked).await;
        assert_eq!(answer.sent().mode, mode);
        server.backend("shop").redeem(&answer.code(&asked), &asked).await;
        let refused = asked.scope("other");
        let answer = alice.authorize(&refused).await;
        assert_eq!(
            (answer.sent().mode, answer.refusal(&refused).as_str()),
            (mode, "invalid_scope")
        );
    }
    let asked = Authorize::shop().with("response_mode", "form_post");
    let answer = alice.authorize(&asked).await;
    hold_form_post(&answer);
    assert_eq!(answer.sent().mode, "form_post");
    server.backend("shop").redeem(&answer.code(&asked), &asked).await;
    let refused = asked.scope("other");
    let answer = alice.authorize(&refused).await;
    hold_form_post(&answer);
    assert_eq!(answer.refusal(&refused), "invalid_scope");
}

#[rocket::async_test]
async fn the_shop_may_redirect_what_is_posted_to_it_to_its_other_pages() {
    // Browsers hold `form-action` against every redirect that follows a form.
    let mut setup = Setup::new().await.with_openid();
    let other = "https://www.shop.example";
    setup.registration("shop").origins.push(Origin::parse(other).expect("an origin"));
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let asked = Authorize::shop().with("response_mode", "form_post");
    for asked in [asked.clone(), asked.scope("other")] {
        let answer = alice.authorize(&asked).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let targets = answer.policy("form-action").expect("a policy");
        let targets: BTreeSet<&str> = targets.split(' ').collect();
        assert_eq!(targets, BTreeSet::from(["'self'", SHOP, other]));
    }
}

#[rocket::async_test]
async fn without_a_wish_the_first_registered_mode_is_taken() {
    for mode in ["fragment", "form_post", "query"] {
        let mut setup = Setup::new().await.with_openid();
        setup.registration("shop").response_modes = vec![mode.into(), "query".into()];
        let server = setup.start().await;
        let alice = server.signed_up("alice").await;
        let asked = Authorize::shop();
        let answer = alice.authorize(&asked).await;
        answer.code(&asked);
        assert_eq!(answer.sent().mode, mode);
        let refused = asked.with("response_mode", "web_message");
        let answer = alice.authorize(&refused).await;
        assert_eq!(
            (answer.sent().mode, answer.refusal(&refused).as_str()),
            (mode, "invalid_request")
        );
    }
}

#[rocket::async_test]
async fn an_authorize_url_with_another_mode_gets_no_code_anywhere() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for mode in [
        "fragment",
        "form_post",
        "web_message",
        "query.jwt",
        "jwt",
        "QUERY",
        "query ",
        "query fragment",
        "query\nfragment",
        "none",
    ] {
        for prompt in ["", "none"] {
            let asked = Authorize::widget().with("response_mode", mode).prompt(prompt);
            let answer = alice.authorize(&asked).await;
            assert_eq!(answer.sent().mode, "query", "{mode}");
            assert_eq!(answer.refusal(&asked), "invalid_request", "{mode}");
        }
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn the_query_of_a_registered_uri_is_kept() {
    let uri = format!("{SHOP}/oidc/callback?tenant=a%20b&x=%26%3D");
    let mut setup = Setup::new().await.with_openid();
    setup.registration("shop").redirect_uris = vec![uri.clone()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    for (mode, joint) in [("query", '&'), ("fragment", '#')] {
        let asked = Authorize::new("shop", &uri).with("response_mode", mode);
        let answer = alice.authorize(&asked).await;
        let location = answer.location();
        assert!(location.starts_with(&format!("{uri}{joint}")), "{location}");
        let code = location.split("code=").nth(1).and_then(|rest| rest.get(..64));
        server.backend("shop").redeem(code.expect("a code"), &asked).await;
    }
    let asked = Authorize::new("shop", &uri).with("response_mode", "form_post");
    alice.authorize(&asked).await.code(&asked);
}

#[rocket::async_test]
async fn a_state_comes_back_as_it_was_whatever_is_in_it() {
    let (_server, alice) = with_alice().await;
    let odd = [
        "a b+c",
        "&error=evil&iss=x",
        "#code=x",
        "%2e%2E%25",
        "\"><script>alert(1)</script>",
        "'/onmouseover=x",
        "{{ 7 * 7 }}",
        "é🦀\u{202e}",
        "a\r\nSet-Cookie: x=y",
        "\u{feff}x",
    ];
    for state in odd {
        for mode in ["query", "fragment", "form_post"] {
            let asked = Authorize::shop().with("state", state).with("response_mode", mode);
            let answer = alice.authorize(&asked).await;
            answer.code(&asked);
            assert!(!answer.text.contains("<script>alert"), "{state:?}");
            assert!(answer.set_cookies().is_empty(), "{state:?}");
            let refused = asked.scope("other");
            assert_eq!(alice.authorize(&refused).await.refusal(&refused), "invalid_scope");
        }
    }
}

#[rocket::async_test]
async fn an_answer_says_who_answers_in_every_mode() {
    let (server, alice) = with_alice().await;
    let document = server.plain_get("/.well-known/openid-configuration").await.json();
    for mode in ["query", "fragment", "form_post"] {
        let asked = Authorize::shop().with("response_mode", mode);
        for asked in [asked.clone(), asked.clone().scope("other"), asked.with("max_age", "x")] {
            let sent = alice.authorize(&asked).await.sent();
            assert_eq!(sent.get("iss"), ISSUER);
            assert_eq!(document["issuer"], sent.get("iss"), "letter for letter");
        }
    }
}

#[rocket::async_test]
async fn a_form_for_nobody_in_particular_is_not_shown_without_a_person() {
    let server = provider().await;
    let asked = Authorize::shop().with("response_mode", "form_post");
    let answer = server.browser().authorize(&asked).await;
    assert_eq!(super::Step::of(&answer).path, "/signin");
}
