//! The whole way, and what comes back from it.

use super::*;
use crate::domain::pkce;
use crate::domain::provider::ClientKey;
use crate::domain::signing;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

#[tokio::test]
async fn the_address_asks_for_everything_that_the_answer_is_held_against() {
    let acr_values = vec!["high".to_owned(), "urn:bank:2".to_owned()];
    let scene = Scene::with(|provider| provider.acr_values = acr_values).await;
    let begun = scene.begun().await;
    let url: Url = begun.address.parse().expect("an address");
    assert!(begun.address.starts_with(&format!("{}/authorize?tenant=1&", scene.bank.issuer)));
    let mut found: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    found.sort();
    let mut expected = vec![
        ("tenant", "1".to_owned()),
        ("response_type", "code".to_owned()),
        ("client_id", "vestibule".to_owned()),
        ("redirect_uri", RETURN.to_owned()),
        ("scope", "openid profile".to_owned()),
        ("state", begun.state.reveal()),
        ("nonce", begun.asked.nonce.reveal()),
        ("code_challenge", pkce::challenge(&begun.asked.verifier.reveal())),
        ("code_challenge_method", "S256".to_owned()),
        ("max_age", "300".to_owned()),
        ("acr_values", "high urn:bank:2".to_owned()),
    ];
    expected.sort();
    let expected = expected.into_iter().map(|(name, text)| (name.to_owned(), text));
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!((begun.asked.redirect_uri.as_str(), begun.asked.asked_at), (RETURN, NOW));
    let other = scene.begun().await;
    assert_ne!(begun.state, other.state);
    assert_ne!(begun.asked.nonce, other.asked.nonce);
    assert_ne!(begun.asked.verifier, other.asked.verifier);
    assert!(!begun.address.contains(&begun.asked.verifier.reveal()));
    assert!(pkce::is_verifier(&begun.asked.verifier.reveal()));
}

#[tokio::test]
async fn a_code_becomes_a_proof() {
    let scene = Scene::new().await;
    let asked = scene.begun().await.asked;
    let mut claims = scene.claims(&asked);
    change(&mut claims, "acr", &json!("high"));
    let id_token = scene.signer.token(&claims);
    let proof = scene.finish(&id_token, &asked).await.expect("a proof");
    assert_eq!((proof.subject.as_str(), proof.acr.as_deref()), ("customer-7", Some("high")));
    assert_eq!((proof.auth_time, proof.evidence.as_str()), (NOW - 5_000, id_token.as_str()));
    assert!(proof.claims.is_empty());
    let [call] = &scene.bank.calls("/token")[..] else { panic!("one call") };
    assert_eq!(call.method, "POST");
    assert_eq!(call.field("grant_type"), Some("authorization_code"));
    assert_eq!(call.field("code"), Some(CODE));
    assert_eq!(call.field("redirect_uri"), Some(RETURN));
    assert_eq!(call.field("code_verifier"), Some(asked.verifier.reveal().as_str()));
    assert_eq!(call.fields.len(), 4);
    assert!(scene.bank.calls("/userinfo").is_empty(), "nothing was missing");
}

#[tokio::test]
async fn an_answer_is_believed_from_the_issuer_that_was_asked_only() {
    let scene = Scene::new().await;
    let asked = scene.begun().await.asked;
    let id_token = scene.signer.token(&scene.claims(&asked));
    scene.gives(&id_token);
    let finish = async |code, error, iss| {
        scene.upstream().finish(Returned { code, error, iss }, &asked).await
    };
    let ours = scene.bank.issuer.as_str();
    let slash = format!("{ours}/");
    for foreign in ["https://evil.example", &slash, ""] {
        let code = finish(Some(CODE), None, Some(foreign)).await;
        hold_misbehaving(code, "the answer is another issuer's");
        let error = finish(None, Some("access_denied"), Some(foreign)).await;
        hold_misbehaving(error, "the answer is another issuer's");
    }
    assert!(scene.bank.calls("/token").is_empty(), "no code was sent");
    assert!(finish(Some(CODE), None, Some(ours)).await.is_ok());
    assert!(finish(Some(CODE), None, None).await.is_ok(), "the document does not promise one");

    scene.bank.with_document("authorization_response_iss_parameter_supported", json!(true));
    scene.clock.advance(HOUR);
    let missing = "does not say whose it is";
    hold_misbehaving(finish(Some(CODE), None, None).await, missing);
    hold_misbehaving(finish(None, Some("access_denied"), None).await, missing);
}

#[tokio::test]
async fn a_no_is_told_by_its_name() {
    let scene = Scene::new().await;
    let asked = scene.begun().await.asked;
    let finish = async |code, error| {
        why(scene.upstream().finish(Returned { code, error, iss: None }, &asked).await)
    };
    for error in ["access_denied", "temporarily_unavailable", "urn:bank:no"] {
        assert_eq!(finish(None, Some(error)).await, Failure::Denied(error.into()));
    }
    let long = "x".repeat(65);
    for error in ["", "a b", "<b>", "é", "a\nb", &long] {
        assert!(matches!(finish(None, Some(error)).await, Failure::Misbehaves(_)), "{error}");
    }
    let (long, empty) = ("x".repeat(2_049), String::new());
    for (code, error) in [
        (None, None),
        (Some(CODE), Some("access_denied")),
        (Some(empty.as_str()), None),
        (Some("c\nd"), None),
        (Some("cöde"), None),
        (Some(long.as_str()), None),
    ] {
        let expected = "the answer is neither a code nor an error";
        assert_eq!(finish(code, error).await, Failure::Misbehaves(expected.into()));
    }
    assert!(scene.bank.calls("/token").is_empty());
}

