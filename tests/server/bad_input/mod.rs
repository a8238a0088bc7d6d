//! Whatever is sent to the JSON endpoints, the answer to what is wrong is a clear 4xx before any
//! query, and nothing panics.

mod bodies;
mod requests;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, NOTES, TestServer, http, nonce, secret_of};

const SESSION: [&str; 3] = ["/v1/session/recover", "/v1/session/validate", "/v1/session/status"];
const BRIDGE: [&str; 2] = ["/bridge/payload", "/bridge/signout"];

/// A server with somebody signed in, whose requests are good in everything but what a test changes.
struct Target {
    server: TestServer,
    alice: Browser,
}

impl Target {
    async fn new() -> Self {
        let server = TestServer::new().await;
        let alice = server.signed_up("alice").await;
        Self { server, alice }
    }

    /// A request with everything that a real one has but for the body and its type.
    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        if BRIDGE.contains(&path) {
            let request = self.alice.request(method.clone(), path);
            return request.header("Sec-Fetch-Site", "same-origin");
        }
        let request = http().request(method.clone(), format!("{}{path}", self.server.url));
        request.basic_auth("notes", Some(secret_of("notes")))
    }

    async fn post(&self, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(&Method::POST, path).header("Content-Type", media_type);
        Answer::of(request.body(body)).await
    }

    /// Holds that each body is refused with this status, before any query, on all these paths.
    async fn refuses(&self, paths: &[&str], status: u16, bodies: &[Vec<u8>]) {
        let before = self.server.store.queries();
        for path in paths {
            for body in bodies {
                let answer = self.post(path, "application/json", body.clone()).await;
                let shown: String = String::from_utf8_lossy(body).chars().take(80).collect();
                assert_eq!(answer.status, status, "{path} {shown}: {}", answer.text);
                answer.assert_error(status, "invalid_request");
            }
        }
        assert_eq!(self.server.store.queries(), before, "before any query");
    }
}

/// A body that this endpoint takes.
fn good(path: &str) -> Value {
    match path {
        "/bridge/payload" => json!({ "clientId": "notes", "origin": NOTES, "mint": false }),
        "/bridge/signout" => json!({ "clientId": "notes", "origin": NOTES }),
        "/v1/session/status" => json!({ "sid": "0".repeat(32) }),
        _ => json!({ "recoveryPayload": nonce() }),
    }
}

fn all() -> Vec<&'static str> {
    [&BRIDGE[..], &SESSION[..]].concat()
}
