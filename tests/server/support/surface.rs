//! Every route that the server has, as it was mounted, with a good request for each: a route
//! without one fails the tests that go through all of them.

use reqwest::{Method, RequestBuilder};
use rocket::{Ignite, Rocket};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::browser::{Browser, FORM, encode};
use super::{ISSUER, NOTES, PASSWORD, WIKI, secret_of};

/// What a page that waits for a flow has made.
const WAITING_SECRET: &str = "abababababababababababababababababababababababababababababababab";

/// A route: `POST /account/sessions/<id>/end`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    pub method: String,
    pub pattern: String,
}

/// What a request carries beside its path.
pub enum Body {
    None,
    Form(Vec<(&'static str, &'static str)>),
    Json(Value),
}

pub fn endpoints_of(rocket: &Rocket<Ignite>) -> Vec<Endpoint> {
    let routes = rocket.routes().map(|route| Endpoint {
        method: route.method.as_str().to_owned(),
        pattern: route.uri.as_str().to_owned(),
    });
    routes.collect::<BTreeSet<_>>().into_iter().collect()
}

impl Endpoint {
    /// Whether it may only be looked at.
    pub fn is_safe(&self) -> bool {
        ["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str())
    }

    /// Whether it does no more by `POST` than by `GET`, so that any page may send it.
    pub fn is_read_as_get(&self) -> bool {
        ["/oauth/authorize", "/oauth/logout"].contains(&self.pattern.as_str())
    }

    /// Whether it acts by credentials in the request instead of a browser's cookies.
    pub fn is_for_backends(&self) -> bool {
        let by_token = ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/userinfo"];
        let by_waiting_secret = ["/flow", "/flow/outcome", "/identification/outcome"];
        let pattern = self.pattern.as_str();
        pattern.starts_with("/v1/")
            || by_token.contains(&pattern)
            || by_waiting_secret.contains(&pattern)
    }

    /// Whether it is the same for everybody and looks at no cookie.
    pub fn is_impersonal(&self) -> bool {
        let same_for_all = [
            "/assets/",
            "/sdk/",
            "/brand",
            "/callback/",
            "/health",
            "/ready",
            "/.well-known/",
            "/oauth/jwks",
            "/identification/monitor",
        ];
        self.pattern == "/"
            || self.method == "OPTIONS"
            || same_for_all.iter().any(|path| self.pattern.starts_with(path))
    }

    /// The pattern with something in the place of each parameter, and a query where one is needed.
    pub fn path(&self) -> String {
        let path = self
            .pattern
            .replace("<path..>", "style/main.css")
            .replace("<client_id>", "specs")
            .replace("<provider>", "bank")
            .replace("<_>", "bank")
            .replace("<uid>", "0123456789abcdef0123456789abcdef")
            .replace("<id>", "0123456789abcdef0123456789abcdef");
        assert!(!path.contains('<'), "give a value for `{path}`");
        let query = match path.as_str() {
            "/bridge" => "?client_id=wiki",
            "/bridge/check" => "?client_id=specs",
            "/oauth/authorize" if self.is_safe() => {
                "?client_id=wiki&redirect_uri=http://wiki.vestibule.localhost:8001/oidc/callback\
                 &response_type=code&scope=openid"
            }
            "/consent" | "/consent/done" if self.is_safe() => "?client_id=specs",
            _ => "",
        };
        format!("{path}{query}")
    }

    /// What somebody who is signed in as alice would send.
    pub fn body(&self) -> Body {
        if self.is_safe() {
            return Body::None;
        }
        match self.pattern.as_str() {
            "/signin" => Body::Form(vec![("login", "alice"), ("password", PASSWORD)]),
            "/signup" => Body::Form(vec![
                ("username", "bob"),
                ("email", "bob@example.org"),
                ("full_name", "Bob"),
                ("password", PASSWORD),
            ]),
            "/signout" => Body::Form(vec![("everywhere", "on")]),
            "/account/profile" => Body::Form(vec![
                ("username", "alice"),
                ("email", "alice@example.org"),
                ("full_name", "Alice Liddell"),
            ]),
            "/account/password" => Body::Form(vec![("current", PASSWORD), ("new", "curiouser!!")]),
            "/account/sessions/<id>/end"
            | "/account/sessions/end-others"
            | "/account/sites/<client_id>/remove"
            | "/account/identification/remove"
            | "/oauth/userinfo" => Body::Form(vec![]),
            "/consent" => Body::Form(vec![("client_id", "specs"), ("answer", "allow")]),
            "/operations/<id>" => Body::Form(vec![("answer", "refuse")]),
            "/bridge/payload" => {
                Body::Json(json!({ "clientId": "notes", "origin": NOTES, "mint": true }))
            }
            "/bridge/signout" => Body::Json(json!({ "clientId": "wiki", "origin": WIKI })),
            "/oauth/authorize" => Body::Form(vec![
                ("client_id", "wiki"),
                ("redirect_uri", "http://wiki.vestibule.localhost:8001/oidc/callback"),
                ("response_type", "code"),
                ("scope", "openid"),
            ]),
            "/flow" => Body::Form(vec![
                ("waiting_secret", WAITING_SECRET),
                ("client_id", "wiki"),
                ("redirect_uri", "http://wiki.vestibule.localhost:8001/oidc/callback"),
                ("response_type", "code"),
                ("scope", "openid"),
            ]),
            "/identification/start" => {
                Body::Form(vec![("provider", "bank"), ("answer", "confirm")])
            }
            "/identification/outcome" => Body::Form(vec![("monitor_secret", WAITING_SECRET)]),
            "/flow/outcome" => Body::Form(vec![("waiting_secret", WAITING_SECRET)]),
            "/flow/<id>" => Body::Form(vec![("answer", "cancel")]),
            "/flow/<id>/proof" => Body::Json(json!({ "waitingSecret": WAITING_SECRET })),
            "/oauth/logout" => Body::Form(vec![("client_id", "wiki")]),
            "/oauth/token" => Body::Form(vec![("grant_type", "client_credentials")]),
            "/oauth/introspect" | "/oauth/revoke" => Body::Form(vec![("token", "abc")]),
            "/v1/session/recover" | "/v1/session/validate" => {
                Body::Json(json!({ "recoveryPayload": "ab".repeat(32) }))
            }
            "/v1/operations" => Body::Json(json!({
                "account": { "loginHint": "alice" },
                "title": "Pay?",
                "lines": [{ "label": "Amount", "value": "€49.00" }],
            })),
            "/v1/operations/<id>/complete" | "/v1/operations/<id>/cancel" => Body::None,
            "/v1/session/status" => Body::Json(json!({ "sid": "ab".repeat(16) })),
            other => panic!("give a good request for {} {other}", self.method),
        }
    }

    /// The request without the headers that say where it comes from.
    pub fn bare_request(&self, browser: &Browser) -> RequestBuilder {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        let request = browser.request(method, &self.path());
        let request = if self.is_for_backends() {
            request.basic_auth("wiki", Some(secret_of("wiki")))
        } else {
            request
        };
        match self.body() {
            Body::None => request,
            Body::Form(fields) => request.header("Content-Type", FORM).body(encode(&fields)),
            Body::Json(json) => {
                request.header("Content-Type", "application/json").body(json.to_string())
            }
        }
    }

    /// The request as a page of ours would send it.
    pub fn request(&self, browser: &Browser) -> RequestBuilder {
        let request = self.bare_request(browser);
        if self.is_safe() {
            return request.header("Sec-Fetch-Site", "none");
        }
        request.header("Sec-Fetch-Site", "same-origin").header("Origin", ISSUER)
    }
}
