//! What a person's access token tells: `/oauth/userinfo` (OpenID Connect Core §5.3) and, in the
//! words of the recovery, `/v1/profile`.

use rocket::serde::json::Json;
use rocket::{State, get, post};
use serde::Serialize;

use super::bearer::{Bearer, Opened};
use super::cors::Cors;
use crate::web::app::App;
use crate::web::body::{Fields, FormOrNothing};
use crate::web::error::Problem;
use crate::web::session::Profile;

/// Claims of OpenID Connect Core §5.1.
#[derive(Serialize)]
pub(super) struct Claims {
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

async fn claims(app: &App, bearer: Bearer, form: &Fields) -> Result<Json<Claims>, Problem> {
    let Opened { token, account } = bearer.open(app, form, &["openid"]).await?;
    let profile = token.scope.implies_name("profile");
    let email = token.scope.implies_name("email");
    Ok(Json(Claims {
        sub: app.subject(&token.grant.client, &account.uid),
        name: profile.then_some(account.full_name),
        preferred_username: profile.then_some(account.username),
        email_verified: email.then_some(account.email_verified_at.is_some()),
        email: email.then_some(account.email),
    }))
}

#[get("/oauth/userinfo")]
pub(super) async fn get(
    _cors: Cors,
    app: &State<App>,
    bearer: Bearer,
) -> Result<Json<Claims>, Problem> {
    claims(app, bearer, &Fields::default()).await
}

#[post("/oauth/userinfo", data = "<form>")]
pub(super) async fn post(
    _cors: Cors,
    app: &State<App>,
    bearer: Bearer,
    form: FormOrNothing,
) -> Result<Json<Claims>, Problem> {
    claims(app, bearer, &form.0).await
}

#[get("/v1/profile")]
pub(super) async fn profile(
    _cors: Cors,
    app: &State<App>,
    bearer: Bearer,
) -> Result<Json<Profile>, Problem> {
    let scopes = ["profile", "openid", "email"];
    let Opened { token, account } = bearer.open(app, &Fields::default(), &scopes).await?;
    let session_id = token.grant.session_id.as_deref().unwrap_or_default();
    let client = &token.grant.client;
    let sid = app.store.sid_of(session_id, &client.client_id).await?;
    let auth_time = token.grant.auth_time.unwrap_or_default();
    Ok(Json(Profile::new(app, client, &token.scope, account, sid, auth_time)))
}
