//! A provider's discovery document (OpenID Connect Discovery 1.0 §3 and §4.3).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::failure::{heard, misbehaves, object};
use super::{Failure, Upstream};
use crate::domain::provider::Issuer;

/// What is used of the document.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    /// The ways in which a client may prove who it is, if they are told.
    pub(super) authentication: Option<Vec<String>>,
    /// Whether its answers say whose they are (RFC 9207).
    pub(super) names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the document of this issuer, and says what is wrong with it.
    pub(super) fn read(issuer: &Issuer, json: Value) -> Result<Self, String> {
        let document: Document = serde_json::from_value(json)
            .map_err(|_| "the discovery document misses something, or has it wrong")?;
        if document.issuer != issuer.as_str() {
            return Err("the discovery document is another issuer's".into());
        }
        let checked = |name: &str, endpoint: String| {
            let is_good = issuer.may_have(&endpoint);
            is_good.then_some(endpoint).ok_or_else(|| format!("its {name} is at an unsafe address"))
        };
        let authorization =
            checked("authorization_endpoint", document.authorization_endpoint)?.parse();
        Ok(Self {
            authorization_endpoint: authorization.map_err(|_| "its authorization_endpoint")?,
            token_endpoint: checked("token_endpoint", document.token_endpoint)?,
            jwks_uri: checked("jwks_uri", document.jwks_uri)?,
            userinfo_endpoint: document
                .userinfo_endpoint
                .map(|endpoint| checked("userinfo_endpoint", endpoint))
                .transpose()?,
            authentication: document.token_endpoint_auth_methods_supported,
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }
}

impl Upstream {
    /// The document, fetched if it is not known.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, Failure> {
        self.metadata.get(&self.clock, |_| true, || self.fetch_metadata()).await
    }

    async fn fetch_metadata(&self) -> Result<Metadata, Failure> {
        const PLACE: &str = "the discovery document";
        let issuer = &self.provider.issuer;
        let answer = self.outgoing.get_json(&issuer.discovery(), None).await;
        let json = object(PLACE, heard(PLACE, answer)?)?;
        Metadata::read(issuer, json).map_err(misbehaves)
    }
}
