//! A demo site without its pages: server, templates, assets, headers, errors.

use super::shell::{Here, Shell, name};
use super::sites::{Site, Sites};
use super::{DemoError, Place};
use crate::relying::{Relying, Session, SessionStore};
use rocket::data::{Limits, ToByteUnit};
use rocket::fairing::{AdHoc, Fairing};
use rocket::figment::Figment;
use rocket::http::{ContentType, Header, Status};
use rocket::serde::json::Json;
use rocket::{Build, Config, Request, Rocket, State, catch, catchers, get, routes};
use rocket_dyn_templates::Template;
use rust_embed::RustEmbed;
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(RustEmbed)]
#[folder = "templates/demo/"]
struct Templates;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// Settings of a server that listens on this machine only, says nothing, and leaves signals to
/// the demo. The environment and files are not asked.
pub(super) fn figment(site: &Site, place: &Place) -> Figment {
    let shutdown = rocket::config::Shutdown {
        ctrlc: false,
        signals: std::collections::HashSet::new(),
        grace: 1,
        mercy: 1,
        ..Default::default()
    };
    let config = Config {
        port: site.port,
        log_level: rocket::config::LogLevel::Off,
        limits: Limits::default().limit("form", 256.kibibytes()),
        ip_header: None,
        shutdown,
        ..Config::release_default()
    };
    Figment::from(config).merge(("template_dir", place.templates()))
}

/// A site with the kit attached, to which its own pages are mounted.
pub(super) fn build(
    sites: &Sites,
    site: &Site,
    place: &Place,
    relying: Relying,
    framing: Framing,
) -> Rocket<Build> {
    let rocket = plain(sites, site, place, Policy::with_sdk(&sites.accounts.origin, framing))
        .mount("/", routes![person])
        .register("/", catchers![failed]);
    relying.attach(rocket)
}

/// A site without the kit, without pages, and without a catcher for errors.
pub(super) fn plain(sites: &Sites, site: &Site, place: &Place, policy: Policy) -> Rocket<Build> {
    rocket::custom(figment(site, place))
        .attach(templates())
        .attach(headers(policy))
        .manage(shell(sites, site))
        .mount("/", routes![asset])
}

/// The kit of a site, or why it cannot be had.
pub(super) fn relying(
    sites: &Sites,
    site: &Site,
    embedded: bool,
    store: impl SessionStore,
) -> Result<Relying, DemoError> {
    let config = crate::relying::RelyingConfig { embedded, ..sites.relying(site) };
    Relying::new(config, store).map_err(|error| DemoError::new(error.to_string()))
}

fn shell(sites: &Sites, site: &Site) -> Shell {
    let named = sites.clients.iter().find(|client| client.id == site.name);
    Shell {
        name: named.map_or(site.name, |client| client.name),
        client_id: site.name,
        accounts: sites.accounts.origin.clone(),
        origin: site.origin.clone(),
        wiki: sites.wiki.origin.clone(),
        notes: sites.notes.origin.clone(),
        shop: sites.shop.origin.clone(),
        pay: sites.pay.origin.clone(),
        specs: sites.specs.origin.clone(),
    }
}

/// A site's own database.
pub(super) async fn database(place: &Place, file: &str) -> Result<SqlitePool, DemoError> {
    let path = place.state().join(file);
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
    pool.map_err(|error| DemoError::new(format!("{} cannot be opened: {error}", path.display())))
}

fn templates() -> impl Fairing {
    Template::try_custom(|engines| {
        engines.tera.add_raw_templates(embedded_templates())?;
        Ok(())
    })
}

/// Every template of the sites with its name.
pub(super) fn embedded_templates() -> Vec<(String, String)> {
    let read = |path: Cow<'static, str>| {
        let file = Templates::get(&path)?;
        Some((format!("demo/{path}"), String::from_utf8(file.data.into_owned()).ok()?))
    };
    Templates::iter().filter_map(read).collect()
}

