//! How a confidential client signs people in by OpenID Connect, step by step. In this order:
//!
//! | file | what it does |
//! |---|---|
//! | `request` | sends the browser to the provider: code, PKCE, state, nonce |
//! | `callback` | reads what the browser brings back |
//! | `tokens` | swaps the code for tokens, refreshes them, narrows them |
//! | [`jwt`](crate::demo::jwt) | whether a JWT was signed by the provider |
//! | `id_token` | what must be true of an id token |
//! | `logout_token` | what must be true of a logout token |
//!
//! Access and refresh tokens never leave the backend, but for the narrowed ones that are made to be
//! handed on.

mod callback;
mod id_token;
mod logout_token;
mod request;
#[cfg(test)]
mod tests;
mod tokens;

pub(in crate::demo) use callback::Answer;
pub(in crate::demo) use logout_token::Ending;
pub(in crate::demo) use request::SignIn;
pub(in crate::demo) use tokens::{SignedIn, Tokens};

use crate::clock::Clock;
use crate::demo::DemoError;
use crate::demo::introspection::Introspection;
use crate::demo::jwt::{JwtError, Keys};
use crate::demo::off_band::{CallError, Credentials, OffBand};
use crate::demo::provider::Provider;
use crate::demo::sites::{Site, Sites};
use serde::de::DeserializeOwned;
use std::fmt;
use url::Url;

/// Where the browser comes back to, below the site's origin.
const CALLBACK: &str = "/oidc/callback";
/// Where it comes back to after a sign-out.
const SIGNED_OUT: &str = "/signed-out";

/// The client: its registration, the provider, and what it knows of the provider's keys.
pub(in crate::demo) struct Oidc {
    provider: Provider,
    off_band: OffBand,
    client: Credentials,
    origin: String,
    /// What it asks for at every sign-in.
    scope: &'static str,
    keys: Keys,
    used: logout_token::Used,
    pub(in crate::demo) clock: Clock,
}

/// Why nobody was signed in.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::demo) enum SignInError {
    /// It was not begun in this browser, or too long ago.
    NotBegun,
    /// The person, or the provider, said no: the error code of RFC 6749 §4.1.2.1.
    Denied(String),
    /// Something that must be true is not; says what, for the log.
    Unbelievable(&'static str),
    /// The provider could not be asked, or refused.
    Call(CallError),
}

impl Oidc {
    /// The client of one site, which asks for this scope.
    pub(in crate::demo) fn new(
        sites: &Sites,
        site: &Site,
        scope: &'static str,
        clock: Clock,
    ) -> Result<Self, DemoError> {
        Ok(Self {
            scope,
            provider: Provider::new(&sites.accounts.origin),
            off_band: OffBand::new(sites)?,
            client: sites.credentials(site),
            origin: site.origin.clone(),
            keys: Keys::new(clock.clone()),
            used: logout_token::Used::default(),
            clock,
        })
    }

    /// What a token of ours is good for.
    pub(in crate::demo) async fn introspect(
        &self,
        token: &str,
    ) -> Result<Introspection, CallError> {
        Introspection::of(token, &self.client, &self.provider, &self.off_band).await
    }

    /// The claims of a token of one of these types that the provider signed.
    async fn verified<T: DeserializeOwned>(
        &self,
        token: &str,
        types: &[&str],
    ) -> Result<T, JwtError> {
        self.keys.verified(token, types, (&self.provider, &self.off_band)).await
    }

    /// Where to send the browser so that the sign-out reaches every site (OpenID Connect
    /// RP-Initiated Logout 1.0). The id token stands in this address, as the specification has it:
    /// it says who signs out, and opens nothing.
    pub(in crate::demo) async fn sign_out_url(&self, id_token: &str) -> Result<Url, CallError> {
        let endpoint = &self.provider.metadata(&self.off_band).await?.end_session_endpoint;
        let mut url = Url::parse(endpoint).map_err(|_| CallError::Unusable)?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("id_token_hint", id_token)
            .append_pair("post_logout_redirect_uri", &format!("{}{SIGNED_OUT}", self.origin));
        Ok(url)
    }

    /// Seconds since the epoch, as tokens count.
    fn now(&self) -> i64 {
        self.clock.now().div_euclid(1_000)
    }
}

impl From<CallError> for SignInError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => f.write_str("not begun in this browser, or too long ago"),
            Self::Denied(error) => write!(f, "the provider answered {error}"),
            Self::Unbelievable(what) => f.write_str(what),
            Self::Call(error) => write!(f, "the provider: {error}"),
        }
    }
}
