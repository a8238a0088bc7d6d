//! Operations that ended: whoever waits for one is told, and the log counts those of which nobody
//! hears.

use super::{Event, Events};
use crate::store::Store;

impl Events {
    /// Says that operations have ended. To be called after the commit, by all that ends one. A
    /// message that no page is registered for is dropped and counted in the log; how the operation
    /// ended stays readable.
    pub async fn operations_ended(&self, store: &Store, ids: &[String], now: i64) {
        let mut unheard = 0_usize;
        // Looked at first: a page that was told gives its registration up.
        for id in ids {
            match store.waiting(id, now).await {
                Ok(waiting) => {
                    unheard += usize::from(waiting.is_none_or(|page| page.registration.is_none()));
                }
                Err(error) => {
                    tracing::warn!(%error, "it is not known whether a page waits for an operation");
                }
            }
        }
        if unheard > 0 {
            tracing::info!(unheard, "no page waits for operations that ended");
        }
        self.publish_all(ids.iter().cloned().map(Event::Operation).collect()).await;
    }
}
