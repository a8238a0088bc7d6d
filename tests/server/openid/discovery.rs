//! What the provider says of itself, and that it is true.

use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule::domain::scope::Scope;

use super::provider;
use crate::support::{
    ACCESS_TOKEN, Answer, Authorize, Backend, EXCHANGE, ISSUER, SHOP_CALLBACK, Setup, TestServer,
    secret_of,
};

const DOCUMENTS: [&str; 2] =
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

async fn document(server: &TestServer) -> Value {
    server.plain_get(DOCUMENTS[0]).await.json()
}

/// The texts of a list.
fn list(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().unwrap_or_else(|| panic!("no {name}: {document}"));
    values.iter().map(|value| value.as_str().expect("a text").to_owned()).collect()
}

/// The endpoints that it names, by member.
fn named(document: &Value) -> Vec<(&String, &str)> {
    let members = document.as_object().expect("an object").iter();
    let endpoints = members
        .filter(|(name, _)| ["_endpoint", "_uri", "_iframe"].iter().any(|end| name.ends_with(end)));
    endpoints.map(|(name, value)| (name, value.as_str().expect("an address"))).collect()
}

#[rocket::async_test]
async fn both_documents_are_the_same_for_everybody_and_may_be_kept_a_while() {
    let server = provider().await;
    let alice = server.signed_up("alice").await;
    let mut texts = BTreeSet::new();
    for path in DOCUMENTS {
        let hers = alice.get(path).await;
        for answer in [server.plain_get(path).await, hers] {
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.header("Content-Type"), "application/json");
            let cache = answer.header("Cache-Control");
            assert!(cache.contains("max-age=") && !cache.contains("no-store"), "{cache}");
            assert!(answer.set_cookies().is_empty());
            texts.insert(answer.text);
        }
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
}

#[rocket::async_test]
async fn it_says_what_the_specifications_ask_for() {
    let document = document(&provider().await).await;
    assert_eq!(document["issuer"], ISSUER);
    for required in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "introspection_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        assert!(document[required].is_string(), "{required}: {document}");
    }
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["authorization_response_iss_parameter_supported"], json!(true));
    let modes: BTreeSet<String> = list(&document, "response_modes_supported").into_iter().collect();
    assert_eq!(modes, ["query", "fragment", "form_post"].map(str::to_owned).into());
    for (name, needed) in [
        ("subject_types_supported", &["public", "pairwise"][..]),
        ("id_token_signing_alg_values_supported", &["RS256", "ES256", "EdDSA"]),
        ("scopes_supported", &["openid"]),
        ("grant_types_supported", &["authorization_code", "refresh_token", EXCHANGE]),
        (
            "token_endpoint_auth_methods_supported",
            &["client_secret_basic", "client_secret_post", "none"],
        ),
    ] {
        let listed = list(&document, name);
        assert!(needed.iter().all(|value| listed.iter().any(|l| l == value)), "{name}: {listed:?}");
    }
}

#[rocket::async_test]
async fn every_endpoint_it_names_is_there_and_every_one_there_is_named() {
    let server = provider().await;
    let document = document(&server).await;
    for (name, address) in named(&document) {
        let path = address.strip_prefix(ISSUER).unwrap_or_else(|| panic!("{name}: {address}"));
        assert!(server.endpoints.iter().any(|e| e.pattern == path), "{name}: {path}");
        for method in [Method::GET, Method::POST] {
            let answer = Answer::of(server.plain_request(method, path)).await;
            assert!(answer.status < 500, "{name}: {}", answer.text);
        }
    }
    let of_oauth = server.endpoints.iter().filter(|e| e.pattern.starts_with("/oauth/"));
    for endpoint in of_oauth.filter(|e| ["GET", "POST"].contains(&e.method.as_str())) {
        let address = format!("{ISSUER}{}", endpoint.pattern);
        let is_named = named(&document).iter().any(|(_, named)| *named == address);
        assert!(is_named, "{} is not in the document", endpoint.pattern);
    }
}

