//! Off-band recovery: a client's backend swaps a payload for the profile, looks at one, or asks
//! whether a session still lives.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::body::JsonBody;
use super::error::Problem;
use super::guard::client::Credentials;
use crate::domain::account::Account;
use crate::domain::client::{Client, Registration};
use crate::domain::consent;
use crate::domain::recovery_payload::{Presented, is_nonce};
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::store::payloads::{Recovered, Redeemed};

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![recover, validate, status]
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Presentation {
    recovery_payload: String,
    nonce: Option<String>,
    origin: Option<String>,
}

impl Presentation {
    /// Checks the shape of everything before anything is looked up.
    fn payload(&self) -> Result<Secret, Problem> {
        if self.nonce.as_deref().is_some_and(|nonce| !is_nonce(nonce)) {
            return Err(Problem::bad_request(
                "`nonce` is 16 to 128 characters of A-Z a-z 0-9 _ -.",
            ));
        }
        let wrong = "`recoveryPayload` is exactly 64 lower-case hex characters.";
        Secret::parse(&self.recovery_payload).ok_or_else(|| Problem::bad_request(wrong))
    }

    fn presented(&self) -> Presented<'_> {
        Presented { nonce: self.nonce.as_deref(), origin: self.origin.as_deref() }
    }
}

/// What a client learns of a person, by its scope.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    /// Seconds since 1970.
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

impl Profile {
    /// What this scope tells a client.
    pub(super) fn new(
        app: &App,
        client: &Registration,
        scope: &Scope,
        account: Account,
        sid: Option<String>,
        auth_time: i64,
    ) -> Self {
        let (profile, email) = (scope.implies_name("profile"), scope.implies_name("email"));
        Self {
            uid: app.subject(client, &account.uid),
            sid,
            auth_time: auth_time / 1_000,
            username: profile.then_some(account.username),
            full_name: profile.then_some(account.full_name),
            email: email.then_some(account.email),
            email_verified: email.then_some(account.email_verified_at.is_some()),
        }
    }
}

fn good<T>(redeemed: Redeemed<T>) -> Result<T, Problem> {
    match redeemed {
        Redeemed::Good(value) => Ok(value),
        Redeemed::Forbidden => Err(Problem::forbidden(
            "The payload is another client's, or what was bound to it was not presented. \
             It can no longer be used.",
        )),
        Redeemed::Gone => Err(Problem::new(
            Status::Gone,
            "invalid_grant",
            "The payload was used, is too old or was never minted, or its session has ended.",
        )),
    }
}

#[post("/session/recover", data = "<body>")]
async fn recover(
    app: &State<App>,
    credentials: Credentials,
    body: JsonBody<Presentation>,
) -> Result<Json<Profile>, Problem> {
    let payload = body.0.payload()?;
    let client = credentials.verify(app).await?;
    let presented = body.0.presented();
    let redeemed = app.store.redeem_payload(&payload.hash(), &client, presented, app.now()).await?;
    if matches!(redeemed, Redeemed::Forbidden | Redeemed::Gone) {
        // It may have been used before, which ends what its first use opened.
        app.wake.ring();
    }
    let recovered = good(redeemed)?;
    let Recovered { account, sid, auth_time } = recovered;
    let client = &client.registration;
    Ok(Json(Profile::new(app, client, &client.scope, account, Some(sid), auth_time)))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Valid {
    valid: bool,
    /// Seconds.
    expires_in: i64,
}

#[post("/session/validate", data = "<body>")]
async fn validate(
    app: &State<App>,
    credentials: Credentials,
    body: JsonBody<Presentation>,
) -> Result<Json<Valid>, Problem> {
    let payload = body.0.payload()?;
    let client = credentials.verify(app).await?;
    let presented = body.0.presented();
    let looked = app.store.validate_payload(&payload.hash(), &client, presented, app.now()).await?;
    let left = good(looked)?;
    Ok(Json(Valid { valid: true, expires_in: left.div_euclid(1_000) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sid {
    sid: String,
}

#[derive(Serialize)]
struct Active {
    active: bool,
}

#[post("/session/status", data = "<body>")]
async fn status(
    app: &State<App>,
    credentials: Credentials,
    body: JsonBody<Sid>,
) -> Result<Json<Active>, Problem> {
    let sid = body.0.sid;
    if sid.len() != 32 || !sid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Problem::bad_request("`sid` is 32 lower-case hex characters."));
    }
    let client = credentials.verify(app).await?;
    Ok(Json(Active { active: is_active(app, &client, &sid).await? }))
}

async fn is_active(app: &App, client: &Client, sid: &str) -> Result<bool, Problem> {
    let id = &client.registration.client_id;
    let Some(behind) = app.store.behind_sid(sid, id, app.now()).await? else {
        return Ok(false);
    };
    let granted = app.store.consent(&behind.account_uid, id).await?;
    Ok(consent::is_given(&client.registration, granted.as_ref()))
}
