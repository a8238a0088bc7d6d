//! The contract itself, without a framework: what a request does to the local session.

use super::accounts::Accounts;
use super::config::{ConfigError, Settings};
use super::logout::{Keys, Remembered};
use super::nonce::nonce;
use super::refusal::{Outcome, Refusal};
use super::session::{Session, SessionStore, StoreError, StoredSession};
use crate::clock::{Clock, MINUTE, SECOND};
use crate::domain::secret::{Secret, SecretHash};
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::{Mutex, MutexGuard};

/// How precisely a store knows when a session was last used.
const SEEN_EVERY: i64 = MINUTE;

/// How long nobody asks whether a session lives after the accounts server did not answer.
const RETRY_AFTER: i64 = 30 * SECOND;

/// How often sessions that ended are thrown away.
const PURGE_EVERY: i64 = 10 * MINUTE;

/// The kit of one application.
pub(super) struct Kit {
    pub(super) settings: Settings,
    pub(super) clock: Clock,
    pub(super) accounts: Accounts,
    pub(super) store: Box<dyn SessionStore>,
    /// By which logout tokens are signed.
    pub(super) keys: Keys,
    /// Logout tokens that were used.
    pub(super) seen: Remembered,
    /// Sign-ins that ended just now.
    pub(super) ended: Remembered,
    /// One question at a time for each session; sessions share locks, so that they stay few.
    turns: [Mutex<()>; 64],
    quiet_until: AtomicI64,
    purge_at: AtomicI64,
}

/// A live local session.
struct Live {
    id: String,
    session: StoredSession,
}

/// Somebody is signed in here.
pub(super) struct Opened {
    /// The secret for the cookie; none when the session that was there stays as it is.
    pub(super) secret: Option<Secret>,
    pub(super) outcome: Outcome,
}

