//! Id tokens that are not ours, or no longer what we signed: no hint, and no harm.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::Arc;
use vestibule::domain::seal::SealingKey;
use vestibule::keys::Keys;

use super::{provider, with_alice};
use crate::support::{Authorize, Browser, TestServer};

struct World {
    server: TestServer,
    alice: Browser,
    hint: String,
}

impl World {
    async fn new() -> Self {
        let (server, alice) = with_alice().await;
        let hint = server.shop_tokens(&alice, "openid").await.id.expect("an id token");
        Self { server, alice, hint }
    }

    /// Holds that it is refused, on a page and without one, for her and for nobody.
    async fn refuses(&self, hint: &str, what: &str) {
        let asked = Authorize::shop().with("id_token_hint", hint);
        for browser in [&self.alice, &self.server.browser()] {
            let error = browser.silently(&asked).await.refusal(&asked);
            assert_eq!(error, "invalid_request", "{what}");
            assert_eq!(browser.authorize(&asked).await.refusal(&asked), error, "{what}");
        }
    }

    fn parts(&self) -> (Value, Value, String) {
        let mut parts = self.hint.split('.');
        let mut part = || parts.next().expect("three parts");
        (read(part()), read(part()), part().to_owned())
    }
}

fn read(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn write(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A key of somebody else's, in PKCS #8.
fn foreign_key() -> EncodingKey {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    let random = aws_lc_rs::rand::SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    EncodingKey::from_ec_der(key.expect("a key").as_ref())
}

#[rocket::async_test]
async fn one_of_another_issuer_is_refused() {
    let world = World::new().await;
    let other = provider().await;
    let browser = other.signed_up("alice").await;
    let theirs = other.shop_tokens(&browser, "openid").await.id.expect("an id token");
    world.refuses(&theirs, "of a server with other keys").await;
    let (header, claims, _) = world.parts();
    let kid = header["kid"].as_str().map(str::to_owned);
    for kid in [kid, None, Some("../../dev/null".into()), Some("' OR 1=1 --".into())] {
        let header = Header { kid, ..Header::new(Algorithm::ES256) };
        let forged = encode(&header, &claims, &foreign_key()).expect("a JWT");
        world.refuses(&forged, "signed by somebody else").await;
    }
    let mut elsewhere = claims.clone();
    elsewhere["iss"] = json!("https://evil.test");
    let (start, end) = (world.hint.split_once('.').expect("parts").0, world.parts().2);
    world.refuses(&format!("{start}.{}.{end}", write(&elsewhere)), "another issuer").await;
}

#[rocket::async_test]
async fn one_that_was_changed_is_refused() {
    let world = World::new().await;
    let (header, claims, signature) = world.parts();
    for (name, value) in
        [("sub", json!("0".repeat(32))), ("aud", json!(["shop"])), ("exp", json!(1))]
    {
        let mut changed = claims.clone();
        changed[name] = value;
        world.refuses(&format!("{}.{}.{signature}", write(&header), write(&changed)), name).await;
    }
    for (name, value) in
        [("alg", json!("RS256")), ("kid", json!("x")), ("typ", json!("logout+jwt"))]
    {
        let mut changed = header.clone();
        changed[name] = value;
        world.refuses(&format!("{}.{}.{signature}", write(&changed), write(&claims)), name).await;
    }
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let signed = world.hint.rsplit_once('.').expect("parts").0;
    for signature in [format!("{flipped}{}", &signature[1..]), String::new(), "AA".into()] {
        world.refuses(&format!("{signed}.{signature}"), "another signature").await;
    }
    world.refuses(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64])), "zeros").await;
}

