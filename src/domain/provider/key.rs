//! The key by which this server proves to be a provider's client (RFC 7523 §2.2, OpenID Connect
//! Core §9: `private_key_jwt`).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// What the lines before a private key may say.
const LABELS: [&str; 3] = ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"];

/// A private key for ES256 or RS256.
pub struct ClientKey {
    pair: Pair,
    /// The name under which the provider knows it, if it needs one.
    kid: Option<String>,
}

enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl ClientKey {
    /// Reads a key in PEM: PKCS #8, SEC 1 or PKCS #1, on P-256 or RSA of 2,048 bits or more.
    pub fn parse(pem: &str, kid: Option<String>) -> Result<Self, &'static str> {
        let der = private_der(pem)?;
        let ec = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &der);
        let rsa = || RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
        let pair = ec.map(Pair::Es256).or_else(|_| rsa().map(Pair::Rs256));
        let pair = pair.map_err(
            |_| "the key is neither one on the curve P-256 nor RSA of at least 2,048 bits",
        )?;
        Ok(Self { pair, kid })
    }

    /// A JWT with these claims, signed; `None` when the system has no randomness to give.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let mut header = json!({ "alg": self.algorithm(), "typ": "JWT" });
        if let Some(kid) = &self.kid {
            header["kid"] = kid.as_str().into();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(message.as_bytes())?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Its name in RFC 7518.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Rs256(_) => "RS256",
        }
    }

    fn signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

/// The bytes of the first private key of a PEM file, which may hold other things too (RFC 7468).
fn private_der(pem: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let block = LABELS.iter().find_map(|label| {
        let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
        Some(rest.split_once(&format!("-----END {label}-----"))?.0)
    });
    let Some(block) = block else {
        let is_sealed = pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----");
        return Err(if is_sealed {
            "the key is encrypted"
        } else {
            "there is no private key in PEM"
        });
    };
    if block.contains(':') {
        return Err("the key is encrypted");
    }
    let text: Zeroizing<String> = Zeroizing::new(block.split_whitespace().collect());
    let der = STANDARD.decode(text.as_bytes());
    der.map(Zeroizing::new).map_err(|_| "the key is not in base64")
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey")
            .field("algorithm", &self.algorithm())
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
