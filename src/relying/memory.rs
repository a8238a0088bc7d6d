//! Sessions in memory.

use super::session::{SessionStore, StoreError, StoredSession};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps sessions in memory, as many as it was made for: the one that was not used for longest
/// makes place for a new one. They end with the process; the person is signed in again without a
/// click on the next page.
pub struct MemoryStore {
    sessions: Mutex<HashMap<String, StoredSession>>,
    capacity: usize,
}

impl MemoryStore {
    /// A store for that many sessions, at least one.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { sessions: Mutex::default(), capacity: capacity.max(1) }
    }

    /// Nothing panics while it is held, so that a poisoned lock holds good sessions all the same.
    fn sessions(&self) -> MutexGuard<'_, HashMap<String, StoredSession>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    /// A store for 10,000 sessions.
    fn default() -> Self {
        Self::with_capacity(10_000)
    }
}

#[rocket::async_trait]
impl SessionStore for MemoryStore {
    async fn add(&self, id: &str, session: &StoredSession) -> Result<(), StoreError> {
        let mut sessions = self.sessions();
        if sessions.len() >= self.capacity {
            let oldest = sessions.iter().min_by_key(|(_, s)| s.seen_at).map(|(id, _)| id.clone());
            oldest.and_then(|id| sessions.remove(&id));
        }
        sessions.insert(id.to_owned(), session.clone());
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.sessions().get(id).cloned())
    }

    async fn touch(&self, id: &str, seen_at: i64, checked_at: i64) -> Result<(), StoreError> {
        if let Some(session) = self.sessions().get_mut(id) {
            session.seen_at = seen_at;
            session.checked_at = checked_at;
        }
        Ok(())
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.sessions().remove(id);
        Ok(())
    }

    async fn remove_sign_in(&self, sid: &str) -> Result<(), StoreError> {
        self.sessions().retain(|_, session| session.person.sid != sid);
        Ok(())
    }

    async fn remove_account(&self, uid: &str) -> Result<(), StoreError> {
        self.sessions().retain(|_, session| session.person.uid != uid);
        Ok(())
    }

    async fn purge(&self, now: i64, seen_before: i64) -> Result<(), StoreError> {
        self.sessions().retain(|_, s| s.ends_at > now && s.seen_at >= seen_before);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::samples;
    use super::*;

    #[tokio::test]
    async fn it_keeps_sessions_as_every_store_does() {
        samples::behaves(&MemoryStore::default()).await;
    }

    #[tokio::test]
    async fn a_full_store_forgets_what_was_not_used_for_longest() {
        let store = MemoryStore::with_capacity(2);
        for (id, now) in [("first", 1), ("second", 2), ("third", 3)] {
            store.add(id, &samples::alice(now)).await.expect("works");
            store.touch("first", 10, 10).await.expect("works");
        }
        assert!(store.find("first").await.expect("works").is_some());
        assert!(store.find("second").await.expect("works").is_none());
        assert!(store.find("third").await.expect("works").is_some());
    }
}
