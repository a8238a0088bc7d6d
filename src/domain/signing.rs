//! Keys that sign tokens for others to check, and the tokens (RFC 7515, 7517, 7518, 7519).
//!
//! A key has one algorithm for life, and its id is its thumbprint (RFC 7638): what a token says
//! about itself decides nothing but which key it is held against. No claim is looked at here.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSA of 2,048 bits, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// By its name in RFC 7518 and RFC 8037.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its name in RFC 7518 and RFC 8037.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn known(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// A key with its private half.
#[derive(Debug)]
pub struct SigningKey {
    private: EncodingKey,
    public: PublicKey,
}

impl SigningKey {
    /// A new key. One for RS256 takes a good part of a second, so not on a thread that others wait
    /// for.
    ///
    /// # Panics
    /// When the system has no randomness to give: nothing safe could be done without it.
    #[must_use]
    pub fn generate(algorithm: Algorithm) -> Self {
        let private = match algorithm {
            Algorithm::Rs256 => rsa(),
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .ok()
                .map(|key| Zeroizing::new(key.as_ref().to_vec())),
            Algorithm::EdDsa => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .ok()
                .map(|key| Zeroizing::new(key.as_ref().to_vec())),
        };
        let key = private.and_then(|private| Self::parse(algorithm, &private));
        key.expect("a key can be made, and read as it was made")
    }

    /// Reads what [`SigningKey::private`] gave; `None` when it is no key of this algorithm.
    #[must_use]
    pub fn parse(algorithm: Algorithm, private: &[u8]) -> Option<Self> {
        let private = match algorithm {
            Algorithm::Rs256 => EncodingKey::from_rsa_der(private),
            Algorithm::Es256 => EncodingKey::from_ec_der(private),
            Algorithm::EdDsa => EncodingKey::from_ed_der(private),
        };
        let mut jwk = Jwk::from_encoding_key(&private, algorithm.known()).ok()?;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).ok()?);
        Some(Self { private, public: PublicKey::read(jwk)? })
    }

    /// The private half: PKCS #8, for RS256 PKCS #1. To be sealed before it goes anywhere.
    #[must_use]
    pub fn private(&self) -> &[u8] {
        self.private.as_bytes()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A token of the type `typ` with these claims, as long as they are a JSON object.
    pub fn sign<T: Serialize + ?Sized>(&self, typ: &str, claims: &T) -> Result<String, String> {
        let mut header = Header::new(self.public.algorithm.known());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.public.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.private).map_err(|error| error.to_string())
    }
}

/// The half of a key that everybody may have.
#[derive(Clone, Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    kid: String,
    jwk: Jwk,
    verifying: DecodingKey,
}

impl PublicKey {
    /// Reads a JWK as [`PublicKey::to_json`] writes it; `None` when anything does not fit, its id
    /// included.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        Self::read(serde_json::from_str(json).ok()?)
    }

    fn read(jwk: Jwk) -> Option<Self> {
        let algorithm = match (jwk.common.key_algorithm?, &jwk.algorithm) {
            (KeyAlgorithm::RS256, AlgorithmParameters::RSA(_)) => Algorithm::Rs256,
            (KeyAlgorithm::ES256, AlgorithmParameters::EllipticCurve(key))
                if key.curve == EllipticCurve::P256 =>
            {
                Algorithm::Es256
            }
            (KeyAlgorithm::EdDSA, AlgorithmParameters::OctetKeyPair(key))
                if key.curve == EllipticCurve::Ed25519 =>
            {
                Algorithm::EdDsa
            }
            _ => return None,
        };
        let kid = jwk.common.key_id.clone()?;
        let is_own = jwk.thumbprint(ThumbprintHash::SHA256).is_ok_and(|own| own == kid);
        let verifying = DecodingKey::from_jwk(&jwk).ok()?;
        is_own.then_some(Self { algorithm, kid, jwk, verifying })
    }

    /// What it signs with, and nothing else.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its id: the thumbprint of RFC 7638.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The JWK with `kid`, `use` and `alg`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(&self.jwk).unwrap_or_default()
    }

    /// The claims of a token of the type `typ` that this key has signed. Whether it is too old is
    /// for the caller to see.
    #[must_use]
    pub fn verify(&self, jwt: &str, typ: &str) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(self.algorithm.known());
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let token = jsonwebtoken::decode(jwt, &self.verifying, &validation).ok()?;
        let header: Header = token.header;
        let fits = header.typ.as_deref() == Some(typ)
            && header.kid.as_deref() == Some(&self.kid)
            && header.crit.is_none();
        fits.then_some(token.claims)
    }
}

/// The id of the key that a token says it was signed with; nothing about it is checked.
#[must_use]
pub fn named_key(jwt: &str) -> Option<String> {
    jsonwebtoken::decode_header(jwt).ok()?.kid
}

/// PKCS #1, which is the last field of the PKCS #8 that the key is made in.
fn rsa() -> Option<Zeroizing<Vec<u8>>> {
    /// Version 0, the algorithm rsaEncryption, an octet string with a length of two bytes.
    const BETWEEN: &[u8] =
        b"\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82";
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    // A sequence with a length of two bytes.
    let (_, rest) = pkcs8.as_ref().split_first_chunk::<4>()?;
    let (_, pkcs1) = rest.strip_prefix(BETWEEN)?.split_first_chunk::<2>()?;
    Some(Zeroizing::new(pkcs1.to_vec()))
}
