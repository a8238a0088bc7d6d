//! Every way in which a logout token can be wrong: it is refused, and nobody is signed out.

use serde_json::{Value, json};
use vestibule::random;

use super::logout::{EVENT, assert_done, claims, header, publish, send, send_body};
use super::person::error;
use super::{Signer, World, at_each_backend, encoded};
use crate::support::{Answer, FORM, ISSUER, encode};

at_each_backend![
    a_wrong_claim_is_refused,
    a_wrong_header_is_refused,
    a_signature_of_somebody_else_is_refused,
    a_token_is_good_once,
    another_body_is_refused,
];

fn assert_refused(answer: &Answer, what: &dyn std::fmt::Debug) {
    assert_eq!(error(answer), (400, "invalid_request".into()), "{what:?}");
    assert_eq!(answer.header("Cache-Control"), "no-store");
    assert!(answer.header("Content-Type").starts_with("application/json"), "{what:?}");
}

/// A good token's claims with one changed, or without it.
fn with(good: &Value, name: &str, value: Option<Value>) -> Value {
    let mut claims = good.clone();
    let members = claims.as_object_mut().expect("claims");
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    claims
}

async fn a_wrong_claim_is_refused(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let (good, now) = (claims(world, &alice.profile().await), world.now());
    let some = |value: Value| Some(value);
    let mut wrong = vec![
        ("iss", some(json!(format!("{ISSUER}/")))),
        ("iss", some(json!("https://evil.test"))),
        ("iss", some(json!([ISSUER]))),
        ("aud", some(json!("notes"))),
        ("aud", some(json!("wik"))),
        ("aud", some(json!(["notes"]))),
        ("aud", some(json!(["wiki", "notes"]))),
        ("aud", some(json!([]))),
        ("iat", some(json!(now + 90))),
        ("iat", some(json!(now - 330))),
        ("iat", some(json!("now"))),
        ("iat", some(json!(-(i64::MAX)))),
        ("exp", some(json!(now - 90))),
        ("exp", some(json!(0))),
        ("exp", some(json!("never"))),
        ("exp", some(json!(i64::MIN))),
        ("jti", some(json!(""))),
        ("jti", some(json!("x".repeat(256)))),
        ("jti", some(json!(7))),
        ("events", some(json!({}))),
        ("events", some(json!([EVENT]))),
        ("events", some(json!(EVENT))),
        ("events", some(json!({ EVENT: true }))),
        ("events", some(json!({ EVENT: [] }))),
        ("events", some(json!({ "http://schemas.openid.net/event/other": {} }))),
        ("nonce", some(json!("n"))),
        ("nonce", some(json!(""))),
        ("nonce", some(Value::Null)),
        ("sid", some(json!(""))),
        ("sid", some(json!(7))),
        ("sid", some(json!("x".repeat(256)))),
        ("sub", some(json!(""))),
        ("sub", some(json!(["alice"]))),
    ];
    wrong.extend(["iss", "aud", "iat", "exp", "jti", "events"].map(|name| (name, None)));
    for (name, value) in wrong {
        let token = signer.sign(&header(&signer), &with(&good, name, value.clone()));
        assert_refused(&send(world, &token).await, &(name, value));
    }
    let nothing = with(&with(&good, "sid", None), "sub", None);
    assert_refused(&send(world, &signer.sign(&header(&signer), &nothing)).await, &"no subject");
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_done(&send(world, &signer.sign(&header(&signer), &good)).await);
    assert_eq!(alice.is_known_as().await, None, "and nothing was used up");
}

