//! `/signin`: by username or e-mail address.

use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::open_session::{Opening, remember_device};
use super::{FieldMessages, PageOrRedirect, message, operation};
use crate::domain::account::fold;
use crate::domain::return_to::ReturnTo;
use crate::domain::secret::SecretHash;
use crate::passwords::Lane;
use crate::store::accounts::Credentials;
use crate::web::app::App;
use crate::web::body::{Form, Query};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::network::Peer;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::{Cookies, Visitor};
use crate::web::page::Page;

/// The context of `signin.html`.
#[derive(Default, Serialize)]
pub(super) struct SignIn {
    next: String,
    login: String,
    keep: bool,
    /// To sign in although somebody is signed in.
    again: bool,
    error: Option<String>,
    fields: FieldMessages,
    client_name: Option<String>,
    sign_up_open: bool,
    /// What the person signs in to answer.
    question: Option<Question>,
}

/// An operation on whose page the person was, as far as anybody may know.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Question {
    Asked,
    /// By too many wrong passwords.
    Failed,
}

/// Characters of a login that another site suggests; an e-mail address has no more.
const LONGEST_HINT: usize = 320;

const WRONG: &str = "The username, the e-mail address or the password is not right.";

fn page(app: &App, to: &ReturnTo, page: SignIn) -> Page<SignIn> {
    let page = SignIn {
        client_name: to.client_name().map(str::to_owned),
        sign_up_open: app.sign_up.is_open(),
        question: to.operation().map(|_| page.question.unwrap_or(Question::Asked)),
        ..page
    };
    Page::new("signin.html", page).with_form_targets(to.onward())
}

