//! Asks for a job to be done now instead of at its next turn.

use std::sync::Arc;
use tokio::sync::Notify;

/// A bell: whoever ends sessions rings it. Clones are one bell.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Rings it. Nobody waits for what comes of it.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until it is rung, or goes on when it was since the last time.
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}