#[rocket::async_test]
async fn nothing_that_is_not_built_is_named() {
    let document = document(&provider().await).await;
    for name in [
        "registration_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
        "backchannel_authentication_endpoint",
        "check_session_iframe",
        "dpop_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
        "id_token_encryption_alg_values_supported",
        "userinfo_signing_alg_values_supported",
        "userinfo_encryption_alg_values_supported",
        "mtls_endpoint_aliases",
        "tls_client_certificate_bound_access_tokens",
        "acr_values_supported",
        "frontchannel_logout_supported",
        "signed_metadata",
    ] {
        let value = &document[name];
        assert!(value.is_null() || *value == json!(false), "{name}: {value}");
    }
    // `request_uri_parameter_supported` is true where it is not mentioned.
    for name in [
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "claims_parameter_supported",
    ] {
        assert_eq!(document[name], json!(false), "{name}");
    }
    let text = document.to_string();
    for word in ["web_message", "device_code", "implicit", "password", "plain", "HS256"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

#[rocket::async_test]
async fn every_mode_algorithm_and_subject_type_it_names_can_be_had() {
    let document = document(&provider().await).await;
    let algorithms = list(&document, "id_token_signing_alg_values_supported");
    let modes = list(&document, "response_modes_supported");
    let subjects = list(&document, "subject_types_supported");
    for index in 0..algorithms.len().max(modes.len()).max(subjects.len()) {
        let (algorithm, mode, subject) = (
            &algorithms[index % algorithms.len()],
            &modes[index % modes.len()],
            &subjects[index % subjects.len()],
        );
        let mut setup = Setup::new().await.with_openid();
        let shop = setup.registration("shop");
        shop.id_token_signed_response_alg.clone_from(algorithm);
        shop.response_modes = vec![mode.clone()];
        shop.subject_type = Some(subject.clone());
        let server = setup.start().await;
        let alice = server.signed_up("alice").await;
        let asked = Authorize::shop().with("response_mode", mode);
        let answer = alice.authorize(&asked).await;
        assert_eq!(answer.sent().mode, mode);
        let tokens = server.backend("shop").redeem(&answer.code(&asked), &asked).await;
        let token = server.verify(&tokens.id.expect("an id token"), "shop").await;
        assert_eq!(token.header["alg"], **algorithm);
        let own = super::uid(&server, "alice").await;
        assert_eq!(token.claims["sub"] == own, subject == "public", "{subject}");
    }
}

#[rocket::async_test]
async fn every_grant_type_and_authentication_it_names_is_taken() {
    let document = document(&provider().await).await;
    for method in list(&document, "token_endpoint_auth_methods_supported") {
        let mut setup = Setup::new().await.with_openid();
        let shop = setup.registration("shop");
        shop.token_endpoint_auth_method.clone_from(&method);
        shop.grant_types = list(&document, "grant_types_supported");
        let server = setup.start().await;
        let alice = server.signed_up("alice").await;
        let asked = Authorize::shop();
        let code = alice.authorize(&asked).await.code(&asked);
        let secret = secret_of("shop");
        let mut backend = Backend::public(&server.url, "shop");
        let mut fields = asked.redemption(&code);
        match method.as_str() {
            "client_secret_basic" => backend = server.backend("shop"),
            "client_secret_post" => fields.push(("client_secret", &secret)),
            _ => {}
        }
        let access = backend.token(&fields).await.tokens().access;
        if method != "client_secret_basic" {
            continue;
        }
        for grant_type in list(&document, "grant_types_supported") {
            let fields = [
                ("grant_type", grant_type.as_str()),
                ("subject_token", &access),
                ("subject_token_type", ACCESS_TOKEN),
                ("scope", "openid"),
                ("code", &code),
                ("refresh_token", &access),
                ("redirect_uri", SHOP_CALLBACK),
            ];
            let answer = backend.token(&fields).await;
            let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
            let unknown = ["unsupported_grant_type", "unauthorized_client", "invalid_client"];
            assert!(!unknown.contains(&error.as_str()), "{grant_type}: {error}");
        }
    }
}

#[rocket::async_test]
async fn every_scope_claim_and_prompt_it_names_is_known() {
    let mut setup = Setup::new().await.with_openid();
    let document = document(&provider().await).await;
    let scope = list(&document, "scopes_supported").join(" ");
    setup.registration("shop").scope = Scope::parse(&scope).expect("scope names");
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, &scope).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    for claim in list(&document, "claims_supported") {
        assert!(!claims[&claim].is_null() || !told[&claim].is_null(), "{claim}");
    }
    for claim in told.as_object().expect("an object").keys() {
        assert!(list(&document, "claims_supported").contains(claim), "{claim} is not named");
    }
    if document["prompt_values_supported"].is_array() {
        for prompt in list(&document, "prompt_values_supported") {
            let answer = alice.authorize(&Authorize::shop().prompt(&prompt)).await;
            assert_eq!(answer.status, 303, "{prompt}");
            assert!(!answer.location().contains("error="), "{prompt}: {}", answer.location());
        }
    }
}
