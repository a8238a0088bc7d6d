//! The widget's JSON API. What changes something takes the session *and* a page of ours: the
//! widget is framed by others, who are not trusted.

use super::failed;
use super::target::Targets;
use super::writings::Writings;
use crate::demo::shell::name;
use crate::relying::{SameOrigin, Session};
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, delete, get, post, routes};
use serde::Deserialize;
use serde_json::{Value, json};

const LONGEST_NOTE: usize = 2_000;

/// To be mounted at `/api`.
pub(super) fn routes() -> Vec<Route> {
    routes![list, add, remove]
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
    person: Option<Session>,
) -> Result<Json<Value>, Status> {
    let target = targets.parse(page).ok_or(Status::BadRequest)?;
    let uid = person.as_ref().map(|person| person.uid.as_str());
    let notes = writings.on(&target, uid).await.map_err(|error| failed(&error))?;
    Ok(Json(json!({ "notes": notes })))
}

#[post("/notes", format = "json", data = "<note>")]
async fn add(
    _own_page: SameOrigin,
    person: Session,
    note: Json<NewNote<'_>>,
    targets: &State<Targets>,
    writings: &State<Writings>,
) -> Result<Status, Status> {
    let target = targets.parse(&note.page).ok_or(Status::BadRequest)?;
    let text = note.text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(Status::UnprocessableEntity);
    }
    let added = writings.add(&target, &person.uid, &name(&person), text).await;
    added.map(|()| Status::Created).map_err(|error| failed(&error))
}

#[delete("/notes/<id>")]
async fn remove(
    _own_page: SameOrigin,
    person: Session,
    id: i64,
    writings: &State<Writings>,
) -> Result<Status, Status> {
    match writings.remove(id, &person.uid).await {
        Ok(true) => Ok(Status::NoContent),
        Ok(false) => Err(Status::NotFound),
        Err(error) => Err(failed(&error)),
    }
}
