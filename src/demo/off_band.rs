//! Calls from one backend to another: with a deadline, a size limit, no proxy and no redirects.

use super::DemoError;
use super::sites::Sites;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, Response, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1_024;
/// Longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// By what a backend shows who it is.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) id: String,
    secret: String,
}

impl Credentials {
    pub(super) fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned() }
    }

    /// Both halves are encoded before they are joined (RFC 6749 §2.3.1).
    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        request.basic_auth(encoded(&self.id), Some(encoded(&self.secret)))
    }
}

/// The HTTP client of a site's backend.
#[derive(Clone)]
pub(super) struct OffBand(Client);

/// Why a call came to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// No answer, or none that can be read.
    Unusable,
    /// A clear no: the status, and the error code of RFC 6749 §5.2 where there was one.
    Refused(u16, String),
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: String,
}

impl OffBand {
    /// A client that finds the sites on this machine, whatever its resolver knows of `*.localhost`.
    pub(super) fn new(sites: &Sites) -> Result<Self, DemoError> {
        let mut builder = Client::builder()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("vestibule-demo/", env!("CARGO_PKG_VERSION")));
        for site in sites.all() {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, site.port));
            builder = builder.resolve(&site.host(), address);
        }
        let failed = |error| DemoError::new(format!("no HTTP client: {error}"));
        Ok(Self(builder.build().map_err(failed)?))
    }

    /// Reads something that is for everybody.
    pub(super) async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, CallError> {
        answer(self.0.get(url)).await
    }

    /// Reads something as the holder of a token.
    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        url: &str,
        token: &str,
    ) -> Result<T, CallError> {
        answer(self.0.get(url).bearer_auth(token)).await
    }

    /// Reads something as a backend.
    pub(super) async fn get_as<T: DeserializeOwned>(
        &self,
        who: &Credentials,
        url: &str,
    ) -> Result<T, CallError> {
        answer(who.sign(self.0.get(url))).await
    }

    /// Reads something that may take so much longer, since the other side waits for it to change.
    pub(super) async fn wait_as<T: DeserializeOwned>(
        &self,
        who: &Credentials,
        url: &str,
        longest: Duration,
    ) -> Result<T, CallError> {
        let request = self.0.get(format!("{url}?wait={}", longest.as_secs()));
        answer(who.sign(request.timeout(longest + PATIENCE))).await
    }

    /// Sends JSON as a backend. Sent twice with the same key it has an effect once.
    pub(super) async fn post_once_as<T: DeserializeOwned>(
        &self,
        who: &Credentials,
        url: &str,
        key: &str,
        body: &impl Serialize,
    ) -> Result<T, CallError> {
        answer(who.sign(self.0.post(url).header("Idempotency-Key", key).json(body))).await
    }

    /// Sends a form as a backend.
    pub(super) async fn post_as<T: DeserializeOwned>(
        &self,
        who: &Credentials,
        url: &str,
        form: &[(&str, &str)],
    ) -> Result<T, CallError> {
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.0.post(url).header("Content-Type", "application/x-www-form-urlencoded");
        answer(who.sign(request.body(body))).await
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, CallError> {
    let unusable = |error: reqwest::Error| {
        tracing::warn!(%error, "a backend cannot be reached");
        CallError::Unusable
    };
    let mut response = request.send().await.map_err(unusable)?;
    let body = read(&mut response).await.map_err(unusable)?.ok_or(CallError::Unusable)?;
    let status = response.status();
    if status.is_client_error() {
        let error: ErrorBody = serde_json::from_slice(&body).unwrap_or_default();
        return Err(CallError::Refused(status.as_u16(), error.error));
    }
    let read = serde_json::from_slice(&body).ok().filter(|_| status.is_success());
    read.ok_or_else(|| {
        tracing::warn!(%status, "a backend gave no usable answer");
        CallError::Unusable
    })
}

/// The body, if it is not too long.
async fn read(response: &mut Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable => f.write_str("no usable answer"),
            Self::Refused(status, error) => write!(f, "{status} {error}"),
        }
    }
}
