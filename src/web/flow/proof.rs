//! `POST /flow/{id}/proof`: the script of the window shows the waiting secret, which its opener has
//! told it. That says more than a number: this window belongs to the page that waits.

use rocket::http::CookieJar;
use rocket::serde::json::Json;
use rocket::{State, post};
use serde::{Deserialize, Serialize};

use super::confirmed::{confirm, is_confirmed_here, onward};
use crate::domain::secret::Secret;
use crate::web::app::App;
use crate::web::body::JsonBody;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::BridgeCall;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::guard::visitor::Cookies;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Proof {
    waiting_secret: String,
}

/// Where the window goes on.
#[derive(Serialize)]
pub(super) struct Proved {
    next: String,
}

#[post("/flow/<id>/proof", data = "<proof>")]
pub(super) async fn prove(
    _script: ForScripts,
    _own: BridgeCall,
    app: &State<App>,
    cookies: Cookies,
    jar: &CookieJar<'_>,
    id: &str,
    proof: JsonBody<Proof>,
) -> Result<Json<Proved>, Problem> {
    let secret = Secret::parse(&proof.0.waiting_secret).ok_or_else(|| {
        Problem::bad_request("`waitingSecret` is exactly 64 lower-case hex characters.")
    })?;
    if !secret.hash().matches(id) {
        return Err(Problem::forbidden("This is not the waiting secret of the flow."));
    }
    let flow = app.store.flow(id, app.now()).await?;
    let flow = flow.filter(|flow| flow.outcome.is_none()).ok_or_else(over)?;
    if is_confirmed_here(&flow, &cookies) || confirm(app, &flow, jar).await? {
        return Ok(Json(Proved { next: onward(&flow) }));
    }
    Err(Problem::forbidden("The flow goes on in another browser, or has ended."))
}

fn over() -> Problem {
    Problem::not_found("The flow has ended, or never began.")
}