/// Which frames a site shows, and who may show it in one.
#[derive(Default)]
pub(super) struct Framing {
    /// Origins that its pages frame, apart from the accounts server.
    pub(super) shows: Vec<String>,
    /// The pages that may be framed, each with those who may.
    pub(super) shown: Vec<(&'static str, Vec<String>)>,
    /// Whether its scripts are a client by themselves, and call the accounts server.
    pub(super) calls_accounts: bool,
}

impl Framing {
    /// That of a site with the notes beside its pages.
    pub(super) fn of_notes(sites: &Sites) -> Self {
        Self { shows: vec![sites.notes.origin.clone()], ..Self::default() }
    }
}

/// What a site's content security policy has beside the common part.
pub(super) struct Policy {
    /// Origin that script may come from, apart from the site's own.
    scripts: String,
    /// Origins that pages may show in frames.
    frames: String,
    /// Origin that forms may lead on to, apart from the site's own.
    forms: String,
    /// Origins that script may call or open sockets of, apart from the site's own.
    calls: String,
    /// The pages that may be framed, each with those who may.
    shown: Vec<(&'static str, Vec<String>)>,
}

impl Policy {
    /// The SDK and the bridge come from the accounts server.
    fn with_sdk(accounts: &str, framing: Framing) -> Self {
        let frames =
            framing.shows.iter().fold(accounts.to_owned(), |all, one| format!("{all} {one}"));
        let all = || format!("{accounts} {}", sockets_of(accounts));
        let calls = if framing.calls_accounts { all() } else { String::new() };
        let (scripts, forms) = (accounts.to_owned(), String::new());
        Self { scripts, frames, forms, calls, shown: framing.shown }
    }

    /// Everything is the site's own, but for frames, and for where forms lead on to: browsers hold
    /// the policy against every redirect that follows.
    pub(super) fn own(framing: Framing, forms: &str) -> Self {
        let frames =
            if framing.shows.is_empty() { "'none'".to_owned() } else { framing.shows.join(" ") };
        let (scripts, calls) = (String::new(), String::new());
        Self { scripts, frames, forms: forms.to_owned(), calls, shown: framing.shown }
    }

    /// Lets script open sockets of this server as well.
    pub(super) fn and_sockets_of(self, origin: &str) -> Self {
        Self { calls: sockets_of(origin), ..self }
    }

    /// Lets script come from this server, and call it.
    pub(super) fn and_scripts_of(self, origin: &str) -> Self {
        let calls = format!("{origin} {}", sockets_of(origin));
        Self { scripts: origin.to_owned(), calls, ..self }
    }
}

fn sockets_of(origin: &str) -> String {
    origin.replacen("http", "ws", 1)
}

/// Script and style from files only.
fn headers(policy: Policy) -> impl Fairing {
    let Policy { scripts, frames, forms, calls, shown } = policy;
    let common = format!(
        "default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self'; \
         connect-src 'self' {calls}; frame-src {frames}; form-action 'self' {forms}; base-uri 'none'; \
         frame-ancestors"
    );
    AdHoc::on_response("headers", move |request, response| {
        let shown = shown.iter().find(|(page, _)| request.uri().path() == *page);
        let ancestors = shown.map_or("'none'".to_owned(), |(_, ancestors)| ancestors.join(" "));
        let policy = format!("{common} {ancestors}");
        // Framed pages have no X-Frame-Options, which cannot name several origins.
        if shown.is_some() {
            response.remove_header("X-Frame-Options");
        } else {
            response.set_header(Header::new("X-Frame-Options", "DENY"));
        }
        Box::pin(async move {
            response.set_header(Header::new("Content-Security-Policy", policy));
            response.set_header(Header::new("Referrer-Policy", "strict-origin-when-cross-origin"));
            if !response.headers().contains("Cache-Control") {
                response.set_header(Header::new("Cache-Control", "no-store"));
            }
        })
    })
}

/// Who is signed in here, for the page's script.
#[get("/api/person")]
fn person(person: Option<Session>) -> Json<Value> {
    Json(json!({ "person": person.map(|person| json!({ "name": name(&person) })) }))
}

/// The sites' own files and the common style; nothing else of the folder.
#[get("/assets/<path..>")]
fn asset(path: PathBuf) -> Option<(ContentType, Vec<u8>)> {
    let open = ["demo", "style", "brand"].iter().any(|folder| path.starts_with(folder));
    let file = Assets::get(path.to_str().filter(|_| open)?)?;
    let extension = Path::new(&path).extension()?.to_str()?;
    Some((ContentType::from_extension(extension)?, file.data.into_owned()))
}

#[catch(default)]
fn failed(status: Status, request: &Request<'_>) -> (Status, Option<Template>) {
    let text = match status.code {
        401 => "Please sign in first.",
        403 => "That may not be asked from another site.",
        404 => "There is no such page.",
        _ => "That did not work.",
    };
    let page = json!({ "status": status.code, "text": text });
    let here = Here("/".to_owned());
    let shell: Option<&State<Shell>> = State::get(request.rocket());
    (status, shell.map(|shell| shell.page("demo/error.html", None, &here, page)))
}
