//! The nonce that binds a recovery payload to the browser that asked for it.

use crate::domain::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Sets this hash apart from every other use of the same cookie value.
const LABEL: &str = "vestibule-nonce:";

/// base64url(SHA-256(label, cookie value)): scripts may know it, and it does not give the cookie
/// away.
pub(super) fn nonce(transaction: &Secret) -> String {
    let hash = Sha256::new().chain_update(LABEL).chain_update(transaction.reveal()).finalize();
    URL_SAFE_NO_PAD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonce_follows_from_the_cookie_alone() {
        let tx = Secret::parse(&"ab".repeat(32)).expect("64 hex");
        assert_eq!(nonce(&tx), nonce(&tx.clone()));
        assert_ne!(nonce(&tx), nonce(&Secret::random()));
    }

    #[test]
    fn the_nonce_is_the_one_that_the_documentation_shows() {
        let tx = Secret::parse(&"0".repeat(64)).expect("64 hex");
        assert_eq!(nonce(&tx), "GFTMTXbVkJ3cfCKCich8d2GvXwOR_PBeJ0Sn-ZHu2nU");
        assert!(
            include_str!("../../docs/relying.md")
                .contains("GFTMTXbVkJ3cfCKCich8d2GvXwOR_PBeJ0Sn-ZHu2nU")
        );
    }
}