impl Kit {
    pub(super) fn new(
        settings: Settings,
        store: Box<dyn SessionStore>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            accounts: Accounts::new(&settings)?,
            settings,
            clock: Clock::system(),
            store,
            keys: Keys::default(),
            seen: Remembered::default(),
            ended: Remembered::default(),
            turns: [const { Mutex::const_new(()) }; 64],
            quiet_until: AtomicI64::new(0),
            purge_at: AtomicI64::new(0),
        })
    }

    /// Who is signed in here, by the value of the session cookie.
    pub(super) async fn person(&self, cookie: Option<&str>) -> Result<Option<Session>, Refusal> {
        Ok(self.live(cookie).await?.map(|live| live.session.person))
    }

    /// Swaps the payload for a session. The origin of the request and the form of the payload have
    /// been checked before.
    pub(super) async fn open(
        &self,
        payload: &Secret,
        transaction: Option<&str>,
        cookie: Option<&str>,
    ) -> Result<Opened, Refusal> {
        let transaction = transaction.and_then(Secret::parse).ok_or(Refusal::NoTransaction)?;
        let nonce = nonce(&transaction);
        let person = self.accounts.recover(payload, &nonce, &self.settings.origin).await?;
        let before = self.live(cookie).await?;
        let (before, outcome) = self.compare(before, &person).await?;
        if let Some(same) = before.as_ref().filter(|before| before.session.person == person) {
            // Requests of other tabs are under way with its cookie: it keeps its id.
            let now = self.clock.now();
            self.store.touch(&same.id, now, now).await.map_err(store_failed)?;
            return Ok(Opened { secret: None, outcome });
        }
        let secret = Secret::random();
        let sid = person.sid.clone();
        self.add(&secret, person).await?;
        if self.ended.has(&sid, self.clock.now()) {
            // The sign-in ended while this session was being opened, too early to be found.
            self.store.remove(secret.hash().as_str()).await.map_err(store_failed)?;
            return Err(Refusal::PayloadGone);
        }
        if let Some(before) = before {
            self.store.remove(&before.id).await.map_err(store_failed)?;
        }
        self.purge().await;
        Ok(Opened { secret: Some(secret), outcome })
    }

    /// Closes the local session, because the person signed out over there. The accounts server is
    /// not asked: it would say the same, later.
    pub(super) async fn close(&self, cookie: Option<&str>) -> Result<Outcome, Refusal> {
        let Some(id) = cookie.and_then(Secret::parse).map(|secret| secret.hash()) else {
            return Ok(Outcome::None);
        };
        let Some(session) = self.store.find(id.as_str()).await.map_err(store_failed)? else {
            return Ok(Outcome::None);
        };
        self.store.remove(id.as_str()).await.map_err(store_failed)?;
        let was_over = session.is_over(self.clock.now(), self.settings.idle);
        Ok(if was_over { Outcome::None } else { Outcome::Closed })
    }

    /// A session of somebody else stands in the way while it lives. It need not: a sign-in over
    /// there replaces the one before, and this session may not have heard of it yet.
    async fn compare(
        &self,
        before: Option<Live>,
        person: &Session,
    ) -> Result<(Option<Live>, Outcome), Refusal> {
        let Some(before) = before else {
            return Ok((None, Outcome::Created));
        };
        let old = &before.session.person;
        if old.uid == person.uid {
            let same = old.sid == person.sid;
            let outcome = if same { Outcome::Already } else { Outcome::Resumed };
            return Ok((Some(before), outcome));
        }
        match self.accounts.is_active(&old.sid).await {
            Ok(false) => Ok((Some(before), Outcome::Created)),
            Ok(true) | Err(_) => Err(Refusal::SomebodyElse),
        }
    }

    async fn add(&self, secret: &Secret, person: Session) -> Result<(), Refusal> {
        let now = self.clock.now();
        let session = StoredSession {
            person,
            created_at: now,
            ends_at: now.saturating_add(self.settings.lifetime),
            seen_at: now,
            checked_at: now,
        };
        self.store.add(secret.hash().as_str(), &session).await.map_err(store_failed)
    }

    /// The session of a cookie, if it is neither over here nor ended over there.
    async fn live(&self, cookie: Option<&str>) -> Result<Option<Live>, Refusal> {
        let Some(secret) = cookie.and_then(Secret::parse) else {
            return Ok(None);
        };
        let id = secret.hash();
        let Some(session) = self.store.find(id.as_str()).await.map_err(store_failed)? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if session.is_over(now, self.settings.idle) {
            self.store.remove(id.as_str()).await.map_err(store_failed)?;
            return Ok(None);
        }
        let session = if self.is_due(&session, now) {
            self.ask_again(&id).await.map_err(store_failed)?
        } else {
            Some(session)
        };
        let Some(mut session) = session else {
            return Ok(None);
        };
        if now - session.seen_at >= SEEN_EVERY {
            session.seen_at = now;
            let touched = self.store.touch(id.as_str(), now, session.checked_at).await;
            touched.map_err(store_failed)?;
        }
        Ok(Some(Live { id: id.as_str().to_owned(), session }))
    }

    fn is_due(&self, session: &StoredSession, now: i64) -> bool {
        now - session.checked_at >= self.settings.recheck
            && now >= self.quiet_until.load(Ordering::Relaxed)
    }

    /// Asks the accounts server whether the session lives: one request asks, others of the same
    /// session wait for what it hears. Only a clear no ends the session.
    async fn ask_again(&self, id: &SecretHash) -> Result<Option<StoredSession>, StoreError> {
        let _turn = self.turn(id).await;
        let Some(mut session) = self.store.find(id.as_str()).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if !self.is_due(&session, now) {
            return Ok(Some(session));
        }
        match self.accounts.is_active(&session.person.sid).await {
            Ok(true) => {
                session.checked_at = now;
                self.store.touch(id.as_str(), session.seen_at, now).await?;
                Ok(Some(session))
            }
            Ok(false) => {
                self.store.remove(id.as_str()).await?;
                Ok(None)
            }
            Err(_) => {
                self.quiet_until.store(now + RETRY_AFTER, Ordering::Relaxed);
                Ok(Some(session))
            }
        }
    }

    async fn turn(&self, id: &SecretHash) -> MutexGuard<'_, ()> {
        let first = id.as_str().bytes().take(4).fold(0, |sum, b| sum * 31 + usize::from(b));
        self.turns[first % self.turns.len()].lock().await
    }

    /// Throws away what ended, now and then; a failure is for the log only.
    async fn purge(&self) {
        let now = self.clock.now();
        if now < self.purge_at.load(Ordering::Relaxed) {
            return;
        }
        self.purge_at.store(now + PURGE_EVERY, Ordering::Relaxed);
        if let Err(error) = self.store.purge(now, now.saturating_sub(self.settings.idle)).await {
            tracing::warn!(%error, "sessions that ended could not be thrown away");
        }
    }
}

pub(super) fn store_failed(error: StoreError) -> Refusal {
    tracing::error!(%error, "the session store failed");
    Refusal::Store
}
