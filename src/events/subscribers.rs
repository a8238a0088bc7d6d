//! Who waits for what on this node.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Event;

/// When all are hinted, so many are at once, and the next ones after the pause: each of them asks
/// the database.
const AT_ONCE: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// The events that somebody waits for. There may be ten thousands of them.
#[derive(Default)]
pub(super) struct Subscribers(Mutex<HashSet<Awaited>>);

/// All subscriptions to one event.
struct Slot {
    event: Event,
    /// How many there are; it changes only under the lock of the set.
    subscriptions: AtomicUsize,
    /// How often it was hinted; each subscription knows up to where it has seen that.
    hints: AtomicU64,
    notify: Notify,
}

/// A slot that is found by its event.
struct Awaited(Arc<Slot>);

impl Borrow<Event> for Awaited {
    fn borrow(&self) -> &Event {
        &self.0.event
    }
}

impl Hash for Awaited {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.event.hash(state);
    }
}

impl PartialEq for Awaited {
    fn eq(&self, other: &Self) -> bool {
        self.0.event == other.0.event
    }
}

impl Eq for Awaited {}

impl Slot {
    fn hint(&self) {
        self.hints.fetch_add(1, Ordering::SeqCst);
        self.notify.notify_waiters();
    }
}

impl Subscribers {
    pub(super) fn subscribe(self: &Arc<Self>, event: Event) -> Subscription {
        let mut all = self.all();
        let slot = all.get(&event).map_or_else(|| Arc::new(Slot::of(event)), |it| it.0.clone());
        if slot.subscriptions.fetch_add(1, Ordering::Relaxed) == 0 {
            all.insert(Awaited(slot.clone()));
        }
        drop(all);
        let seen = slot.hints.load(Ordering::SeqCst);
        Subscription { slot, seen, subscribers: self.clone() }
    }

    pub(super) fn hint(&self, event: &Event) {
        let slot = self.all().get(event).map(|it| it.0.clone());
        slot.inspect(|slot| slot.hint());
    }

    /// Hints everybody, not all in the same moment.
    pub(super) async fn hint_all(&self) {
        let slots: Vec<Weak<Slot>> = self.all().iter().map(|it| Arc::downgrade(&it.0)).collect();
        let mut groups = slots.chunks(AT_ONCE).peekable();
        while let Some(group) = groups.next() {
            group.iter().filter_map(Weak::upgrade).for_each(|slot| slot.hint());
            if groups.peek().is_some() {
                sleep(PAUSE).await;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all().len()
    }

    fn all(&self) -> MutexGuard<'_, HashSet<Awaited>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn of(event: Event) -> Self {
        Self {
            event,
            subscriptions: AtomicUsize::new(0),
            hints: AtomicU64::new(0),
            notify: Notify::new(),
        }
    }
}

/// Waits for one event.
pub struct Subscription {
    slot: Arc<Slot>,
    seen: u64,
    subscribers: Arc<Subscribers>,
}

impl Subscription {
    /// Returns when there was a hint since the last time, or since the subscription: read the row
    /// again. Many hints may be one. Nothing is lost when this is dropped while it waits.
    pub async fn changed(&mut self) {
        loop {
            // Hears every hint from here on, so that none falls between the look and the wait.
            let hinted = self.slot.notify.notified();
            let hints = self.slot.hints.load(Ordering::SeqCst);
            if hints != self.seen {
                self.seen = hints;
                return;
            }
            hinted.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut all = self.subscribers.all();
        if self.slot.subscriptions.fetch_sub(1, Ordering::Relaxed) == 1 {
            all.remove(&self.slot.event);
        }
    }
}

impl fmt::Debug for Subscribers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscribers").field("awaited", &self.len()).finish()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("event", &self.slot.event).finish_non_exhaustive()
    }
}
