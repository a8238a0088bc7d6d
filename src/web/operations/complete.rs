//! `POST /v1/operations/{id}/complete`: the client gets the signed result, once.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Either, State, post};
use serde::Serialize;

use super::standing::Standing;
use super::{checked, own};
use crate::clock::SECOND;
use crate::domain::operation::{Line, Outcome};
use crate::domain::signing::Algorithm;
use crate::store::operations::Operation;
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::client::Credentials;

/// The `typ` of a result.
const TYPE: &str = "operation-result+jwt";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Completed {
    operation_id: String,
    /// A JWS (RFC 7515) over [`Claims`].
    result: String,
}

/// What was confirmed, when, and how the person signed in. Instants are seconds since 1970.
#[derive(Serialize)]
struct Claims<'a> {
    iss: String,
    aud: &'a str,
    sub: String,
    iat: i64,
    jti: &'a str,
    title: &'a str,
    lines: &'a [Line],
    confirmed_at: i64,
    auth_time: i64,
    amr: [&'static str; 1],
    /// Whether the person was on another browser and picked the waiting page's number.
    number_matched: bool,
}

type Answer = Either<Json<Completed>, (Status, Json<Standing>)>;

#[post("/operations/<id>/complete")]
pub(super) async fn complete(
    app: &State<App>,
    credentials: Credentials,
    id: &str,
) -> Result<Answer, Problem> {
    let id = checked(id)?;
    let client = credentials.verify(app).await?;
    let client_id = &client.registration.client_id;
    let (operation, now) = (own(app, id, client_id).await?, app.now());
    if operation.outcome != Some(Outcome::Confirmed) {
        return Ok(Either::Right(Standing::of(app, &operation, now).conflicts()));
    }
    if operation.completed_at.is_some() {
        return Err(gone());
    }
    // Signed before it is noted as given, so that a failure here loses nothing.
    let result = sign(app, &operation, now).await?;
    if !app.store.complete_operation(id, client_id, now).await? {
        return Err(gone());
    }
    Ok(Either::Left(Json(Completed { operation_id: operation.id, result })))
}

fn gone() -> Problem {
    let text = "The result of this operation was given already.";
    Problem::new(Status::Gone, "invalid_grant", text)
}

async fn sign(app: &App, operation: &Operation, now: i64) -> Result<String, Problem> {
    let (client, uid) = (&operation.client, operation.account_uid.as_deref().unwrap_or_default());
    let claims = Claims {
        iss: app.issuer.to_string(),
        aud: &client.client_id,
        sub: app.subject(client, uid),
        iat: now / SECOND,
        jti: &operation.id,
        title: &operation.question.title,
        lines: &operation.question.lines,
        confirmed_at: operation.finished_at.unwrap_or_default() / SECOND,
        auth_time: operation.auth_time.unwrap_or_default() / SECOND,
        amr: ["pwd"],
        number_matched: operation.number_matched,
    };
    let algorithm =
        Algorithm::parse(&client.id_token_signed_response_alg).unwrap_or(Algorithm::Es256);
    Ok(app.keys.sign(algorithm, TYPE, &claims, now).await?)
}
