//! A provider's public keys (RFC 7517), and which of them a token is held against.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value};

use super::failure::{heard, misbehaves, object};
use super::{Failure, Upstream};
use crate::domain::provider::Algorithm;

/// The keys that sign, as they are published.
pub(super) struct Keys(Vec<Key>);

struct Key {
    kid: Option<String>,
    /// What it can sign with: one algorithm if it says which, else those of its type.
    algorithms: Vec<Algorithm>,
    public: DecodingKey,
}

impl Key {
    /// `None` for whatever does not sign in a way that is known here. A shared secret never does.
    fn read(json: &Value) -> Option<Self> {
        let signs = json.get("use").is_none_or(|to| to == "sig");
        let verifies = json.get("key_ops").is_none_or(|to| {
            to.as_array().is_some_and(|to| to.iter().any(|operation| operation == "verify"))
        });
        let jwk: Jwk = serde_json::from_value(json.clone()).ok()?;
        let mut algorithms = of_type(&jwk.algorithm);
        if let Some(named) = json.get("alg") {
            algorithms.retain(|algorithm| named == algorithm.as_str());
        }
        let is_usable = signs && verifies && !algorithms.is_empty();
        let public = DecodingKey::from_jwk(&jwk).ok()?;
        is_usable.then_some(Self { kid: jwk.common.key_id, algorithms, public })
    }
}

/// The algorithms that a type of key can sign with.
fn of_type(key: &AlgorithmParameters) -> Vec<Algorithm> {
    use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    match key {
        AlgorithmParameters::RSA(_) => vec![Rs256, Rs384, Rs512, Ps256, Ps384, Ps512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => vec![Es256],
            EllipticCurve::P384 => vec![Es384],
            _ => Vec::new(),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            vec![EdDsa]
        }
        _ => Vec::new(),
    }
}

fn known(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

impl Keys {
    /// Reads a JWK Set; keys that are of no use here are left out.
    pub(super) fn read(json: &Value) -> Option<Self> {
        Some(Self(json.get("keys")?.as_array()?.iter().filter_map(Key::read).collect()))
    }

    /// The claims of an id token that one of these keys has signed in one of the pinned ways, and
    /// in which; or what is wrong. No claim has been looked at. What the token says about itself
    /// decides nothing but which key it is held against.
    pub(super) fn verify(
        &self,
        jwt: &str,
        pinned: &[Algorithm],
    ) -> Result<(Map<String, Value>, Algorithm), &'static str> {
        let header = jsonwebtoken::decode_header(jwt)
            .map_err(|_| "the id token is no JWT that is signed in a known way")?;
        let algorithm = pinned.iter().copied().find(|pinned| known(*pinned) == header.alg);
        let algorithm = algorithm.ok_or("the id token is signed with another algorithm")?;
        let is_jwt = header.typ.as_ref().is_none_or(|typ| typ.eq_ignore_ascii_case("JWT"));
        if !is_jwt || header.crit.is_some() {
            return Err("the id token is a JWT of another type");
        }
        let key = self.find(algorithm, header.kid.as_deref())?;
        let mut signature_only = Validation::new(known(algorithm));
        signature_only.required_spec_claims.clear();
        (signature_only.validate_exp, signature_only.validate_aud) = (false, false);
        let token = jsonwebtoken::decode(jwt, &key.public, &signature_only);
        let token = token.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => "the id token has a wrong signature",
            _ => "the id token cannot be read",
        })?;
        Ok((token.claims, algorithm))
    }

    /// The one key that the header can mean (OpenID Connect Core §10.1).
    fn find(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<&Key, &'static str> {
        let fits = |key: &&Key| {
            key.algorithms.contains(&algorithm)
                && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        };
        let mut keys = self.0.iter().filter(fits);
        match (keys.next(), keys.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err("the id token is signed by a key that is not published"),
            (Some(_), Some(_)) => Err("the id token does not say which key signed it"),
        }
    }
}

impl Upstream {
    /// The claims of an id token, its signature verified. The keys are fetched again for a token
    /// that those which are known do not verify: there may be a new one.
    pub(super) async fn opened(
        &self,
        id_token: &str,
    ) -> Result<(Map<String, Value>, Algorithm), Failure> {
        let pinned = &self.provider.algorithms;
        let is_enough = |keys: &Keys| keys.verify(id_token, pinned).is_ok();
        let keys = self.keys.get(&self.clock, is_enough, || self.fetch_keys()).await?;
        keys.verify(id_token, pinned).map_err(misbehaves)
    }

    async fn fetch_keys(&self) -> Result<Keys, Failure> {
        const PLACE: &str = "the list of keys";
        let uri = &self.metadata().await?.jwks_uri;
        let json = object(PLACE, heard(PLACE, self.outgoing.get_json(uri, None).await)?)?;
        Keys::read(&json).ok_or_else(|| misbehaves("the list of keys is none"))
    }
}