async fn a_wrong_header_is_refused(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let claims = claims(world, &alice.profile().await);
    let good = header(&signer);
    for (name, value) in [
        ("typ", Some(json!("JWT"))),
        ("typ", Some(json!("at+jwt"))),
        ("typ", Some(json!(["logout+jwt"]))),
        ("typ", None),
        ("kid", Some(json!("other"))),
        ("kid", Some(json!(["key"]))),
        ("kid", None),
        ("alg", Some(json!("none"))),
        ("alg", Some(json!("None"))),
        ("alg", Some(json!("ES384"))),
        ("alg", Some(json!("RS256"))),
        ("alg", Some(json!("PS256"))),
        ("alg", Some(json!("EdDSA"))),
        ("alg", Some(json!("HS256"))),
        ("alg", None),
        ("crit", Some(json!(["exp"]))),
        ("crit", Some(json!(["b64"]))),
    ] {
        let token = signer.sign(&with(&good, name, value.clone()), &claims);
        assert_refused(&send(world, &token).await, &(name, value));
    }
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

async fn a_signature_of_somebody_else_is_refused(world: &World) {
    let alice = world.member("alice").await;
    let signers = ["ES256", "EdDSA", "RS256"].map(|algorithm| Signer::new(algorithm, algorithm));
    publish(world, &signers.each_ref());
    let claims = claims(world, &alice.profile().await);
    for signer in &signers {
        let token = signer.sign(&header(signer), &claims);
        let (message, signature) = token.rsplit_once('.').expect("three parts");
        let (head, body) = message.split_once('.').expect("three parts");
        // The key of the same name is another one; what was signed is something else.
        let thief = Signer::new(signer.algorithm(), signer.kid);
        let mut own_key = header(signer);
        own_key["jwk"] = thief.jwk();
        let other = with(&claims, "jti", Some(random::id().into()));
        let unsigned = format!(
            "{}.{body}",
            encoded(json!({ "alg": "none", "typ": "logout+jwt" }).to_string())
        );
        let mut hmac = with(&header(signer), "alg", Some("HS256".into()));
        hmac["kid"] = signer.kid.into();
        let hmac = format!("{}.{body}", encoded(hmac.to_string()));
        let wrong = [
            thief.sign(&header(signer), &claims),
            thief.sign(&own_key, &claims),
            format!("{head}.{}.{signature}", encoded(other.to_string())),
            format!("{message}."),
            message.to_owned(),
            format!("{message}.{}", &signature[2..]),
            format!("{message}.{signature}AA"),
            format!("{message}.{}", encoded([0; 64])),
            format!("{token}.{signature}"),
            format!("{unsigned}."),
            format!("{unsigned}.{signature}"),
            format!("{hmac}.{}", encoded(keyed_hash(&public_text(signer), hmac.as_bytes()))),
            format!("{hmac}.{}", encoded(keyed_hash(&public_bytes(signer), hmac.as_bytes()))),
        ];
        for token in wrong {
            assert_refused(&send(world, &token).await, &(signer.kid, token));
        }
    }
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

/// A public key as those have it who take it for a shared secret.
fn public_text(signer: &Signer) -> Vec<u8> {
    signer.jwk().to_string().into_bytes()
}

fn public_bytes(signer: &Signer) -> Vec<u8> {
    let jwk = signer.jwk();
    let part = jwk["x"].as_str().or(jwk["n"].as_str()).expect("a part of the key");
    part.as_bytes().to_vec()
}

fn keyed_hash(key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key);
    aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
}

async fn a_token_is_good_once(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let claims = with(&claims(world, &alice.profile().await), "sid", None);
    let token = signer.sign(&header(&signer), &claims);
    assert_done(&send(world, &token).await);
    alice.arrive().await;
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_refused(&send(world, &token).await, &"a second time");
    // The same id in other words, signed anew.
    let again = with(&claims, "exp", Some(json!(world.now() + 60)));
    assert_refused(&send(world, &signer.sign(&header(&signer), &again)).await, &"the same id");
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    let fresh = with(&claims, "jti", Some(random::id().into()));
    assert_done(&send(world, &signer.sign(&header(&signer), &fresh)).await);
    assert_eq!(alice.is_known_as().await, None);
}

async fn another_body_is_refused(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let token = signer.sign(&header(&signer), &claims(world, &alice.profile().await));
    let form = encode(&[("logout_token", &token)]);
    let json = json!({ "logout_token": token }).to_string();
    for (media, body) in [
        (FORM, format!("{form}&{form}")),
        (FORM, format!("{form}&logout_token=")),
        (FORM, String::new()),
        (FORM, "logout_token=".to_owned()),
        (FORM, "logout_token=a.b.c".to_owned()),
        (FORM, "logout_token=..".to_owned()),
        (FORM, "logout_token=%00%ff%fe".to_owned()),
        (FORM, format!("Logout_Token={token}")),
        (FORM, format!("{form}&padding={}", "x".repeat(4_096))),
        (FORM, json.clone()),
        ("application/x-www-form-urlencoded; charset=utf-16", form.clone()),
        ("application/json", json),
        ("application/jwt", token),
        ("multipart/form-data; boundary=x", form.clone()),
        ("text/plain", form.clone()),
        ("", form.clone()),
    ] {
        assert_refused(&send_body(world, media, &body).await, &(media, &body));
    }
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    let media = "application/x-www-form-urlencoded; charset=UTF-8";
    assert_done(&send_body(world, media, &format!("x=1&{form}")).await);
    assert_eq!(alice.is_known_as().await, None);
}
