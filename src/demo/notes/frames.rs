//! Other ways to be the same widget, each in a frame of its own: by hand, by a token that the page
//! around it hands over, and by the SDK with tokens.

use super::failed;
use super::target::Targets;
use super::writings::Writings;
use crate::demo::shell::{Here, Shell};
use crate::demo::sites::Sites;
use rocket::http::Status;
use rocket::{Route, State, get, routes};
use rocket_dyn_templates::Template;
use serde_json::json;

pub(super) fn routes() -> Vec<Route> {
    routes![by_hand, by_hand_passive, by_hand_popup, handed, widget, widget_callback, switchboard]
}

/// Which pages may be framed, and by whom. The passive callback stands in a frame of ours, which
/// stands in theirs: each of the pages around it has to be named.
pub(super) fn shown(sites: &Sites) -> Vec<(&'static str, Vec<String>)> {
    let (notes, wiki, specs) = (&sites.notes.origin, &sites.wiki.origin, &sites.specs.origin);
    let origins = |all: &[&String]| all.iter().map(|&one| one.clone()).collect();
    vec![
        ("/sidebar", origins(&[wiki, specs])),
        ("/by-hand", origins(&[specs])),
        ("/by-hand/passive", origins(&[notes, specs])),
        ("/handed", origins(&[wiki])),
        ("/widget", origins(&[wiki, specs])),
        ("/switchboard", origins(&[specs])),
    ]
}

/// What a page with notes on another page shows of them before any script runs.
async fn context(
    page: Option<&str>,
    targets: &Targets,
    writings: &Writings,
) -> Result<serde_json::Value, Status> {
    let target = page.and_then(|page| targets.parse(page)).ok_or(Status::BadRequest)?;
    let notes = writings.on(&target, None).await.map_err(|error| failed(&error))?;
    Ok(json!({ "target": target, "notes": notes }))
}

/// The plain pattern, without a line of the accounts server's script.
#[get("/by-hand?<page>")]
async fn by_hand(
    page: Option<&str>,
    targets: &State<Targets>,
    writings: &State<Writings>,
    shell: &State<Shell>,
    here: Here,
) -> Result<Template, Status> {
    let context = context(page, targets, writings).await?;
    Ok(shell.page("demo/notes/by_hand.html", None, &here, context))
}

/// Where its hidden frame comes back to: a blank page, whose address is read from outside.
#[get("/by-hand/passive")]
fn by_hand_passive(shell: &State<Shell>, here: Here) -> Template {
    shell.page("demo/notes/passive.html", None, &here, json!({}))
}

/// Where its window comes back to: it tells the opener, and closes.
#[get("/by-hand/popup")]
fn by_hand_popup(shell: &State<Shell>, here: Here) -> Template {
    shell.page("demo/notes/popup.html", None, &here, json!({}))
}

/// The widget for a page that hands it a token.
#[get("/handed?<page>")]
async fn handed(
    page: Option<&str>,
    targets: &State<Targets>,
    writings: &State<Writings>,
    shell: &State<Shell>,
    here: Here,
) -> Result<Template, Status> {
    let context = context(page, targets, writings).await?;
    Ok(shell.page("demo/notes/handed.html", None, &here, context))
}

/// The widget as a client by itself, with the SDK.
#[get("/widget?<page>")]
async fn widget(
    page: Option<&str>,
    targets: &State<Targets>,
    writings: &State<Writings>,
    shell: &State<Shell>,
    here: Here,
) -> Result<Template, Status> {
    let context = context(page, targets, writings).await?;
    Ok(shell.page("demo/notes/widget.html", None, &here, context))
}

/// Where its sign-in ends when it takes a whole tab.
#[get("/widget/callback")]
fn widget_callback(shell: &State<Shell>, here: Here) -> Template {
    shell.page("demo/notes/callback.html", None, &here, json!({}))
}

/// Which way to know somebody works in this browser, each tried by itself.
#[get("/switchboard")]
fn switchboard(shell: &State<Shell>, here: Here) -> Template {
    shell.page("demo/notes/switchboard.html", None, &here, json!({}))
}
