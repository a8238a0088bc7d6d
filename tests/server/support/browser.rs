//! A browser as the server sees it: cookies, Fetch Metadata, no redirects followed.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use super::{ISSUER, PASSWORD};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("the answer is text");
        Self { status, headers, text }
    }

    /// A header's value, `""` when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub fn location(&self) -> &str {
        self.header("Location")
    }

    /// Holds that it is an error in the shape of RFC 6749 §5.2, with this status and code, that
    /// nobody may keep.
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["error"], error, "{}", self.text);
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()));
        assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{}", self.text);
        assert_eq!(self.header("Content-Type"), "application/json");
        assert_eq!(self.header("Cache-Control"), "no-store");
    }

    /// The error code of a JSON answer, or nothing.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The raw `Set-Cookie` headers.
    pub fn set_cookies(&self) -> Vec<&str> {
        let values = self.headers.get_all("Set-Cookie").iter();
        values.map(|value| value.to_str().expect("ASCII")).collect()
    }
}

/// A browser with a jar of its own.
pub struct Browser {
    url: String,
    http: reqwest::Client,
    jar: Mutex<BTreeMap<String, String>>,
    says: HeaderMap,
}

/// A client that follows nothing, asks no proxy and waits at most twenty seconds. It is made once;
/// keeping no connection, it serves every test's own runtime.
pub fn http() -> reqwest::Client {
    static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(std::time::Duration::from_secs(20))
            .build()
            .expect("a client")
    });
    HTTP.clone()
}

impl Browser {
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), http: http(), jar: Mutex::default(), says: HeaderMap::new() }
    }

    /// The same browser with a header on every request.
    pub fn saying(mut self, name: &str, value: &str) -> Self {
        self.says.extend(header_map(&[(name, value)]));
        self
    }

    /// The same browser, talking to another node.
    pub fn at(&self, url: &str) -> Self {
        let jar = self.jar.lock().expect("a jar").clone();
        Self { url: url.to_owned(), http: http(), jar: Mutex::new(jar), says: self.says.clone() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().expect("a jar").get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().expect("a jar").insert(name.to_owned(), value.to_owned());
    }

    pub fn forget(&self, name: &str) {
        self.jar.lock().expect("a jar").remove(name);
    }

    /// A request with the jar's cookies and nothing else.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let jar = self.jar.lock().expect("a jar");
        let cookies: Vec<String> =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            self.http.request(method, format!("{}{path}", self.url)).headers(self.says.clone());
        if cookies.is_empty() { request } else { request.header("Cookie", cookies.join("; ")) }
    }

    /// Sends a request and keeps the cookies that come back.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let answer = Answer::of(request).await;
        for cookie in answer.set_cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            if attributes.contains("Max-Age=0") {
                self.forget(name);
            } else {
                self.set_cookie(name, value);
            }
        }
        answer
    }

    /// A top-level navigation.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request.header("Sec-Fetch-Site", "none").header("Sec-Fetch-Dest", "document"))
            .await
    }

    /// A form of ours, sent from a page of ours.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = encode(fields);
        let request = self.request(Method::POST, path);
        self.send(from_our_page(request).header("Content-Type", FORM).body(body)).await
    }

    /// A form with headers of the test's choosing instead of a browser's.
    pub async fn post_with(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = self.request(Method::POST, path).header("Content-Type", FORM);
        self.send(request.headers(header_map(headers)).body(encode(fields))).await
    }

    pub async fn sign_up(&self, username: &str) -> Answer {
        let email = format!("{username}@example.org");
        let full_name = format!("Full Name of {username}");
        let fields = [
            ("username", username),
            ("email", email.as_str()),
            ("full_name", full_name.as_str()),
            ("password", PASSWORD),
        ];
        self.post("/signup", &fields).await
    }

    pub async fn sign_in(&self, login: &str, password: &str) -> Answer {
        self.post("/signin", &[("login", login), ("password", password)]).await
    }

    pub async fn sign_out(&self) -> Answer {
        self.post("/signout", &[]).await
    }

    /// A change of the password, from [`PASSWORD`].
    pub async fn change_password(&self, new: &str) -> Answer {
        let fields = [("current", PASSWORD), ("new", new)];
        self.post("/account/password", &fields).await
    }

    /// The person's answer, `allow` or `deny`, to whether a client may know them.
    pub async fn consent(&self, client_id: &str, answer: &str) -> Answer {
        let fields = [("client_id", client_id), ("answer", answer)];
        self.post("/consent", &fields).await
    }

    /// Whether the account page opens.
    pub async fn is_signed_in(&self) -> bool {
        self.get("/account").await.status == 200
    }

    /// What the bridge's script sends for a client's page.
    pub async fn ask(
        &self,
        client_id: &str,
        origin: &str,
        mint: bool,
        nonce: Option<&str>,
    ) -> Answer {
        let mut body = json!({ "clientId": client_id, "origin": origin, "mint": mint });
        if let Some(nonce) = nonce {
            body["nonce"] = nonce.into();
        }
        self.bridge_call("/bridge/payload", &body).await
    }

    /// What a page gets for the string `ping:<username>`.
    pub async fn ping(&self, client_id: &str, origin: &str, username: &str) -> Value {
        let body = json!(
            { "clientId": client_id, "origin": origin, "mint": true, "username": username }
        );
        let answer = self.bridge_call("/bridge/payload", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A call of the bridge's own script.
    pub async fn bridge_call(&self, path: &str, body: &Value) -> Answer {
        self.bridge_send(path, body.to_string()).await
    }

    /// The same with any bytes for a body.
    pub async fn bridge_send(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = from_our_page(self.request(Method::POST, path));
        let request = request.header("Content-Type", "application/json");
        self.send(request.body(body)).await
    }

    /// A call of the bridge's script with headers of the test's choosing instead of a browser's.
    pub async fn bridge_call_with(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = self.request(Method::POST, path).headers(header_map(headers));
        let request = request.header("Content-Type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// A fresh payload for a client that asks for no nonce, or for this one.
    pub async fn mint(&self, client_id: &str, origin: &str, nonce: Option<&str>) -> String {
        let answer = self.ask(client_id, origin, true, nonce).await;
        let payload = answer.json()["recoveryPayload"].as_str().map(str::to_owned);
        payload.unwrap_or_else(|| panic!("no payload: {} {}", answer.status, answer.text))
    }
}

pub const FORM: &str = "application/x-www-form-urlencoded";

pub fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub fn header_map(headers: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        (name, HeaderValue::from_str(value).expect("a header value"))
    };
    headers.iter().map(pair).collect()
}

fn from_our_page(request: RequestBuilder) -> RequestBuilder {
    request.header("Origin", ISSUER).header("Sec-Fetch-Site", "same-origin")
}
