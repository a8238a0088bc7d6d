//! Secrets with full entropy: 32 random bytes, shown as 64 lower-case hex.

use aws_lc_rs::hmac;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

use crate::random;

/// 32 random bytes that open something. Printing one with `{:?}` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// SHA-256 of a secret, as 64 lower-case hex: the only form that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretHash(String);

impl Secret {
    /// A new one from the system's generator.
    #[must_use]
    pub fn random() -> Self {
        Self(random::bytes())
    }

    /// The one that belongs to `name`, the same each time: HMAC-SHA-256 under a key of the server.
    #[must_use]
    pub fn derived(key: &[u8], name: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&key, name.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Parses exactly 64 lower-case hex characters; anything else is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let lower =
            text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; 32];
        (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// The form that travels: 64 lower-case hex characters.
    #[must_use]
    pub fn reveal(&self) -> String {
        hex::encode(self.0)
    }

    /// What the database holds.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(self.reveal().as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl SecretHash {
    /// The hash of a secret in whatever form its holder was given it.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(secret)))
    }

    /// 64 lower-case hex characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Compares with a stored hash in constant time.
    #[must_use]
    pub fn matches(&self, stored: &str) -> bool {
        self.0.as_bytes().ct_eq(stored.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_64_lower_case_hex_is_a_secret() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(Secret::parse(&good).map(|s| s.reveal()), Some(good.clone()));
        for bad in [&good[1..], &format!("{good}0"), &good.to_uppercase(), "", &"é".repeat(32)] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let secret = Secret::random();
        assert!(!format!("{secret:?}").contains(&secret.reveal()[..8]));
    }

    #[test]
    fn a_derived_secret_belongs_to_its_key_and_its_name() {
        let secret = Secret::derived(b"key", "name");
        assert_eq!(secret, Secret::derived(b"key", "name"));
        assert_ne!(secret, Secret::derived(b"key", "other"));
        assert_ne!(secret, Secret::derived(b"other", "name"));
        // RFC 4231, test case 2.
        let vector = Secret::derived(b"Jefe", "what do ya want for nothing?").reveal();
        let hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(vector, hex);
    }

    #[test]
    fn two_secrets_differ_and_hashes_match_only_their_own() {
        let (a, b) = (Secret::random(), Secret::random());
        assert_ne!(a, b);
        assert!(a.hash().matches(a.hash().as_str()));
        assert!(!a.hash().matches(b.hash().as_str()));
    }
}
