//! The five routes of the kit.

use super::cookies::{Baker, Doubled, Jar};
use super::guard::{Carried, FromElsewhere, FromOwnPage};
use super::kit::Kit;
use super::nonce::nonce;
use super::paths::may_return;
use super::refusal::{Outcome, Refusal};
use super::request::{Asked, BodyError, LONGEST_BODY, read_body, read_logout_token};
use crate::domain::secret::Secret;
use percent_encoding::percent_decode_str;
use rocket::data::{Data, ToByteUnit};
use rocket::http::{ContentType, Header, Status};
use rocket::request::{FromRequest, Request};
use rocket::response::{Responder, Response};
use rocket::{Route, State, get, post, routes};
use serde_json::{Value, json};
use std::io::Cursor;

/// To be mounted at the callback path.
pub(super) fn routes() -> Vec<Route> {
    routes![show, receive, start, home, log_out]
}

/// Whether somebody is signed in here, and the nonce to ask the bridge with. The cookie behind the
/// nonce is kept while there is one, so that tabs which ask at the same time agree.
#[get("/")]
async fn show(
    kit: &State<Kit>,
    from_elsewhere: FromElsewhere,
    carried: Carried<'_>,
) -> Result<Answer, Answer> {
    let jar = carried.0?;
    let has_session = kit.person(jar.session).await?.is_some();
    let known = jar.transaction.and_then(Secret::parse);
    let is_new = known.is_none();
    let transaction = known.unwrap_or_else(Secret::random);
    let mut answer = Answer::new(200);
    answer.body = Some(json!({ "hasSession": has_session, "nonce": nonce(&transaction) }));
    // A page of another site that opens this one carries no Strict cookie: it must not replace the
    // one that our own page is just using.
    if is_new && !from_elsewhere.0 {
        answer.headers.push(baker(kit).transaction(&transaction.reveal()));
    }
    Ok(answer)
}

/// Swaps what the bridge gave for a session. The order of the checks is part of the contract.
#[post("/", data = "<body>")]
async fn receive(
    kit: &State<Kit>,
    own_page: FromOwnPage,
    content_type: TypeOfBody<'_>,
    carried: Carried<'_>,
    body: Data<'_>,
) -> Result<Answer, Answer> {
    if !own_page.0 {
        return Err(Refusal::ForeignPage.into());
    }
    let jar = carried.0?;
    match read(content_type.0, body).await? {
        Asked::SignedOut => closed(kit, jar).await,
        Asked::Session(payload) => opened(kit, jar, &payload).await,
    }
}

async fn closed(kit: &Kit, jar: Jar<'_>) -> Result<Answer, Answer> {
    let outcome = kit.close(jar.session).await?;
    let mut answer = Answer::from(Refusal::NobodySignedIn);
    answer.outcome = Some(outcome);
    if jar.session.is_some() {
        answer.headers.push(baker(kit).no_session());
    }
    Ok(answer)
}

async fn opened(kit: &Kit, jar: Jar<'_>, payload: &Secret) -> Result<Answer, Answer> {
    let opened = kit.open(payload, jar.transaction, jar.session).await?;
    let mut answer = Answer::new(204);
    answer.outcome = Some(opened.outcome);
    let cookie = opened.secret.map(|secret| baker(kit).session(&secret.reveal()));
    answer.headers.extend(cookie);
    Ok(answer)
}

async fn read(content_type: Option<&str>, body: Data<'_>) -> Result<Asked, Refusal> {
    let body = bytes(body).await?;
    read_body(content_type, &body).map_err(|error| match error {
        BodyError::WrongType => Refusal::WrongType,
        BodyError::Malformed(what) => Refusal::Malformed(what),
    })
}

async fn bytes(body: Data<'_>) -> Result<Vec<u8>, Refusal> {
    let unreadable = Refusal::Malformed("The body cannot be read.");
    let body = body.open(LONGEST_BODY.bytes()).into_bytes().await.map_err(|_| unreadable)?;
    if body.is_complete() { Ok(body.into_inner()) } else { Err(Refusal::TooLong) }
}

