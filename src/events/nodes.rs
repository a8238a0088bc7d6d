//! The other nodes on the same database: telling them, and hearing them.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::Event;
use super::subscribers::Subscribers;
use crate::random;
use crate::store::notifications::Listener;
use crate::store::{Store, StoreError};

/// How long a publisher waits until the others were told; the telling goes on without it.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long telling may take.
const LONGEST_TELLING: Duration = Duration::from_secs(5);
/// Events told in one statement.
const AT_ONCE: usize = 500;
/// Bytes of a message. No event of ours has as many.
const LONGEST_MESSAGE: usize = 512;
/// Pauses before it is listened again; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What goes over the wire.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    /// Who says it, so that nobody is hinted again by an echo.
    node: String,
    event: Event,
}

/// The way to the other nodes.
pub(super) struct Nodes {
    store: Store,
    /// This one's name, of this run.
    node: String,
    /// What the others are to be told next; those who publish at the same time share a statement.
    waiting: Mutex<HashSet<Event>>,
    turn: tokio::sync::Mutex<()>,
}

impl Nodes {
    pub(super) fn new(store: Store) -> Self {
        let (waiting, turn) = Default::default();
        Self { store, node: random::id(), waiting, turn }
    }

    /// Tells the others, and waits for a moment that it is done.
    pub(super) async fn tell(self: &Arc<Self>, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(events);
        let own = self.clone();
        let telling = tokio::spawn(async move { own.tell_what_waits().await });
        // Neither a slow database nor a caller that goes away ends it.
        drop(timeout(PATIENCE, telling).await);
    }

    /// One turn: whatever came while others had theirs.
    async fn tell_what_waits(&self) {
        let _turn = self.turn.lock().await;
        let events = take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let messages: Vec<String> = events.into_iter().filter_map(|e| self.message(e)).collect();
        for some in messages.chunks(AT_ONCE) {
            let error = match timeout(LONGEST_TELLING, self.store.notify(some)).await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it takes too long".to_owned(),
            };
            tracing::warn!(error, events = some.len(), "the other nodes were not told");
        }
    }

    fn message(&self, event: Event) -> Option<String> {
        let message = Message { node: self.node.clone(), event };
        let text = serde_json::to_string(&message).ok();
        let text = text.filter(|text| text.len() <= LONGEST_MESSAGE);
        if text.is_none() {
            tracing::warn!("an event is too large to be told");
        }
        text
    }

    /// Hears the others until the database is closed.
    pub(super) async fn listen(&self, subscribers: &Subscribers) {
        let gaps = Notify::new();
        tokio::select! {
            () = self.stay_listening(subscribers, &gaps) => {}
            () = make_up_for(&gaps, subscribers) => {}
        }
    }

    async fn stay_listening(&self, subscribers: &Subscribers, gaps: &Notify) {
        let (mut pause, mut is_failing) = (FIRST_PAUSE, false);
        while !self.store.is_closed() {
            let begun = Instant::now();
            let error = match self.store.listen().await {
                Ok(mut listener) => {
                    if is_failing {
                        tracing::info!("the other nodes are heard again");
                    }
                    is_failing = false;
                    gaps.notify_one();
                    self.hear(&mut listener, subscribers).await
                }
                Err(error) => error,
            };
            if self.store.is_closed() {
                return;
            }
            if !is_failing {
                tracing::warn!(%error, "the other nodes are not heard; it is tried again");
            }
            is_failing = true;
            if begun.elapsed() > LONGEST_PAUSE * 2 {
                pause = FIRST_PAUSE;
            }
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Hints what is heard, until the connection is lost.
    async fn hear(&self, listener: &mut Listener, subscribers: &Subscribers) -> StoreError {
        loop {
            match listener.next().await {
                Ok(text) => match understood(&text) {
                    Some(message) if message.node == self.node => {}
                    Some(message) => subscribers.hint(&message.event),
                    None => tracing::debug!(bytes = text.len(), "a notification is not ours"),
                },
                Err(error) => return error,
            }
        }
    }
}

/// Reads what anybody may have sent.
fn understood(text: &str) -> Option<Message> {
    if text.len() > LONGEST_MESSAGE { None } else { serde_json::from_str(text).ok() }
}

/// After each gap in what was heard: everybody may have missed something.
async fn make_up_for(gaps: &Notify, subscribers: &Subscribers) {
    loop {
        gaps.notified().await;
        subscribers.hint_all().await;
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nodes").field("node", &self.node).finish_non_exhaustive()
    }
}
