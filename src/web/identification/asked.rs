//! What was asked of a provider, as it is kept until the answer comes: sealed, since it must be readable
//! again, with a key that follows from one of the server's.

use serde::{Deserialize, Serialize};

use super::Identifying;
use super::start::return_uri;
use crate::domain::seal::SealingKey;
use crate::domain::secret::Secret;
use crate::store::monitors::Monitor;
use crate::upstream::Asked;
use crate::web::app::App;
use crate::web::error::Problem;

#[derive(Serialize, Deserialize)]
struct Kept {
    nonce: String,
    verifier: String,
    asked_at: i64,
}

/// Seals it for this monitor.
pub(super) fn sealed(app: &App, monitor_id: &str, asked: &Asked) -> Result<String, Problem> {
    let (nonce, verifier) = (asked.nonce.reveal(), asked.verifier.reveal());
    let kept = serde_json::to_vec(&Kept { nonce, verifier, asked_at: asked.asked_at });
    let kept = kept.map_err(|error| Problem::internal(error.to_string()))?;
    Ok(app.identifying.short_lived().seal(monitor_id, &kept))
}

/// What was asked for this monitor.
pub(super) fn opened(app: &App, monitor: &Monitor, provider: &str) -> Result<Asked, Problem> {
    let read = || -> Option<Asked> {
        let opened = app.identifying.short_lived().open(&monitor.id, monitor.sealed.as_deref()?)?;
        let kept: Kept = serde_json::from_slice(&opened).ok()?;
        Some(Asked {
            redirect_uri: return_uri(app, provider),
            nonce: Secret::parse(&kept.nonce)?,
            verifier: Secret::parse(&kept.verifier)?,
            asked_at: kept.asked_at,
        })
    };
    read().ok_or_else(|| Problem::internal("what was asked of a provider does not open"))
}

impl Identifying {
    /// With this is sealed what is over in a quarter of an hour; a change of the key-encryption key
    /// need not wait for it.
    fn short_lived(&self) -> SealingKey {
        let mut bytes = [0; 32];
        let key = Secret::derived(&self.key, "asked of a provider");
        bytes.copy_from_slice(&hex::decode(key.reveal()).unwrap_or_default());
        SealingKey::new(&bytes)
    }
}
