//! `POST /identification/outcome`: the page that waits, and has lost its socket, asks how it has ended.

use rocket::serde::json::Json;
use rocket::{Shutdown, State, post};
use std::time::Duration;

use super::standing::Standing;
use crate::clock::SECOND;
use crate::domain::identification::LONGEST_WAIT;
use crate::domain::secret::{Secret, SecretHash};
use crate::events::Event;
use crate::store::monitors::Monitor;
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use crate::web::guard::caller::Caller;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::oauth::Cors;

#[post("/identification/outcome", data = "<form>")]
pub(super) async fn outcome(
    _script: ForScripts,
    _cors: Cors,
    app: &State<App>,
    caller: Caller,
    form: Form,
    shutdown: Shutdown,
) -> Result<Json<Standing>, Problem> {
    let (secret, wait) = (secret(&form.0)?, wait(&form.0.text("wait")?)?);
    let first = look(app, &secret, &caller).await?;
    if wait.is_zero() || first.outcome.is_some() {
        return Ok(Json(Standing::of(app, &first)));
    }
    // As many may wait as on sockets, and with them.
    let Some(_place) = app.crowd.enter(&first.id) else {
        return Ok(Json(Standing::of(app, &first)));
    };
    // What happened since is hinted to nobody, so it is looked at once more.
    let mut news = app.events.subscribe(Event::Identification(first.id.clone()));
    let ended = async {
        loop {
            let monitor = look(app, &secret, &caller).await?;
            if monitor.outcome.is_some() {
                return Ok::<_, Problem>(monitor);
            }
            news.changed().await;
        }
    };
    let monitor = tokio::select! {
        ended = ended => ended?,
        () = tokio::time::sleep(wait) => look(app, &secret, &caller).await?,
        () = shutdown => look(app, &secret, &caller).await?,
    };
    Ok(Json(Standing::of(app, &monitor)))
}

async fn look(app: &App, secret: &SecretHash, caller: &Caller) -> Result<Monitor, Problem> {
    let unknown = || Problem::not_found("No identification has this `monitor_secret`.");
    let monitor = app.store.monitor_by_secret(secret, app.now()).await?.ok_or_else(unknown)?;
    if caller.may_be_of(&monitor.client) {
        return Ok(monitor);
    }
    Err(Problem::forbidden("This page is not one of the client's: its origin is not registered."))
}

fn secret(fields: &Fields) -> Result<SecretHash, Problem> {
    let wrong = "`monitor_secret` is exactly 64 lower-case hex characters.";
    let secret = Secret::parse(&fields.text("monitor_secret")?);
    Ok(secret.ok_or_else(|| Problem::bad_request(wrong))?.hash())
}

fn wait(text: &str) -> Result<Duration, Problem> {
    let longest = LONGEST_WAIT / SECOND;
    let seconds: Option<i64> = if text.is_empty() { Some(0) } else { text.parse().ok() };
    let seconds = seconds.filter(|seconds| (0..=longest).contains(seconds));
    let wrong = || Problem::bad_request(format!("`wait` is 0 to {longest} seconds."));
    seconds.map(|it| Duration::from_secs(it.unsigned_abs())).ok_or_else(wrong)
}
