//! A client's backend, which speaks the contract by hand.

use serde_json::{Value, json};

use super::browser::{Answer, http};

/// The backend of one client.
pub struct Backend {
    url: String,
    client_id: String,
    secret: String,
}

impl Backend {
    pub fn new(url: &str, client_id: &str, secret: &str) -> Self {
        Self { url: url.into(), client_id: client_id.into(), secret: secret.into() }
    }

    /// A call of `/v1/session/…` with the client's credentials.
    pub async fn call(&self, name: &str, body: &Value) -> Answer {
        let request = http()
            .post(format!("{}/v1/session/{name}", self.url))
            .basic_auth(&self.client_id, Some(&self.secret))
            .header("Content-Type", "application/json")
            .body(body.to_string());
        Answer::of(request).await
    }

    pub async fn recover(&self, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("recover", &presentation(payload, nonce)).await
    }

    pub async fn validate(&self, payload: &str, nonce: Option<&str>) -> Answer {
        self.call("validate", &presentation(payload, nonce)).await
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
