//! Who signed a token, and how: what its header says decides next to nothing.

use super::*;
use crate::upstream::keys::Keys;
use signer::{by_secret, unsigned};

/// Keys, of which this token is to be signed by one.
fn verified(keys: &[Value], pinned: &[Algorithm], jwt: &str) -> Result<(), &'static str> {
    let keys = Keys::read(&json!({ "keys": keys })).expect("a list");
    keys.verify(jwt, pinned).map(|_| ())
}

const UNKNOWN_WAY: &str = "the id token is no JWT that is signed in a known way";
const OTHER_ALGORITHM: &str = "the id token is signed with another algorithm";
const WRONG: &str = "the id token has a wrong signature";
const NOT_PUBLISHED: &str = "the id token is signed by a key that is not published";
const WHICH: &str = "the id token does not say which key signed it";

#[test]
fn what_the_header_says_does_not_choose_how_a_token_is_verified() {
    let pinned = [Algorithm::Es256, Algorithm::Rs256];
    let (ec, rsa) = (Signer::new("ES256", "ec"), Signer::new("RS256", "rsa"));
    let keys = [ec.jwk(), rsa.jwk()];
    let claims = json!({ "sub": "customer-7" });
    let check = |jwt: &str| verified(&keys, &pinned, jwt);
    assert_eq!(check(&ec.token(&claims)), Ok(()));
    assert_eq!(check(&rsa.token(&claims)), Ok(()));
    // No signature at all, by each spelling.
    for none in ["none", "None", "NONE", ""] {
        let header = json!({ "alg": none, "kid": "ec" });
        assert_eq!(check(&format!("{}.", unsigned(&header, &claims))), Err(UNKNOWN_WAY), "{none}");
    }
    let header = json!({ "alg": "ES256", "kid": "ec" });
    assert_eq!(check(&format!("{}.", unsigned(&header, &claims))), Err(WRONG));
    // The public key as a shared secret, in each form in which somebody may have it.
    for (signer, kid) in [(&ec, "ec"), (&rsa, "rsa")] {
        let jwk = signer.jwk().to_string().into_bytes();
        for secret in [signer.public_bytes(), jwk, Vec::new()] {
            let header = json!({ "alg": "HS256", "kid": kid });
            let jwt = by_secret(&secret, &header, &claims);
            assert_eq!(check(&jwt), Err(OTHER_ALGORITHM));
            let header = json!({ "alg": signer.algorithm, "kid": kid });
            assert_eq!(check(&by_secret(&secret, &header, &claims)), Err(WRONG));
        }
    }
    // A good signature in a way that is known, but not pinned.
    for algorithm in ["RS384", "RS512", "PS256", "ES384", "EdDSA"] {
        let other = Signer::new(algorithm, "other");
        let jwt = other.token(&claims);
        assert_eq!(verified(&[other.jwk()], &pinned, &jwt), Err(OTHER_ALGORITHM), "{algorithm}");
    }
    // A key of another type than the algorithm, or than the key says.
    let header = json!({ "alg": "RS256", "kid": "ec" });
    assert_eq!(check(&ec.sign(&header, &claims)), Err(NOT_PUBLISHED));
    let header = json!({ "alg": "ES256", "kid": "rsa" });
    assert_eq!(check(&ec.sign(&header, &claims)), Err(NOT_PUBLISHED));
    let mut for_pss = rsa.jwk();
    for_pss["alg"] = "PS256".into();
    assert_eq!(verified(&[for_pss], &pinned, &rsa.token(&claims)), Err(NOT_PUBLISHED));
}

#[test]
fn a_key_that_the_token_brings_along_is_nobodys() {
    let (bank, thief) = (Signer::new("ES256", "1"), Signer::new("ES256", "1"));
    let claims = json!({ "sub": "customer-7" });
    let pinned = [Algorithm::Es256];
    for header in [
        json!({ "alg": "ES256", "kid": "1" }),
        json!({ "alg": "ES256", "kid": "1", "jwk": thief.jwk() }),
        json!({ "alg": "ES256", "jwk": thief.jwk() }),
        json!({ "alg": "ES256", "kid": "1", "jku": "https://evil.example/jwks" }),
        json!({ "alg": "ES256", "kid": "1", "x5u": "https://evil.example/x5u" }),
    ] {
        assert_eq!(verified(&[bank.jwk()], &pinned, &thief.sign(&header, &claims)), Err(WRONG));
        assert_eq!(verified(&[bank.jwk()], &pinned, &bank.sign(&header, &claims)), Ok(()));
    }
}

