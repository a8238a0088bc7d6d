//! The wiki: everybody reads, whoever is signed in writes. A sibling of the accounts server.

mod edit;
mod handing;
mod markup;
mod pages;

use super::shell::{Here, Shell, name};
use super::site::{self, Framing};
use super::sites::Sites;
use super::{DemoError, Place};
use crate::clock::Clock;
use crate::relying::{Session, SqlxStore};
use pages::{Pages, Revision};
use rocket::http::Status;
use rocket::{Build, Rocket, State, get, routes};
use rocket_dyn_templates::Template;
use serde_json::json;

/// What the pages of the wiki answer: a page, or a status for the catcher.
type Answer = Result<Template, Status>;

/// The site, ready to be launched.
pub(super) async fn site(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    let failed = |error: &dyn std::error::Error| DemoError::new(format!("wiki: {error}"));
    let pool = site::database(place, "wiki.db").await?;
    let sessions = SqlxStore::sqlite(pool.clone()).await.map_err(|e| failed(&e))?;
    let pages = Pages::open(pool, Clock::system()).await.map_err(|e| failed(&e))?;
    let relying = site::relying(sites, &sites.wiki, false, sessions)?;
    let framing = Framing::of_notes(sites);
    let routes = routes![front, list, show, history, revision];
    let rocket = site::build(sites, &sites.wiki, place, relying, framing)
        .manage(pages)
        .mount("/", routes)
        .mount("/", edit::routes());
    handing::attach(rocket, sites)
}

/// The front page is a page like any other.
#[get("/")]
async fn front(
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Answer {
    show("front-page", pages, shell, person, here).await
}

#[get("/page/<slug>")]
async fn show(
    slug: &str,
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Answer {
    let page = found(pages.latest(slug).await)?;
    Ok(shell.page("demo/wiki/page.html", person.as_ref(), &here, shown(&page)))
}

#[get("/pages")]
async fn list(
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Answer {
    let page = json!({ "pages": pages.all().await.map_err(|error| failed(&error))? });
    Ok(shell.page("demo/wiki/pages.html", person.as_ref(), &here, page))
}

#[get("/page/<slug>/history")]
async fn history(
    slug: &str,
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Answer {
    let latest = found(pages.latest(slug).await)?;
    let revisions = pages.history(slug).await.map_err(|error| failed(&error))?;
    let page = json!({ "title": latest.title, "slug": slug, "revisions": revisions });
    Ok(shell.page("demo/wiki/history.html", person.as_ref(), &here, page))
}

#[get("/page/<slug>/history/<number>")]
async fn revision(
    slug: &str,
    number: i64,
    pages: &State<Pages>,
    shell: &State<Shell>,
    person: Option<Session>,
    here: Here,
) -> Answer {
    let mut page = shown(&found(pages.revision(slug, number).await)?);
    page["old"] = json!(true);
    Ok(shell.page("demo/wiki/page.html", person.as_ref(), &here, page))
}

fn shown(page: &Revision) -> serde_json::Value {
    json!({
        "title": page.title,
        "slug": page.slug,
        "number": page.number,
        "author": page.author,
        "at": page.at,
        "paragraphs": markup::paragraphs(&page.text),
        "old": false,
    })
}

fn found(page: Result<Option<Revision>, sqlx::Error>) -> Result<Revision, Status> {
    page.map_err(|error| failed(&error))?.ok_or(Status::NotFound)
}

fn failed(error: &sqlx::Error) -> Status {
    tracing::error!(%error, "the wiki's database failed");
    Status::InternalServerError
}

/// How an editor is named in the history.
fn author(person: &Session) -> String {
    name(person)
}
