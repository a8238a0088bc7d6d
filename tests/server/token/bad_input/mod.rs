//! Whatever is sent to the endpoints for tokens, the answer to what is wrong is a clear 4xx, before
//! any query when it is malformed, and nothing panics.

mod bodies;
mod fields;
mod grants;
mod methods;

use reqwest::{Method, RequestBuilder};

use super::{ALL, REFRESH, shop_code, shopping};
use crate::support::{
    ACCESS_TOKEN, Answer, Browser, EXCHANGE, FORM, TestServer, Tokens, encode, http, secret_of,
};

const FORMS: [&str; 3] = ["/oauth/token", "/oauth/introspect", "/oauth/revoke"];

/// A kind of request, by its path, with fields that are good in everything but what a test changes.
struct Call {
    path: &'static str,
    fields: Vec<(&'static str, String)>,
    /// Fields that it cannot do without.
    needed: &'static [&'static str],
}

impl Call {
    /// The fields, with this in the place of one of them; raw, so that it may be wrongly encoded.
    fn body_with(&self, name: &str, raw: &str) -> String {
        let others = self.fields.iter().filter(|(known, _)| *known != name);
        let others: Vec<(&str, &str)> = others.map(|(n, value)| (*n, value.as_str())).collect();
        let joint = if raw.is_empty() { "" } else { "&" };
        format!("{}{joint}{raw}", encode(&others))
    }

    fn body(&self) -> String {
        self.body_with("", "")
    }

    fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(known, _)| *known == name);
        field.map_or("", |(_, value)| value)
    }
}

/// A server with what the shop holds of alice.
struct Target {
    server: TestServer,
    alice: Browser,
    tokens: Tokens,
}

impl Target {
    async fn new() -> Self {
        let (server, alice, tokens) = shopping().await;
        Self { server, alice, tokens }
    }

    /// Each kind of request, fresh.
    async fn calls(&self) -> Vec<Call> {
        let (code, asked) = shop_code(&self.alice).await;
        let tokens = self.server.shop_tokens(&self.alice, ALL).await;
        let redemption = asked.redemption(&code);
        let fresh = tokens.refresh().to_owned();
        let access = || self.tokens.access.clone();
        let call = |path, needed, fields: &[(&'static str, String)]| Call {
            path,
            needed,
            fields: fields.to_vec(),
        };
        let of_code = |name: &str| {
            let field = redemption.iter().find(|(known, _)| *known == name);
            field.expect("a field").1.to_owned()
        };
        let text = str::to_owned;
        vec![
            call(
                FORMS[0],
                &["grant_type", "code", "redirect_uri", "code_verifier"],
                &[
                    ("grant_type", text("authorization_code")),
                    ("code", code.clone()),
                    ("redirect_uri", of_code("redirect_uri")),
                    ("code_verifier", of_code("code_verifier")),
                ],
            ),
            call(
                FORMS[0],
                &["grant_type", REFRESH],
                &[("grant_type", text(REFRESH)), (REFRESH, fresh), ("scope", text("openid"))],
            ),
            call(
                FORMS[0],
                &["grant_type"],
                &[("grant_type", text("client_credentials")), ("scope", text("payments"))],
            ),
            call(
                FORMS[0],
                &["grant_type", "subject_token", "subject_token_type", "scope"],
                &[
                    ("grant_type", text(EXCHANGE)),
                    ("subject_token", access()),
                    ("subject_token_type", text(ACCESS_TOKEN)),
                    ("requested_token_type", text(ACCESS_TOKEN)),
                    ("scope", text("payments")),
                ],
            ),
            call(
                FORMS[1],
                &["token"],
                &[("token", access()), ("token_type_hint", text("access_token"))],
            ),
            call(
                FORMS[2],
                &["token"],
                &[("token", tokens.access), ("token_type_hint", text("access_token"))],
            ),
        ]
    }

    /// A request of the shop's without a body.
    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let request = http().request(method.clone(), format!("{}{path}", self.server.url));
        request.basic_auth("shop", Some(secret_of("shop")))
    }

    async fn send(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(&Method::POST, path).header("Content-Type", FORM);
        Answer::of(request.body(body)).await
    }

    /// Holds that a body is refused before any query.
    async fn refuses(&self, path: &str, body: impl Into<reqwest::Body>, why: &str) {
        let before = self.server.store.queries();
        let answer = self.send(path, body).await;
        assert_eq!(answer.status, 400, "{path} {why}: {}", answer.text);
        answer.assert_error(400, "invalid_request");
        assert_eq!(self.server.store.queries(), before, "{path} {why}: before any query");
    }
}
