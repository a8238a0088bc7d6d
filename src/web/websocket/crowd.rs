//! How many sockets and questions of this node wait for the same operation or flow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::SocketTimes;

/// Sockets, and questions that are held back, which may wait with one secret.
const MOST: u8 = 5;

/// All sockets of a node; clones are one.
#[derive(Clone)]
pub struct Crowd {
    /// How long each may take for what.
    pub(super) times: SocketTimes,
    /// By the id of what is waited for, an operation or a flow: it has one secret.
    counts: Arc<Mutex<HashMap<Arc<str>, u8>>>,
}

/// One of an operation's places; free again when it is dropped.
pub struct Place {
    crowd: Crowd,
    /// The operation.
    id: Arc<str>,
}

impl Crowd {
    /// Nobody yet.
    #[must_use]
    pub fn new(times: SocketTimes) -> Self {
        Self { times, counts: Arc::default() }
    }

    /// How long each may take for what.
    #[must_use]
    pub fn times(&self) -> SocketTimes {
        self.times
    }

    /// A place for one more that waits for this operation or flow.
    #[must_use]
    pub fn enter(&self, id: &str) -> Option<Place> {
        let mut counts = self.counts();
        let id = counts.get_key_value(id).map_or_else(|| Arc::from(id), |(id, _)| id.clone());
        let count = counts.entry(id.clone()).or_insert(0);
        if *count == MOST {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), id })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Arc<str>, u8>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The operation.
    pub fn operation(&self) -> &str {
        &self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts();
        if let Some(count) = counts.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_five_places() {
        let crowd = Crowd::new(SocketTimes::default());
        let mut five: Vec<_> = (0..5).map(|_| crowd.enter("a").expect("a place")).collect();
        assert!(crowd.enter("a").is_none());
        assert!(crowd.enter("b").is_some());
        five.pop();
        let again = crowd.enter("a").expect("a place");
        assert!(crowd.enter("a").is_none());
        drop((again, five));
        assert!(crowd.counts().is_empty());
    }
}
