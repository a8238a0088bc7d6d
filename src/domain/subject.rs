//! By which identifier a client knows an account.

use sha2::{Digest, Sha256};

use super::client::Registration;

/// The same for all clients, or one of the client's sector alone (OpenID Connect Core §8.1): 32
/// hex characters. `salt` is a secret of the installation.
#[must_use]
pub fn subject(salt: &[u8], registration: &Registration, uid: &str) -> String {
    if !registration.is_pairwise() {
        return uid.to_owned();
    }
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(registration.sector())
        .chain_update("\n")
        .chain_update(uid)
        .finalize();
    hex::encode(&digest[..16])
}
