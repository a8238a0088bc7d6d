//! Texts that are no texts, and spellings that mean something else elsewhere.

use reqwest::Method;

use super::{hold_page, with_alice};
use crate::support::{Answer, Authorize, FORM, encode};

const ODD: [&str; 6] = ["%ff", "%c0%80", "%ed%a0%80", "%00", "a%00b", "%f4%90%80%80"];

#[rocket::async_test]
async fn what_is_not_utf_8_or_has_nul_in_it_is_refused() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    for odd in ODD {
        for name in ["client_id", "redirect_uri"] {
            let asked = Authorize::shop().without(name);
            let path = format!("{}&{name}={odd}", asked.path());
            hold_page(&alice.navigate(&path).await, &format!("{name} {odd}"));
        }
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
            "resource",
            "claims",
        ] {
            let asked = Authorize::shop().without(name);
            let answer = alice.navigate(&format!("{}&{name}={odd}", asked.path())).await;
            let error = answer.refusal(&asked);
            let own = match name {
                "scope" => "invalid_scope",
                "response_type" => "unsupported_response_type",
                "resource" => "invalid_target",
                _ => "invalid_request",
            };
            assert!(error == "invalid_request" || error == own, "{name} {odd}: {error}");
        }
        let asked = Authorize::shop().without("state");
        let sent = alice.navigate(&format!("{}&state={odd}", asked.path())).await.sent();
        assert_eq!(sent.get("error"), "invalid_request", "{odd}");
        assert!(!sent.names().contains(&"state"), "{odd}");
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn the_same_in_a_body() {
    let (_server, alice) = with_alice().await;
    for odd in ODD {
        for name in ["client_id", "redirect_uri", "state", "scope", "nonce"] {
            let asked = Authorize::shop().without(name);
            let body = format!("{}&{name}={odd}", encode(&asked.fields()));
            let post = alice.request(Method::POST, "/oauth/authorize").header("Content-Type", FORM);
            let answer = Answer::of(post.body(body)).await;
            assert!([303, 400].contains(&answer.status), "{name} {odd}: {}", answer.status);
            assert!(!answer.location().contains("code="), "{name} {odd}");
        }
    }
}

#[rocket::async_test]
async fn broken_escapes_do_no_harm() {
    let (_server, alice) = with_alice().await;
    for odd in ["%", "%4", "%zz", "%u0041", "+", "%2", "%%", "%25%30%30"] {
        let asked = Authorize::shop().without("state");
        let answer = alice.navigate(&format!("{}&state={odd}", asked.path())).await;
        assert_eq!(answer.status, 303, "{odd}: {}", answer.text);
        assert!(answer.set_cookies().is_empty());
    }
    for query in ["", "?", "&&&", "=", "=&=", "%", "?client_id=shop", "client_id", "#"] {
        hold_page(&alice.navigate(&format!("/oauth/authorize?{query}")).await, query);
    }
    hold_page(&alice.navigate("/oauth/authorize").await, "nothing");
}

#[rocket::async_test]
async fn a_path_beside_the_endpoint_is_not_the_endpoint() {
    let (_server, alice) = with_alice().await;
    let query = encode(&Authorize::shop().fields());
    for path in [
        "/oauth/authorize/",
        "/oauth/authorize/x",
        "/oauth//authorize",
        "//oauth/authorize",
        "/OAuth/authorize",
        "/oauth/authorize%00",
        "/oauth/authorize;x",
        "/oauth",
        "/oauth/",
    ] {
        let answer = alice.navigate(&format!("{path}?{query}")).await;
        // The framework takes a slash at the end, or two, for the same path.
        let same = answer.status == 303 && answer.location().contains("code=");
        assert!(same || [400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.set_cookies().is_empty());
    }
}

#[rocket::async_test]
async fn scopes_that_are_malformed_unknown_or_not_registered_are_refused() {
    let (server, alice) = with_alice().await;
    for scope in [
        "other",
        "openid other",
        "OpenID",
        "openid,profile",
        "openid\tprofile",
        "openid\nprofile",
        "openid\u{a0}profile",
        "\"openid\"",
        "openid\\",
        "openidé",
        "openid profile:write",
        "profilebogey",
        "payments:x:write write",
        "offline_access",
        "*",
        " ",
    ] {
        let asked = Authorize::shop().scope(scope);
        assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_scope", "{scope:?}");
    }
    alice.consent("widget", "allow").await;
    for scope in ["email", "openid email", "openid payments", "openid profile email"] {
        let asked = Authorize::widget().scope(scope);
        assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_scope", "{scope:?}");
    }
    let asked = Authorize::shop().scope("openid profile:email payments");
    let code = alice.authorize(&asked).await.code(&asked);
    let tokens = server.backend("shop").redeem(&code, &asked).await;
    assert!(!tokens.scope.split(' ').any(|name| name == "profile"), "{}", tokens.scope);
}
