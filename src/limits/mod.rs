//! Rate limits that slow guessing and cannot be used to lock a person out.
//!
//! A sign-in is checked before its hash job and takes one token from each bucket that concerns it:
//!
//! | caller | buckets | default |
//! |---|---|---|
//! | a device that signed in to this account before | this login on this device | 10, one more each minute |
//! | anybody else | the network | 60, one more every 2 seconds |
//! | | and this login from this network | 10, one more each minute |
//! | | and this login from all networks | 100, one more each minute |
//! | | the last one being empty: this login from this network, slowly | 1 every 10 minutes |
//!
//! So a botnet that guesses at one person's password gets little, while this person still has his
//! tries from any network, and from his own devices never notices. All of it depends on what was
//! typed, never on whether such an account exists.
//!
//! A try counts from the moment it is taken, not from its failure: fifty guesses at once are fifty
//! tokens. Right passwords, and tries the hash pool could not take, are given back
//! ([`Attempt::give_back`]), so a whole office may sign in at nine from one address.
//!
//! The buckets are in memory, for each node, and a restart forgets them: with *n* nodes a guesser
//! has up to *n* times the tries. Their number is bounded.

mod bucket;
mod network;
mod settings;
mod steady;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;

use bucket::{Buckets, Key};
pub use network::NetworkKey;
pub use settings::{Rate, Settings};
use steady::Steady;

use crate::clock::Clock;

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// When the next one has a chance, for `Retry-After`; at least 1.
    pub retry_after_seconds: u64,
}

/// All rate limits of a node; clones share them.
#[derive(Clone)]
pub struct Limits(Arc<Inner>);

struct Inner {
    /// Keyed at random, so that nobody can choose logins whose keys collide.
    hasher: RandomState,
    buckets: [Buckets; RULES],
}

/// The rules, each with buckets of its own.
#[derive(Clone, Copy, Debug)]
enum Rule {
    Network,
    LoginAndNetwork,
    Login,
    LoginAndNetworkSlow,
    KnownDevice,
    SignUp,
    SignUpNode,
    PasswordCheck,
    Bridge,
    Authorize,
    ClientAuth,
    Operations,
    ClientOperations,
    Flows,
    FlowWaits,
    Check,
    Monitors,
    Identifications,
    IdentificationReads,
}

const RULES: usize = 19;
/// Tries that a network may have open, or have failed at just now, and not look like a flood.
const UNSUSPECTED: u64 = 4;

impl Limits {
    /// Full buckets.
    #[must_use]
    pub fn new(clock: Clock, settings: &Settings) -> Self {
        let steady = Steady::new(clock);
        let buckets = settings.rates().map(|rate| Buckets::new(rate, settings.max_keys, &steady));
        Self(Arc::new(Inner { hasher: RandomState::new(), buckets }))
    }

    /// A try to sign in, to be asked for before the hash job.
    ///
    /// `login_key` is the login as typed, normalised, whether or not there is such an account.
    /// `known_device` is the id of the caller's device when it has signed in to this very account
    /// before: it has its own tries, and neither a crowded network nor a botnet takes them away.
    pub fn sign_in(
        &self,
        login_key: &str,
        network: NetworkKey,
        known_device: Option<&str>,
    ) -> Result<Attempt, Limited> {
        if let Some(device) = known_device {
            return self.attempt().and(Rule::KnownDevice, (login_key, device));
        }
        let here = (login_key, network);
        let mut attempt = self
            .attempt()
            .and(Rule::Network, network)?
            .and(Rule::LoginAndNetwork, here)?
            .and_one_of(&[
                (Rule::Login, self.key(login_key)),
                (Rule::LoginAndNetworkSlow, self.key(here)),
            ])?;
        let missing = self.0.buckets[Rule::Network as usize].missing(self.key(network));
        attempt.from_suspect_network = missing > UNSUSPECTED;
        Ok(attempt)
    }

    /// A try to make an account. Not given back when it succeeds: it is making accounts that is
    /// limited. Give it back when the form was wrong.
    pub fn sign_up(&self, network: NetworkKey) -> Result<Attempt, Limited> {
        self.attempt().and(Rule::SignUp, network)?.and(Rule::SignUpNode, ())
    }

    /// A try at the current password by somebody signed in as this account.
    pub fn password_check(&self, uid: &str) -> Result<Attempt, Limited> {
        self.attempt().and(Rule::PasswordCheck, uid)
    }