/// The accounts server tells that a sign-in has ended. It is believed by its signature alone and
/// acts by no cookie, so it does not matter where the request comes from. Whatever is wrong with
/// the request is 400 (Back-Channel Logout 1.0 §2.8).
#[post("/backchannel-logout", data = "<body>")]
async fn log_out(kit: &State<Kit>, content_type: TypeOfBody<'_>, body: Data<'_>) -> Answer {
    let mut answer = match ended(kit, content_type.0, body).await {
        Ok(()) => Answer::new(200),
        Err(refusal) => Answer::from(refusal),
    };
    answer.outcome = None;
    answer
}

async fn ended(kit: &Kit, content_type: Option<&str>, body: Data<'_>) -> Result<(), Refusal> {
    let body = bytes(body).await.map_err(|_| Refusal::Malformed("The body is too long."))?;
    let token = read_logout_token(content_type, &body).map_err(|error| match error {
        BodyError::WrongType => Refusal::Malformed("The body must be a form."),
        BodyError::Malformed(what) => Refusal::Malformed(what),
    })?;
    kit.log_out(&token).await
}

/// Remembers the page and goes to sign-in.
#[get("/start?<to>")]
fn start(kit: &State<Kit>, to: Option<&str>) -> Answer {
    let page = to.unwrap_or("/");
    if !may_return(page, &kit.settings.callback) {
        return Refusal::Malformed("`to` is not the path of a page of this site.").into();
    }
    let mut answer = Answer::redirect(kit.settings.sign_in_url());
    answer.headers.push(baker(kit).page(page));
    answer
}

/// Brings the person back to the page that was remembered, or to the first page. The cookie is
/// checked again: it has been in the browser's hands.
#[get("/return")]
fn home(kit: &State<Kit>, carried: Carried<'_>) -> Result<Answer, Answer> {
    let page = carried.0?.page.map(|page| percent_decode_str(page).decode_utf8_lossy());
    let page = page.filter(|page| may_return(page, &kit.settings.callback));
    let mut answer = Answer::redirect(kit.settings.own_url(page.as_deref().unwrap_or("/")));
    answer.headers.push(baker(kit).no_page());
    Ok(answer)
}

fn baker(kit: &Kit) -> Baker {
    Baker { embedded: kit.settings.embedded }
}

/// The content type as it was written, since a charset matters too.
struct TypeOfBody<'r>(Option<&'r str>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for TypeOfBody<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> rocket::request::Outcome<Self, ()> {
        rocket::request::Outcome::Success(Self(request.headers().get_one("Content-Type")))
    }
}

/// An answer of the kit; never stored by anybody. A status of 400 and more is an answer like any
/// other here, so that it reaches the browser with its headers and not the application's catcher.
struct Answer {
    status: u16,
    outcome: Option<Outcome>,
    headers: Vec<Header<'static>>,
    body: Option<Value>,
}

impl Answer {
    fn new(status: u16) -> Self {
        Self { status, outcome: None, headers: Vec::new(), body: None }
    }

    fn redirect(to: String) -> Self {
        let mut answer = Self::new(303);
        answer.headers.push(Header::new("Location", to));
        answer
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let (status, error, description) = refusal.facts();
        let mut answer = Self::new(status);
        answer.outcome = Some(Outcome::None);
        answer.body = Some(json!({ "error": error, "error_description": description }));
        if let Refusal::AccountsBusy(seconds) = refusal {
            answer.headers.push(Header::new("Retry-After", seconds.to_string()));
        }
        answer
    }
}

impl From<Doubled> for Answer {
    fn from(_: Doubled) -> Self {
        Refusal::DoubledCookie.into()
    }
}

impl<'r> Responder<'r, 'static> for Answer {
    fn respond_to(self, _: &'r Request<'_>) -> rocket::response::Result<'static> {
        let mut response = Response::build();
        response.status(Status::new(self.status)).raw_header("Cache-Control", "no-store");
        if let Some(outcome) = self.outcome {
            response.raw_header("X-Vestibule-Outcome", outcome.as_str());
        }
        for header in self.headers {
            response.header_adjoin(header);
        }
        if let Some(body) = self.body {
            let text = body.to_string();
            response.header(ContentType::JSON).sized_body(text.len(), Cursor::new(text));
        }
        response.ok()
    }
}