#[get("/signin")]
pub(super) async fn form(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<SignIn> {
    let next = query.0.text("next")?;
    let to = app.return_to(&next).await?;
    let again = query.0.is_on("again")?;
    let login = hint(query.0.text("login_hint")?);
    if visitor.signed_in.is_some() && !again {
        return Ok(Either::Right(Redirect::to(to.address(&app.issuer))));
    }
    let keep = visitor.signed_in.is_some_and(|who| who.session.kept);
    let empty = SignIn { next, login, keep, again, ..SignIn::default() };
    Ok(Either::Left(page(app, &to, empty)))
}

/// What somebody else suggests to sign in with, if it can be a login at all.
fn hint(text: String) -> String {
    let good = text.chars().count() <= LONGEST_HINT && !text.chars().any(char::is_control);
    if good { text } else { String::new() }
}

#[post("/signin", data = "<form>")]
pub(super) async fn submit(
    _popup: InPopup,
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    peer: Peer,
    jar: &CookieJar<'_>,
    form: Form,
) -> PageOrRedirect<SignIn> {
    let fields = form.0;
    let (next, login) = (fields.text("next")?, fields.text("login")?);
    let (password, keep) = (fields.text("password")?, fields.is_on("keep")?);
    let to = app.return_to(&next).await?;
    let again = fields.is_on("again")?;
    let typed = SignIn { next, login: login.clone(), keep, again, ..SignIn::default() };

    if let Some(fields) = missing(&login, &password) {
        let typed = SignIn { fields, ..typed };
        return Ok(Either::Left(page(app, &to, typed).with_status(Status::UnprocessableEntity)));
    }
    match open(app, &visitor, &peer, &login, &password, keep).await {
        Ok(opened) => {
            opened.hand_over(app, jar).await;
            remember_device(app, jar, &visitor.cookies, &opened.account_uid).await?;
            Ok(Either::Right(Redirect::to(to.address(&app.issuer))))
        }
        // What does not pass by itself is a page of its own, and the operator is told.
        Err(Refusal::Problem(problem)) if problem.retry_after().is_none() => Err(problem),
        Err(refusal) => {
            let wrong = matches!(refusal, Refusal::Wrong);
            let failed = wrong && operation::failed_sign_in(app, &to).await?;
            let typed = SignIn { question: failed.then_some(Question::Failed), ..typed };
            Ok(Either::Left(refused(app, &to, typed, refusal)))
        }
    }
}

/// Checks the password and opens a session. When the stored hash was replaced in between, be it
/// by another sign-in that renewed it, everything is looked at once more.
async fn open(
    app: &App,
    visitor: &Visitor,
    peer: &Peer,
    login: &str,
    password: &str,
    keep: bool,
) -> Result<Opening, Refusal> {
    let old = visitor.signed_in.as_ref().map(|who| &who.session);
    for _ in 0..2 {
        let who = authenticate(app, &visitor.cookies, peer, login, password).await?;
        let opening = Opening::prepare(app, peer, &who.account.uid, keep).await?;
        let (uid, hash) = (&who.account.uid, &who.password_hash);
        let opened = app.store.add_session(uid, hash, &opening.new, old, app.now()).await;
        if opened.map_err(Problem::from)?.is_some() {
            old.inspect(|_| app.wake.ring());
            return Ok(opening);
        }
    }
    Err(Refusal::Wrong)
}

fn missing(login: &str, password: &str) -> Option<FieldMessages> {
    let no_login = login.trim().is_empty().then_some("Enter your username or e-mail address.");
    let no_password = password.is_empty().then_some("Enter your password.");
    let mut fields = FieldMessages::new();
    fields.extend(no_login.map(|text| ("login", text.to_owned())));
    fields.extend(no_password.map(|text| ("password", text.to_owned())));
    (!fields.is_empty()).then_some(fields)
}

/// Why somebody was not signed in.
enum Refusal {
    /// The same answer for an unknown account, a wrong password and one changed meanwhile.
    Wrong,
    /// The password was right, but the account is closed.
    Closed,
    /// Too many tries, or the server is busy, or it failed.
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

fn refused(app: &App, to: &ReturnTo, typed: SignIn, refusal: Refusal) -> Page<SignIn> {
    let with_error = |text: &str| SignIn { error: Some(text.to_owned()), ..typed };
    match refusal {
        Refusal::Wrong => page(app, to, with_error(WRONG)).with_status(Status::UnprocessableEntity),
        Refusal::Closed => {
            page(app, to, with_error("This account is closed. Ask its administrator."))
                .with_status(Status::Forbidden)
        }
        Refusal::Problem(problem) => page(app, to, with_error(problem.text())).because_of(&problem),
    }
}

/// Checks a password. Unknown accounts take the same steps as known ones: the same look-ups, the
/// same limits, one and the same hash job.
async fn authenticate(
    app: &App,
    cookies: &Cookies,
    peer: &Peer,
    login: &str,
    password: &str,
) -> Result<Credentials, Refusal> {
    let found = app.store.account_by_login(login).await.map_err(Problem::from)?;
    let device = known_device(app, cookies, found.as_ref()).await?;
    let attempt = app.limits.sign_in(&fold(login), peer.network(), device.as_deref())?;
    let lane = Lane {
        network: peer.network(),
        known_device: device.is_some(),
        suspect: attempt.is_from_suspect_network(),
    };
    let stored = found.as_ref().map(|found| found.password_hash.as_str());
    let verdict = match app.passwords.verify(lane, password, stored).await {
        Ok(verdict) => verdict,
        Err(busy) => {
            attempt.give_back();
            return Err(busy.into());
        }
    };
    let Some(mut found) = found.filter(|_| verdict.matches) else {
        return Err(Refusal::Wrong);
    };
    attempt.give_back();
    if found.account.disabled_at.is_some() {
        return Err(Refusal::Closed);
    }
    if verdict.outdated {
        found.password_hash = rehash(app, lane, &found, password).await?;
    }
    Ok(found)
}

async fn known_device(
    app: &App,
    cookies: &Cookies,
    found: Option<&Credentials>,
) -> Result<Option<String>, Problem> {
    let Some(secret) = &cookies.device else {
        return Ok(None);
    };
    let uid = found.map_or("", |found| found.account.uid.as_str());
    let hash: SecretHash = secret.hash();
    Ok(app.store.device(uid, &hash).await?)
}

/// The password's hash with the present parameters; a busy pool leaves it for another time.
async fn rehash(
    app: &App,
    lane: Lane,
    found: &Credentials,
    password: &str,
) -> Result<String, Problem> {
    let old = &found.password_hash;
    let Ok(new) = app.passwords.hash(lane, password).await else {
        return Ok(old.clone());
    };
    app.store.rehash_password(&found.account.uid, old, &new).await?;
    Ok(new)
}

/// What stands beside a password field when it is not the person's.
pub(super) fn wrong_password() -> FieldMessages {
    message("password", "This is not your present password.")
}
