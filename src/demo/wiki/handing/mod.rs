//! The notes by the wiki's session: the wiki's backend is an OAuth client too, narrows a token of
//! its own for the notes, and hands it to the frame.
//!
//! The token goes into the body of an answer, and from there by `postMessage` to exactly the notes'
//! origin: into no address, no cookie and no storage. It is good for notes, at the notes, for ten
//! minutes at most, and the notes can make no other of it.

mod held;

use crate::clock::Clock;
use crate::demo::DemoError;
use crate::demo::introspection::Facts;
use crate::demo::off_band::CallError;
use crate::demo::oidc::{Answer, Oidc, SignInError};
use crate::demo::shell::{Here, Shell};
use crate::demo::sites::Sites;
use crate::relying::{SameOrigin, Session};
use held::Held;
use rocket::http::Status;
use rocket::http::uri::Origin;
use rocket::response::Redirect;
use rocket::serde::json::Json;
use rocket::{Build, Rocket, State, get, post, routes};
use rocket_dyn_templates::Template;
use serde::Serialize;
use serde_json::{Value, json};

/// What the wiki asks for: who it is, their name, and to write notes in their name.
const SCOPE: &str = "openid profile notes";
/// What it hands on of that, and to whom.
const NARROW: &str = "notes";
const AUDIENCE: &str = "notes";
/// The page that does it.
const PAGE: &str = "/option-two";

/// A status, and a page that says why there is no token, or a body for the page's script.
type Failed = (Status, Template);
type Refused = (Status, Json<Value>);

/// Adds all of this to the wiki.
pub(super) fn attach(rocket: Rocket<Build>, sites: &Sites) -> Result<Rocket<Build>, DemoError> {
    let clock = Clock::system();
    Ok(rocket
        .manage(Held::new(clock.clone()))
        .manage(Oidc::new(sites, &sites.wiki, SCOPE, clock)?)
        .mount("/", routes![show, start, callback, hand]))
}

/// A page of the wiki with notes in its frame that know whom the wiki knows.
#[get("/option-two")]
fn show(shell: &State<Shell>, held: &State<Held>, person: Option<Session>, here: Here) -> Template {
    page(shell, person.as_ref(), person.as_ref().is_some_and(|person| held.has(person)), "", &here)
}

fn page(
    shell: &Shell,
    person: Option<&Session>,
    held: bool,
    trouble: &str,
    here: &Here,
) -> Template {
    let page = json!({ "held": held, "trouble": trouble });
    shell.page("demo/wiki/option_two.html", person, here, page)
}

/// Sends the browser to accounts, to let the wiki's backend have tokens of its own.
#[get("/oidc/start")]
async fn start(
    person: Session,
    oidc: &State<Oidc>,
    held: &State<Held>,
    shell: &State<Shell>,
) -> Result<Redirect, Failed> {
    match oidc.begin(PAGE).await {
        Ok((url, sign_in)) => {
            held.begin(&person, sign_in);
            Ok(Redirect::to(String::from(url)))
        }
        Err(error) => Err(explained(&error.into(), shell, &person)),
    }
}

/// Where it comes back to.
#[get("/oidc/callback")]
async fn callback(
    uri: &Origin<'_>,
    person: Session,
    oidc: &State<Oidc>,
    held: &State<Held>,
    shell: &State<Shell>,
) -> Result<Redirect, Failed> {
    let answer = Answer::read(uri.query().map_or("", |query| query.as_str()));
    let begun = answer.and_then(|answer| {
        let sign_in = held.begun(answer.state.as_deref().unwrap_or_default(), &person)?;
        Some((answer, sign_in))
    });
    let finished = match begun {
        None => Err(SignInError::NotBegun),
        Some((answer, sign_in)) => oidc.finish(answer, &sign_in).await.map(|all| (all, sign_in.to)),
    };
    finished
        .and_then(|(signed_in, to)| held.keep(&person, signed_in).map(|()| Redirect::to(to)))
        .map_err(|error| explained(&error, shell, &person))
}

/// The token for the frame, and what it is good for, for people who learn.
#[derive(Serialize)]
struct Handed {
    token: String,
    facts: Facts,
}

/// A token for the notes, for whoever the wiki knows. Only a page of the wiki may ask for it.
#[post("/option-two/token")]
async fn hand(
    _own_page: SameOrigin,
    person: Option<Session>,
    oidc: &State<Oidc>,
    held: &State<Held>,
) -> Result<Json<Handed>, Refused> {
    let refused = |status, error: &str| (status, Json(json!({ "error": error })));
    let person = person.ok_or_else(|| refused(Status::Unauthorized, "login_required"))?;
    let own = held.access_token(&person, oidc).await;
    let own = own.ok_or_else(|| refused(Status::Conflict, "interaction_required"))?;
    match narrow(own, oidc).await {
        Ok(handed) => Ok(Json(handed)),
        Err(error) if has_ended(&error) => {
            held.drop(&person);
            Err(refused(Status::Conflict, "interaction_required"))
        }
        Err(error) => {
            tracing::warn!(%error, "no token could be made for the notes");
            Err(refused(Status::BadGateway, "server_error"))
        }
    }
}

async fn narrow(own: Result<String, SignInError>, oidc: &Oidc) -> Result<Handed, SignInError> {
    let token = oidc.narrowed(&own?, NARROW, Some(AUDIENCE)).await?;
    let introspection = oidc.introspect(&token).await?;
    if !introspection.active {
        return Err(CallError::Refused(401, "invalid_token".to_owned()).into());
    }
    Ok(Handed { token, facts: introspection.facts() })
}

/// Whether the tokens have ended at accounts: what a refresh token, a token to be narrowed (RFC 8693
/// §2.2.2) and a token in use hear then.
fn has_ended(error: &SignInError) -> bool {
    let codes = ["invalid_grant", "invalid_request", "invalid_token"];
    matches!(error, SignInError::Call(CallError::Refused(_, code)) if codes.contains(&code.as_str()))
}

/// The page for whoever got no token.
fn explained(error: &SignInError, shell: &Shell, person: &Session) -> Failed {
    tracing::warn!(%error, "the wiki got no tokens");
    let (status, text) = match error {
        SignInError::NotBegun => {
            (Status::BadRequest, "That was not begun in this browser, or it took too long.")
        }
        SignInError::Denied(_) => (Status::Forbidden, "Accounts gave the wiki no token."),
        SignInError::Call(CallError::Unusable) => {
            (Status::BadGateway, "The accounts site does not answer just now.")
        }
        SignInError::Unbelievable(_) | SignInError::Call(_) => {
            (Status::BadGateway, "The accounts site gave an answer that the wiki does not believe.")
        }
    };
    (status, page(shell, Some(person), false, text, &Here(PAGE.to_owned())))
}
