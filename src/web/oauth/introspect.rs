//! `/oauth/introspect`: what a token can do, for its owner and for those it is aimed at (RFC 7662).

use rocket::serde::json::{Json, Value, json};
use rocket::{State, post};

use super::client_auth::Caller;
use crate::clock::SECOND;
use crate::domain::client::Registration;
use crate::domain::secret::Secret;
use crate::store::tokens::AccessToken;
use crate::web::app::App;
use crate::web::body::Form;
use crate::web::error::Problem;

#[post("/oauth/introspect", data = "<form>")]
pub(super) async fn introspect(
    app: &State<App>,
    caller: Caller,
    form: Form,
) -> Result<Json<Value>, Problem> {
    let fields = form.0;
    let (token, hint) = (fields.text("token")?, fields.text("token_type_hint")?);
    let claimed = caller.claim(&fields)?;
    if token.is_empty() {
        return Err(Problem::bad_request("`token` is missing."));
    }
    let client = claimed.verify_confidential(app).await?;
    let inactive = Json(json!({ "active": false }));
    let Some(secret) = Secret::parse(&token) else {
        return Ok(inactive);
    };
    // The hint says where to look first; both places are looked at (RFC 7662 §2.1).
    let answer = if hint == "refresh_token" {
        match of_refresh_token(app, &client.registration, &secret).await? {
            None => of_access_token(app, &client.registration, &secret).await?,
            found => found,
        }
    } else {
        match of_access_token(app, &client.registration, &secret).await? {
            None => of_refresh_token(app, &client.registration, &secret).await?,
            found => found,
        }
    };
    Ok(answer.map_or(inactive, Json))
}

async fn of_access_token(
    app: &App,
    asking: &Registration,
    secret: &Secret,
) -> Result<Option<Value>, Problem> {
    let token = app.store.access_token(&secret.hash(), app.now()).await?;
    let is_meant = |token: &AccessToken| {
        token.grant.client.client_id == asking.client_id || token.audience.includes(asking)
    };
    Ok(token.filter(is_meant).map(|token| describe(app, asking, &token)))
}

fn describe(app: &App, asking: &Registration, token: &AccessToken) -> Value {
    let client_id = &token.grant.client.client_id;
    let audience: Vec<&str> = token.audience.names().collect();
    let mut answer = json!({
        "active": true,
        "iss": app.issuer,
        "client_id": client_id,
        "scope": token.scope,
        "token_type": "Bearer",
        "iat": token.created_at / SECOND,
        "exp": token.expires_at / SECOND,
        "aud": match audience.as_slice() {
            [] => json!(app.issuer),
            [one] => json!(one),
            several => json!(several),
        },
    });
    if let Some(account) = &token.grant.account {
        answer["sub"] = app.subject(asking, &account.uid).into();
        answer["auth_time"] = (token.grant.auth_time.unwrap_or_default() / SECOND).into();
        let is_family = asking.first_party && asking.scope.implies_name("profile");
        if is_family || token.scope.implies_name("profile") {
            answer["username"] = account.username.as_str().into();
        }
    }
    // RFC 8693 §4.1: through whom it came, the last first, once for each narrowing.
    let chain = (0..token.depth).fold(None, |above: Option<Value>, _| {
        let mut act = json!({ "sub": client_id, "client_id": client_id });
        if let Some(above) = above {
            act["act"] = above;
        }
        Some(act)
    });
    if let Some(act) = chain {
        answer["act"] = act;
    }
    answer
}

/// Refresh tokens are their owner's business alone.
async fn of_refresh_token(
    app: &App,
    asking: &Registration,
    secret: &Secret,
) -> Result<Option<Value>, Problem> {
    let token = app.store.refresh_token(&secret.hash(), app.now()).await?;
    let token =
        token.filter(|token| !token.is_used && token.grant.client.client_id == asking.client_id);
    Ok(token.map(|token| {
        json!({
            "active": true,
            "iss": app.issuer,
            "client_id": asking.client_id,
            "scope": token.grant.scope,
            "sub": token.grant.account.map(|account| app.subject(asking, &account.uid)),
            "iat": token.created_at / SECOND,
            "exp": token.expires_at / SECOND,
        })
    }))
}
