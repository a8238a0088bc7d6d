//! The bridge: the framable page that tells a client's pages whether somebody is signed in, and
//! the two calls its own script makes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket::http::{CookieJar, Header, Status};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use rocket::{Request, Route, State, get, post, routes};
use rocket_dyn_templates::Template;
use serde::{Deserialize, Serialize};

use super::app::App;
use super::body::{JsonBody, Query};
use super::cookies;
use super::embedded::Embedded;
use super::error::Problem;
use super::guard::fetch_metadata::BridgeCall;
use super::guard::visitor::{Cookies, signed_in, visit};
use super::headers::Framable;
use crate::domain::account::fold;
use crate::domain::recovery_payload::{Binding, LIFETIME, is_nonce};
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::session;
use crate::random;
use crate::store::visits::{By, Visit};

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![show, payload, signout]
}

#[derive(Serialize)]
struct BridgePage<'a> {
    mark: String,
    page: Values<'a>,
}

#[derive(Serialize)]
struct Values<'a> {
    client_id: &'a str,
    origins: String,
    nonce: &'a str,
    /// The name of this site, for the button that asks for storage access.
    brand: &'a str,
}

/// The headers that only the bridge has.
struct WithBridgeHeaders(Template);

impl<'r> Responder<'r, 'static> for WithBridgeHeaders {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        Response::build_from(Embedded(self.0).respond_to(request)?)
            .header(Header::new("Origin-Agent-Cluster", "?1"))
            // Lets the frame have its cookies where the person has granted that before: from its
            // first call on. Asking for the document again would bring nothing but a request more.
            .header(Header::new("Activate-Storage-Access", "load"))
            .ok()
    }
}

