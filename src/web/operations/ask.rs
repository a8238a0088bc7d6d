//! `POST /v1/operations`: a client asks a person to confirm something.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome as Guarded, Request};
use rocket::serde::json::Json;
use rocket::{State, post};
use serde::{Deserialize, Serialize};

use super::page_of;
use super::whom::{Named, Whom};
use crate::clock::SECOND;
use crate::domain::client::Client;
use crate::domain::operation::{
    LONGEST, Line, Outcome, Question, SCOPE, SHORTEST, USUAL, web_socket_id,
};
use crate::domain::secret::SecretHash;
use crate::random;
use crate::store::operations::{Added, NewOperation, Operation};
use crate::web::app::App;
use crate::web::body::JsonBody;
use crate::web::error::Problem;
use crate::web::guard::client::Credentials;

/// Authentication methods (RFC 8176 §2) that a client may ask for. Passwords are what there is.
const METHODS: [&str; 14] = [
    "pwd", "face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "sms", "swk",
    "vbm",
];

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Asked {
    account: Named,
    title: String,
    #[serde(default)]
    lines: Vec<Line>,
    expires_in: Option<i64>,
    method: Option<String>,
}

/// What an asking comes to when everything about it is well-formed.
struct Checked {
    whom: Whom,
    question: Question,
    lifetime: i64,
    outcome: Option<Outcome>,
    request_hash: SecretHash,
}

impl Asked {
    fn check(self) -> Result<Checked, Problem> {
        let request = serde_json::to_vec(&self).map_err(|e| Problem::internal(e.to_string()))?;
        let lifetime = self.expires_in.map_or(USUAL, |seconds| seconds.saturating_mul(SECOND));
        if !(SHORTEST..=LONGEST).contains(&lifetime) {
            return Err(Problem::bad_request("`expiresIn` is 30 to 3600 seconds."));
        }
        let method = self.method.as_deref().unwrap_or("pwd");
        if !METHODS.contains(&method) {
            let text = "`method` is an authentication method of RFC 8176, such as `pwd`.";
            return Err(Problem::bad_request(text));
        }
        Ok(Checked {
            whom: self.account.one()?,
            question: Question::new(self.title, self.lines).map_err(Problem::bad_request)?,
            lifetime,
            outcome: (method != "pwd").then_some(Outcome::MethodFailed),
            request_hash: SecretHash::of(&request),
        })
    }
}

/// The header `Idempotency-Key`: under the same one the same operation is answered again.
pub(super) struct IdempotencyKey(Option<String>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for IdempotencyKey {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Guarded<Self, ()> {
        let mut headers = request.headers().get("Idempotency-Key");
        match (headers.next(), headers.next()) {
            (None, _) => Guarded::Success(Self(None)),
            (Some(key), None) if is_key(key) => Guarded::Success(Self(Some(key.to_owned()))),
            _ => {
                let text = "`Idempotency-Key` is given once: 1 to 255 visible ASCII characters.";
                Guarded::Error((Problem::bad_request(text).leave(request), ()))
            }
        }
    }
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    operation_id: String,
    wait_secret: String,
    web_socket_id: String,
    /// What the waiting page shows.
    number: String,
    /// Where the person answers.
    verification_uri: String,
    state: &'static str,
    /// Seconds.
    expires_in: i64,
}

#[post("/operations", data = "<body>")]
pub(super) async fn ask(
    app: &State<App>,
    credentials: Credentials,
    key: IdempotencyKey,
    body: JsonBody<Asked>,
) -> Result<(Status, Json<Told>), Problem> {
    let checked = body.0.check()?;
    let client = credentials.verify(app).await?;
    let client_id = &client.registration.client_id;
    if !client.registration.scope.implies_name(SCOPE) {
        let text = "This client is not registered for the scope `operations`.";
        return Err(Problem::new(Status::Forbidden, "unauthorized_client", text));
    }
    checked.whom.may_be_named_by(&client)?;
    // Who only lost the answer gets it again, whatever the limits say.
    let before = match &key.0 {
        Some(key) => {
            let request = &checked.request_hash;
            app.store.repeated_operation(client_id, key, request, app.now()).await?
        }
        None => None,
    };
    let added = if let Some(before) = before {
        before
    } else {
        app.limits.operation(client_id, checked.whom.text())?;
        write(app, &client, &checked, key.0.as_deref()).await?
    };
    match added {
        Added::New(operation) => Ok((Status::Created, Json(told(app, &operation)))),
        Added::Same(operation) => Ok((Status::Ok, Json(told(app, &operation)))),
        Added::Different => Err(Problem::new(
            Status::Conflict,
            "invalid_request",
            "This `Idempotency-Key` was used for another operation. Use a new one.",
        )),
    }
}

async fn write(
    app: &App,
    client: &Client,
    checked: &Checked,
    key: Option<&str>,
) -> Result<Added, Problem> {
    let account_uid = checked.whom.account(app, client).await?;
    let (id, now) = (random::id(), app.now());
    let new = NewOperation {
        id: &id,
        wait_secret: &app.wait_secret(&id).hash(),
        client_id: &client.registration.client_id,
        account_uid: account_uid.as_deref(),
        question: &checked.question,
        number: random_number(),
        idempotency_key: key,
        request_hash: &checked.request_hash,
        expires_at: now + checked.lifetime,
        outcome: checked.outcome,
    };
    Ok(app.store.add_operation(&new, now).await?)
}

/// From 10 to 99.
fn random_number() -> i64 {
    10 + i64::from(u32::from_be_bytes(random::bytes()) % 90)
}

fn told(app: &App, operation: &Operation) -> Told {
    let id = &operation.id;
    Told {
        operation_id: id.clone(),
        wait_secret: app.wait_secret(id).reveal(),
        web_socket_id: web_socket_id(id),
        number: operation.number.to_string(),
        verification_uri: page_of(app, id),
        state: operation.outcome.map_or("pending", Outcome::state),
        expires_in: (operation.expires_at - app.now()).max(0) / SECOND,
    }
}
