//! The recovery payload: 32 random bytes that a page carries from the bridge to its own backend,
//! which swaps them, once and off-band, for the profile.

use super::client::Client;
use super::secret::SecretHash;
use crate::clock::MINUTE;

/// Milliseconds from minting to the end.
pub const LIFETIME: i64 = MINUTE;

/// What a payload was bound to when it was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The client whose bridge minted it.
    pub client_id: String,
    /// The origin of the page that asked.
    pub origin: String,
    /// SHA-256 of the nonce that the page gave, if it gave one.
    pub nonce_hash: Option<String>,
}

/// What a backend presents with a payload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    /// The nonce that its page was given.
    pub nonce: Option<&'a str>,
    /// The origin of its page.
    pub origin: Option<&'a str>,
}

impl Binding {
    /// Whether everything bound was presented, and nothing else: the nonce if and only if one was
    /// bound, the origin when the client has more than one (and correct whenever it is given).
    #[must_use]
    pub fn is_met(&self, client: &Client, presented: Presented<'_>) -> bool {
        let nonce_is_met = match (&self.nonce_hash, presented.nonce) {
            (None, None) => true,
            (Some(bound), Some(nonce)) => SecretHash::of(nonce.as_bytes()).matches(bound),
            _ => false,
        };
        let origin_is_met = match presented.origin {
            Some(origin) => origin == self.origin,
            None => client.registration.origins.len() == 1,
        };
        self.client_id == client.registration.client_id && nonce_is_met && origin_is_met
    }
}

/// Whether a text is a nonce: 16 to 128 characters of the URL-safe base64 alphabet.
#[must_use]
pub fn is_nonce(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (16..=128).contains(&text.len()) && text.bytes().all(good)
}
