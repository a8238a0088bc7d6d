//! `/bridge/check`: what keeps people from being signed in at a client's pages, for those whom its
//! registration names.

use rocket::http::Status;
use rocket::{Route, State, get, routes};
use serde::Serialize;

use super::app::App;
use super::body::Query;
use super::error::Problem;
use super::guard::fetch_metadata::{Unframed, Unprompted};
use super::guard::visitor::Visitor;
use super::page::Page;
use crate::check::{self, Checked};
use crate::domain::check::Level;
use crate::domain::client::Registration;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![show]
}

/// The context of `check.html`.
#[derive(Serialize)]
struct Shown<'a> {
    client_id: &'a str,
    client_name: &'a str,
    /// The page that was asked for, and what is wrong with it.
    asked: String,
    /// Another site has led here: nothing is looked at before the person asks for it.
    is_prompted: bool,
    fields: std::collections::BTreeMap<&'static str, String>,
    /// Where pages may be looked at.
    places: Vec<&'a str>,
    errors: usize,
    warnings: usize,
    notes: usize,
    #[serde(flatten)]
    checked: Checked,
}

#[get("/bridge/check")]
async fn show(
    _page: Unframed,
    unprompted: Unprompted,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> Result<Page<serde_json::Value>, Problem> {
    let client_id = query.0.text("client_id")?;
    let asked = query.0.all("page")?;
    let client = looked_after(app, &visitor, &client_id).await?;
    let (checked, wrong) = match check::pages_of(&client, &asked) {
        Ok(_) if !unprompted.0 => (check::unseen(&app.issuer, &client), None),
        Ok(pages) => {
            app.limits.check(&client.client_id)?;
            (check::run(&app.outgoing, &app.issuer, &client, pages).await, None)
        }
        Err(text) => (check::unseen(&app.issuer, &client), Some(text)),
    };
    let status = if wrong.is_some() { Status::UnprocessableEntity } else { Status::Ok };
    let shown = Shown {
        client_id: &client.client_id,
        client_name: &client.client_name,
        asked: asked.into_iter().next().unwrap_or_default(),
        is_prompted: !unprompted.0,
        fields: wrong.map(|text| ("page", text)).into_iter().collect(),
        places: check::places(&client),
        errors: checked.verdict.count(Level::Error),
        warnings: checked.verdict.count(Level::Warning),
        notes: checked.verdict.count(Level::Note),
        checked,
    };
    let shown = serde_json::to_value(shown).map_err(|e| Problem::internal(e.to_string()))?;
    Ok(Page::new("check.html", shown).with_status(status))
}

/// The client, if whoever is signed in looks after it. There is one answer to everybody else,
/// whether or not there is such a client.
async fn looked_after(
    app: &App,
    visitor: &Visitor,
    client_id: &str,
) -> Result<std::sync::Arc<Registration>, Problem> {
    let client = app.active_client(client_id).await?;
    let names = |registration: &Registration| {
        let who = visitor.signed_in.as_ref();
        who.is_some_and(|who| registration.is_looked_after_by(&who.account))
    };
    let found = client.map(|client| client.registration).filter(|found| names(found));
    found.ok_or_else(|| {
        Problem::not_found(
            "No site is registered under this client_id, or you are not signed in as one of the \
             contacts that its registration names.",
        )
    })
}
