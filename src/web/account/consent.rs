//! `/consent`: a person's standing yes to a client that is not of this organisation.

use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::{PageOrRedirect, person, see_other};
use crate::domain::client::Client;
use crate::domain::consent;
use crate::domain::origin::Origin;
use crate::store::sessions::SignedIn;
use crate::web::app::App;
use crate::web::body::{Form, Query};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `consent.html`.
#[derive(Serialize)]
pub(super) struct Ask {
    client_id: String,
    client_name: String,
    site: String,
    scopes: Vec<String>,
    next: String,
}

/// The context of `consent_done.html`.
#[derive(Serialize)]
pub(super) struct Done {
    client_name: String,
    granted: bool,
    link: Option<String>,
}

async fn client(app: &App, id: &str) -> Result<Client, Problem> {
    let gone =
        || Problem::not_found("No site is registered under this name, or it was switched off.");
    app.active_client(id).await?.ok_or_else(gone)
}

async fn has_consent(app: &App, who: &SignedIn, client: &Client) -> Result<bool, Problem> {
    let id = &client.registration.client_id;
    let granted = app.store.consent(&who.account.uid, id).await?;
    Ok(consent::is_given(&client.registration, granted.as_ref()))
}

/// Where the person goes from here: to `next`, or to a page that says what was decided.
fn onward(app: &App, client: &Client, next: &str) -> Result<Redirect, Problem> {
    if next.is_empty() {
        let id = &client.registration.client_id;
        return Ok(see_other(app, &format!("/consent/done?client_id={id}")));
    }
    Ok(Redirect::to(app.return_to_client(client, next)?.address(&app.issuer)))
}

/// The origins that the answer to the form may redirect to; an error when `next` is not to be
/// followed at all.
fn form_targets(app: &App, client: &Client, next: &str) -> Result<Vec<Origin>, Problem> {
    if next.is_empty() {
        return Ok(Vec::new());
    }
    Ok(app.return_to_client(client, next)?.onward().to_vec())
}

/// The path of this page, to come back to after signing in.
fn path(client_id: &str, next: &str) -> String {
    let encode =
        |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("/consent?client_id={}&next={}", encode(client_id), encode(next))
}

#[get("/consent")]
pub(super) async fn form(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<Ask> {
    let (client_id, next) = (query.0.text("client_id")?, query.0.text("next")?);
    let client = client(app, &client_id).await?;
    let targets = form_targets(app, &client, &next)?;
    let who = person(visitor, &path(&client_id, &next))?;
    if has_consent(app, &who, &client).await? {
        return Ok(Either::Right(onward(app, &client, &next)?));
    }
    let registration = client.registration;
    let site = registration.origins.first().map(|o| o.site().to_owned()).unwrap_or_default();
    let ask = Ask {
        site,
        client_id,
        client_name: registration.client_name.clone(),
        scopes: registration.scope.in_plain_words(),
        next,
    };
    Ok(Either::Left(Page::new("consent.html", ask).with_form_targets(&targets)))
}

#[post("/consent", data = "<form>")]
pub(super) async fn submit(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    form: Form,
) -> Result<Redirect, Problem> {
    let (client_id, next) = (form.0.text("client_id")?, form.0.text("next")?);
    let answer = form.0.text("answer")?;
    let client = client(app, &client_id).await?;
    form_targets(app, &client, &next)?;
    let who = person(visitor, &path(&client_id, &next))?;
    let uid = &who.account.uid;
    match answer.as_str() {
        "allow" => {
            let scope = &client.registration.scope;
            app.store.add_consent(uid, &client_id, scope, app.now()).await?;
        }
        "deny" => {}
        _ => return Err(Problem::bad_request("Answer with `allow` or `deny`.")),
    }
    onward(app, &client, &next)
}

#[get("/consent/done")]
pub(super) async fn done(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> Result<Page<Done>, Problem> {
    let client_id = query.0.text("client_id")?;
    let client = client(app, &client_id).await?;
    let who = person(visitor, &path(&client_id, ""))?;
    let granted = has_consent(app, &who, &client).await?;
    let link = client.registration.origins.first().map(|origin| format!("{origin}/"));
    let client_name = client.registration.client_name.clone();
    Ok(Page::new("consent_done.html", Done { client_name, granted, link }))
}
