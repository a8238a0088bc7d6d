//! The annotator: a sidebar that other sites frame, with notes on the page around it.

mod api;
mod asker;
mod bearer;
mod frames;
mod target;
mod writings;

use super::shell::{Here, Shell};
use super::site::{self, Framing};
use super::sites::Sites;
use super::{DemoError, Place};
use crate::clock::Clock;
use crate::domain::origin::Origin;
use crate::relying::{Session, SqlxStore};
use bearer::Tokens;
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{Build, Rocket, State, get, routes};
use rocket_dyn_templates::Template;
use serde_json::json;
use target::Targets;
use writings::Writings;

/// The site, ready to be launched.
pub(super) async fn site(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    let failed = |error: &dyn std::error::Error| DemoError::new(format!("notes: {error}"));
    let pool = site::database(place, "notes.db").await?;
    let sessions = SqlxStore::sqlite(pool.clone()).await.map_err(|e| failed(&e))?;
    let writings = Writings::open(pool, Clock::system()).await.map_err(|e| failed(&e))?;
    let hosts = [&sites.wiki.origin, &sites.specs.origin];
    let origins: Result<Vec<_>, _> = hosts.iter().map(|origin| Origin::parse(origin)).collect();
    let targets = Targets(origins.map_err(|e| failed(&e))?);
    let relying = site::relying(sites, &sites.notes, true, sessions)?;
    let framing = Framing {
        // The hidden frame of a silent sign-in comes back to a page of ours.
        shows: vec![sites.notes.origin.clone()],
        shown: frames::shown(sites),
        calls_accounts: true,
    };
    Ok(site::build(sites, &sites.notes, place, relying, framing)
        .manage(writings)
        .manage(targets)
        .manage(Tokens::new(sites, Clock::system())?)
        .mount("/", routes![front, sidebar, back, signed_in])
        .mount("/", frames::routes())
        .mount("/api", api::routes())
        .register("/api", api::catchers()))
}

/// What this is, and the notes of whoever is signed in.
#[get("/")]
async fn front(
    writings: &State<Writings>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Result<Template, Status> {
    let mine = match &person {
        Some(person) => writings.by(&person.uid).await.map_err(|error| failed(&error))?,
        None => Vec::new(),
    };
    Ok(shell.page("demo/notes/front.html", person.as_ref(), &here, json!({ "mine": mine })))
}

/// The widget: to be framed by a page, whose address it is told.
#[get("/sidebar?<page>")]
async fn sidebar(
    page: Option<&str>,
    targets: &State<Targets>,
    writings: &State<Writings>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Result<Template, Status> {
    let target = page.and_then(|page| targets.parse(page)).ok_or(Status::BadRequest)?;
    let uid = person.as_ref().map(|person| person.uid.as_str());
    let notes = writings.on(&target, uid).await.map_err(|error| failed(&error))?;
    let context = json!({ "target": target, "notes": notes });
    Ok(shell.page("demo/notes/sidebar.html", person.as_ref(), &here, context))
}

/// Where sign-in from the widget ends: the page that framed it, if that is one of the sites that
/// may.
#[get("/back?<page>")]
fn back(page: Option<&str>, targets: &State<Targets>) -> Redirect {
    Redirect::to(page.and_then(|page| targets.parse(page)).unwrap_or_else(|| "/".to_owned()))
}

/// Where sign-in in a new tab ends.
#[get("/signed-in")]
fn signed_in(shell: &State<Shell>, person: Option<Session>, here: Here) -> Template {
    shell.page("demo/notes/signed_in.html", person.as_ref(), &here, json!({}))
}

fn failed(error: &sqlx::Error) -> Status {
    tracing::error!(%error, "the notes' database failed");
    Status::InternalServerError
}
