//! What a session lets one client have: an authorization code, access tokens, refresh tokens.

use sha2::{Digest, Sha256};

use super::seal::SealingKey;
use super::secret::Secret;
use crate::clock::{MINUTE, SECOND};

/// How long an authorization code can be redeemed.
pub const CODE_LIFETIME: i64 = 60 * SECOND;
/// How long an access token lives at most; an id token too.
pub const ACCESS_LIFETIME: i64 = 10 * MINUTE;
/// How long a refresh token that was used is answered with the same successor again, for a client
/// that never got the answer.
pub const GRACE: i64 = 10 * SECOND;
/// How many tokens may stand above a narrowed one.
pub const DEEPEST: i64 = 8;

/// Seals the successor of a refresh token under a key made of the token itself: only its bearer
/// can be given the successor again.
#[must_use]
pub fn seal_successor(token: &Secret, successor: &Secret) -> String {
    key_of(token).seal(token.hash().as_str(), successor.reveal().as_bytes())
}

/// Opens what [`seal_successor`] has sealed for this token.
#[must_use]
pub fn open_successor(token: &Secret, sealed: &str) -> Option<Secret> {
    let opened = key_of(token).open(token.hash().as_str(), sealed)?;
    Secret::parse(std::str::from_utf8(&opened).ok()?)
}

/// The database has SHA-256 of the token alone, so this is another value.
fn key_of(token: &Secret) -> SealingKey {
    let digest = Sha256::digest(format!("vestibule refresh token successor\n{}", token.reveal()));
    SealingKey::new(&digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_predecessor_opens_its_successor() {
        let (token, successor, other) = (Secret::random(), Secret::random(), Secret::random());
        let sealed = seal_successor(&token, &successor);
        assert_eq!(open_successor(&token, &sealed), Some(successor.clone()));
        assert_eq!(open_successor(&other, &sealed), None);
        assert_eq!(open_successor(&successor, &sealed), None);
    }
}
