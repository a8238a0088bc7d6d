//! The hosted callback pages: redirect URIs of ours that tell the answer to the client's own pages,
//! for clients that have no place for such a page. Nothing here reads the answer: it stays with the
//! browser, where their script passes it on.

use rocket::{Route, State, get, routes};
use rocket_dyn_templates::Template;
use serde::Serialize;

use super::app::App;
use super::embedded::Embedded;
use super::error::Problem;
use super::guard::popup::InPopup;
use super::headers::Framable;
use super::page::BrandContext;
use crate::domain::client::Registration;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![passive, popup]
}

/// They have one script and, in a window of their own, our style; no form, no request.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
    form-action 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(Serialize)]
struct CallbackPage<'a> {
    brand: BrandContext<'a>,
    page: Values<'a>,
}

#[derive(Serialize)]
struct Values<'a> {
    client_name: &'a str,
    origins: String,
}

type Callback = Framable<Embedded<Template>>;

/// For `prompt=none` in a hidden frame: blank.
#[get("/callback/<client_id>/passive")]
async fn passive(_opener: InPopup, app: &State<App>, client_id: &str) -> Result<Callback, Problem> {
    page(app, client_id, "callback/passive.html").await
}

/// For a window that the client's page opened.
#[get("/callback/<client_id>/popup")]
async fn popup(_opener: InPopup, app: &State<App>, client_id: &str) -> Result<Callback, Problem> {
    page(app, client_id, "callback/popup.html").await
}

async fn page(app: &App, client_id: &str, template: &'static str) -> Result<Callback, Problem> {
    let found = app.active_client(client_id).await?;
    let client =
        found.ok_or_else(|| Problem::not_found("No site is registered under this client_id."))?;
    let registration: &Registration = &client.registration;
    let page = CallbackPage {
        brand: (&app.brand).into(),
        page: Values {
            client_name: &registration.client_name,
            origins: serde_json::to_string(&registration.origins)
                .map_err(|error| Problem::internal(error.to_string()))?,
        },
    };
    Ok(Framable {
        inner: Embedded(Template::render(template, page)),
        policy: POLICY.to_owned(),
        ancestors: registration.ancestors(),
    })
}
