//! The widget's JSON API, for whoever is signed in at this site and for whoever brings a token that
//! is aimed at it.

use super::asker::{Reader, Writer, refusal};
use super::bearer::{Holder, Refusal};
use super::failed;
use super::target::Targets;
use super::writings::Writings;
use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder};
use rocket::serde::json::Json;
use rocket::{Catcher, Route, State, catch, catchers, delete, get, post, routes};
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_NOTE: usize = 2_000;

/// To be mounted at `/api`.
pub(super) fn routes() -> Vec<Route> {
    routes![list, add, remove, token]
}

/// To be registered there.
pub(super) fn catchers() -> Vec<Catcher> {
    catchers![refused]
}

#[derive(Deserialize)]
struct NewNote<'r> {
    page: std::borrow::Cow<'r, str>,
    text: std::borrow::Cow<'r, str>,
}

#[get("/notes?<page>")]
async fn list(
    page: &str,
    targets: &State<Targets>,
    writings: &State<Writings>,
    reader: Reader,
) -> Result<Json<Value>, Status> {
    let target = targets.parse(page).ok_or(Status::BadRequest)?;
    let uid = reader.0.as_ref().map(|person| person.uid.as_str());
    let notes = writings.on(&target, uid).await.map_err(|error| failed(&error))?;
    Ok(Json(json!({ "notes": notes })))
}

#[post("/notes", format = "json", data = "<note>")]
async fn add(
    writer: Writer,
    note: Json<NewNote<'_>>,
    targets: &State<Targets>,
    writings: &State<Writings>,
) -> Result<Status, Status> {
    let target = targets.parse(&note.page).ok_or(Status::BadRequest)?;
    let text = note.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(Status::UnprocessableEntity);
    }
    let added = writings.add(&target, &writer.0.uid, &writer.0.name, text).await;
    added.map(|()| Status::Created).map_err(|error| failed(&error))
}

#[delete("/notes/<id>")]
async fn remove(writer: Writer, id: i64, writings: &State<Writings>) -> Result<Status, Status> {
    match writings.remove(id, &writer.0.uid).await {
        Ok(true) => Ok(Status::NoContent),
        Ok(false) => Err(Status::NotFound),
        Err(error) => Err(failed(&error)),
    }
}

/// Whom the token of this request speaks for and what it is good for: for people who learn.
#[get("/token")]
fn token(holder: Holder) -> Json<Holder> {
    Json(holder)
}

/// An error, with what to bring instead where a token was refused.
struct Refused(Status, &'static str, Option<Refusal>);

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let Self(status, code, refusal) = self;
        let mut answer = (status, Json(json!({ "error": code }))).respond_to(request)?;
        if let Some(refusal) = refusal {
            answer.set_header(Header::new("WWW-Authenticate", refusal.challenge()));
        }
        Ok(answer)
    }
}

#[catch(default)]
fn refused(status: Status, request: &Request<'_>) -> Refused {
    let refusal = refusal(request);
    let code = match (refusal, status.code) {
        (Some(refusal), _) => refusal.code(),
        (None, 401) => "login_required",
        (None, 403) => "access_denied",
        (None, 404) => "not_found",
        (None, 500..) => "server_error",
        _ => "invalid_request",
    };
    Refused(status, code, refusal)
}
