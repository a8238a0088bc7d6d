//! Other OpenID providers, of which this server is a client: the authorization code flow with PKCE
//! and nonce (OpenID Connect Core §3.1, RFC 7636, RFC 9700), up to a proof of who somebody is there.
//!
//! A caller finds a provider with [`Upstreams::named`] and calls [`Upstream::begin`], which gives
//! the address for the browser, a `state`, and what was [`Asked`]. The caller keeps the hash of the
//! `state` and, sealed, what was asked, bound to that browser. When the browser comes back to the
//! redirect URI of *that* provider, the caller finds what was asked by the `state`, takes it away,
//! so that it is used once, and calls [`Upstream::finish`], which gives a [`Proof`] or says why
//! there is none. What a proof is good for is no matter of this module.
//!
//! Discovery documents and keys are kept in memory for ten minutes, and for an hour while the
//! provider cannot be reached. Nothing here is logged but that; a [`Failure`] says in a sentence
//! what is to be logged, with nothing of a person or a secret in it.

mod cache;
mod claims;
mod client_auth;
mod failure;
mod id_token;
mod keys;
mod metadata;
mod token;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::clock::{Clock, SECOND};
use crate::domain::pkce;
use crate::domain::provider::Provider;
use crate::domain::secret::Secret;
use crate::outgoing::Outgoing;

pub use self::failure::Failure;
use cache::Cache;
use failure::misbehaves;
use id_token::Expected;
use keys::Keys;
use metadata::Metadata;

/// Every provider that is configured. Clones share what is known of them.
#[derive(Clone, Debug, Default)]
pub struct Upstreams(Arc<[Upstream]>);

/// One provider.
pub struct Upstream {
    provider: Provider,
    outgoing: Outgoing,
    clock: Clock,
    metadata: Cache<Metadata>,
    keys: Cache<Keys>,
}

/// The way to a provider. Printing one shows nothing of it.
pub struct Begun {
    /// Where the browser is sent.
    pub address: String,
    /// Comes back unchanged: the answer belongs to this request, and to this browser.
    pub state: Secret,
    /// What is needed to believe the answer.
    pub asked: Asked,
}

/// What was asked of a provider; a secret until it has been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Comes back inside the id token: the token was made for this request.
    pub nonce: Secret,
    /// Is shown when the code is swapped: the code was made for this request.
    pub verifier: Secret,
    /// When, in milliseconds. How recent a sign-in is, is counted from here.
    pub asked_at: i64,
}

/// The parameters with which the browser came back, but for `state`.
#[derive(Clone, Copy, Default)]
pub struct Returned<'a> {
    /// Is swapped for tokens.
    pub code: Option<&'a str>,
    /// Why there is no code.
    pub error: Option<&'a str>,
    /// Whose answer it is (RFC 9207).
    pub iss: Option<&'a str>,
}

/// Who somebody is, in the word of a provider. Printing one shows nothing of it.
pub struct Proof {
    /// The person's identifier there, for us.
    pub subject: String,
    /// Our members → what the provider says, as far as it says it: those that the configuration maps.
    pub claims: BTreeMap<String, String>,
    /// How the person signed in there.
    pub acr: Option<String>,
    /// When the person signed in there, in milliseconds.
    pub auth_time: i64,
    /// The signed id token.
    pub evidence: String,
}

impl Upstreams {
    /// These providers. Nothing is asked of them before somebody needs it.
    #[must_use]
    pub fn new(providers: &[Provider], outgoing: &Outgoing, clock: &Clock) -> Self {
        let upstream = |provider: &Provider| Upstream {
            provider: provider.clone(),
            outgoing: outgoing.clone(),
            clock: clock.clone(),
            metadata: Cache::default(),
            keys: Cache::default(),
        };
        Self(providers.iter().map(upstream).collect())
    }

    /// What is configured of each, in that order.
    pub fn providers(&self) -> impl ExactSizeIterator<Item = &Provider> {
        self.0.iter().map(Upstream::provider)
    }

    /// The one with this id.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&Upstream> {
        self.0.iter().find(|upstream| upstream.provider.id == id)
    }
}

impl Upstream {
    /// What is configured of it.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Makes a request whose answer will go to `redirect_uri`.
    pub async fn begin(&self, redirect_uri: &str) -> Result<Begun, Failure> {
        let metadata = self.metadata().await?;
        let (state, asked) = (Secret::random(), self.ask(redirect_uri));
        let address = self.address(&metadata, &state, &asked).into();
        Ok(Begun { address, state, asked })
    }

    fn ask(&self, redirect_uri: &str) -> Asked {
        Asked {
            redirect_uri: redirect_uri.to_owned(),
            nonce: Secret::random(),
            verifier: Secret::random(),
            asked_at: self.clock.now(),
        }
    }

    fn address(&self, metadata: &Metadata, state: &Secret, asked: &Asked) -> Url {
        let provider = &self.provider;
        let mut url = metadata.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", &asked.redirect_uri)
            .append_pair("scope", &provider.scope)
            .append_pair("state", &state.reveal())
            .append_pair("nonce", &asked.nonce.reveal())
            .append_pair("code_challenge", &pkce::challenge(&asked.verifier.reveal()))
            .append_pair("code_challenge_method", "S256")
            .append_pair("max_age", &provider.max_age.to_string());
        if !provider.acr_values.is_empty() {
            url.query_pairs_mut().append_pair("acr_values", &provider.acr_values.join(" "));
        }
        url
    }

    /// Ends what was begun: swaps the code, holds the id token against what was asked, and asks for
    /// more about the person if something is missing.
    pub async fn finish(&self, returned: Returned<'_>, asked: &Asked) -> Result<Proof, Failure> {
        let code = self.code(returned).await?;
        let tokens = self.swap(code, asked).await?;
        let (claims, algorithm) = self.opened(&tokens.id_token).await?;
        let expected = Expected {
            provider: &self.provider,
            algorithm,
            nonce: &asked.nonce,
            access_token: &tokens.access_token,
            asked_at: asked.asked_at.div_euclid(SECOND),
            now: self.clock.now().div_euclid(SECOND),
        };
        let person = expected.hold(&claims).map_err(misbehaves)?;
        let claims = self.told(&claims, &person.subject, &tokens.access_token).await?;
        Ok(Proof {
            subject: person.subject,
            claims,
            acr: person.acr,
            auth_time: person.auth_time.saturating_mul(SECOND),
            evidence: tokens.id_token,
        })
    }

    /// The code of an answer that is this provider's own (RFC 9207 §2.4) and no error.
    async fn code<'a>(&self, returned: Returned<'a>) -> Result<&'a str, Failure> {
        let issuer = self.provider.issuer.as_str();
        if returned.iss.is_some_and(|iss| iss != issuer) {
            return Err(misbehaves("the answer is another issuer's"));
        }
        if returned.iss.is_none() && self.metadata().await?.names_itself {
            return Err(misbehaves("the answer does not say whose it is"));
        }
        match (returned.code, returned.error) {
            (None, Some(error)) => Err(Failure::denied(error)),
            (Some(code), None) if token::is_code(code) => Ok(code),
            _ => Err(misbehaves("the answer is neither a code nor an error")),
        }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.provider.fmt(f)
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Begun(…)")
    }
}

impl fmt::Debug for Returned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned(…)")
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(…)")
    }
}
