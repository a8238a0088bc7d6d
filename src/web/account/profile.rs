//! `/account/profile`: editing what one wrote about oneself. A username or an address that signs
//! one in is changed only with the password.

use rocket::http::Status;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::signin::wrong_password;
use super::signup::taken_field;
use super::{FieldMessages, PageOrRedirect, messages, person, see_other};
use crate::domain::account::{Account, Profile, fold};
use crate::passwords::Lane;
use crate::store::accounts::Added;
use crate::store::sessions::SignedIn;
use crate::web::app::App;
use crate::web::body::Form;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::network::Peer;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `account/profile.html`.
#[derive(Default, Serialize)]
pub(super) struct Edit {
    full_name: String,
    username: String,
    email: String,
    error: Option<String>,
    fields: FieldMessages,
}

impl Edit {
    fn page(self) -> Page<Self> {
        Page::new("account/profile.html", self)
    }

    fn wrong(self, fields: FieldMessages) -> Page<Self> {
        Self { fields, ..self }.page().with_status(Status::UnprocessableEntity)
    }
}

#[get("/account/profile")]
pub(super) fn form(_page: Unframed, visitor: Visitor) -> Result<Page<Edit>, Problem> {
    let Account { full_name, username, email, .. } = person(visitor, "/account/profile")?.account;
    Ok(Edit { full_name, username, email, ..Edit::default() }.page())
}

#[post("/account/profile", data = "<form>")]
pub(super) async fn submit(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    peer: Peer,
    form: Form,
) -> PageOrRedirect<Edit> {
    let who = person(visitor, "/account/profile")?;
    let fields = form.0;
    let typed = Edit {
        full_name: fields.text("full_name")?,
        username: fields.text("username")?,
        email: fields.text("email")?,
        ..Edit::default()
    };
    let profile = match Profile::parse(&typed.username, &typed.email, &typed.full_name) {
        Ok(profile) => profile,
        Err(errors) => return Ok(Either::Left(typed.wrong(messages(errors)))),
    };
    if changes_login(&who, &profile) {
        let password = fields.text("password")?;
        match is_password_of(app, &who, &peer, &password).await {
            Ok(true) => {}
            Ok(false) => return Ok(Either::Left(typed.wrong(wrong_password()))),
            Err(problem) if problem.retry_after().is_some() => {
                let error = Some(problem.text().to_owned());
                let page = Edit { error, ..typed }.page();
                return Ok(Either::Left(page.because_of(&problem)));
            }
            Err(problem) => return Err(problem),
        }
    }
    match app.store.update_profile(&who.account.uid, &profile, app.now()).await? {
        Added::Account(_) => Ok(Either::Right(see_other(app, "/account?done=profile"))),
        taken => {
            // It tells what signing up tells, and is as limited. The try counts.
            drop(app.limits.sign_up(peer.network())?);
            Ok(Either::Left(typed.wrong(taken_field(&taken))))
        }
    }
}

fn changes_login(who: &SignedIn, profile: &Profile) -> bool {
    let differs = |a: &str, b: &str| fold(a) != fold(b);
    differs(&who.account.username, &profile.username) || differs(&who.account.email, &profile.email)
}

/// Whether this is the password of the person who is signed in; tries are limited.
pub(super) async fn is_password_of(
    app: &App,
    who: &SignedIn,
    peer: &Peer,
    password: &str,
) -> Result<bool, Problem> {
    let attempt = app.limits.password_check(&who.account.uid)?;
    let stored = app.store.credentials(&who.account.uid).await?;
    let stored = stored.as_ref().map(|found| found.password_hash.as_str());
    let lane = Lane { network: peer.network(), known_device: true, suspect: false };
    match app.passwords.verify(lane, password, stored).await {
        Ok(verdict) => {
            if verdict.matches {
                attempt.give_back();
            }
            Ok(verdict.matches)
        }
        Err(busy) => {
            attempt.give_back();
            Err(busy.into())
        }
    }
}