    /// One payload for this client by this session.
    pub fn bridge(&self, session_id: &str, client_id: &str) -> Result<(), Limited> {
        self.take(Rule::Bridge, self.key((session_id, client_id)))
    }

    /// One code for this client by this session.
    pub fn authorize(&self, session_id: &str, client_id: &str) -> Result<(), Limited> {
        self.take(Rule::Authorize, self.key((session_id, client_id)))
    }

    /// A question of a client to whoever `asked` names, whether or not there is such an account.
    pub fn operation(&self, client_id: &str, asked: &str) -> Result<(), Limited> {
        self.take(Rule::ClientOperations, self.key(client_id))?;
        self.take(Rule::Operations, self.key((client_id, asked)))
    }

    /// A flow that is begun from this network.
    pub fn flow(&self, network: NetworkKey) -> Result<(), Limited> {
        self.take(Rule::Flows, self.key(network))
    }

    /// A window that waits for its flow to begin. Give it back when that happens: it is windows of
    /// no flow that are limited.
    pub fn flow_wait(&self, network: NetworkKey) -> Result<Attempt, Limited> {
        self.attempt().and(Rule::FlowWaits, network)
    }

    /// One check of a client, for all who may ask for it: each looks at pages of other servers.
    pub fn check(&self, client_id: &str) -> Result<(), Limited> {
        self.take(Rule::Check, self.key(client_id))
    }

    /// A cookie by which an identification is waited for, to a browser of this network.
    pub fn monitor(&self, network: NetworkKey) -> Result<(), Limited> {
        self.take(Rule::Monitors, self.key(network))
    }

    /// A page of this client that begins to wait for an identification of this account.
    pub fn identification(&self, uid: &str, client_id: &str) -> Result<(), Limited> {
        self.take(Rule::Identifications, self.key((uid, client_id)))
    }

    /// A question of a client when somebody, whether or not there is such an account, was
    /// identified.
    pub fn identification_read(&self, client_id: &str) -> Result<(), Limited> {
        self.take(Rule::IdentificationReads, self.key(client_id))
    }

    /// Counts a wrong client secret. Right ones are never counted nor refused: secrets have full
    /// entropy, so this only keeps a broken or hostile caller from flooding the log.
    pub fn client_auth_failed(&self, network: NetworkKey) -> Result<(), Limited> {
        self.take(Rule::ClientAuth, self.key(network))
    }

    /// Forgets what is as good as new. A job calls it every minute or so.
    pub fn sweep(&self) {
        self.0.buckets.iter().for_each(Buckets::sweep);
    }

    /// How many buckets are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.0.buckets.iter().map(Buckets::len).sum()
    }

    fn attempt(&self) -> Attempt {
        Attempt { limits: self.clone(), taken: Vec::new(), from_suspect_network: false }
    }

    fn take(&self, rule: Rule, key: Key) -> Result<(), Limited> {
        self.0.buckets[rule as usize].take(key)
    }

    fn key(&self, of: impl Hash) -> Key {
        self.0.hasher.hash_one(of)
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("remembered", &self.remembered()).finish_non_exhaustive()
    }
}

/// A try that was let through. Dropped, it counts; so it does when its caller goes away.
#[derive(Debug)]
#[must_use = "the try counts unless it is given back"]
pub struct Attempt {
    limits: Limits,
    taken: Vec<(Rule, Key)>,
    from_suspect_network: bool,
}

impl Attempt {
    /// Whether more tries than usual came from its network lately that were not right, or are not
    /// decided yet. They are allowed, and wait behind those of others.
    #[must_use]
    pub fn is_from_suspect_network(&self) -> bool {
        self.from_suspect_network
    }

    /// It was no wrong guess: the password was right, or was not looked at.
    pub fn give_back(self) {
        for (rule, key) in self.taken {
            self.limits.0.buckets[rule as usize].give_back(key);
        }
    }

    fn and(self, rule: Rule, of: impl Hash) -> Result<Self, Limited> {
        let key = self.limits.key(of);
        self.and_one_of(&[(rule, key)])
    }

    /// Takes a token from the first of these buckets that has one. Where none has, those taken
    /// before are given back, since nothing will be tried.
    fn and_one_of(mut self, choices: &[(Rule, Key)]) -> Result<Self, Limited> {
        let mut refused = Limited { retry_after_seconds: 1 };
        for &(rule, key) in choices {
            match self.limits.take(rule, key) {
                Ok(()) => {
                    self.taken.push((rule, key));
                    return Ok(self);
                }
                Err(limited) => refused = limited,
            }
        }
        self.give_back();
        Err(refused)
    }
}
