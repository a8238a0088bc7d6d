//! The bus: says on every node that something changed, to whoever waits for it there.
//!
//! An event is a hint. It may be lost, come twice, or be forged by whoever reaches the database, so
//! it carries an id and nothing else, and whoever gets one reads the row again. On SQLite it stays
//! in the process; on PostgreSQL the other nodes hear it too.
//!
//! Who waits subscribes first and reads the row then: what changes in between is hinted.

mod ended;
mod nodes;
mod subscribers;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::store::Store;
use nodes::Nodes;
use subscribers::Subscribers;
pub use subscribers::Subscription;

/// What may change. A new kind is a new variant here and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An operation, by its id: it ended, or another page waits for it.
    Operation(String),
    /// A flow, by its id: it began, or ended.
    Flow(String),
    /// An identification that a page waits for, by the id of its monitor: it ended.
    Identification(String),
    /// The sessions of an account, by its uid: one was opened, or ended.
    Sessions(String),
}

/// One node's end of the bus. Clones are the same end; the default is a process that is alone.
#[derive(Clone, Debug, Default)]
pub struct Events {
    subscribers: Arc<Subscribers>,
    nodes: Option<Arc<Nodes>>,
}

impl Events {
    /// The bus of those who share this database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let nodes = store.may_have_other_nodes().then(|| Arc::new(Nodes::new(store)));
        Self { subscribers: Arc::default(), nodes }
    }

    /// Says that something changed. To be called after the commit, since whoever hears it reads at
    /// once. Never fails, and does not wait long: an event that other nodes cannot be told of is
    /// logged.
    pub async fn publish(&self, event: Event) {
        self.publish_all(vec![event]).await;
    }

    /// As [`Events::publish`], for many at once.
    pub async fn publish_all(&self, events: Vec<Event>) {
        for event in &events {
            self.hint(event);
        }
        if let Some(nodes) = &self.nodes {
            nodes.tell(events).await;
        }
    }

    /// Hints this node's own subscribers.
    pub fn hint(&self, event: &Event) {
        self.subscribers.hint(event);
    }

    /// Waits for an event from now on. Dropped, it leaves nothing behind.
    #[must_use]
    pub fn subscribe(&self, event: Event) -> Subscription {
        self.subscribers.subscribe(event)
    }

    /// How many events somebody waits for on this node.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.subscribers.len()
    }

    /// Hears what other nodes publish, until the database is closed. Where nobody else can be heard
    /// it ends at once.
    pub async fn listen(&self) {
        if let Some(nodes) = &self.nodes {
            nodes.listen(&self.subscribers).await;
        }
    }
}
