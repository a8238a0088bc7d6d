//! Which tokens the wiki holds, for whom, and which authorizations are under way. All of it is in
//! memory: tokens are in no file, and after a restart one click brings them back.

use crate::clock::{Clock, HOUR, MINUTE};
use crate::demo::oidc::{Oidc, SignIn, SignInError, SignedIn, Tokens};
use crate::relying::Session;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long an authorization may take, and how long what came of it is held at most.
const UNDER_WAY: i64 = 10 * MINUTE;
const HELD: i64 = 24 * HOUR;
/// Most of each kind; the oldest makes way.
const MOST: usize = 10_000;

/// Tokens by the sign-in at accounts (`sid`) that the wiki's own session came from too: whoever has
/// that session has these, and when it ends, nobody does.
pub(super) struct Held {
    tokens: Mutex<HashMap<String, Holding>>,
    begun: Mutex<HashMap<String, Begun>>,
    clock: Clock,
}

/// The wiki's tokens for one person.
#[derive(Clone)]
struct Holding {
    sub: String,
    /// One request at a time uses and refreshes them.
    tokens: Arc<tokio::sync::Mutex<Tokens>>,
    at: i64,
}

struct Begun {
    sid: String,
    sign_in: SignIn,
    at: i64,
}

impl Held {
    pub(super) fn new(clock: Clock) -> Self {
        Self { tokens: Mutex::default(), begun: Mutex::default(), clock }
    }

    /// Remembers an authorization that this session begins.
    pub(super) fn begin(&self, person: &Session, sign_in: SignIn) {
        let now = self.clock.now();
        let (sid, state) = (person.sid.clone(), sign_in.state.clone());
        let mut begun = lock(&self.begun);
        begun.retain(|_, one| now - one.at < UNDER_WAY);
        make_room(&mut begun, |one| one.at);
        begun.insert(state, Begun { sid, sign_in, at: now });
    }

    /// The authorization of that state, once, if this session began it.
    pub(super) fn begun(&self, state: &str, person: &Session) -> Option<SignIn> {
        let begun = lock(&self.begun).remove(state)?;
        let in_time = self.clock.now() - begun.at < UNDER_WAY;
        (in_time && begun.sid == person.sid).then_some(begun.sign_in)
    }

    /// Keeps what came of it, if it is of the very sign-in that the session is of: somebody else's
    /// tokens would let the notes write in another name than the wiki shows.
    pub(super) fn keep(&self, person: &Session, signed_in: SignedIn) -> Result<(), SignInError> {
        if signed_in.sid != person.sid || signed_in.sub != person.uid {
            let what = "the tokens are of another sign-in than the session";
            return Err(SignInError::Unbelievable(what));
        }
        let now = self.clock.now();
        let tokens = Arc::new(tokio::sync::Mutex::new(signed_in.tokens));
        let mut held = lock(&self.tokens);
        held.retain(|_, one| now - one.at < HELD);
        make_room(&mut held, |one| one.at);
        held.insert(signed_in.sid, Holding { sub: signed_in.sub, tokens, at: now });
        Ok(())
    }

    /// Whether there are any for this session.
    pub(super) fn has(&self, person: &Session) -> bool {
        self.find(person).is_some()
    }

    fn find(&self, person: &Session) -> Option<Holding> {
        let now = self.clock.now();
        let held = lock(&self.tokens).get(&person.sid).cloned();
        held.filter(|one| now - one.at < HELD && one.sub == person.uid)
    }

    /// The wiki's own access token for this session, good for a while.
    pub(super) async fn access_token(
        &self,
        person: &Session,
        oidc: &Oidc,
    ) -> Option<Result<String, SignInError>> {
        let held = self.find(person)?;
        let mut tokens = held.tokens.lock().await;
        Some(oidc.access_token(&mut tokens, &held.sub).await)
    }

    /// Forgets them: they have ended at accounts.
    pub(super) fn drop(&self, person: &Session) {
        lock(&self.tokens).remove(&person.sid);
    }
}

fn make_room<T>(all: &mut HashMap<String, T>, at: impl Fn(&T) -> i64) {
    if all.len() >= MOST {
        let oldest = all.iter().min_by_key(|(_, one)| at(one)).map(|(key, _)| key.clone());
        oldest.and_then(|key| all.remove(&key));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(uid: &str, sid: &str) -> Session {
        Session {
            uid: uid.to_owned(),
            sid: sid.to_owned(),
            username: None,
            full_name: None,
            email: None,
            email_verified: false,
            auth_time: 0,
        }
    }

    #[test]
    fn an_authorization_is_ended_once_in_time_and_by_its_own_session() {
        let clock = Clock::manual(0);
        let held = Held::new(clock.clone());
        let (alice, other) = (session("u1", "s1"), session("u1", "s2"));
        for state in ["a", "b", "c"] {
            held.begin(&alice, SignIn::sample(state));
        }
        assert!(held.begun("a", &alice).is_some());
        assert!(held.begun("a", &alice).is_none(), "once");
        assert!(held.begun("b", &other).is_none());
        assert!(held.begun("b", &alice).is_none(), "burnt by the attempt");
        clock.advance(UNDER_WAY);
        assert!(held.begun("c", &alice).is_none());
    }

    #[test]
    fn tokens_belong_to_the_sign_in_they_came_from() {
        let clock = Clock::manual(0);
        let held = Held::new(clock.clone());
        let alice = session("u1", "s1");
        for (sub, sid) in [("u2", "s1"), ("u1", "s2")] {
            assert!(held.keep(&alice, SignedIn::sample(sub, sid)).is_err(), "{sub} {sid}");
        }
        assert!(!held.has(&alice));
        held.keep(&alice, SignedIn::sample("u1", "s1")).expect("they are alice's");
        assert!(held.has(&alice));
        assert!(!held.has(&session("u2", "s1")) && !held.has(&session("u1", "s2")));
        clock.advance(HELD);
        assert!(!held.has(&alice), "too old");
        held.keep(&alice, SignedIn::sample("u1", "s1")).expect("they are alice's");
        held.drop(&alice);
        assert!(!held.has(&alice));
    }
}
