//! The bus: tells whoever waits that something has changed. What it says is a hint; whoever gets
//! one reads the row again.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::Notify;

/// What has changed. A new kind of waiting page adds a variant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The operation with this id has ended, or its page has another socket.
    Operation(String),
    /// A session of the account with this uid was opened, or has ended.
    Sessions(String),
}

/// The bus of a node; clones are one bus.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<HashMap<Event, Vec<Weak<Notify>>>>>);

impl Events {
    /// Says that something has changed, after that was committed. Nobody waits for what comes of
    /// it, and it cannot fail.
    pub async fn publish(&self, event: Event) {
        if let Some(waiting) = self.subscribers().get(&event) {
            waiting.iter().filter_map(Weak::upgrade).for_each(|one| one.notify_one());
        }
    }

    /// Hears of this event until it is dropped. Subscribe first and read the row then, so that
    /// nothing is missed in between.
    #[must_use]
    pub fn subscribe(&self, event: Event) -> Subscription {
        let bell = Arc::new(Notify::new());
        self.subscribers().entry(event.clone()).or_default().push(Arc::downgrade(&bell));
        Subscription { events: self.clone(), event, bell }
    }

    fn subscribers(&self) -> MutexGuard<'_, HashMap<Event, Vec<Weak<Notify>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears of one event.
pub struct Subscription {
    events: Events,
    event: Event,
    bell: Arc<Notify>,
}

impl Subscription {
    /// Waits for the next hint, or goes on when there was one since the last.
    pub async fn changed(&mut self) {
        self.bell.notified().await;
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut subscribers = self.events.subscribers();
        if let Some(waiting) = subscribers.get_mut(&self.event) {
            waiting.retain(|other| !std::ptr::eq(other.as_ptr(), Arc::as_ptr(&self.bell)));
            if waiting.is_empty() {
                subscribers.remove(&self.event);
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("waited_for", &self.subscribers().len()).finish()
    }
}
