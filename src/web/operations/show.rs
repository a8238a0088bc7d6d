//! `GET /v1/operations/{id}`: how it stands, at once or as soon as it has ended.

use rocket::serde::json::Json;
use rocket::{Shutdown, State, get};
use std::time::Duration;

use super::standing::Standing;
use super::{checked, own};
use crate::events::Event;
use crate::web::app::App;
use crate::web::body::Query;
use crate::web::error::Problem;
use crate::web::guard::client::Credentials;

/// Seconds that a request may wait.
const LONGEST_WAIT: u64 = 30;

#[get("/operations/<id>")]
pub(super) async fn show(
    app: &State<App>,
    credentials: Credentials,
    id: &str,
    query: Query,
    shutdown: Shutdown,
) -> Result<Json<Standing>, Problem> {
    let (id, wait) = (checked(id)?, wait(&query.0.text("wait")?)?);
    let client = credentials.verify(app).await?;
    let client_id = &client.registration.client_id;
    // Subscribed first, so that what happens after the look is heard.
    let mut news = app.events.subscribe(Event::Operation(id.to_owned()));
    let operation = own(app, id, client_id).await?;
    if wait.is_zero() || operation.outcome.is_some() {
        return Ok(Json(Standing::of(app, &operation, app.now())));
    }
    let ended = async {
        loop {
            news.changed().await;
            let operation = own(app, id, client_id).await?;
            if operation.outcome.is_some() {
                return Ok::<_, Problem>(operation);
            }
        }
    };
    let operation = tokio::select! {
        ended = ended => ended?,
        () = tokio::time::sleep(wait) => own(app, id, client_id).await?,
        () = shutdown => own(app, id, client_id).await?,
    };
    Ok(Json(Standing::of(app, &operation, app.now())))
}

fn wait(text: &str) -> Result<Duration, Problem> {
    let seconds = if text.is_empty() { Some(0) } else { text.parse().ok() };
    let seconds = seconds.filter(|seconds| *seconds <= LONGEST_WAIT);
    let wrong = || Problem::bad_request("`wait` is 0 to 30 seconds.");
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}