#[rocket::async_test]
async fn one_without_a_signature_of_a_private_key_is_refused() {
    let world = World::new().await;
    let (header, claims, _) = world.parts();
    for alg in ["none", "None", "NONE", ""] {
        let unsigned = format!("{}.{}.", write(&json!({ "alg": alg })), write(&claims));
        world.refuses(&unsigned, alg).await;
        let named = json!({ "alg": alg, "kid": header["kid"], "typ": "JWT" });
        world.refuses(&format!("{}.{}.", write(&named), write(&claims)), alg).await;
    }
    // The public key as the secret of an HMAC.
    let keys = world.server.plain_get("/oauth/jwks").await.json();
    for key in keys["keys"].as_array().expect("keys") {
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let raw = [text("x"), text("y"), text("n")].map(|t| URL_SAFE_NO_PAD.decode(t));
        let raw: Vec<u8> = raw.into_iter().flat_map(|part| part.expect("base64url")).collect();
        for secret in [raw, key.to_string().into_bytes()] {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let kid = Some(text("kid").to_owned());
                let header = Header { kid, ..Header::new(algorithm) };
                let forged = encode(&header, &claims, &EncodingKey::from_secret(&secret));
                world.refuses(&forged.expect("a JWT"), "an HMAC").await;
            }
        }
    }
}

#[rocket::async_test]
async fn keys_that_a_token_brings_along_are_not_used() {
    let world = World::new().await;
    let (_, claims, _) = world.parts();
    let key = foreign_key();
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&key, Algorithm::ES256).expect("a JWK");
    let header = Header {
        jwk: Some(jwk),
        jku: Some("https://evil.test/keys".into()),
        x5u: Some("https://evil.test/cert".into()),
        ..Header::new(Algorithm::ES256)
    };
    world.refuses(&encode(&header, &claims, &key).expect("a JWT"), "its own key").await;
}

#[rocket::async_test]
async fn what_is_no_id_token_is_refused() {
    let world = World::new().await;
    let tokens = world.server.shop_tokens(&world.alice, "openid").await;
    let (header, claims, signature) = world.parts();
    let (header, claims) = (write(&header), write(&claims));
    let odd = [
        "x".to_owned(),
        ".".into(),
        "..".into(),
        "...".into(),
        "a.b.c".into(),
        "e30.e30.e30".into(),
        tokens.access,
        tokens.refresh.expect("a refresh token"),
        format!("{} ", world.hint),
        format!("{}.x", world.hint),
        format!("Bearer {}", world.hint),
        world.hint.to_uppercase(),
        world.hint.replace('.', " "),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{header}=.{claims}=.{signature}="),
        format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode("[".repeat(2_000))),
        "{\"payload\":\"x\",\"signatures\":[]}".into(),
        "🦀.🦀.🦀".into(),
    ];
    for hint in odd {
        world.refuses(&hint, &hint).await;
    }
}

#[rocket::async_test]
async fn not_everything_that_we_signed_is_an_id_token_of_this_client() {
    let world = World::new().await;
    let (server, now) = (&world.server, world.server.clock.now());
    let sealing = Arc::new(SealingKey::new(&[7; 32]));
    let keys = Keys::open(server.store.clone(), sealing, now).await.expect("the keys open");
    let (_, claims, _) = world.parts();
    let sign = async |typ: &str, name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        let signed = keys.sign(vestibule::domain::signing::Algorithm::Es256, typ, &claims, now);
        signed.await.expect("a signature")
    };
    let same = Authorize::shop().with("id_token_hint", &sign("JWT", "x", json!(1)).await);
    world.alice.silently(&same).await.code(&same);
    for typ in ["logout+jwt", "at+jwt", "jwt", ""] {
        world.refuses(&sign(typ, "x", json!(1)).await, typ).await;
    }
    for (name, value) in [
        ("iss", json!("https://evil.test")),
        ("iss", json!(null)),
        ("aud", json!("pay")),
        ("aud", json!(null)),
        ("aud", json!(["pay", "widget"])),
        ("sub", json!("")),
        ("sub", json!(null)),
        ("sub", json!(["x"])),
    ] {
        world.refuses(&sign("JWT", name, value.clone()).await, &format!("{name}: {value}")).await;
    }
}
