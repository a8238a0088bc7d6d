//! Columns that must be readable again are sealed with the key-encryption key: AES-256-GCM, the
//! row's id as associated data, so that a sealed value cannot be moved to another row.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::random;

/// The key-encryption key: 32 bytes that stand in no database.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// A key of exactly 32 bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("AES-256 takes 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a value for the row `id`: lower-case hex of nonce and ciphertext.
    #[must_use]
    pub fn seal(&self, id: &str, value: &[u8]) -> String {
        let nonce = random::bytes::<NONCE_LEN>();
        let mut sealed = value.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(id),
                &mut sealed,
            )
            .expect("a value of this size can be sealed");
        format!("{}{}", hex::encode(nonce), hex::encode(sealed))
    }

    /// Opens what was sealed for the row `id`; `None` with another key, row or a damaged value.
    #[must_use]
    pub fn open(&self, id: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = hex::decode(sealed).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let value = self.0.open_in_place(nonce, Aad::from(id), &mut rest).ok()?;
        Some(value.to_vec())
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_with_its_key_and_row_only() {
        let (key, other) = (SealingKey::new(&[1; 32]), SealingKey::new(&[2; 32]));
        let sealed = key.seal("row", b"value");
        assert_eq!(key.open("row", &sealed).as_deref(), Some(&b"value"[..]));
        assert_eq!(key.open("wor", &sealed), None);
        assert_eq!(other.open("row", &sealed), None);
        assert_eq!(key.open("row", &sealed[2..]), None);
        assert_eq!(key.open("row", "xyz"), None);
    }
}
