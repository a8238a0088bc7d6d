//! The sites that a person has agreed to, on the account page, and taking that back.

use rocket::response::Redirect;
use rocket::{State, post};
use serde::Serialize;

use super::show::date;
use super::{person, see_other};
use crate::domain::client::is_id;
use crate::events::Event;
use crate::store::consents::Consent;
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::SameOrigin;
use crate::web::guard::visitor::Visitor;

/// A site in `account/show.html`.
#[derive(Serialize)]
pub(super) struct SiteRow {
    client_id: String,
    client_name: String,
    site: Option<String>,
    since: String,
    scopes: Vec<String>,
}

impl From<Consent> for SiteRow {
    fn from(consent: Consent) -> Self {
        let registration = consent.registration;
        Self {
            client_id: registration.client_id.clone(),
            client_name: registration.client_name.clone(),
            site: registration.site(),
            since: date(consent.granted_at),
            scopes: consent.scope.in_plain_words(),
        }
    }
}

/// The sites of other organisations that know this account; its own need no yes.
pub(super) async fn connected(app: &App, account_uid: &str) -> Result<Vec<SiteRow>, Problem> {
    let consents = app.store.consents_of(account_uid).await?;
    let foreign = consents.into_iter().filter(|consent| !consent.registration.first_party);
    Ok(foreign.map(SiteRow::from).collect())
}

#[post("/account/sites/<client_id>/remove")]
pub(super) async fn remove(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    client_id: &str,
) -> Result<Redirect, Problem> {
    let who = person(visitor, "/account")?;
    let uid = &who.account.uid;
    let unknown = || Problem::not_found("You have no such site. It may be removed already.");
    if !is_id(client_id) {
        return Err(unknown());
    }
    let ended = app.store.disconnect(uid, client_id, app.now()).await?.ok_or_else(unknown)?;
    app.events.publish_all(ended.into_iter().map(Event::Identification).collect()).await;
    app.wake.ring();
    Ok(see_other(app, "/account?done=site"))
}
