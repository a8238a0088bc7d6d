//! What the accounts server says of itself as an OpenID provider (OpenID Connect Discovery 1.0).

use super::off_band::{CallError, OffBand};
use serde::Deserialize;
use tokio::sync::OnceCell;

/// The provider of one client: discovered when it is first needed, since it starts beside us.
pub(super) struct Provider {
    pub(super) issuer: String,
    metadata: OnceCell<Metadata>,
}

/// What the demo needs of the provider's metadata.
#[derive(Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: String,
    pub(super) introspection_endpoint: String,
    pub(super) end_session_endpoint: String,
    pub(super) jwks_uri: String,
}

impl Provider {
    pub(super) fn new(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), metadata: OnceCell::new() }
    }

    /// The metadata; a failure is not kept, and the next caller tries again.
    pub(super) async fn metadata(&self, off_band: &OffBand) -> Result<&Metadata, CallError> {
        let discover = || async {
            let url = format!("{}/.well-known/openid-configuration", self.issuer);
            let metadata: Metadata = off_band.get(&url).await?;
            // §4.3: whoever calls itself otherwise is not the one that was asked.
            Some(metadata).filter(|m| m.issuer == self.issuer).ok_or(CallError::Unusable)
        };
        self.metadata.get_or_try_init(discover).await
    }
}
