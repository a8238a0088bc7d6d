//! Keys as tools write them, and what they sign.

use super::*;
use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn hold(key: &str, public: &[u8], algorithm: &'static dyn VerificationAlgorithm, name: &str) {
    let key = ClientKey::parse(key, Some("2026".into())).expect(name);
    assert_eq!(key.algorithm(), name);
    let jwt = key.sign(&json!({ "iss": "vestibule" })).expect("it signs");
    let (message, signature) = jwt.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let verified = UnparsedPublicKey::new(algorithm, public).verify(message.as_bytes(), &signature);
    assert!(verified.is_ok(), "{name}");
    let (header, claims) = message.split_once('.').expect("two parts");
    let read = |part| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
    };
    assert_eq!(read(header), json!({ "alg": name, "typ": "JWT", "kid": "2026" }));
    assert_eq!(read(claims), json!({ "iss": "vestibule" }));
}

#[test]
fn keys_on_p_256_are_read_in_both_forms() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let public = pair.public_key().as_ref();
    let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8");
    hold(&pem("PRIVATE KEY", pkcs8.as_ref()), public, &ECDSA_P256_SHA256_FIXED, "ES256");
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().expect("SEC 1");
    // As `openssl ecparam -name prime256v1 -genkey` writes it.
    let parameters = pem("EC PARAMETERS", b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
    let both = format!("{parameters}{}", pem("EC PRIVATE KEY", sec1.as_ref()));
    hold(&both.replace('\n', "\r\n"), public, &ECDSA_P256_SHA256_FIXED, "ES256");
}

#[test]
fn rsa_keys_are_read_in_both_forms() {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = pair.public_key().as_ref();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS #8");
    let whole = pem("PRIVATE KEY", pkcs8.as_ref());
    hold(&whole, public, &RSA_PKCS1_2048_8192_SHA256, "RS256");
    // PKCS #1 is the octet string at the end, after a header of 26 bytes.
    let pkcs1 = pem("RSA PRIVATE KEY", &pkcs8.as_ref()[26..]);
    hold(&pkcs1, public, &RSA_PKCS1_2048_8192_SHA256, "RS256");
    let nameless = ClientKey::parse(&whole, None).expect("a key");
    let jwt = nameless.sign(&json!({})).expect("it signs");
    assert!(jwt.starts_with(&URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#)), "{jwt}");
}

#[test]
fn anything_else_is_no_key() {
    let wrong = |text: &str| ClientKey::parse(text, None).expect_err("no key");
    assert_eq!(wrong(""), "there is no private key in PEM");
    assert_eq!(wrong("-----BEGIN PRIVATE KEY-----\nAAAA"), "there is no private key in PEM");
    assert_eq!(wrong(&pem("PUBLIC KEY", b"x")), "there is no private key in PEM");
    assert_eq!(wrong(&pem("ENCRYPTED PRIVATE KEY", b"x")), "the key is encrypted");
    let sealed = pem("RSA PRIVATE KEY", b"x").replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n");
    assert_eq!(wrong(&sealed), "the key is encrypted");
    assert!(wrong(&pem("PRIVATE KEY", b"x")).contains("neither one on the curve P-256"));
    assert_eq!(wrong(&pem("PRIVATE KEY", b"x").replace('=', "!")), "the key is not in base64");
    let other = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
    let other = other.to_pkcs8v1().expect("PKCS #8");
    assert!(wrong(&pem("PRIVATE KEY", other.as_ref())).contains("neither"), "P-384");
    let other = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).expect("a key");
    assert!(wrong(&pem("PRIVATE KEY", other.as_ref())).contains("neither"), "Ed25519");
}

#[test]
fn a_key_shows_nothing_of_itself() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let pkcs8 = pair.to_pkcs8v1().expect("PKCS #8");
    let key = ClientKey::parse(&pem("PRIVATE KEY", pkcs8.as_ref()), None).expect("a key");
    assert_eq!(format!("{key:?}"), "ClientKey { algorithm: \"ES256\", kid: None, .. }");
}
