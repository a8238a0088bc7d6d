//! Flows: a sign-in in a window of its own. Its answer comes through the server, since nothing that
//! two windows say to each other is sure to arrive.

use crate::clock::{MINUTE, SECOND};

use super::grant::CODE_LIFETIME;
use super::secret::Secret;

/// The path of the page that the window is opened with, up to the id.
pub const PAGE: &str = "/flow/";
/// Milliseconds from the beginning of a flow until nobody can end it any more.
pub const LIFETIME: i64 = 15 * MINUTE;
/// Milliseconds that one question for the outcome may wait.
pub const LONGEST_WAIT: i64 = 25 * SECOND;

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The client gets a code.
    Authorized,
    /// The client is told an error by the authorization endpoint.
    Refused,
    /// The person said no before it began.
    Canceled,
    /// Another number was picked than the waiting page shows.
    NumberFailed,
    /// It was not ended in time.
    Expired,
}

impl Outcome {
    const ALL: [Self; 5] =
        [Self::Authorized, Self::Refused, Self::Canceled, Self::NumberFailed, Self::Expired];

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Refused => "refused",
            Self::Canceled => "canceled",
            Self::NumberFailed => "number_failed",
            Self::Expired => "expired",
        }
    }

    /// The outcome that is stored like this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The error code and the sentence that the client is told, where both are always the same.
    #[must_use]
    pub fn error(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Authorized | Self::Refused => None,
            Self::Canceled => Some(("access_denied", "The person canceled.")),
            Self::NumberFailed => {
                Some(("access_denied", "Another number was picked than the page shows."))
            }
            Self::Expired => Some(("expired_token", "It was not ended within 15 minutes.")),
        }
    }
}

/// Whether a text is an id: 64 lower-case hex characters, as the SHA-256 of a waiting secret is.
#[must_use]
pub fn is_id(text: &str) -> bool {
    Secret::parse(text).is_some()
}

/// Whether the waiting page is (still) given the code of a flow. From when it was first given, a
/// code lives as long as any other; nobody knows it before.
#[must_use]
pub fn gives_code(collected_at: Option<i64>, expires_at: i64, now: i64) -> bool {
    now < collected_at.unwrap_or(expires_at) + CODE_LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_can_be_read_again() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("pending"), None);
    }

    #[test]
    fn the_id_is_the_hash_of_the_secret_as_text() {
        let secret = Secret::parse(&"ab".repeat(32)).expect("a secret");
        // printf 'abab…' | sha256sum
        let expected = "271a413bd339c5709fdceaec41f14f11e9fbfb5042d72d331c65f32b284cd09a";
        assert_eq!(secret.hash().as_str(), expected);
        assert!(is_id(expected));
        assert!(!is_id("events") && !is_id(&"AB".repeat(32)) && !is_id(&"ab".repeat(16)));
    }

    #[test]
    fn a_code_is_given_for_a_minute_from_the_first_time_on() {
        let end = 15 * MINUTE;
        assert!(gives_code(None, end, 14 * MINUTE) && gives_code(None, end, end));
        assert!(!gives_code(None, end, end + MINUTE));
        assert!(gives_code(Some(MINUTE), end, 2 * MINUTE - 1));
        assert!(!gives_code(Some(MINUTE), end, 2 * MINUTE));
    }
}
