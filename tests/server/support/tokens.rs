//! What clients do with codes and tokens, and how they look at an id token.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::browser::{Answer, Browser, FORM, encode, http};
use super::openid::{ACCESS_TOKEN, Authorize, EXCHANGE};
use super::{Backend, ISSUER, TestServer};

/// What the token endpoint gave.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
    pub id: Option<String>,
    pub scope: String,
    /// All of the answer.
    pub body: Value,
}

impl Answer {
    /// The tokens of a good answer.
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{}", self.text);
        // RFC 6749 §5.1 asks for both.
        assert_eq!(self.header("Cache-Control"), "no-store");
        assert_eq!(self.header("Pragma"), "no-cache");
        let body = self.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        assert_eq!(body["token_type"], "Bearer", "{body}");
        Tokens {
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
            id: text("id_token"),
            scope: text("scope").expect("a scope"),
            body,
        }
    }
}

impl Backend {
    /// A public client, which has no secret and says who it is.
    pub fn public(url: &str, client_id: &str) -> Self {
        Self::new(url, client_id, "")
    }

    /// A form with the client's credentials.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let request = self.bare_form(path);
        if self.secret.is_empty() {
            let named = [&[("client_id", self.client_id.as_str())], fields].concat();
            return request.body(encode(&named));
        }
        request.basic_auth(&self.client_id, Some(&self.secret)).body(encode(fields))
    }

    /// A form with neither credentials nor fields.
    pub fn bare_form(&self, path: &str) -> RequestBuilder {
        http().post(format!("{}{path}", self.url)).header("Content-Type", FORM)
    }

    pub async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.form("/oauth/token", fields)).await
    }

    /// The tokens for a code that `asked` was answered with.
    pub async fn redeem(&self, code: &str, asked: &Authorize) -> Tokens {
        self.token(&asked.redemption(code)).await.tokens()
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Token exchange (RFC 8693) for `scope`, with whatever else is wanted.
    pub async fn narrow(&self, token: &str, scope: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [
            ("grant_type", EXCHANGE),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("scope", scope),
        ];
        self.token(&[&fields[..], more].concat()).await
    }

    /// What introspection says of a token.
    pub async fn introspect(&self, token: &str) -> Value {
        let answer = Answer::of(self.form("/oauth/introspect", &[("token", token)])).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub async fn revoke(&self, token: &str) -> Answer {
        Answer::of(self.form("/oauth/revoke", &[("token", token)])).await
    }
}

/// An id token whose signature was verified.
#[derive(Clone, Debug)]
pub struct IdToken {
    pub header: Value,
    pub claims: Value,
}

impl TestServer {
    /// A public client.
    pub fn public(&self, client_id: &str) -> Backend {
        Backend::public(&self.url, client_id)
    }

    /// A request of somebody who has no cookies.
    pub fn plain_request(&self, method: Method, path: &str) -> RequestBuilder {
        http().request(method, format!("{}{path}", self.url))
    }

    pub async fn plain_get(&self, path: &str) -> Answer {
        Answer::of(self.plain_request(Method::GET, path)).await
    }

    /// A call with an access token.
    pub async fn with_bearer(&self, path: &str, token: &str) -> Answer {
        Answer::of(self.plain_request(Method::GET, path).bearer_auth(token)).await
    }

    /// What the shop gets for whoever is signed in on `browser`.
    pub async fn shop_tokens(&self, browser: &Browser, scope: &str) -> Tokens {
        let asked = Authorize::shop().scope(scope);
        let code = browser.authorize(&asked).await.code(&asked);
        self.backend("shop").redeem(&code, &asked).await
    }

    /// What the widget gets, once the person on `browser` has said yes.
    pub async fn widget_tokens(&self, browser: &Browser, scope: &str) -> Tokens {
        assert_eq!(browser.consent("widget", "allow").await.status, 303);
        let asked = Authorize::widget().scope(scope);
        let code = browser.authorize(&asked).await.code(&asked);
        self.public("widget").redeem(&code, &asked).await
    }

    /// The claims of an id token for `client_id`, verified by nothing but the published keys and
    /// the server's clock (OpenID Connect Core §3.1.3.7).
    pub async fn verify(&self, id_token: &str, client_id: &str) -> IdToken {
        let IdToken { header, claims } = self.verify_signature(id_token, client_id).await;
        let now = self.clock.now() / 1_000;
        assert!(claims["exp"].as_i64().is_some_and(|exp| exp > now), "{claims}");
        assert!(claims["iat"].as_i64().is_some_and(|iat| iat <= now), "{claims}");
        IdToken { header, claims }
    }

    /// The same for whatever is signed for a client.
    pub async fn verify_signature(&self, id_token: &str, client_id: &str) -> IdToken {
        let header = jsonwebtoken::decode_header(id_token).expect("a JWT");
        let alg = header.alg;
        assert!([Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA].contains(&alg), "{alg:?}");
        let kid = header.kid.clone().expect("a kid");
        let keys = self.plain_get("/oauth/jwks").await.json();
        let jwk = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == kid);
        let jwk = jwk.unwrap_or_else(|| panic!("{kid} is not published: {keys}")).clone();
        let header = serde_json::to_value(&header).expect("JSON");
        assert_eq!(jwk["alg"], header["alg"]);
        let jwk = serde_json::from_value(jwk).expect("a JWK");
        let key = DecodingKey::from_jwk(&jwk).expect("a key");
        let mut validation = Validation::new(alg);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[client_id]);
        validation.set_required_spec_claims(&["iss", "sub", "aud"]);
        validation.validate_exp = false;
        let token = jsonwebtoken::decode::<Value>(id_token, &key, &validation);
        let claims = token.expect("a good signature").claims;
        IdToken { header, claims }
    }
}
