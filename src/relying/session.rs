//! A local session, and where the application keeps it.

use std::fmt;

/// The person that is signed in to this application: a request guard.
///
/// A handler that takes it is for signed-in people only: others are forwarded, and get 401 when no
/// other handler wants them. Take `Option<Session>` where a page is for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The account's id, the same for this application for ever.
    pub uid: String,
    /// Handle of the sign-in at the accounts server; not a secret.
    pub sid: String,
    /// Present when the registration's scope has `profile`.
    pub username: Option<String>,
    /// Present when the registration's scope has `profile`.
    pub full_name: Option<String>,
    /// Present when the registration's scope has `email`.
    pub email: Option<String>,
    /// Whether the account showed that it reads mail at that address.
    pub email_verified: bool,
    /// When the person last gave their password, in seconds since the epoch.
    pub auth_time: i64,
}

/// What a store keeps for each session. Instants are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The person.
    pub person: Session,
    /// When it was opened.
    pub created_at: i64,
    /// When it ends, however much it is used.
    pub ends_at: i64,
    /// When it was last used; written once a minute at most.
    pub seen_at: i64,
    /// When the accounts server last said that it lives.
    pub checked_at: i64,
}

impl StoredSession {
    /// Whether it has ended by age, or by not having been used for `idle` milliseconds.
    #[must_use]
    pub fn is_over(&self, now: i64, idle: i64) -> bool {
        now >= self.ends_at || now >= self.seen_at.saturating_add(idle)
    }
}

/// Where sessions are kept. `id` is always the SHA-256 of the session's secret in hex: what a
/// store holds opens nothing.
#[rocket::async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session.
    async fn add(&self, id: &str, session: &StoredSession) -> Result<(), StoreError>;

    /// The session of that id, over or not.
    async fn find(&self, id: &str) -> Result<Option<StoredSession>, StoreError>;

    /// Notes when it was last used and last confirmed. No such session is no error.
    async fn touch(&self, id: &str, seen_at: i64, checked_at: i64) -> Result<(), StoreError>;

    /// Forgets it. No such session is no error.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;

    /// Forgets every session of one sign-in at the accounts server. None is no error.
    async fn remove_sign_in(&self, sid: &str) -> Result<(), StoreError>;

    /// Forgets every session of an account. None is no error.
    async fn remove_account(&self, uid: &str) -> Result<(), StoreError>;

    /// Forgets every session that ended by `now`, or was last used before `seen_before`.
    async fn purge(&self, now: i64, seen_before: i64) -> Result<(), StoreError>;
}

/// A store could not do what it was asked to.
#[derive(Debug)]
pub struct StoreError(Box<dyn std::error::Error + Send + Sync>);

impl StoreError {
    /// Wraps whatever the store's own library says.
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "session store: {}", self.0)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;

    /// Alice's session, opened at `now`, for an hour.
    pub(in crate::relying) fn alice(now: i64) -> StoredSession {
        let text = |t: &str| Some(t.to_owned());
        StoredSession {
            person: Session {
                uid: "a1".repeat(16),
                sid: "5d".repeat(16),
                username: text("alice"),
                full_name: text("Alice"),
                email: None,
                email_verified: true,
                auth_time: now / 1_000,
            },
            created_at: now,
            ends_at: now + 3_600_000,
            seen_at: now,
            checked_at: now,
        }
    }

    /// What every store has to do.
    pub(in crate::relying) async fn behaves(store: &dyn SessionStore) {
        let session = alice(1_000_000);
        assert_eq!(store.find("one").await.expect("works"), None);
        store.add("one", &session).await.expect("works");
        store.add("two", &StoredSession { ends_at: 5, ..session.clone() }).await.expect("works");
        store.add("old", &StoredSession { seen_at: 7, ..session.clone() }).await.expect("works");
        assert_eq!(store.find("one").await.expect("works").as_ref(), Some(&session));
        store.touch("one", 2_000_000, 1_500_000).await.expect("works");
        store.touch("none", 1, 1).await.expect("works");
        store.purge(6, 8).await.expect("works");
        let touched = StoredSession { seen_at: 2_000_000, checked_at: 1_500_000, ..session };
        assert_eq!(store.find("one").await.expect("works"), Some(touched));
        assert_eq!(store.find("two").await.expect("works"), None);
        assert_eq!(store.find("old").await.expect("works"), None);
        store.remove("one").await.expect("works");
        store.remove("one").await.expect("works");
        assert_eq!(store.find("one").await.expect("works"), None);
        ends_together(store, &alice(1_000_000)).await;
    }

    async fn ends_together(store: &dyn SessionStore, session: &StoredSession) {
        let of = |uid: &str, sid: &str| {
            let person = Session { uid: uid.into(), sid: sid.into(), ..session.person.clone() };
            StoredSession { person, ..session.clone() }
        };
        for (id, uid, sid) in [("1", "a", "x"), ("2", "a", "x"), ("3", "a", "y"), ("4", "b", "z")] {
            store.add(id, &of(uid, sid)).await.expect("works");
        }
        let left = async || {
            let mut left = String::new();
            for id in ["1", "2", "3", "4"] {
                left += store.find(id).await.expect("works").map_or("", |_| id);
            }
            left
        };
        store.remove_sign_in("a").await.expect("works");
        store.remove_account("x").await.expect("works");
        assert_eq!(left().await, "1234");
        store.remove_sign_in("x").await.expect("works");
        assert_eq!(left().await, "34");
        store.remove_account("a").await.expect("works");
        assert_eq!(left().await, "4");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_by_age_and_by_idleness() {
        let session = samples::alice(0);
        let used = StoredSession { seen_at: 3_599_000, ..session.clone() };
        assert!(!session.is_over(999, 1_000) && session.is_over(1_000, 1_000));
        assert!(!used.is_over(3_599_999, 1_000) && used.is_over(3_600_000, 1_000));
    }
}
