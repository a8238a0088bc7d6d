//! What OpenID Connect has and this provider has not, refused with the errors that there are.

use super::with_alice;
use crate::support::{Authorize, SHOP};

#[rocket::async_test]
async fn what_is_not_built_is_refused_by_its_own_error() {
    let (server, alice) = with_alice().await;
    let uri = format!("{SHOP}/request.jwt");
    let by_reference = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";
    let cases = [
        ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
        ("request", "evil", "request_not_supported"),
        ("request_uri", uri.as_str(), "request_uri_not_supported"),
        ("request_uri", by_reference, "request_uri_not_supported"),
        (
            "registration",
            "{\"redirect_uris\":[\"https://evil.test\"]}",
            "registration_not_supported",
        ),
        ("claims", "{\"id_token\":{\"sub\":{\"value\":\"evil\"}}}", "invalid_request"),
        ("claims", "{", "invalid_request"),
    ];
    for (name, value, error) in cases {
        for prompt in ["", "none", "login"] {
            let asked = Authorize::shop().with(name, value).prompt(prompt);
            for browser in [&alice, &server.browser()] {
                let answer = browser.authorize(&asked).await;
                assert_eq!(answer.refusal(&asked), error, "{name}={value} {prompt}");
            }
        }
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn no_response_type_but_code() {
    let (server, alice) = with_alice().await;
    for kind in [
        "token",
        "id_token",
        "id_token token",
        "code id_token",
        "code token",
        "code id_token token",
        "code code",
        "none",
        "CODE",
        "code ",
        " code",
        "code,token",
        "code\u{0000a0}",
        "password",
    ] {
        let asked = Authorize::shop().with("response_type", kind);
        let answer = alice.authorize(&asked).await;
        assert_eq!(answer.refusal(&asked), "unsupported_response_type", "{kind:?}");
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_wrong_request_is_refused_before_anybody_is_asked_anything() {
    let (server, alice) = with_alice().await;
    let wrong = [
        Authorize::widget().with("response_type", "token"),
        Authorize::widget().scope("email"),
        Authorize::widget().without_pkce(),
        Authorize::widget().with("prompt", "none consent"),
        Authorize::widget().with("prompt", "perhaps"),
        Authorize::widget().with("max_age", "-1"),
        Authorize::widget().with("id_token_hint", "evil"),
        Authorize::widget().with("resource", "https://evil.test/"),
        Authorize::widget().with("response_mode", "fragment"),
    ];
    let before = server.database.every_row_but(&[]).await;
    for asked in wrong {
        for browser in [&alice, &server.browser()] {
            let answer = browser.authorize(&asked).await;
            assert_ne!(answer.refusal(&asked), "", "{asked:?}");
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}
