//! Proof Key for Code Exchange (RFC 7636), as far as the authorization endpoint can see it.

use super::with_alice;
use crate::support::{Authorize, challenge, nonce};

#[rocket::async_test]
async fn a_public_client_needs_it_and_one_with_a_secret_may_have_it() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for prompt in ["", "none"] {
        let asked = Authorize::widget().without_pkce().prompt(prompt);
        assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_request");
    }
    let asked = Authorize::widget();
    let code = alice.authorize(&asked).await.code(&asked);
    server.public("widget").redeem(&code, &asked).await;
    for asked in [Authorize::shop(), Authorize::shop().without_pkce()] {
        let code = alice.authorize(&asked).await.code(&asked);
        server.backend("shop").redeem(&code, &asked).await;
    }
}

#[rocket::async_test]
async fn a_challenge_is_by_s256_and_no_other_method() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for asked in [Authorize::shop(), Authorize::widget()] {
        for method in ["plain", "s256", "S256 ", "S-256", "SHA256", "S512", "none", "S256 plain"] {
            let asked = asked.clone().with("code_challenge_method", method);
            let error = alice.authorize(&asked).await.refusal(&asked);
            assert_eq!(error, "invalid_request", "{method}");
        }
        for asked in [
            asked.clone().without("code_challenge_method"),
            asked.clone().with("code_challenge_method", ""),
        ] {
            let error = alice.authorize(&asked).await.refusal(&asked);
            assert_eq!(error, "invalid_request", "without a method it means `plain`");
        }
    }
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_challenge_is_the_base64url_of_32_bytes() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    let good = challenge(&nonce());
    let wrong = [
        good[1..].to_owned(),
        format!("{good}A"),
        format!("{good}="),
        format!("{}=", &good[1..]),
        format!("+{}", &good[1..]),
        format!("/{}", &good[1..]),
        format!(" {}", &good[1..]),
        format!("{}\n", &good[1..]),
        format!("%{}", &good[1..]),
        format!("é{}", &good[2..]),
        nonce(),
        "A".repeat(128),
        "A".into(),
    ];
    for challenge in wrong {
        for asked in [Authorize::shop(), Authorize::widget()] {
            let asked = asked.with("code_challenge", &challenge);
            let error = alice.authorize(&asked).await.refusal(&asked);
            assert_eq!(error, "invalid_request", "{challenge:?}");
        }
    }
    let asked = Authorize::widget().with("code_challenge", "");
    assert_eq!(alice.authorize(&asked).await.refusal(&asked), "invalid_request");
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_code_with_a_challenge_needs_its_verifier_and_one_without_takes_none() {
    let (server, alice) = with_alice().await;
    let shop = server.backend("shop");
    let (with, without) = (Authorize::shop(), Authorize::shop().without_pkce());
    let redemption = async |asked: &Authorize, verifier: Option<&str>| {
        let code = alice.authorize(asked).await.code(asked);
        let mut fields = asked.redemption(&code);
        fields.retain(|(name, _)| *name != "code_verifier");
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        shop.token(&fields).await
    };
    let other = nonce();
    for verifier in [None, Some(""), Some(other.as_str()), Some(with.value("code_challenge"))] {
        let answer = redemption(&with, verifier).await;
        assert_eq!(answer.status, 400, "{verifier:?}: {}", answer.text);
        let error = answer.json()["error"].clone();
        assert!(error == "invalid_grant" || error == "invalid_request", "{error}");
    }
    let downgraded = redemption(&without, Some(&without.verifier)).await;
    assert_eq!(downgraded.status, 400, "the challenge was taken away: {}", downgraded.text);
    assert_eq!(redemption(&with, Some(&with.verifier)).await.status, 200);
    assert_eq!(redemption(&without, None).await.status, 200);
}
