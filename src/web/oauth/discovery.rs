//! What this provider is and can do, and the keys it signs with.

use rocket::http::{ContentType, Header};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::{State, get};
use serde_json::json;
use std::sync::Arc;

use super::cors::Cors;
use crate::domain::identification;
use crate::domain::origin::Origin;
use crate::web::app::App;
use crate::web::error::Problem;

/// Documents that are the same for as long as the server runs.
#[derive(Clone, Debug)]
pub struct Documents {
    configuration: Arc<str>,
}

impl Documents {
    /// Those of a provider with this issuer.
    #[must_use]
    pub fn new(issuer: &Origin) -> Self {
        Self { configuration: configuration(issuer).into() }
    }
}

/// OpenID Connect Discovery 1.0 §3 and RFC 8414 §2: one document serves both.
fn configuration(issuer: &Origin) -> String {
    let at = |path: &str| format!("{issuer}{path}");
    let authentication = ["client_secret_basic", "client_secret_post", "none"];
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "jwks_uri": at("/oauth/jwks"),
        "introspection_endpoint": at("/oauth/introspect"),
        "revocation_endpoint": at("/oauth/revoke"),
        "end_session_endpoint": at("/oauth/logout"),
        "scopes_supported": [
            "openid", "profile", "email", identification::SCOPE, identification::READ_SCOPE,
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA"],
        "token_endpoint_auth_methods_supported": authentication,
        "introspection_endpoint_auth_methods_supported": authentication[..2],
        "revocation_endpoint_auth_methods_supported": authentication,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "sid", "at_hash",
            "name", "preferred_username", "email", "email_verified",
        ],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
    .to_string()
}

/// A JSON document that anybody may keep for five minutes: a key that is renewed in time is published
/// longer before it signs, and clients look again for one that they do not know.
pub struct Public(String);

impl<'r> Responder<'r, 'static> for Public {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Response::build_from((ContentType::JSON, self.0).respond_to(request)?)
            .header(Header::new("Cache-Control", "public, max-age=300"))
            .ok()
    }
}

#[get("/.well-known/openid-configuration")]
pub(super) fn openid(_cors: Cors, app: &State<App>) -> Public {
    Public(app.documents.configuration.to_string())
}

#[get("/.well-known/oauth-authorization-server")]
pub(super) fn oauth(_cors: Cors, app: &State<App>) -> Public {
    Public(app.documents.configuration.to_string())
}

#[get("/oauth/jwks")]
pub(super) async fn jwks(_cors: Cors, app: &State<App>) -> Result<Public, Problem> {
    Ok(Public(app.keys.published(app.now()).await?.to_string()))
}
