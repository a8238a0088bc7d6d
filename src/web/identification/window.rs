//! The pages of the window, and how an identification ends in it.

use rocket::http::Status;
use serde::Serialize;

use crate::domain::identification::Outcome;
use crate::domain::origin::Origin;
use crate::domain::provider::Provider;
use crate::events::Event;
use crate::store::monitors::Monitor;
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::page::Page;

/// The context of `identification.html`.
#[derive(Default, Serialize)]
pub(super) struct Shown {
    /// `asked`, `choose`, `gone`, `strange`, or how it ended.
    standing: &'static str,
    client_name: String,
    site: String,
    /// What the form sends on.
    provider: String,
    provider_name: String,
    monitor: String,
    choices: Vec<Choice>,
}

/// A provider that may be chosen.
#[derive(Serialize)]
struct Choice {
    id: String,
    name: String,
}

impl Shown {
    fn of(monitor: &Monitor, standing: &'static str) -> Self {
        let site = Origin::parse(&monitor.origin).map(|origin| origin.site().to_owned());
        Self {
            standing,
            client_name: monitor.client.client_name.clone(),
            site: site.unwrap_or_else(|_| monitor.origin.clone()),
            ..Self::default()
        }
    }
}

fn page(shown: Shown) -> Page<Shown> {
    Page::new("identification.html", shown)
}

/// The window has nothing to do, or has done it: 410.
pub(super) fn gone() -> Page<Shown> {
    page(Shown { standing: "gone", ..Shown::default() }).with_status(Status::Gone)
}

/// An answer of a provider that belongs to nothing which was begun here: 400.
pub(super) fn strange() -> Page<Shown> {
    page(Shown { standing: "strange", ..Shown::default() }).with_status(Status::BadRequest)
}

/// Asks whether the person wants to be sent to this provider, for this site.
pub(super) fn question(monitor: &Monitor, provider: &Provider, token: &str) -> Page<Shown> {
    let shown = Shown {
        provider: provider.id.clone(),
        provider_name: provider.name.clone(),
        monitor: token.to_owned(),
        ..Shown::of(monitor, "asked")
    };
    leading_to(shown, std::iter::once(provider))
}

/// Lets the person choose one of several, or none; it asks them as [`question`] does.
pub(super) fn choice(app: &App, monitor: &Monitor, token: &str) -> Page<Shown> {
    let providers = || app.identifying.upstreams.providers();
    let choice = |it: &Provider| Choice { id: it.id.clone(), name: it.name.clone() };
    let shown = Shown {
        choices: providers().map(choice).collect(),
        monitor: token.to_owned(),
        ..Shown::of(monitor, "choose")
    };
    leading_to(shown, providers())
}

/// The page of a form that leads on to one of these providers. They may be on plain http, on this machine.
fn leading_to<'a>(shown: Shown, providers: impl Iterator<Item = &'a Provider>) -> Page<Shown> {
    let issuers = providers.filter_map(|it| Origin::of_uri(it.issuer.as_str()).ok());
    page(shown).with_form_targets(&issuers.collect::<Vec<_>>()).with_forms_to_anywhere()
}

/// Ends an identification without a proof, tells the page that waits, and shows the person why.
pub(super) async fn end(
    app: &App,
    monitor: &Monitor,
    outcome: Outcome,
) -> Result<Page<Shown>, Problem> {
    let ended = app.store.finish_monitor(&monitor.id, outcome, app.now()).await?;
    if !ended {
        return Ok(gone());
    }
    Ok(ended_page(app, monitor, outcome).await)
}

/// As [`end`], for one whose end is written already.
pub(super) async fn ended_page(app: &App, monitor: &Monitor, outcome: Outcome) -> Page<Shown> {
    app.events.publish(Event::Identification(monitor.id.clone())).await;
    let status = match outcome {
        Outcome::Succeeded | Outcome::DeniedByProvider | Outcome::Canceled => Status::Ok,
        Outcome::ProviderUnreachable => Status::BadGateway,
        Outcome::Expired => Status::Gone,
        Outcome::WrongAccount => Status::Forbidden,
        Outcome::Conflict => Status::Conflict,
    };
    page(Shown::of(monitor, outcome.as_str())).with_status(status)
}
