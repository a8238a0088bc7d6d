//! The answer of the token endpoint, and the id token in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::http::Header;
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::clock::SECOND;
use crate::domain::client::Registration;
use crate::domain::grant::ACCESS_LIFETIME;
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::domain::signing::Algorithm;
use crate::store::grants::Granted;
use crate::web::app::App;
use crate::web::error::Problem;

/// RFC 6749 §5.1, with `issued_token_type` of RFC 8693 §2.2.1.
#[derive(Serialize)]
pub struct Answer {
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
}

impl Answer {
    /// An access token that lives as long as any.
    pub fn new(access: &Secret, scope: &Scope) -> Self {
        Self {
            access_token: access.reveal(),
            token_type: "Bearer",
            expires_in: ACCESS_LIFETIME / SECOND,
            scope: scope.to_string(),
            refresh_token: None,
            id_token: None,
            issued_token_type: None,
        }
    }

    /// The same with a refresh token.
    pub fn with_refresh(mut self, refresh: Option<&Secret>) -> Self {
        self.refresh_token = refresh.map(Secret::reveal);
        self
    }

    /// The same with an id token, where that was authorised.
    pub async fn with_id_token(
        mut self,
        app: &App,
        client: &Registration,
        granted: Granted,
    ) -> Result<Self, Problem> {
        if granted.scope.has("openid") {
            self.id_token = Some(id_token(app, client, granted, &self.access_token).await?);
        }
        Ok(self)
    }

    /// The same as the outcome of an exchange, with this much time to live.
    pub fn of_exchange(mut self, lifetime: i64) -> Self {
        self.expires_in = lifetime.div_euclid(SECOND);
        self.issued_token_type = Some("urn:ietf:params:oauth:token-type:access_token");
        self
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Response::build_from(Json(self).respond_to(request)?)
            // RFC 6749 §5.1 asks for it beside `Cache-Control`.
            .header(Header::new("Pragma", "no-cache"))
            .ok()
    }
}

/// OpenID Connect Core §2; instants in seconds since 1970.
#[derive(Serialize)]
struct IdToken<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    sid: String,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
}

async fn id_token(
    app: &App,
    client: &Registration,
    granted: Granted,
    access_token: &str,
) -> Result<String, Problem> {
    let now = app.now();
    let algorithm =
        Algorithm::parse(&client.id_token_signed_response_alg).unwrap_or(Algorithm::Es256);
    let claims = IdToken {
        iss: app.issuer.as_str(),
        sub: app.subject(client, &granted.account.uid),
        aud: &client.client_id,
        exp: (now + ACCESS_LIFETIME) / SECOND,
        iat: now / SECOND,
        auth_time: granted.auth_time / SECOND,
        sid: granted.sid,
        at_hash: at_hash(algorithm, access_token),
        nonce: granted.nonce,
    };
    Ok(app.keys.sign(algorithm, "JWT", &claims, now).await?)
}

/// The left half of the hash that belongs to the algorithm (OpenID Connect Core §3.1.3.6); for
/// Ed25519 that is SHA-512.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    match algorithm {
        Algorithm::EdDsa => URL_SAFE_NO_PAD.encode(&sha2::Sha512::digest(access_token)[..32]),
        _ => URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token)[..16]),
    }
}
