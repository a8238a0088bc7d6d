//! The pages of a person's account: sign up, sign in, sign out, profile, sessions, consent.

mod consent;
mod open_session;
mod password;
mod profile;
mod sessions;
mod show;
mod signin;
mod signout;
mod signup;

use rocket::response::Redirect;
use rocket::{Route, get, routes};
use std::collections::BTreeMap;

use super::app::App;
use super::guard::visitor::Visitor;
use crate::domain::account::FieldError;
use crate::store::sessions::SignedIn;

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    let entry = routes![home, signin::form, signin::submit, signup::form, signup::submit];
    let leave = routes![signout::form, signout::submit, sessions::end, sessions::end_others];
    let own = routes![show::show, profile::form, profile::submit, password::form, password::submit];
    let consent = routes![consent::form, consent::submit, consent::done];
    [entry, leave, own, consent].concat()
}

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

/// Who is signed in, or the way to the sign-in page and back to `path`.
fn person_or_sign_in(visitor: Visitor, path: &str) -> Result<SignedIn, Box<Redirect>> {
    visitor.signed_in.ok_or_else(|| Box::new(sign_in_first(path)))
}

/// To the sign-in page, and from there to `path`, which is one of ours.
fn sign_in_first(path: &str) -> Redirect {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    Redirect::to(format!("/signin?next={next}"))
}

/// The answer to a form that worked: 303, so that a reload does not send it again.
fn see_other(app: &App, path: &str) -> Redirect {
    Redirect::to(format!("{}{path}", app.issuer))
}
