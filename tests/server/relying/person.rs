//! A person's browser, at the accounts server and at the site.

use reqwest::Method;
use serde_json::Value;

use super::SESSION;
use crate::support::{Answer, Browser, PASSWORD, WIKI, encode};

/// A request from a page of the site's own, as browsers of today send it.
pub const OWN_PAGE: [(&str, &str); 2] = [("Sec-Fetch-Site", "same-origin"), ("Origin", WIKI)];
pub const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
pub const JSON: (&str, &str) = ("Content-Type", "application/json");

pub struct Person {
    pub accounts: Browser,
    pub site: Browser,
}

/// Status and outcome.
pub fn facts(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("X-Vestibule-Outcome"))
}

/// Status and error code.
pub fn error(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["error"].as_str().unwrap_or_default().to_owned())
}

impl Person {
    pub async fn sign_in(&self, username: &str) {
        let answer = self.accounts.sign_in(username, PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
    }

    /// What the site says to the page's first question.
    pub async fn ask(&self) -> Answer {
        let request = self.site.request(Method::GET, "/sso");
        self.site.send(request.header("Sec-Fetch-Site", "same-origin")).await
    }

    /// The page's nonce.
    pub async fn nonce(&self) -> String {
        let answer = self.ask().await.json();
        answer["nonce"].as_str().expect("a nonce").to_owned()
    }

    /// What the bridge gives the page.
    pub async fn payload(&self) -> String {
        let nonce = self.nonce().await;
        self.accounts.mint("wiki", WIKI, Some(&nonce)).await
    }

    /// The page hands a payload to its backend.
    pub async fn hand_in(&self, payload: &str) -> Answer {
        self.hand_in_from(&OWN_PAGE, payload).await
    }

    /// Some page does.
    pub async fn hand_in_from(&self, page: &[(&str, &str)], payload: &str) -> Answer {
        let headers = [page, &[FORM]].concat();
        self.post("/sso", &headers, &encode(&[("recoveryPayload", payload)])).await
    }

    /// A POST to the site with exactly these headers beside the cookies.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.site.request(Method::POST, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.site.send(request.body(body.to_owned())).await
    }

    /// Opens a page of the site on which the script does its work.
    pub async fn arrive(&self) -> Answer {
        let payload = self.payload().await;
        self.hand_in(&payload).await
    }

    /// Whom the site takes this browser for.
    pub async fn is_known_as(&self) -> Option<String> {
        self.profile().await["username"].as_str().map(str::to_owned)
    }

    /// What the site knows of whoever is here.
    pub async fn profile(&self) -> Value {
        self.site.get("/").await.json()["person"].clone()
    }

    pub fn session(&self) -> String {
        self.site.cookie(SESSION).expect("a session")
    }
}