#[get("/bridge")]
async fn show(
    app: &State<App>,
    cookies: Cookies,
    query: Query,
) -> Result<Framable<WithBridgeHeaders>, Problem> {
    let client_id = query.0.text("client_id")?;
    let secret = cookies.session.as_ref().map(Secret::hash);
    let found = visit(app, &client_id, secret.as_ref().map_or(By::Nothing, By::Session)).await?;
    let Visit { registration, person } =
        found.ok_or_else(|| Problem::not_found("No site is registered under this client_id."))?;
    let nonce = STANDARD.encode(random::bytes::<16>());
    let page = BridgePage {
        mark: person.map(|person| session::mark(&person.session_id)).unwrap_or_default(),
        page: Values {
            client_id: &client_id,
            origins: serde_json::to_string(&registration.origins)
                .map_err(|error| Problem::internal(error.to_string()))?,
            nonce: &nonce,
            brand: &app.brand.name,
        },
    };
    Ok(Framable {
        inner: WithBridgeHeaders(Template::render("bridge.html", page)),
        policy: format!(
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; object-src 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'; report-to csp"
        ),
        ancestors: registration.ancestors(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    client_id: String,
    origin: String,
    mint: bool,
    nonce: Option<String>,
    username: Option<String>,
}

/// What the bridge's script is told. All but `mark` it passes on to the page that asked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    has_session: bool,
    recovery_payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    same_user: Option<bool>,
    mark: String,
}

impl Verdict {
    fn no(error: &'static str, mark: String) -> Json<Self> {
        Json(Self { has_session: false, error: Some(error), ..Self::yes(mark) })
    }

    fn yes(mark: String) -> Self {
        Self {
            has_session: true,
            recovery_payload: None,
            expires_in: None,
            error: None,
            same_user: None,
            mark,
        }
    }
}

#[post("/bridge/payload", data = "<ask>")]
async fn payload(
    _script: BridgeCall,
    app: &State<App>,
    cookies: Cookies,
    ask: JsonBody<Ask>,
) -> Result<Json<Verdict>, Problem> {
    let ask = ask.0;
    if ask.nonce.as_deref().is_some_and(|nonce| !is_nonce(nonce)) {
        return Err(Problem::bad_request("`nonce` is 16 to 128 characters of A-Z a-z 0-9 _ -."));
    }
    let Visit { registration, person } = asking(app, &ask, &cookies).await?;
    let Some(person) = person else {
        return Ok(Verdict::no("login_required", String::new()));
    };
    app.limits.bridge(&person.session_id, &ask.client_id)?;
    let mark = session::mark(&person.session_id);
    if !person.consents {
        return Ok(Verdict::no("consent_required", mark));
    }
    let same_user = ask.username.as_deref().map(|name| fold(name) == fold(&person.username));
    if !ask.mint || same_user == Some(true) {
        return Ok(Json(Verdict::yes(mark)));
    }
    if registration.require_nonce && ask.nonce.is_none() {
        return Ok(Verdict::no("nonce_required", mark));
    }
    let payload = mint(app, &person.session_id, ask).await?;
    Ok(Json(Verdict {
        recovery_payload: Some(payload.reveal()),
        expires_in: Some(LIFETIME / 1_000),
        same_user,
        ..Verdict::yes(mark)
    }))
}

/// The client, if its pages live at the origin that asks, and who is signed in: by the first
/// cookie or, in a frame on another site, by the second.
async fn asking(app: &App, ask: &Ask, cookies: &Cookies) -> Result<Visit, Problem> {
    let (first, second) = (cookies.session.as_ref(), cookies.session_none.as_ref());
    let (first, second) = (first.map(Secret::hash), second.map(Secret::hash));
    let first = first.as_ref().map_or(By::Nothing, By::Session);
    let found = of_origin(visit(app, &ask.client_id, first).await?, &ask.origin)?;
    match &second {
        Some(second) if found.person.is_none() => {
            let found = visit(app, &ask.client_id, By::SessionNone(second)).await?;
            of_origin(found, &ask.origin)
        }
        _ => Ok(found),
    }
}

fn of_origin(found: Option<Visit>, origin: &str) -> Result<Visit, Problem> {
    let found = found.filter(|found| found.registration.has_origin(origin));
    found.ok_or_else(|| Problem::forbidden("This page is not one of the client's."))
}

async fn mint(app: &App, session_id: &str, ask: Ask) -> Result<Secret, Problem> {
    let payload = Secret::random();
    let hash = |nonce: String| SecretHash::of(nonce.as_bytes()).as_str().to_owned();
    let binding =
        Binding { client_id: ask.client_id, origin: ask.origin, nonce_hash: ask.nonce.map(hash) };
    app.store.add_payload(&payload.hash(), session_id, &binding, app.now()).await?;
    Ok(payload)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignOff {
    client_id: String,
    origin: String,
}

#[post("/bridge/signout", data = "<ask>")]
async fn signout(
    _script: BridgeCall,
    app: &State<App>,
    cookies: Cookies,
    jar: &CookieJar<'_>,
    ask: JsonBody<SignOff>,
) -> Result<Status, Problem> {
    let client = app.active_client(&ask.0.client_id).await?;
    let client = client
        .filter(|client| client.registration.has_origin(&ask.0.origin))
        .ok_or_else(|| Problem::forbidden("This page is not one of the client's."))?;
    if !client.registration.first_party {
        return Err(Problem::forbidden("Only sites of this organisation can sign a person out."));
    }
    match signed_in(app, &cookies).await? {
        Some(who) => {
            app.store.finish_session(&who.session.id, &who.account.uid, app.now()).await?;
            app.wake.ring();
        }
        // Only the second cookie came along, which opens nothing else: do not claim a sign-out.
        None if is_known_by_second_cookie(app, &cookies).await? => {
            let text = "A frame on another site cannot sign a person out.";
            return Err(Problem::new(Status::Conflict, "storage_blocked", text));
        }
        None => {}
    }
    cookies::clear_session(jar);
    Ok(Status::NoContent)
}

/// Whether the second cookie, which other sites' frames may send, says who is there.
async fn is_known_by_second_cookie(app: &App, cookies: &Cookies) -> Result<bool, Problem> {
    let Some(secret) = &cookies.session_none else {
        return Ok(false);
    };
    Ok(app.store.signed_in_cross_site(&secret.hash(), app.now()).await?.is_some())
}
