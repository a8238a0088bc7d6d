//! For whoever watches the server: `/health` says that the process runs, `/ready` that it can
//! serve.

use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, Shutdown, State, get, routes};

use super::app::App;
use super::error::Problem;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![health, ready]
}

#[get("/health")]
fn health() -> Json<Value> {
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

#[get("/ready")]
async fn ready(app: &State<App>, shutdown: Shutdown) -> Result<Json<Value>, Problem> {
    let not_ready = |why: &str| {
        Problem::new(Status::ServiceUnavailable, "temporarily_unavailable", why)
            .with_header("Retry-After", "5")
    };
    let stopping = futures_util::future::FutureExt::now_or_never(shutdown).is_some();
    if stopping {
        return Err(not_ready("The server is stopping."));
    }
    if let Err(error) = app.store.ping().await {
        tracing::warn!(%error, "not ready");
        return Err(not_ready("The database does not answer."));
    }
    Ok(Json(json!({ "status": "ready" })))
}
