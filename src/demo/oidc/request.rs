//! The way to the provider: an authorization request (OpenID Connect Core §3.1.2.1).

use super::{CALLBACK, Oidc};
use crate::demo::off_band::CallError;
use crate::domain::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

/// A sign-in that has been begun. The backend keeps it; the browser knows `state` only.
pub(in crate::demo) struct SignIn {
    /// Comes back unchanged: the answer belongs to this request.
    pub(in crate::demo) state: String,
    /// Comes back inside the id token: the token was made for this request.
    pub(super) nonce: String,
    /// Is shown when the code is swapped: the code was made for this request (RFC 7636).
    pub(super) verifier: String,
    /// The page to bring the person to.
    pub(in crate::demo) to: String,
}

impl Oidc {
    /// Begins a sign-in that will end at the page `to`; gives the address for the browser.
    pub(in crate::demo) async fn begin(&self, to: &str) -> Result<(Url, SignIn), CallError> {
        let random = || Secret::random().reveal();
        let sign_in =
            SignIn { state: random(), nonce: random(), verifier: random(), to: to.to_owned() };
        let endpoint = &self.provider.metadata(&self.off_band).await?.authorization_endpoint;
        let mut url = Url::parse(endpoint).map_err(|_| CallError::Unusable)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", self.scope)
            .append_pair("state", &sign_in.state)
            .append_pair("nonce", &sign_in.nonce)
            .append_pair("code_challenge", &challenge(&sign_in.verifier))
            .append_pair("code_challenge_method", "S256");
        Ok((url, sign_in))
    }

    /// As it is registered, letter by letter.
    pub(super) fn redirect_uri(&self) -> String {
        format!("{}{CALLBACK}", self.origin)
    }
}

#[cfg(test)]
impl SignIn {
    /// One that was begun nowhere.
    pub(in crate::demo) fn sample(state: &str) -> Self {
        let text = str::to_owned;
        Self { state: text(state), nonce: text("n"), verifier: text("v"), to: text("/") }
    }
}

/// RFC 7636 §4.2, method S256.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_specification() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
