//! A browser that is signed in.

use crate::clock::{DAY, HOUR, MINUTE};
use sha2::{Digest, Sha256};

/// How seldom the time of last use is written.
pub const TOUCH_EVERY: i64 = 5 * MINUTE;

/// How long sessions of one kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Milliseconds without use after which the session ends.
    pub idle: i64,
    /// Milliseconds after sign-in at which it ends in any case.
    pub absolute: i64,
}

/// "Keep me signed in" (absolute: AAL1 of NIST SP 800-63B-4).
pub const KEPT: Lifetime = Lifetime { idle: 14 * DAY, absolute: 30 * DAY };
/// Until the browser is closed, or at the end of the day.
pub const BRIEF: Lifetime = Lifetime { idle: 8 * HOUR, absolute: 24 * HOUR };

/// The lifetime of a session whose person did or did not ask to be kept signed in.
#[must_use]
pub fn lifetime(kept: bool) -> Lifetime {
    if kept { KEPT } else { BRIEF }
}

/// A browser that is signed in, as the database tells it. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// 32 hex characters, not secret: opens nothing.
    pub id: String,
    /// Whose it is.
    pub account_uid: String,
    /// When the person last proved who they are (`auth_time` of OpenID Connect).
    pub auth_time: i64,
    /// When it was last used, to within [`TOUCH_EVERY`].
    pub last_seen_at: i64,
    /// Whether the person asked to be kept signed in.
    pub kept: bool,
    /// What the browser said it is.
    pub user_agent: String,
    /// The address it signed in from.
    pub address: String,
}

impl Session {
    /// A non-secret mark by which scripts of ours on this browser see that the session changed.
    #[must_use]
    pub fn mark(&self) -> String {
        mark(&self.id)
    }

    /// Whether its time of last use should be written again.
    #[must_use]
    pub fn is_due_for_touch(&self, now: i64) -> bool {
        is_due_for_touch(self.last_seen_at, now)
    }
}

/// The mark of the session with this id: see [`Session::mark`].
#[must_use]
pub fn mark(session_id: &str) -> String {
    let digest = Sha256::digest(format!("vestibule session mark\n{session_id}"));
    hex::encode(&digest[..12])
}

/// Whether it is time to write that a session was used.
#[must_use]
pub fn is_due_for_touch(last_seen_at: i64, now: i64) -> bool {
    now - last_seen_at >= TOUCH_EVERY
}
