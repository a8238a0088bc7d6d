//! Who is signed in at the shop, and which sign-ins are under way. All of it is in memory: tokens
//! are in no file, and after a restart one click signs in again.

use super::visit::{SESSION, secret};
use crate::clock::{Clock, HOUR};
use crate::demo::oidc::{Oidc, SignIn, SignInError, SignedIn, Tokens};
use crate::domain::secret::{Secret, SecretHash};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Longest life of a session, and longest time that nobody uses it.
const LIFETIME: i64 = 24 * HOUR;
const IDLE: i64 = 2 * HOUR;
/// How long a sign-in may take, with the making of an account in between.
const SIGN_IN: i64 = HOUR;
/// Most sign-ins that are remembered; the oldest makes way.
const MOST_SIGN_INS: usize = 10_000;

/// All of them, by the SHA-256 of what is in the cookie.
pub(super) struct Sessions {
    open: Mutex<HashMap<String, Arc<Session>>>,
    begun: Mutex<HashMap<String, Begun>>,
    clock: Clock,
}

/// A session of the shop.
pub(super) struct Session {
    pub(super) sub: String,
    pub(super) name: String,
    sid: String,
    /// One request at a time uses and refreshes them.
    tokens: tokio::sync::Mutex<Tokens>,
    ends_at: i64,
    seen_at: AtomicI64,
}

/// A sign-in under way, and the browser that began it.
struct Begun {
    visit: SecretHash,
    sign_in: SignIn,
    at: i64,
}

impl Sessions {
    pub(super) fn new(clock: Clock) -> Self {
        Self { open: Mutex::default(), begun: Mutex::default(), clock }
    }

    /// Remembers a sign-in that this browser begins.
    pub(super) fn begin(&self, visit: SecretHash, sign_in: SignIn) {
        let now = self.clock.now();
        let mut begun = lock(&self.begun);
        begun.retain(|_, one| now - one.at < SIGN_IN);
        if begun.len() >= MOST_SIGN_INS {
            let oldest = begun.iter().min_by_key(|(_, one)| one.at).map(|(state, _)| state.clone());
            oldest.and_then(|state| begun.remove(&state));
        }
        begun.insert(sign_in.state.clone(), Begun { visit, sign_in, at: now });
    }

    /// The sign-in of that state, once, if this browser began it.
    pub(super) fn begun(&self, state: &str, visit: Option<&SecretHash>) -> Option<SignIn> {
        let begun = lock(&self.begun).remove(state)?;
        let in_time = self.clock.now() - begun.at < SIGN_IN;
        (in_time && visit == Some(&begun.visit)).then_some(begun.sign_in)
    }

    /// Opens a session under a new secret.
    pub(super) fn open(&self, person: SignedIn) -> Secret {
        let now = self.clock.now();
        let SignedIn { sub, sid, name, tokens } = person;
        let tokens = tokio::sync::Mutex::new(tokens);
        let (ends_at, seen_at) = (now + LIFETIME, AtomicI64::new(now));
        let session = Arc::new(Session { sub, name, sid, tokens, ends_at, seen_at });
        let secret = Secret::random();
        let mut open = lock(&self.open);
        open.retain(|_, session| session.lives(now));
        open.insert(secret.hash().as_str().to_owned(), session);
        secret
    }

    /// The live session of that id.
    fn find(&self, id: &SecretHash) -> Option<Arc<Session>> {
        let now = self.clock.now();
        let session = lock(&self.open).get(id.as_str()).cloned().filter(|s| s.lives(now))?;
        session.seen_at.store(now, Ordering::Relaxed);
        Some(session)
    }

    /// Ends one session.
    pub(super) fn end(&self, id: &SecretHash) {
        lock(&self.open).remove(id.as_str());
    }

    /// Ends the sessions of one sign-in at the accounts server.
    pub(super) fn end_sid(&self, sid: &str) {
        lock(&self.open).retain(|_, session| session.sid != sid);
    }

    /// Ends all sessions of one person.
    pub(super) fn end_sub(&self, sub: &str) {
        lock(&self.open).retain(|_, session| session.sub != sub);
    }
}

impl Session {
    fn lives(&self, now: i64) -> bool {
        now < self.ends_at && now - self.seen_at.load(Ordering::Relaxed) < IDLE
    }

    /// The shop's own access token, good for a while.
    pub(super) async fn access_token(&self, oidc: &Oidc) -> Result<String, SignInError> {
        oidc.access_token(&mut *self.tokens.lock().await, &self.sub).await
    }

    /// What says to the accounts server who signs out.
    pub(super) async fn id_token(&self) -> String {
        self.tokens.lock().await.id_token.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The request guard: somebody who is signed in here. Others are forwarded, and get 401 when no
/// other handler wants them.
pub(super) struct Customer {
    pub(super) id: SecretHash,
    pub(super) session: Arc<Session>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Customer {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let sessions: Option<&Sessions> = request.rocket().state();
        let id = secret(request, SESSION).map(|secret| secret.hash());
        let found = sessions
            .zip(id)
            .and_then(|(all, id)| all.find(&id).map(|session| Self { id, session }));
        match found {
            Some(customer) => Outcome::Success(customer),
            None => Outcome::Forward(Status::Unauthorized),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_is_ended_once_in_time_and_by_its_own_browser() {
        let clock = Clock::manual(0);
        let sessions = Sessions::new(clock.clone());
        let (visit, other) = (Secret::random().hash(), Secret::random().hash());
        for state in ["a", "b", "c", "d"] {
            sessions.begin(visit.clone(), SignIn::sample(state));
        }
        assert!(sessions.begun("a", Some(&visit)).is_some());
        assert!(sessions.begun("a", Some(&visit)).is_none(), "once");
        assert!(sessions.begun("b", Some(&other)).is_none());
        assert!(sessions.begun("b", Some(&visit)).is_none(), "burnt by the attempt");
        assert!(sessions.begun("c", None).is_none());
        clock.advance(SIGN_IN);
        assert!(sessions.begun("d", Some(&visit)).is_none());
    }

    #[test]
    fn the_oldest_sign_in_makes_way() {
        let clock = Clock::manual(0);
        let sessions = Sessions::new(clock.clone());
        let visit = Secret::random().hash();
        for number in 0..=MOST_SIGN_INS {
            sessions.begin(visit.clone(), SignIn::sample(&number.to_string()));
            clock.advance(i64::from(number == 0));
        }
        assert!(sessions.begun("0", Some(&visit)).is_none());
        assert!(sessions.begun("1", Some(&visit)).is_some());
    }

    #[test]
    fn sessions_end_by_age_by_idleness_and_by_being_told_to() {
        let clock = Clock::manual(0);
        let sessions = Sessions::new(clock.clone());
        let open = |sub, sid| sessions.open(SignedIn::sample(sub, sid)).hash();
        let lives = |id: &SecretHash| sessions.find(id).is_some();
        let all = [open("u1", "s1"), open("u1", "s2"), open("u2", "s3"), open("u2", "s3")];
        sessions.end_sid("s1");
        assert_eq!(all.each_ref().map(lives), [false, true, true, true]);
        sessions.end(&all[2]);
        assert_eq!(all.each_ref().map(lives), [false, true, false, true]);
        sessions.end_sub("u2");
        assert_eq!(all.each_ref().map(lives), [false, true, false, false]);
        for _ in 0..23 {
            clock.advance(HOUR);
            assert!(lives(&all[1]), "it is used");
        }
        clock.advance(HOUR);
        assert!(!lives(&all[1]), "too old");
        let idle = open("u1", "s4");
        clock.advance(IDLE);
        assert!(!lives(&idle));
    }
}
