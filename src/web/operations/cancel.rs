//! `POST /v1/operations/{id}/cancel`: the client takes its question back.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, post};

use super::standing::Standing;
use super::{checked, own};
use crate::domain::operation::Outcome;
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::client::Credentials;

#[post("/operations/<id>/cancel")]
pub(super) async fn cancel(
    app: &State<App>,
    credentials: Credentials,
    id: &str,
) -> Result<(Status, Json<Standing>), Problem> {
    let id = checked(id)?;
    let client = credentials.verify(app).await?;
    let client_id = &client.registration.client_id;
    own(app, id, client_id).await?;
    if app.store.finish_operation(id, Outcome::Canceled, app.now()).await? {
        app.operation_ended(id).await;
    }
    let state = Standing::of(app, &own(app, id, client_id).await?, app.now());
    Ok(if state.state == "canceled" { (Status::Ok, Json(state)) } else { state.conflicts() })
}
