//! `/operations/{id}`: a person reads what a client wants confirmed, and approves or refuses it.

use rocket::http::Status;
use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::show::date_and_second;
use super::{FieldMessages, PageOrRedirect, message, person, see_other};
use crate::domain::operation::{FRESH_SIGN_IN, Line, Outcome, PAGE, choices, is_id};
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::Secret;
use crate::store::operations::{Confirmation, Operation};
use crate::store::sessions::SignedIn;
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `operation.html`.
#[derive(Serialize)]
pub(super) struct Shown {
    id: String,
    client_name: String,
    site: Option<String>,
    title: String,
    lines: Vec<Line>,
    until: String,
    /// How it ended; there is nothing to press then.
    outcome: Option<&'static str>,
    ended: String,
    /// What the waiting page's number is picked from; none on the browser that has that page.
    numbers: Vec<i64>,
    fields: FieldMessages,
}

/// An operation, and the person it is addressed to.
struct Addressed {
    operation: Operation,
    who: SignedIn,
    /// Whether the waiting page is in this browser.
    waits_here: bool,
}

impl Addressed {
    /// Nobody signs in first. Whoever is not asked is told no more than that nothing is there.
    async fn find(app: &App, visitor: Visitor, id: &str) -> Result<Self, Problem> {
        if !is_id(id) {
            return Err(unknown());
        }
        let device = visitor.cookies.device.as_ref().map(Secret::hash);
        let who = person(visitor, &path_of(id))?;
        let operation = app.store.operation_for(id, &who.account.uid, app.now()).await?;
        let operation = operation.ok_or_else(unknown)?;
        let waiting = operation.device_hash.as_deref();
        let waits_here = device.zip(waiting).is_some_and(|(own, waiting)| own.matches(waiting));
        Ok(Self { operation, who, waits_here })
    }

    fn has_ended(&self) -> bool {
        self.operation.outcome.is_some()
    }

    fn is_fresh(&self, now: i64) -> bool {
        self.who.session.auth_time > now - FRESH_SIGN_IN
    }

    fn page(self, app: &App, fields: FieldMessages) -> Page<Shown> {
        let (operation, waits_here) = (self.operation, self.waits_here);
        let ended = operation.finished_at.unwrap_or(operation.expires_at);
        let is_asked = !waits_here && operation.outcome.is_none();
        let seed = app.number_seed(&operation.id);
        let numbers = if is_asked { choices(&seed, operation.number) } else { Vec::new() };
        let shown = Shown {
            id: operation.id.clone(),
            client_name: operation.client.client_name.clone(),
            site: operation.client.site(),
            until: date_and_second(operation.expires_at),
            outcome: operation.outcome.map(Outcome::as_str),
            ended: date_and_second(ended),
            numbers,
            fields,
            title: operation.question.title,
            lines: operation.question.lines,
        };
        Page::new("operation.html", shown)
    }

    async fn confirm(&self, app: &App, number_matched: bool) -> Result<bool, Problem> {
        let by = Confirmation {
            account_uid: &self.who.account.uid,
            session_id: &self.who.session.id,
            number_matched,
        };
        Ok(app.store.confirm_operation(&self.operation.id, &by, app.now()).await?)
    }
}

/// What the person says.
enum Answer {
    /// With the number, where one was picked.
    Approve(Option<i64>),
    Refuse,
}

impl Answer {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let (answer, number) = (fields.text("answer")?, fields.text("number")?);
        let number = match number.as_bytes() {
            [] => None,
            [b'1'..=b'9', b'0'..=b'9'] => number.parse().ok(),
            _ => return Err(Problem::bad_request("`number` is from 10 to 99.")),
        };
        match answer.as_str() {
            "approve" => Ok(Self::Approve(number)),
            "refuse" => Ok(Self::Refuse),
            _ => Err(Problem::bad_request("Answer with `approve` or `refuse`.")),
        }
    }
}

#[get("/operations/<id>")]
pub(super) async fn form(
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    id: &str,
) -> PageOrRedirect<Shown> {
    let (asked, now) = (Addressed::find(app, visitor, id).await?, app.now());
    if !asked.has_ended() && !asked.is_fresh(now) {
        return Ok(Either::Right(sign_in_again(app, id)));
    }
    Ok(Either::Left(asked.page(app, FieldMessages::new())))
}

#[post("/operations/<id>", data = "<form>")]
pub(super) async fn submit(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    id: &str,
    form: Form,
) -> PageOrRedirect<Shown> {
    let answer = Answer::read(&form.0)?;
    let (asked, now) = (Addressed::find(app, visitor, id).await?, app.now());
    let outcome = || Either::Right(see_other(app, &path_of(id)));
    if asked.has_ended() {
        return Ok(outcome());
    }
    if !asked.is_fresh(now) {
        return Ok(Either::Right(sign_in_again(app, id)));
    }
    let finish = async |outcome| app.store.finish_operation(id, outcome, app.now()).await;
    let has_ended = match answer {
        Answer::Refuse => finish(Outcome::Refused).await?,
        Answer::Approve(Some(number)) if number != asked.operation.number => {
            finish(Outcome::NumberFailed).await?
        }
        Answer::Approve(None) if !asked.waits_here => {
            let text = "Pick the number that the waiting page shows.";
            let page = asked.page(app, message("number", text));
            return Ok(Either::Left(page.with_status(Status::UnprocessableEntity)));
        }
        Answer::Approve(number) => {
            asked.confirm(app, number.is_some() && !asked.waits_here).await?
        }
    };
    if has_ended {
        app.operation_ended(id).await;
    }
    Ok(outcome())
}

/// Counts a wrong password that was given on the way to an operation, whoever's it was meant to be;
/// whether the operation has failed by it, or by those before.
pub(super) async fn failed_sign_in(app: &App, to: &ReturnTo) -> Result<bool, Problem> {
    let Some(id) = to.operation() else { return Ok(false) };
    if app.store.count_failed_sign_in(id, app.now()).await? {
        app.operation_ended(id).await;
        return Ok(true);
    }
    let waiting = app.store.waiting(id, app.now()).await?;
    Ok(waiting.is_some_and(|waiting| waiting.outcome == Some(Outcome::SignInFailed)))
}

/// The path of the page about an operation.
fn path_of(id: &str) -> String {
    format!("{PAGE}{id}")
}

/// The sign-in page, though somebody is signed in, and from there back.
fn sign_in_again(app: &App, id: &str) -> Redirect {
    let path = path_of(id);
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    see_other(app, &format!("/signin?again=on&next={next}"))
}

/// The same for an operation that never was, was taken back, or is addressed to somebody else.
fn unknown() -> Problem {
    Problem::not_found(
        "Nothing waits for your answer here. It may have been taken back, or it is meant for \
         another account than the one you are signed in with.",
    )
}
