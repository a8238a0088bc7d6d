//! `POST /flow/outcome`: the page that waits asks how its flow has ended, and may wait for it.

use rocket::serde::json::Json;
use rocket::{Shutdown, State, post};
use serde::Serialize;
use std::time::Duration;

use super::begin::{foreign, waiting_secret};
use crate::domain::flow::{LONGEST_WAIT, Outcome, gives_code};
use crate::events::Event;
use crate::store::StoreError;
use crate::store::flows::Flow;
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use crate::web::guard::caller::Caller;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::oauth::Cors;

/// How it stands with a flow, as the page that waits is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Standing {
    /// The person has not got there yet.
    Pending,
    /// This is the answer to the authorization request.
    Completed { response: Response },
}

/// An authorization response (RFC 6749 §4.1.2, RFC 9207).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    iss: String,
}

impl Standing {
    /// Reads how it stands. A code that is given is given for a minute from the first time on.
    pub(super) async fn of(app: &App, flow: &Flow) -> Result<Self, StoreError> {
        let Some(outcome) = flow.outcome else { return Ok(Self::Pending) };
        let now = app.now();
        let is_given = gives_code(flow.collected_at, flow.expires_at, now);
        if outcome == Outcome::Authorized && is_given {
            let code = app.flow_code(&flow.id);
            if flow.collected_at.is_none() {
                app.store.collect_flow(&flow.id, &code.hash(), now).await?;
            }
            let code = Some(code.reveal());
            return Ok(Self::Completed { response: Response { code, ..Response::to(app, flow) } });
        }
        let (error, text) = match (outcome.error(), flow.refusal.clone()) {
            (Some((error, text)), _) => (error.to_owned(), text.to_owned()),
            (None, Some(refusal)) => refusal,
            (None, None) => {
                ("expired_token".to_owned(), "The answer was not collected in time.".to_owned())
            }
        };
        let (error, error_description) = (Some(error), Some(text));
        let response = Response { error, error_description, ..Response::to(app, flow) };
        Ok(Self::Completed { response })
    }
}

impl Response {
    fn to(app: &App, flow: &Flow) -> Self {
        let state = Fields::parse(&flow.request).text("state").ok();
        let state = state.filter(|state| !state.is_empty());
        Self { state, iss: app.issuer.to_string(), ..Self::default() }
    }
}

#[post("/flow/outcome", data = "<form>")]
pub(super) async fn outcome(
    _script: ForScripts,
    _cors: Cors,
    app: &State<App>,
    caller: Caller,
    form: Form,
    shutdown: Shutdown,
) -> Result<Json<Standing>, Problem> {
    let id = waiting_secret(&form.0)?.hash().as_str().to_owned();
    let wait = wait(&form.0.text("wait")?)?;
    // Subscribed first, so that what happens after the look is heard.
    let mut news = app.events.subscribe(Event::Flow(id.clone()));
    let first = look(app, &id, &caller).await?;
    if wait.is_zero() || first != Standing::Pending {
        return Ok(Json(first));
    }
    // As many may wait as on sockets, and with them.
    let Some(_place) = app.crowd.enter(&id) else {
        return Ok(Json(first));
    };
    let ended = async {
        loop {
            news.changed().await;
            let standing = look(app, &id, &caller).await?;
            if standing != Standing::Pending {
                return Ok::<_, Problem>(standing);
            }
        }
    };
    let standing = tokio::select! {
        ended = ended => ended?,
        () = tokio::time::sleep(wait) => look(app, &id, &caller).await?,
        () = shutdown => look(app, &id, &caller).await?,
    };
    Ok(Json(standing))
}

async fn look(app: &App, id: &str, caller: &Caller) -> Result<Standing, Problem> {
    let unknown = || Problem::not_found("No flow has this `waiting_secret`.");
    let flow = app.store.flow(id, app.now()).await?.ok_or_else(unknown)?;
    if !caller.may_be_of(&flow.client) {
        return Err(foreign());
    }
    Ok(Standing::of(app, &flow).await?)
}

fn wait(text: &str) -> Result<Duration, Problem> {
    let longest = u64::try_from(LONGEST_WAIT).unwrap_or_default() / 1_000;
    let seconds = if text.is_empty() { Some(0) } else { text.parse().ok() };
    let seconds = seconds.filter(|seconds| *seconds <= longest);
    let wrong = || Problem::bad_request(format!("`wait` is 0 to {longest} seconds."));
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}
