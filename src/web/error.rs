//! What went wrong, said once: a route or a guard leaves a [`Problem`] with the request, and the
//! catcher of its mount renders it: JSON for programs (RFC 6749 §5.2), a page for people.

use rocket::http::{Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::serde::json::{Json, json};
use rocket::{Catcher, Either, catch, catchers};
use serde::Serialize;
use std::sync::Mutex;

use super::guard::for_scripts::ForScripts;
use super::headers;
use super::page::Page;
use super::request_id::RequestId;
use crate::keys::KeyError;
use crate::limits::Limited;
use crate::passwords::Busy;
use crate::store::StoreError;

/// An answer other than success. The client sees `error` and `text`; the operator's text goes to
/// the log and nowhere else.
#[derive(Clone, Debug)]
pub struct Problem {
    status: Status,
    error: &'static str,
    text: String,
    operator: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem with its RFC 6749 error code and one sentence for whoever caused it.
    #[must_use]
    pub fn new(status: Status, error: &'static str, text: impl Into<String>) -> Self {
        Self { status, error, text: text.into(), operator: None, headers: Vec::new() }
    }

    /// 400 `invalid_request`.
    #[must_use]
    pub fn bad_request(text: impl Into<String>) -> Self {
        Self::new(Status::BadRequest, "invalid_request", text)
    }

    /// 403 `access_denied`.
    #[must_use]
    pub fn forbidden(text: impl Into<String>) -> Self {
        Self::new(Status::Forbidden, "access_denied", text)
    }

    /// 401 `invalid_client`, the one answer to every failed client authentication.
    #[must_use]
    pub fn invalid_client() -> Self {
        let text = "Authenticate with HTTP Basic: the client's id and its secret.";
        Self::new(Status::Unauthorized, "invalid_client", text)
            .with_header("WWW-Authenticate", "Basic realm=\"vestibule\", charset=\"UTF-8\"")
    }

    /// 303 to the sign-in page, and from there back to `path`, which is one of ours.
    #[must_use]
    pub fn sign_in_first(path: &str) -> Self {
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        Self::new(Status::SeeOther, "login_required", "Sign in first.")
            .with_header("Location", format!("/signin?next={next}"))
    }

    /// 404 for a page that is not there.
    #[must_use]
    pub fn not_found(text: impl Into<String>) -> Self {
        Self::new(Status::NotFound, "not_found", text)
    }

    /// 500: the fault is ours.
    #[must_use]
    pub fn internal(operator: impl Into<String>) -> Self {
        let mut problem = Self::new(
            Status::InternalServerError,
            "server_error",
            "Something went wrong on our side. Try again in a moment.",
        );
        problem.operator = Some(operator.into());
        problem
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The sentence for whoever caused it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Seconds after which it is worth trying again.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        let header = self.headers.iter().find(|(name, _)| *name == "Retry-After");
        header.map(|(_, value)| value.as_str())
    }

    /// Leaves the problem for the catcher; a guard then fails with the status that comes back.
    pub fn leave(self, request: &Request<'_>) -> Status {
        let status = self.status;
        if let Ok(mut slot) = left(request).lock() {
            *slot = Some(self);
        }
        status
    }
}

fn left<'r>(request: &'r Request<'_>) -> &'r Mutex<Option<Problem>> {
    request.local_cache(|| Mutex::new(None))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        let text = format!("Too many tries. Try again {}.", in_words(limited.retry_after_seconds));
        Self::new(Status::TooManyRequests, "rate_limited", text)
            .with_header("Retry-After", limited.retry_after_seconds.to_string())
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        let text = "Very many people are signing in just now. Try again in a few seconds.";
        Self::new(Status::ServiceUnavailable, "temporarily_unavailable", text)
            .with_header("Retry-After", busy.retry_after.to_string())
    }
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "in a second".into(),
        2..=90 => format!("in {seconds} seconds"),
        _ => format!("in {} minutes", seconds.div_ceil(60)),
    }
}

impl<'r> Responder<'r, 'static> for Problem {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        if self.status == Status::SeeOther {
            return Answer(self, ()).respond_to(request);
        }
        Err(self.leave(request))
    }
}

/// The problem that was left, or one made of a bare status; logged here and only here.
fn take(status: Status, request: &Request<'_>) -> Problem {
    let problem = left(request).lock().ok().and_then(|mut slot| slot.take());
    let problem = problem.unwrap_or_else(|| of_status(status));
    if let Some(operator) = &problem.operator {
        let id = RequestId::of(request);
        tracing::error!(request_id = %id, status = problem.status.code, "{operator}");
    }
    problem
}

fn of_status(status: Status) -> Problem {
    let (error, text) = match status.code {
        400 => ("invalid_request", "The request could not be understood."),
        404 => ("not_found", "There is nothing at this address."),
        413 => ("invalid_request", "The request is too large."),
        415 => ("invalid_request", "The body has a content type that is not taken here."),
        422 => ("invalid_request", "The request has the wrong shape."),
        503 => ("temporarily_unavailable", "The server is stopping. Try again in a moment."),
        code if code < 500 => ("invalid_request", "The request was refused."),
        _ => return Problem::internal(format!("answered {status} without saying why")),
    };
    Problem::new(status, error, text)
}

struct Answer<R>(Problem, R);

impl<'r, R: Responder<'r, 'static>> Responder<'r, 'static> for Answer<R> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let mut response = Response::build_from(self.1.respond_to(request)?);
        response.status(self.0.status);
        for (name, value) in self.0.headers {
            response.header(Header::new(name, value));
        }
        let mut response = response.finalize();
        headers::complete(&mut response, request);
        Ok(response)
    }
}

#[derive(Serialize)]
struct ErrorPage {
    status: u16,
    heading: &'static str,
    text: String,
    action: Option<Action>,
}

#[derive(Serialize)]
struct Action {
    href: &'static str,
    label: &'static str,
}

#[catch(default)]
fn page<'r>(status: Status, request: &'r Request<'_>) -> impl Responder<'r, 'static> {
    if ForScripts::is_answered(request) {
        return Either::Left(json(status, request));
    }
    Either::Right(of_page(status, request))
}

fn of_page(status: Status, request: &Request<'_>) -> Answer<Page<impl Serialize>> {
    let problem = take(status, request);
    let heading = match problem.status.code {
        403 => "This was refused",
        404 => "Not found",
        413 => "Too large",
        429 => "Too many tries",
        503 => "Just a moment",
        code if code < 500 => "This did not work",
        _ => "Something went wrong",
    };
    let page = ErrorPage {
        status: problem.status.code,
        heading,
        text: problem.text.clone(),
        action: Some(Action { href: "/account", label: "Go to your account" }),
    };
    Answer(problem, Page::new("error.html", page))
}

#[catch(default)]
fn json(status: Status, request: &Request<'_>) -> Answer<Json<rocket::serde::json::Value>> {
    let problem = take(status, request);
    let body = json!({ "error": problem.error, "error_description": problem.text });
    Answer(problem, Json(body))
}

/// For pages, and the calls of scripts among them.
#[must_use]
pub fn page_catchers() -> Vec<Catcher> {
    catchers![page]
}

/// For programs.
#[must_use]
pub fn json_catchers() -> Vec<Catcher> {
    catchers![json]
}
