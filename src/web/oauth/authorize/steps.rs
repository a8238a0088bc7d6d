//! What is missing before a client gets its code: a sign-in, a choice, a consent. Each is asked for
//! on a page of its own, which leads back to the request without that part of the question.

use super::Client;
use super::request::{Asked, Refusal};
use crate::clock::{MINUTE, SECOND};
use crate::domain::consent;
use crate::store::visits::Person;
use crate::web::app::App;
use crate::web::error::Problem;
use crate::web::guard::visitor::Cookies;
use crate::web::oauth::id_token_hint::{Hint, hint};

/// What comes next.
pub(super) enum Step {
    /// Nothing is missing.
    Code(Person),
    /// The person has to be asked on this page of ours; or, silently, the client is told.
    Ask(Refusal, String),
    /// The client is told.
    Refuse(Refusal),
}

/// Looks at what is missing, in the order in which it is asked for.
pub(super) async fn next_step(
    app: &App,
    cookies: &Cookies,
    client: &Client,
    asked: &Asked,
) -> Result<Step, Problem> {
    // A minute for the clocks of other nodes.
    if asked.since.is_some_and(|since| since > app.now() + MINUTE) {
        let text = "`vestibule_since` lies in the future.";
        return Ok(Step::Refuse(Refusal::new("invalid_request", text)));
    }
    if asked.is_denied {
        return Ok(Step::Refuse(Refusal::new("access_denied", "The person said no.")));
    }
    let wanted = match hint(app, &asked.id_token_hint, &asked.client_id).await? {
        Hint::Invalid => {
            let text = "`id_token_hint` is none of this client's id tokens.";
            return Ok(Step::Refuse(Refusal::new("invalid_request", text)));
        }
        Hint::None => None,
        Hint::Of { sub, .. } => Some(sub),
    };
    let login_required = || Refusal::new("login_required", "The person has to sign in.");
    let Some(person) = &client.person else {
        return Ok(Step::Ask(login_required(), sign_in(app, asked, false)));
    };
    let is_other =
        wanted.is_some_and(|sub| sub != app.subject(&client.registration, &person.account_uid));
    if is_other && asked.since.is_some_and(|since| person.auth_time >= since) {
        let text = "Somebody else than the person of `id_token_hint` has signed in.";
        return Ok(Step::Refuse(Refusal::new("login_required", text)));
    }
    if is_other || must_sign_in_again(app, asked, person) {
        return Ok(Step::Ask(login_required(), sign_in(app, asked, cookies.session.is_some())));
    }
    if asked.prompt.select_account {
        let refusal = Refusal::new("interaction_required", "The person has to choose.");
        let mut later = asked.clone();
        later.prompt.select_account = false;
        return Ok(Step::Ask(
            refusal,
            format!("/signin/choose?{}", pairs(&[("next", &later.path())])),
        ));
    }
    let agreed = consent::is_given_for(&client.registration, person.granted.as_ref(), &asked.scope);
    if !agreed || asked.prompt.consent {
        let refusal = Refusal::new("consent_required", "The person has to agree first.");
        return Ok(Step::Ask(refusal, ask_for_consent(asked)));
    }
    Ok(Step::Code(person.clone()))
}

fn must_sign_in_again(app: &App, asked: &Asked, person: &Person) -> bool {
    let age = app.now() - person.auth_time;
    asked.prompt.login
        || asked.since.is_some_and(|since| person.auth_time < since)
        || asked.max_age.is_some_and(|seconds| age > seconds * SECOND)
}

/// The sign-in page, and from there back to the request, which then insists on a new sign-in.
fn sign_in(app: &App, asked: &Asked, again: bool) -> String {
    let mut later = asked.clone();
    if asked.prompt.login || asked.max_age.is_some() || again {
        later.since = Some(asked.since.unwrap_or(0).max(app.now()));
    }
    (later.prompt.login, later.max_age) = (false, None);
    let again = if again { "on" } else { "" };
    let path = later.path();
    format!(
        "/signin?{}",
        pairs(&[("next", &path), ("login_hint", &asked.login_hint), ("again", again)])
    )
}

fn ask_for_consent(asked: &Asked) -> String {
    let mut later = asked.clone();
    later.prompt.consent = false;
    let (scope, path) = (asked.scope.to_string(), later.path());
    let prompt = if asked.prompt.consent { "consent" } else { "" };
    let pairs = pairs(&[
        ("client_id", &asked.client_id),
        ("scope", &scope),
        ("prompt", prompt),
        ("next", &path),
    ]);
    format!("/consent?{pairs}")
}

/// Form-encoded, without those that have no value.
fn pairs(pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty())).finish()
}
