use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::json;

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn claims() -> Value {
    json!({ "iss": "https://accounts.example.org", "sub": "alice", "exp": 1 })
}

#[test]
fn names_are_those_of_the_registrations() {
    for name in ["RS256", "ES256", "EdDSA"] {
        assert_eq!(Algorithm::parse(name).map(Algorithm::as_str), Some(name));
    }
    for name in ["none", "HS256", "es256", "PS256", ""] {
        assert_eq!(Algorithm::parse(name), None);
    }
}

#[test]
fn a_token_is_verified_by_its_key_and_type_only_however_old_it_is() {
    for algorithm in Algorithm::ALL {
        let (key, other) = (SigningKey::generate(algorithm), SigningKey::generate(algorithm));
        let jwt = key.sign("JWT", &claims()).expect("signed");
        let read = key.public().verify(&jwt, "JWT").expect("its own");
        assert_eq!(Value::Object(read), claims());
        assert_eq!(named_key(&jwt).as_deref(), Some(key.public().kid()));
        assert!(key.public().verify(&jwt, "logout+jwt").is_none());
        assert!(other.public().verify(&jwt, "JWT").is_none());

        let header = jsonwebtoken::decode_header(&jwt).expect("a header");
        assert_eq!(header.typ.as_deref(), Some("JWT"));
        assert_eq!(header.alg, algorithm.known());
    }
}

#[test]
fn a_key_is_the_same_after_it_was_stored() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm);
        let again = SigningKey::parse(algorithm, key.private()).expect("it was stored");
        assert_eq!(again.public().to_json(), key.public().to_json());
        let public = PublicKey::parse(&key.public().to_json().to_string()).expect("it was stored");
        assert_eq!((public.algorithm(), public.kid()), (algorithm, key.public().kid()));
        assert!(public.verify(&again.sign("JWT", &claims()).expect("signed"), "JWT").is_some());

        for wrong in Algorithm::ALL.into_iter().filter(|wrong| *wrong != algorithm) {
            assert!(SigningKey::parse(wrong, key.private()).is_none());
        }
    }
}

#[test]
fn what_is_published_has_no_private_half() {
    let expected = [
        (Algorithm::Rs256, "RSA", vec!["alg", "e", "kid", "kty", "n", "use"]),
        (Algorithm::Es256, "EC", vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        (Algorithm::EdDsa, "OKP", vec!["alg", "crv", "kid", "kty", "use", "x"]),
    ];
    for (algorithm, kind, names) in expected {
        let jwk = SigningKey::generate(algorithm).public().to_json();
        let mut present: Vec<&String> = jwk.as_object().expect("an object").keys().collect();
        present.sort();
        assert_eq!(present, names);
        assert_eq!((&jwk["kty"], &jwk["use"]), (&json!(kind), &json!("sig")));
        assert_eq!(jwk["alg"], algorithm.as_str());
    }
}

/// The example of RFC 7638 §3.1, and the one of RFC 8037 §A.3.
#[test]
fn the_id_is_the_thumbprint() {
    let rsa = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSo\
            c_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGj\
            QR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-b\
            FTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    });
    let ed = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "alg": "EdDSA", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    });
    for jwk in [rsa, ed] {
        assert!(PublicKey::parse(&jwk.to_string()).is_some(), "{jwk}");
        let mut renamed = jwk.clone();
        renamed["kid"] = json!("another");
        assert!(PublicKey::parse(&renamed.to_string()).is_none());
        let mut retold = jwk;
        retold["alg"] = json!("ES256");
        assert!(PublicKey::parse(&retold.to_string()).is_none());
    }
}

#[test]
fn what_a_token_says_of_itself_decides_nothing() {
    let key = SigningKey::generate(Algorithm::Rs256);
    let (public, kid) = (key.public(), key.public().kid());
    let body = part(&claims());
    let jwk = public.to_json();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().expect("n")).expect("base64");
    // A public key taken for a shared secret, and no signature at all.
    for secret in [&modulus[..], jwk.to_string().as_bytes()] {
        let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some(kid.into());
        let secret = EncodingKey::from_secret(secret);
        let forged = jsonwebtoken::encode(&header, &claims(), &secret).expect("signed");
        assert!(public.verify(&forged, "JWT").is_none());
    }
    for alg in ["none", "None", "NONE", ""] {
        let header = part(&json!({ "alg": alg, "typ": "JWT", "kid": kid }));
        for jwt in [format!("{header}.{body}."), format!("{header}.{body}")] {
            assert!(public.verify(&jwt, "JWT").is_none());
        }
    }
    // A key of its own that it brings along.
    let other = SigningKey::generate(Algorithm::Rs256);
    let mut header = Header::new(jsonwebtoken::Algorithm::RS256);
    (header.kid, header.jwk) = (Some(kid.into()), Some(other.public.jwk.clone()));
    let forged = jsonwebtoken::encode(&header, &claims(), &other.private).expect("signed");
    assert!(public.verify(&forged, "JWT").is_none());
}

#[test]
fn a_header_that_is_not_ours_is_refused_even_with_our_signature() {
    let key = SigningKey::generate(Algorithm::Es256);
    let good = || {
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(key.public().kid().into());
        header
    };
    let is_taken = |header: Header| {
        let jwt = jsonwebtoken::encode(&header, &claims(), &key.private).expect("signed");
        key.public().verify(&jwt, "JWT").is_some()
    };
    assert!(is_taken(good()));
    assert!(!is_taken(Header { typ: None, ..good() }));
    assert!(!is_taken(Header { kid: None, ..good() }));
    assert!(!is_taken(Header { crit: Some(vec!["b64".into()]), ..good() }));
}

#[test]
fn claims_that_are_no_object_are_not_claims() {
    let key = SigningKey::generate(Algorithm::EdDsa);
    let jwt = key.sign("JWT", &["alice"]).expect("signed");
    assert!(key.public().verify(&jwt, "JWT").is_none());
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in "\\PC{0,200}", dots in "[A-Za-z0-9_.=-]{0,200}") {
        let key = SigningKey::generate(Algorithm::EdDsa);
        for text in [text, dots] {
            prop_assert!(key.public().verify(&text, "JWT").is_none());
            let _ = named_key(&text);
        }
    }

    #[test]
    fn no_letter_of_a_token_can_be_changed(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.-]") {
        let key = SigningKey::generate(Algorithm::EdDsa);
        let jwt = key.sign("JWT", &claims()).expect("signed");
        let at = at.index(jwt.len());
        let mut changed = jwt.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(key.public().verify(&changed, "JWT").is_some(), changed == jwt);
    }
}