#[tokio::test]
async fn the_client_proves_who_it_is_in_the_way_that_is_taken() {
    let ways = "token_endpoint_auth_methods_supported";
    let scene = Scene::new().await;
    scene.finish_well().await.expect("a proof");
    let [call] = &scene.bank.calls("/token")[..] else { panic!("one call") };
    // RFC 6749 §2.3.1: as in a form, then in base64.
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let pair = format!("vestibule:{encoded}");
    let basic = STANDARD.encode(pair);
    assert_eq!(call.authorization.as_deref(), Some(format!("Basic {basic}").as_str()));
    assert_eq!(call.field("client_secret"), None);

    let scene = Scene::new().await;
    scene.bank.with_document(ways, json!(["private_key_jwt", "client_secret_post"]));
    scene.finish_well().await.expect("a proof");
    let [call] = &scene.bank.calls("/token")[..] else { panic!("one call") };
    assert_eq!(call.authorization, None);
    assert_eq!(call.field("client_id"), Some("vestibule"));
    assert_eq!(call.field("client_secret"), Some(SECRET));

    let scene = Scene::new().await;
    scene.bank.with_document(ways, json!(["private_key_jwt", "none"]));
    hold_misbehaving(scene.finish_well().await, "takes no client secret");
    assert!(scene.bank.calls("/token").is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_private_key_makes_an_assertion_for_that_issuer_alone() {
    let ways = "token_endpoint_auth_methods_supported";
    let key = signing::SigningKey::generate(signing::Algorithm::Es256);
    let der = STANDARD.encode(key.private());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----");
    let parsed = ClientKey::parse(&pem, Some("k1".into())).expect("a key");
    let credential = Credential::Key(Arc::new(parsed));
    let scene = Scene::with(|provider| provider.credential = credential).await;
    scene.bank.with_document(ways, json!(["client_secret_basic", "private_key_jwt"]));
    scene.finish_well().await.expect("a proof");
    scene.finish_well().await.expect("a proof");
    let calls = scene.bank.calls("/token");
    let mut ids = Vec::new();
    for call in &calls {
        assert_eq!(call.authorization, None);
        assert_eq!(call.field("client_id"), Some("vestibule"));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        assert_eq!(call.field("client_assertion_type"), Some(kind));
        let assertion = call.field("client_assertion").expect("an assertion");
        let public: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(key.public().to_json()).expect("a key");
        let public = jsonwebtoken::DecodingKey::from_jwk(&public).expect("a key");
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let token = jsonwebtoken::decode::<Value>(assertion, &public, &validation);
        let token = token.expect("its signature is good");
        assert_eq!(token.header.kid.as_deref(), Some("k1"));
        let claims = token.claims;
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("vestibule"), &json!("vestibule")));
        assert_eq!(claims["aud"], json!(scene.bank.issuer), "and nobody else");
        let now = NOW / SECOND;
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 60)));
        ids.push(claims["jti"].as_str().expect("an id").to_owned());
    }
    assert!(ids.len() == 2 && ids[0] != ids[1], "each is used once");

    scene.bank.with_document(ways, json!(["client_secret_basic"]));
    scene.clock.advance(HOUR);
    hold_misbehaving(scene.finish_well().await, "takes no private_key_jwt");
}

#[tokio::test]
async fn nothing_that_could_be_printed_shows_a_secret_or_a_person() {
    let scene = Scene::new().await;
    let begun = scene.begun().await;
    let proof = scene.finish_well().await.expect("a proof");
    let returned = Returned { code: Some(CODE), error: None, iss: None };
    let printed = format!("{begun:?} {:?} {proof:?} {returned:?}", begun.asked);
    let printed = format!("{printed} {:?} {:?}", scene.upstreams, scene.upstream());
    let asked = &begun.asked;
    let secrets = [&begun.state, &asked.nonce, &asked.verifier].map(Secret::reveal);
    for secret in secrets.iter().map(String::as_str).chain([SECRET, CODE, "customer-7"]) {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(printed.contains("bank"), "{printed}");
}

#[tokio::test]
async fn providers_are_found_by_their_ids_and_listed_in_their_order() {
    let mut other = configured("https://other.example.org");
    other.id = "other".into();
    let bank = configured("https://bank.example.org");
    let outgoing = Outgoing::new(&[]).expect("a client");
    let upstreams = Upstreams::new(&[other, bank], &outgoing, &Clock::manual(NOW));
    let ids: Vec<&str> = upstreams.providers().map(|provider| provider.id.as_str()).collect();
    assert_eq!(ids, ["other", "bank"]);
    assert!(upstreams.named("bank").is_some_and(|bank| bank.provider().name == "Bank"));
    assert!(upstreams.named("Bank").is_none() && upstreams.named("").is_none());
    assert_eq!(Upstreams::default().providers().len(), 0);
}
