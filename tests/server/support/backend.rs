//! A client's backend, which speaks the contract by hand.

use serde_json::{Value, json};

use reqwest::RequestBuilder;

use super::browser::{Answer, http};

/// The backend of one client.
#[derive(Clone)]
pub struct Backend {
    pub(super) url: String,
    pub(super) client_id: String,
    pub(super) secret: String,
}

impl Backend {
    pub fn new(url: &str, client_id: &str, secret: &str) -> Self {
        Self { url: url.into(), client_id: client_id.into(), secret: secret.into() }
    }

    /// The same client, with another secret.
    pub fn with_secret(&self, secret: &str) -> Self {
        Self::new(&self.url, &self.client_id, secret)
    }

    /// A call of `/v1/session/…` with neither credentials nor a body.
    pub fn bare(&self, name: &str) -> RequestBuilder {
        http().post(format!("{}/v1/session/{name}", self.url))
    }

    /// A call of `/v1/session/…` with the client's credentials.
    pub async fn call(&self, name: &str, body: &Value) -> Answer {
        self.send(name, body.to_string()).await
    }

    /// The same with any bytes for a body.
    pub async fn send(&self, name: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self
            .bare(name)
            .basic_auth(&self.client_id, Some(&self.secret))
            .header("Content-Type", "application/json")
            .body(body);
        Answer::of(request).await
    }

    pub async fn recover(&self, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("recover", &presentation(payload, nonce)).await
    }

    pub async fn validate(&self, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("validate", &presentation(payload, nonce)).await
    }

    /// A redemption that names the origin of the page.
    pub async fn recover_at(&self, origin: &str, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("recover", &with_origin(payload, nonce, origin)).await
    }

    /// As [`Backend::validate`], naming the origin of the page.
    pub async fn validate_at(&self, origin: &str, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("validate", &with_origin(payload, nonce, origin)).await
    }

    /// Whether accounts says that the session behind a sid lives.
    pub async fn is_active(&self, sid: &str) -> bool {
        let answer = self.call("status", &json!({ "sid": sid })).await;
        answer.json()["active"].as_bool().unwrap_or_else(|| panic!("{}", answer.text))
    }
}

fn presentation(payload: &str, nonce: Option<&str>) -> Value {
    match nonce {
        Some(nonce) => json!({ "recoveryPayload": payload, "nonce": nonce }),
        None => json!({ "recoveryPayload": payload }),
    }
}

fn with_origin(payload: &str, nonce: Option<&str>, origin: &str) -> Value {
    let mut body = presentation(payload, nonce);
    body["origin"] = origin.into();
    body
}
