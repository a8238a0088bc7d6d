//! A signing key of an accounts server, for tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::Value;

/// A signing key of the provider.
pub(super) struct Key {
    kid: String,
    signs: EncodingKey,
    public: Jwk,
}

impl Key {
    pub(super) fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let signs = EncodingKey::from_ec_der(pkcs8.expect("a key").as_ref());
        let mut public = Jwk::from_encoding_key(&signs, Algorithm::ES256).expect("a key");
        public.common.key_id = Some(kid.to_owned());
        Self { kid: kid.to_owned(), signs, public }
    }

    pub(super) fn public(&self) -> Jwk {
        self.public.clone()
    }

    pub(super) fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        (header.typ, header.kid) = (Some(typ.to_owned()), Some(self.kid.clone()));
        jsonwebtoken::encode(&header, claims, &self.signs).expect("signs")
    }
}
