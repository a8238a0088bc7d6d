//! `POST /flow`: a page begins a flow. It sends the parameters of an authorization request and the
//! secret by which it waits.

use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, post};
use serde::Serialize;
use std::sync::Arc;

use crate::clock::SECOND;
use crate::domain::client::Registration;
use crate::domain::flow::{LIFETIME, PAGE};
use crate::domain::secret::Secret;
use crate::events::Event;
use crate::random;
use crate::store::flows::{Begun, Flow, NewFlow};
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use crate::web::guard::caller::Caller;
use crate::web::guard::for_scripts::ForScripts;
use crate::web::guard::network::Peer;
use crate::web::oauth::{Asked, Cors, Refusal};

/// The longest request, in bytes: with what our own pages add it stays within what the
/// authorization endpoint takes.
const LONGEST: usize = 7_680;

#[derive(Serialize)]
pub(super) struct Told {
    flow: String,
    flow_uri: String,
    /// What the waiting page shows.
    number: String,
    /// Seconds.
    expires_in: i64,
}

#[post("/flow", data = "<form>")]
pub(super) async fn begin(
    _script: ForScripts,
    _cors: Cors,
    app: &State<App>,
    caller: Caller,
    peer: Peer,
    form: Form,
) -> Result<(Status, Json<Told>), Problem> {
    let secret = waiting_secret(&form.0)?;
    if form.0.size() > LONGEST {
        return Err(Problem::bad_request(format!("The request is longer than {LONGEST} bytes.")));
    }
    app.limits.flow(peer.network())?;
    let client = client(app, &form.0.text("client_id")?).await?;
    let origin = caller.page_of(&client).ok_or_else(foreign)?;
    let request = request(&form.0, &client)?;
    let (id, now) = (secret.hash(), app.now());
    let new = NewFlow {
        id: id.as_str(),
        client_id: &client.client_id,
        origin,
        request: &request,
        number: random_number(),
        expires_at: now + LIFETIME,
    };
    match app.store.begin_flow(&new, now).await? {
        Begun::New(flow) => {
            // The window may have been faster.
            app.events.publish(Event::Flow(flow.id.clone())).await;
            Ok((Status::Created, Json(told(app, flow))))
        }
        Begun::Same(flow) => Ok((Status::Ok, Json(told(app, flow)))),
        Begun::Different => Err(Problem::new(
            Status::Conflict,
            "invalid_request",
            "This `waiting_secret` was used for another request. Make a new one.",
        )),
    }
}

/// The secret by which a page waits; an error before anything is looked up.
pub(super) fn waiting_secret(fields: &Fields) -> Result<Secret, Problem> {
    let wrong = "`waiting_secret` is exactly 64 lower-case hex characters.";
    Secret::parse(&fields.text("waiting_secret")?).ok_or_else(|| Problem::bad_request(wrong))
}

/// The answer to a page that is none of the client's.
pub(super) fn foreign() -> Problem {
    Problem::forbidden("This page is not one of the client's: its origin is not registered.")
}

async fn client(app: &App, client_id: &str) -> Result<Arc<Registration>, Problem> {
    let client = app.active_client(client_id).await?;
    client.map(|client| client.registration).ok_or_else(|| {
        let text = "No site is registered under this `client_id`, or it was switched off.";
        Problem::new(Status::BadRequest, "invalid_client", text)
    })
}

/// The request, checked as the authorization endpoint will, as it is kept.
fn request(fields: &Fields, client: &Registration) -> Result<String, Problem> {
    if !client.grant_types.iter().any(|grant| grant == "authorization_code") {
        let text = "This client is not registered for the grant type `authorization_code`.";
        return Err(Problem::new(Status::BadRequest, "unauthorized_client", text));
    }
    let redirect_uri = fields.text("redirect_uri")?;
    if !client.accepts_redirect_uri(&redirect_uri) {
        return Err(Problem::bad_request("The `redirect_uri` is not registered for this client."));
    }
    let asked = Asked::parse(fields, client, redirect_uri).map_err(refused)?;
    if asked.prompt.none {
        return Err(Problem::bad_request("A flow asks a person: `prompt` is not `none`."));
    }
    if !asked.id_token_hint.is_empty() {
        let text = "`id_token_hint` is not taken here; say `login_hint`.";
        return Err(Problem::bad_request(text));
    }
    let request = asked.beginning();
    if request.len() > LONGEST {
        return Err(Problem::bad_request(format!("The request is longer than {LONGEST} bytes.")));
    }
    Ok(request)
}

fn refused(refusal: Refusal) -> Problem {
    Problem::new(Status::BadRequest, refusal.error, refusal.text)
}

/// From 10 to 99.
fn random_number() -> i64 {
    10 + i64::from(u32::from_be_bytes(random::bytes()) % 90)
}

fn told(app: &App, flow: Flow) -> Told {
    Told {
        flow_uri: format!("{}{PAGE}{}", app.issuer, flow.id),
        flow: flow.id,
        number: flow.number.to_string(),
        expires_in: (flow.expires_at - app.now()).max(0) / SECOND,
    }
}
