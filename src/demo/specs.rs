//! A specification on another registrable domain, which frames the notes. Not of the family: its
//! own registration is not first-party, and browsers keep what it frames apart.

use super::shell::{Here, Shell};
use super::site::{self, Framing};
use super::sites::Sites;
use super::{DemoError, Place};
use crate::relying::{MemoryStore, Session};
use rocket::{Build, Rocket, State, get, routes};
use rocket_dyn_templates::Template;
use serde_json::json;

/// The site, ready to be launched.
pub(super) fn site(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    let relying = site::relying(sites, &sites.specs, false, MemoryStore::default())?;
    let framing = Framing::of_notes(sites);
    Ok(site::build(sites, &sites.specs, place, relying, framing)
        .mount("/", routes![front, by_hand, switchboard]))
}

#[get("/")]
fn front(shell: &State<Shell>, person: Option<Session>, here: Here) -> Template {
    shell.page("demo/specs/front.html", person.as_ref(), &here, json!({}))
}

/// The same notes, in a frame that does without the accounts server's script.
#[get("/by-hand")]
fn by_hand(shell: &State<Shell>, person: Option<Session>, here: Here) -> Template {
    shell.page("demo/specs/by_hand.html", person.as_ref(), &here, json!({}))
}

/// What works in this browser for a frame on a foreign site.
#[get("/switchboard")]
fn switchboard(shell: &State<Shell>, person: Option<Session>, here: Here) -> Template {
    shell.page("demo/specs/switchboard.html", person.as_ref(), &here, json!({}))
}
