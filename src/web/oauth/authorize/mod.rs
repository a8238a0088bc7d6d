//! `/oauth/authorize`: a client asks for a person's authorization (RFC 6749 §4.1, OpenID Connect
//! Core §3.1.2).

mod answer;
mod into_flow;
pub mod request;
mod steps;

use rocket::request::{FromRequest, Outcome, Request};
use rocket::{State, get, post};
use std::convert::Infallible;
use std::sync::Arc;

use crate::domain::client::Registration;
use crate::domain::secret::{Secret, SecretHash};
use crate::store::grants::NewGrant;
use crate::store::visits::{By, Person, Visit};
use crate::web::app::App;
use crate::web::body::{Fields, Form, Query};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::is_framed;
use crate::web::guard::popup::InPopup;
use crate::web::guard::storage_access::Inactive;
use crate::web::guard::visitor::{Cookies, visit};
use answer::Answer;
use request::{Asked, Refusal, flow_of, mode_of_refusal};
use steps::{Step, next_step};

/// The longest request, in bytes: it travels through `next` of the sign-in page.
const LONGEST: usize = 8_192;

/// Whether the request is made by a frame.
pub(super) struct Framed(bool);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Framed {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self(is_framed(request.headers())))
    }
}

#[get("/oauth/authorize")]
pub(super) async fn get(
    _popup: InPopup,
    app: &State<App>,
    cookies: Cookies,
    framed: Framed,
    storage: Inactive,
    query: Query,
) -> Result<Answer, Problem> {
    answer(app, &cookies, (&framed, &storage), &query.0).await
}

/// As `GET`: it acts by no more than that, wherever the form comes from.
#[post("/oauth/authorize", data = "<form>")]
pub(super) async fn post(
    _popup: InPopup,
    app: &State<App>,
    cookies: Cookies,
    framed: Framed,
    storage: Inactive,
    form: Form,
) -> Result<Answer, Problem> {
    answer(app, &cookies, (&framed, &storage), &form.0).await
}

/// A client that can be answered, and where. Everything before this is told to the person alone.
struct Client {
    registration: Arc<Registration>,
    redirect_uri: String,
    person: Option<Person>,
}