#[test]
fn a_jwt_of_another_type_is_no_id_token() {
    let signer = Signer::new("ES256", "1");
    let check = |header: Value| {
        let jwt = signer.sign(&header, &json!({ "sub": "customer-7" }));
        verified(&[signer.jwk()], &[Algorithm::Es256], &jwt)
    };
    let header = |typ: &str| json!({ "alg": "ES256", "kid": "1", "typ": typ });
    assert_eq!(check(header("JWT")), Ok(()));
    assert_eq!(check(header("jwt")), Ok(()));
    let other = Err("the id token is a JWT of another type");
    for typ in ["logout+jwt", "at+jwt", "dpop+jwt", "secevent+jwt", ""] {
        assert_eq!(check(header(typ)), other, "{typ}");
    }
    assert_eq!(check(json!({ "alg": "ES256", "kid": "1", "crit": ["b64"], "b64": false })), other);
    let good = signer.token(&json!({ "sub": "customer-7" }));
    let [head, body, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let changed = signer::encoded(json!({ "sub": "customer-8" }).to_string());
    let check = |jwt: &str| verified(&[signer.jwk()], &[Algorithm::Es256], jwt);
    assert_eq!(check(&format!("{head}.{changed}.{signature}")), Err(WRONG));
    for rubbish in [
        String::new(),
        "..".into(),
        "x.y.z".into(),
        format!("{head}.{body}"),
        format!("{good}.x"),
        format!("{good}.x.y"),
        format!(".{body}.{signature}"),
        format!("{head}.{body}.{signature}=!"),
    ] {
        assert!(check(&rubbish).is_err(), "{rubbish}");
    }
    let no_object = signer.sign(&header("JWT"), &json!(["sub"]));
    assert!(check(&no_object).is_err());
}

#[test]
fn the_header_must_mean_one_key() {
    let (one, two) = (Signer::new("ES256", "1"), Signer::new("ES256", "2"));
    let rsa = Signer::new("RS256", "1");
    let pinned = [Algorithm::Es256, Algorithm::Rs256];
    let claims = json!({ "sub": "customer-7" });
    let nameless = one.sign(&json!({ "alg": "ES256" }), &claims);
    let check = |keys: &[Value]| verified(keys, &pinned, &nameless);
    assert_eq!(check(&[one.jwk()]), Ok(()));
    assert_eq!(check(&[one.jwk(), rsa.jwk()]), Ok(()), "one for this algorithm");
    assert_eq!(check(&[one.jwk(), two.jwk()]), Err(WHICH));
    assert_eq!(check(&[two.jwk()]), Err(WRONG));
    assert_eq!(check(&[]), Err(NOT_PUBLISHED));
    let named = one.token(&claims);
    let check = |keys: &[Value]| verified(keys, &pinned, &named);
    assert_eq!(check(&[two.jwk(), one.jwk(), rsa.jwk()]), Ok(()), "one of that name and type");
    let mut namesake = two.jwk();
    namesake["kid"] = "1".into();
    assert_eq!(check(&[one.jwk(), namesake]), Err(WHICH));
    let mut unnamed = one.jwk();
    change(&mut unnamed, "kid", &Value::Null);
    assert_eq!(check(&[unnamed.clone()]), Err(NOT_PUBLISHED));
    assert_eq!(verified(&[unnamed], &pinned, &nameless), Ok(()));
}

#[test]
fn only_keys_that_sign_are_read() {
    let signer = Signer::new("ES256", "1");
    let jwt = signer.token(&json!({ "sub": "customer-7" }));
    let check = |name: &str, value: Value| {
        let mut jwk = signer.jwk();
        change(&mut jwk, name, &value);
        verified(&[json!("rubbish"), json!({ "kty": "new" }), jwk], &[Algorithm::Es256], &jwt)
    };
    for (name, value) in
        [("use", Value::Null), ("alg", Value::Null), ("key_ops", json!(["verify"]))]
    {
        assert_eq!(check(name, value.clone()), Ok(()), "{name} {value}");
    }
    for (name, value) in [
        ("use", json!("enc")),
        ("use", json!(7)),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!("verify")),
        ("alg", json!("ES384")),
        ("alg", json!("HS256")),
        ("alg", json!(7)),
        ("kty", json!("RSA")),
        ("kty", json!("oct")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
        ("x", Value::Null),
        ("y", json!(7)),
    ] {
        assert_eq!(check(name, value.clone()), Err(NOT_PUBLISHED), "{name} {value}");
    }
    for rubbish in [json!({}), json!({ "keys": {} }), json!([]), Value::Null] {
        assert!(Keys::read(&rubbish).is_none(), "{rubbish}");
    }
}
