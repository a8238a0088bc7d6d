//! Calls to the accounts server, off-band: with a deadline, a size limit, and no redirects.

use super::config::{ConfigError, Settings};
use super::refusal::Refusal;
use super::session::Session;
use crate::domain::origin::Origin;
use crate::domain::secret::Secret;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Response, StatusCode, header, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::time::Duration;

/// Longest answer that is read.
const LONGEST_ANSWER: usize = 64 * 1_024;

/// Longest `Retry-After` that is passed on, in seconds.
const LONGEST_WAIT: u64 = 3_600;

/// The accounts server, as this client may talk to it. One HTTP client for all calls.
pub(super) struct Accounts {
    http: Client,
    base: Origin,
    /// As they stand in the header, see [`encoded`].
    client_id: String,
    client_secret: String,
}

impl Accounts {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let mut builder = Client::builder()
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .pool_idle_timeout(Duration::from_secs(30))
            .redirect(redirect::Policy::none())
            .user_agent(concat!("vestibule-relying/", env!("CARGO_PKG_VERSION")));
        if settings.internal.as_str().starts_with("http://") {
            // Plain http is for this machine only, which no proxy of the environment can reach.
            builder = builder.no_proxy();
        }
        let no_client = |error: reqwest::Error| ConfigError(format!("no HTTP client: {error}"));
        Ok(Self {
            http: builder.build().map_err(no_client)?,
            base: settings.internal.clone(),
            client_id: encoded(&settings.client_id),
            client_secret: encoded(&settings.client_secret),
        })
    }

    /// Swaps a payload for the person that it stands for.
    pub(super) async fn recover(
        &self,
        payload: &Secret,
        nonce: &str,
        origin: &Origin,
    ) -> Result<Session, Refusal> {
        let body = json!({ "recoveryPayload": payload.reveal(), "nonce": nonce, "origin": origin.as_str() });
        let profile: Profile = self.call("/v1/session/recover", &body).await?;
        profile.into_session().ok_or_else(|| wrong("a profile without ids"))
    }

    /// Whether the session behind that handle still lives.
    pub(super) async fn is_active(&self, sid: &str) -> Result<bool, Refusal> {
        let status: Status = self.call("/v1/session/status", &json!({ "sid": sid })).await?;
        Ok(status.active)
    }

    /// The public keys by which the accounts server signs (RFC 7517), as they came.
    pub(super) async fn keys(&self) -> Result<Vec<serde_json::Value>, Refusal> {
        let request = self.http.get(format!("{}/oauth/jwks", self.base));
        let response = request.send().await.map_err(|error| failed(&error))?;
        if response.status() != StatusCode::OK {
            return Err(wrong(response.status().as_str()));
        }
        let body = read(response).await?;
        let set = serde_json::from_slice(&body).map_err(|_| wrong("keys of another shape"));
        set.map(|set: KeySet| set.keys)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, Refusal> {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.basic_auth(&self.client_id, Some(&self.client_secret)).json(body);
        let response = request.send().await.map_err(|error| failed(&error))?;
        match response.status() {
            StatusCode::OK => {
                let body = read(response).await?;
                serde_json::from_slice(&body).map_err(|_| wrong("an answer of another shape"))
            }
            StatusCode::FORBIDDEN => Err(Refusal::PayloadRefused),
            StatusCode::GONE => Err(Refusal::PayloadGone),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                Err(Refusal::AccountsBusy(retry_after(&response)))
            }
            StatusCode::UNAUTHORIZED => Err(wrong("401: client_id or client_secret is wrong")),
            status => Err(wrong(status.as_str())),
        }
    }
}

/// Both halves of the credentials are encoded before they are joined (RFC 6749 §2.3.1).
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn read(mut response: Response) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(wrong("an answer that is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &Response) -> u64 {
    let value = response.headers().get(header::RETRY_AFTER).and_then(|v| v.to_str().ok());
    value.and_then(|v| v.parse().ok()).unwrap_or(1).min(LONGEST_WAIT)
}

fn failed(error: &reqwest::Error) -> Refusal {
    tracing::warn!(%error, "the accounts server cannot be reached");
    if error.is_timeout() { Refusal::AccountsSlow } else { Refusal::AccountsUnreachable }
}

fn wrong(what: &str) -> Refusal {
    tracing::warn!(what, "the accounts server gave no usable answer");
    Refusal::AccountsWrong
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Status {
    active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    uid: String,
    sid: String,
    auth_time: i64,
    username: Option<String>,
    full_name: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
}

impl Profile {
    fn into_session(self) -> Option<Session> {
        let is_id = |id: &str| !id.is_empty() && id.len() <= 255;
        (is_id(&self.uid) && is_id(&self.sid)).then_some(Session {
            uid: self.uid,
            sid: self.sid,
            username: self.username,
            full_name: self.full_name,
            email: self.email,
            email_verified: self.email_verified.unwrap_or(false),
            auth_time: self.auth_time,
        })
    }
}