impl Client {
    /// An answer to the client in this response mode: with its own `state`, and from whom it comes
    /// (RFC 9207).
    fn answer(
        &self,
        app: &App,
        mode: &str,
        state: String,
        mut parameters: Vec<(&'static str, String)>,
    ) -> Answer {
        parameters.extend([("state", state), ("iss", app.issuer.to_string())]);
        Answer::to_client(mode, &self.redirect_uri, &self.registration, parameters)
    }
}

async fn answer(
    app: &App,
    cookies: &Cookies,
    (framed, storage): (&Framed, &Inactive),
    fields: &Fields,
) -> Result<Answer, Problem> {
    if fields.size() > LONGEST {
        return Err(Problem::bad_request(format!("The request is longer than {LONGEST} bytes.")));
    }
    let client = client(app, cookies, fields).await?;
    let asked = match Asked::parse(fields, &client.registration, client.redirect_uri.clone()) {
        Ok(asked) => asked,
        Err(refusal) => {
            if let Ok(Some(flow)) = flow_of(fields) {
                return into_flow::unreadable(app, cookies, &client, &flow).await;
            }
            let mode = mode_of_refusal(fields, &client.registration);
            let state = fields.text("state").unwrap_or_default();
            return Ok(client.answer(app, &mode, state, refusal.parameters()));
        }
    };
    if framed.0 && !asked.prompt.none {
        return Err(Problem::forbidden(
            "This page is not shown inside another page. Open it by itself.",
        ));
    }
    let step = next_step(app, cookies, &client, &asked).await?;
    let end = match (step, asked.prompt.none) {
        (Step::Code(person), _) => is_in_time(app, &asked, &person).map(|()| person),
        (Step::Refuse(refusal), _) | (Step::Ask(refusal, _), true) => Err(refusal),
        // With room for what our own part of it takes.
        (Step::Ask(_, path), false) if asked.path().len() + 64 <= LONGEST => {
            return Ok(Answer::SeeOther(format!("{}{path}", app.issuer)));
        }
        (Step::Ask(..), false) => Err(Refusal::new("invalid_request", "The request is too long.")),
    };
    if let Some(flow) = &asked.flow {
        return into_flow::answer(app, cookies, &client, &asked, (flow, end)).await;
    }
    let parameters = match end {
        Ok(person) => vec![("code", authorise(app, &asked, &person).await?.reveal())],
        Err(refusal) => refusal.parameters(),
    };
    let answer = client.answer(app, &asked.response_mode, asked.state, parameters);
    let is_nobody = asked.prompt.none && client.person.is_none();
    let retry = is_nobody.then(|| storage.retry(&client.registration)).flatten();
    Ok(answer.with_retry(retry))
}

/// The client and its redirect URI. Who gets this wrong is not sent anywhere (RFC 6749 §4.1.2.1).
async fn client(app: &App, cookies: &Cookies, fields: &Fields) -> Result<Client, Problem> {
    let (client_id, redirect_uri) = (fields.text("client_id")?, fields.text("redirect_uri")?);
    if client_id.is_empty() || redirect_uri.is_empty() {
        let name = if client_id.is_empty() { "client_id" } else { "redirect_uri" };
        return Err(Problem::bad_request(format!(
            "The site that sent you here left out `{name}`. Tell the people who run it.",
        )));
    }
    let secret = cookies.session.as_ref().map(Secret::hash);
    let found = visit(app, &client_id, secret.as_ref().map_or(By::Nothing, By::Session)).await?;
    let Visit { registration, person } = found.ok_or_else(|| {
        Problem::bad_request(
            "No site is registered under this `client_id`, or it was switched off.",
        )
    })?;
    let can_ask = registration.grant_types.iter().any(|grant| grant == "authorization_code");
    if !can_ask || !registration.accepts_redirect_uri(&redirect_uri) {
        return Err(Problem::bad_request(
            "The `redirect_uri` is not registered for this site, so you are not sent there. \
             Go back to the site you came from, and tell the people who run it.",
        ));
    }
    let is_silent = fields.text("prompt").is_ok_and(|prompt| prompt == "none");
    let person = match (&person, &cookies.session_none) {
        (None, Some(second)) if is_silent => {
            let found = visit(app, &client_id, By::SessionNone(&second.hash())).await?;
            found.and_then(|found| found.person)
        }
        _ => person,
    };
    Ok(Client { registration, redirect_uri, person })
}

/// Counts the code that is about to be given.
fn is_in_time(app: &App, asked: &Asked, person: &Person) -> Result<(), Refusal> {
    app.limits.authorize(&person.session_id, &asked.client_id).map_err(|_| {
        let text = "The client asks too often; wait a minute.";
        Refusal::new("temporarily_unavailable", text)
    })
}

/// Writes the grant; its code goes to the client.
async fn authorise(app: &App, asked: &Asked, person: &Person) -> Result<Secret, Problem> {
    let code = Secret::random();
    app.store.add_grant(&grant(asked, person, &code.hash()), app.now()).await?;
    Ok(code)
}

/// What the person authorises, under a code of this hash.
fn grant<'a>(asked: &'a Asked, person: &'a Person, code: &'a SecretHash) -> NewGrant<'a> {
    let given = |text: &'a str| (!text.is_empty()).then_some(text);
    NewGrant {
        code,
        client_id: &asked.client_id,
        account_uid: &person.account_uid,
        session_id: &person.session_id,
        auth_time: person.auth_time,
        scope: &asked.scope,
        audience: &asked.audience,
        nonce: given(&asked.nonce),
        redirect_uri: &asked.redirect_uri,
        code_challenge: given(&asked.code_challenge),
    }
}
