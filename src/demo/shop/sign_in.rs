//! Signing in and out: what the browser, and the accounts server, ask of the shop.

use super::orders::Orders;
use super::sessions::{Customer, Sessions};
use super::visit::{Visit, no_session_cookie, session_cookie};
use super::{failed, name_of, paths};
use crate::demo::off_band::CallError;
use crate::demo::oidc::{Answer, Ending, Oidc, SignInError};
use crate::demo::own_page::FromOwnPage;
use crate::demo::shell::{Here, Shell};
use rocket::form::{Form, FromForm};
use rocket::http::uri::Origin;
use rocket::http::{Header, Status};
use rocket::response::Redirect;
use rocket::serde::json::Json;
use rocket::{Responder, Route, State, get, post, routes};
use rocket_dyn_templates::Template;
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    routes![start, callback, sign_out, signed_out, backchannel_logout]
}

/// The way on, with what the browser is to remember.
#[derive(Responder)]
struct Onward {
    to: Redirect,
    cookie: Header<'static>,
}

/// A page that says why nobody was signed in.
type Failed = (Status, Template);

/// Begins a sign-in that leads back to a page of the shop.
#[get("/signin?<to>")]
async fn start(
    to: Option<&str>,
    visit: Visit,
    oidc: &State<Oidc>,
    sessions: &State<Sessions>,
    shell: &State<Shell>,
) -> Result<Onward, Failed> {
    let to = to.filter(|to| paths::is_own(to, shell)).unwrap_or("/");
    let begun = oidc.begin(to).await.map_err(SignInError::from);
    let (url, sign_in) = begun.map_err(|error| explained(&error, shell))?;
    let (visit, cookie) = visit.or_begin();
    sessions.begin(visit, sign_in);
    Ok(Onward { to: Redirect::to(String::from(url)), cookie })
}

/// Ends it: the browser brings the accounts server's answer.
#[get("/oidc/callback")]
async fn callback(
    uri: &Origin<'_>,
    visit: Visit,
    before: Option<Customer>,
    oidc: &State<Oidc>,
    sessions: &State<Sessions>,
    orders: &State<Orders>,
    shell: &State<Shell>,
) -> Result<Onward, Failed> {
    let failure = |error: SignInError| explained(&error, shell);
    let answer = Answer::read(uri.query().map_or("", |query| query.as_str()));
    let answer = answer.ok_or_else(|| failure(SignInError::NotBegun))?;
    let visit = visit.id();
    let state = answer.state.as_deref().unwrap_or_default();
    let sign_in = sessions.begun(state, visit.as_ref());
    let sign_in = sign_in.ok_or_else(|| failure(SignInError::NotBegun))?;
    let person = oidc.finish(answer, &sign_in).await.map_err(failure)?;
    if let Some(visit) = &visit {
        let claimed = orders.claim(visit, &person.sub).await;
        claimed.map_err(|error| explain_status(failed(&error), shell))?;
    }
    // A new session under a new secret, whoever was there before.
    if let Some(before) = before {
        sessions.end(&before.id);
    }
    let cookie = session_cookie(&sessions.open(person));
    Ok(Onward { to: Redirect::to(sign_in.to), cookie })
}

/// Ends the session here, and goes on to end it everywhere.
#[post("/signout")]
async fn sign_out(
    _own_page: FromOwnPage,
    customer: Option<Customer>,
    oidc: &State<Oidc>,
    sessions: &State<Sessions>,
) -> Onward {
    let mut to = Redirect::to("/signed-out?only_here=true");
    if let Some(customer) = customer {
        sessions.end(&customer.id);
        let id_token = customer.session.id_token().await;
        if let Ok(url) = oidc.sign_out_url(&id_token).await {
            to = Redirect::to(String::from(url));
        }
    }
    Onward { to, cookie: no_session_cookie() }
}

/// Where a sign-out ends.
#[get("/signed-out?<only_here>")]
fn signed_out(only_here: bool, customer: Option<Customer>, shell: &State<Shell>) -> Template {
    let page = json!({ "only_here": only_here });
    let here = Here("/".to_owned());
    shell.page_for("demo/shop/signed_out.html", name_of(customer.as_ref()), &here, page)
}

#[derive(FromForm)]
struct Logout<'r> {
    logout_token: &'r str,
}

/// The accounts server tells that somebody signed out, on whatever browser (OpenID Connect
/// Back-Channel Logout 1.0 §2.5). It acts by no cookie: the signed token says it all.
#[post("/oidc/backchannel-logout", data = "<form>")]
async fn backchannel_logout(
    form: Option<Form<Logout<'_>>>,
    oidc: &State<Oidc>,
    sessions: &State<Sessions>,
) -> Result<Status, (Status, Json<Value>)> {
    let token = form.as_ref().map_or("", |form| form.logout_token);
    match oidc.logout(token).await {
        Ok(Ending::Session(sid)) => sessions.end_sid(&sid),
        Ok(Ending::Person(sub)) => sessions.end_sub(&sub),
        Err(Some(flaw)) => {
            tracing::warn!(flaw, "a logout token is refused");
            let error = json!({ "error": "invalid_request", "error_description": flaw });
            return Err((Status::BadRequest, Json(error)));
        }
        Err(None) => {
            let error = json!({ "error": "temporarily_unavailable" });
            return Err((Status::ServiceUnavailable, Json(error)));
        }
    }
    Ok(Status::Ok)
}

/// The page for whoever could not be signed in.
fn explained(error: &SignInError, shell: &Shell) -> Failed {
    tracing::warn!(%error, "a sign-in failed");
    let (status, text) = match error {
        SignInError::NotBegun => {
            (Status::BadRequest, "This sign-in was not begun in this browser, or it took too long.")
        }
        SignInError::Denied(_) => (Status::Forbidden, "You were not signed in."),
        SignInError::Call(CallError::Unusable) => {
            (Status::BadGateway, "The accounts site does not answer just now.")
        }
        SignInError::Unbelievable(_) | SignInError::Call(_) => {
            (Status::BadGateway, "The accounts site gave an answer that the shop does not believe.")
        }
    };
    page(status, text, shell)
}

fn explain_status(status: Status, shell: &Shell) -> Failed {
    page(status, "That did not work.", shell)
}

fn page(status: Status, text: &str, shell: &Shell) -> Failed {
    let page = json!({ "text": text });
    let here = Here("/".to_owned());
    (status, shell.page_for("demo/shop/not_signed_in.html", None, &here, page))
}
