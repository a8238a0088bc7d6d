//! `/oauth/token`: codes, refresh tokens and client credentials become access tokens, and access
//! tokens become narrower ones (RFC 6749 §3.2, RFC 8693).

mod answer;
mod code;
mod credentials;
mod narrow;
mod refresh;

use rocket::http::Status;
use rocket::{State, post};

use super::client_auth::Caller;
use super::cors::Cors;
use crate::domain::audience::{Audience, is_resource};
use crate::domain::client::{Client, Registration};
use crate::domain::scope::Scope;
use crate::domain::secret::Secret;
use crate::web::app::App;
use crate::web::body::{Fields, Form};
use crate::web::error::Problem;
use answer::Answer;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A request whose form is right, by its grant type. Nothing was looked up yet.
enum Asked {
    Code(code::Asked),
    Refresh(refresh::Asked),
    Credentials(credentials::Asked),
    Narrow(narrow::Asked),
}

impl Asked {
    fn parse(grant_type: &str, fields: &Fields) -> Result<Self, Problem> {
        match grant_type {
            "authorization_code" => code::Asked::parse(fields).map(Self::Code),
            "refresh_token" => refresh::Asked::parse(fields).map(Self::Refresh),
            "client_credentials" => credentials::Asked::parse(fields).map(Self::Credentials),
            EXCHANGE => narrow::Asked::parse(fields).map(Self::Narrow),
            "" => Err(Problem::bad_request("`grant_type` is missing.")),
            _ => Err(bad("unsupported_grant_type", "This `grant_type` is not supported here.")),
        }
    }
}

#[post("/oauth/token", data = "<form>")]
pub(super) async fn token(
    _cors: Cors,
    app: &State<App>,
    caller: Caller,
    form: Form,
) -> Result<Answer, Problem> {
    let fields = form.0;
    let grant_type = fields.text("grant_type")?;
    let claimed = caller.claim(&fields)?;
    let asked = Asked::parse(&grant_type, &fields)?;
    let client = claimed.verify(app).await?;
    check_grant_type(&client.registration, &grant_type)?;
    match asked {
        Asked::Code(asked) => code::redeem(app, &client, asked).await,
        Asked::Refresh(asked) => refresh::renew(app, &client, asked).await,
        Asked::Credentials(asked) => credentials::issue(app, &client, asked).await,
        Asked::Narrow(asked) => narrow::exchange(app, &client, asked).await,
    }
}

fn check_grant_type(client: &Registration, grant_type: &str) -> Result<(), Problem> {
    let is_registered = client.grant_types.iter().any(|registered| registered == grant_type);
    // A client without a secret cannot act for itself.
    let needs_secret = grant_type == "client_credentials";
    if is_registered && !(needs_secret && client.is_public()) {
        return Ok(());
    }
    Err(bad("unauthorized_client", "The client is not registered for this `grant_type`."))
}

fn bad(error: &'static str, text: &str) -> Problem {
    Problem::new(Status::BadRequest, error, text)
}

/// The one answer to every code and refresh token that is not good (any more).
fn invalid_grant() -> Problem {
    bad("invalid_grant", "It is unknown, was used, is too old, has ended, or is not this client's.")
}

fn invalid_target() -> Problem {
    bad("invalid_target", "The client cannot aim this token there.")
}

/// A secret of ours in a field that has to be there. What cannot be one was never given out.
fn secret(fields: &Fields, name: &'static str) -> Result<Option<Secret>, Problem> {
    let text = fields.text(name)?;
    if text.is_empty() {
        return Err(Problem::bad_request(format!("`{name}` is missing.")));
    }
    Ok(Secret::parse(&text))
}

/// `None` when it is not there, or empty.
fn scope(fields: &Fields) -> Result<Option<Scope>, Problem> {
    let scope = Scope::parse(&fields.text("scope")?).map_err(|_| {
        bad("invalid_scope", "`scope` is names of printable ASCII with spaces between them.")
    })?;
    Ok(Some(scope).filter(|scope| !scope.is_empty()))
}

/// What is named by `resource` (RFC 8707).
fn resources(fields: &Fields) -> Result<Vec<String>, Problem> {
    let resources = fields.all("resource")?;
    if resources.iter().all(|resource| is_resource(resource)) {
        return Ok(resources);
    }
    Err(bad("invalid_target", "`resource` is an absolute URI without a fragment."))
}

/// What is named by `resource` or `audience` (RFC 8693 §2.1).
fn targets(fields: &Fields) -> Result<Audience, Problem> {
    let audiences = fields.all("audience")?;
    if audiences.iter().any(|name| name.contains(|c: char| !c.is_ascii_graphic())) {
        return Err(invalid_target());
    }
    Ok(Audience::of(resources(fields)?.into_iter().chain(audiences)))
}

/// Whether the client gets refresh tokens.
fn refreshes(client: &Client) -> bool {
    client.registration.grant_types.iter().any(|grant| grant == "refresh_token")
}
