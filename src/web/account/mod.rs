//! The pages of a person's account: sign up, sign in, sign out, profile, sessions, consent,
//! connected sites, identifications, and the answers to what clients ask.

mod choose;
mod consent;
mod identification;
mod open_session;
mod operation;
mod password;
mod profile;
mod sessions;
mod show;
mod signin;
mod signout;
mod signup;
mod sites;
mod waiting;

use rocket::response::Redirect;
use rocket::{Either, Route, get, routes};
use std::collections::BTreeMap;

use super::app::App;
use super::error::Problem;
use super::guard::visitor::Visitor;
use super::page::Page;
use crate::domain::account::FieldError;
use crate::store::sessions::SignedIn;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    let entry = routes![home, signin::form, signin::submit, choose::form];
    let sign_up = routes![signup::form, signup::submit];
    let leave = routes![signout::form, signout::submit, sessions::end, sessions::end_others];
    let own = routes![show::show, profile::form, profile::submit, password::form, password::submit];
    let consent = routes![consent::form, consent::submit, consent::done, sites::remove];
    let identity = routes![identification::remove];
    let operation = routes![operation::form, operation::submit];
    [entry, sign_up, leave, own, consent, identity, operation].concat()
}

/// The answer to a form: the page again, or the way on (303).
type PageOrRedirect<T> = Result<Either<Page<T>, Redirect>, Problem>;

/// Messages next to the fields of a form, by the field's name.
type FieldMessages = BTreeMap<&'static str, String>;

fn messages(errors: Vec<FieldError>) -> FieldMessages {
    errors.into_iter().map(|error| (error.field, error.text)).collect()
}

fn message(field: &'static str, text: impl Into<String>) -> FieldMessages {
    BTreeMap::from([(field, text.into())])
}

#[get("/")]
fn home() -> Redirect {
    Redirect::to("/account")
}

/// Who is signed in; nobody is sent to the sign-in page and from there to `path`.
fn person(visitor: Visitor, path: &str) -> Result<SignedIn, Problem> {
    visitor.signed_in.ok_or_else(|| Problem::sign_in_first(path))
}

/// The answer to a form that worked: 303, so that a reload does not send it again.
fn see_other(app: &App, path: &str) -> Redirect {
    Redirect::to(format!("{}{path}", app.issuer))
}
