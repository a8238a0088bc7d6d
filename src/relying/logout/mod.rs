//! Back-channel logout: the accounts server says that a sign-in has ended, and the local sessions
//! that came of it end with it (OpenID Connect Back-Channel Logout 1.0).

mod keys;
mod memory;
mod token;

pub(super) use keys::Keys;
pub(super) use memory::Remembered;

use super::kit::{Kit, store_failed};
use super::refusal::Refusal;
use crate::clock::MINUTE;
use token::{Expected, Of, Signed};

/// How long an ended sign-in is remembered: longer than the opening of a session can take.
const KEEP_ENDED: i64 = MINUTE;

impl Kit {
    /// Ends what a logout token tells to end. That nothing of it is there is no error.
    pub(super) async fn log_out(&self, token: &str) -> Result<(), Refusal> {
        let now = self.clock.now();
        let signed = Signed::parse(token).map_err(Refusal::Malformed)?;
        let unknown = Refusal::Malformed("The token is signed by no key of the accounts server.");
        let key = self.keys.find(&signed.kid, &self.accounts, now).await?.ok_or(unknown)?;
        let expected = Expected {
            issuer: self.settings.accounts.as_str(),
            client_id: &self.settings.client_id,
            now: now.div_euclid(1_000),
        };
        let token = signed.verify(&key, &expected).map_err(Refusal::Malformed)?;
        if !self.seen.add(&token.jti, token.ends_at.saturating_mul(1_000), now) {
            return Err(Refusal::Malformed("The token was used before."));
        }
        let ended = match &token.of {
            Of::SignIn(sid) => {
                self.ended.add(sid, now.saturating_add(KEEP_ENDED), now);
                self.store.remove_sign_in(sid).await
            }
            Of::Account(uid) => self.store.remove_account(uid).await,
        };
        ended.map_err(store_failed)
    }
}
