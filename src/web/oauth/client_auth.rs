//! Which client calls: by HTTP Basic, by its secret in the form, or, public ones, by name alone
//! (RFC 6749 §2.3, §3.2.1).

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;

use crate::domain::client::{Client, is_id};
use crate::web::app::App;
use crate::web::body::Fields;
use crate::web::error::Problem;
use crate::web::guard::client::{BasicSecret, parse_basic};
use crate::web::guard::network::Peer;

/// What the header `Authorization` presents, and from where.
pub struct Caller {
    header: Presented,
    peer: Peer,
}

enum Presented {
    Nothing,
    Basic(String, BasicSecret),
    Unreadable,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Caller {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let mut headers = request.headers().get("Authorization");
        let header = match (headers.next(), headers.next()) {
            (None, _) => Presented::Nothing,
            (Some(header), None) => parse_basic(header)
                .map_or(Presented::Unreadable, |(id, secret)| Presented::Basic(id, secret)),
            _ => Presented::Unreadable,
        };
        request.guard::<Peer>().await.map(|peer| Self { header, peer })
    }
}

enum Secret {
    InHeader(BasicSecret),
    InForm(String),
    None,
}

/// Credentials in the right form, not compared yet: a request is looked at whole before that.
pub struct Claimed {
    client_id: String,
    secret: Secret,
    peer: Peer,
}

impl Caller {
    /// Takes the one authentication that a request presents; two at once are an error.
    pub fn claim(self, fields: &Fields) -> Result<Claimed, Problem> {
        let (id, secret) = (fields.text("client_id")?, fields.text("client_secret")?);
        let assertion = fields.text("client_assertion")? + &fields.text("client_assertion_type")?;
        if !assertion.is_empty() {
            return Err(Problem::invalid_client());
        }
        let peer = self.peer;
        let claimed = match self.header {
            Presented::Unreadable => return Err(Problem::invalid_client()),
            Presented::Basic(..) if !secret.is_empty() => {
                let text = "Authenticate in one way: by HTTP Basic or by `client_secret`.";
                return Err(Problem::bad_request(text));
            }
            Presented::Basic(named, _) if !id.is_empty() && id != named => {
                let text = "`client_id` is another client than the one that authenticates.";
                return Err(Problem::bad_request(text));
            }
            Presented::Basic(client_id, secret) => {
                Claimed { client_id, secret: Secret::InHeader(secret), peer }
            }
            Presented::Nothing if secret.is_empty() => {
                Claimed { client_id: id, secret: Secret::None, peer }
            }
            Presented::Nothing => Claimed { client_id: id, secret: Secret::InForm(secret), peer },
        };
        if is_id(&claimed.client_id) { Ok(claimed) } else { Err(Problem::invalid_client()) }
    }
}

impl Claimed {
    /// The client, if it authenticated in the way it is registered for and is not disabled. An
    /// unknown client costs the same comparison as a known one.
    pub async fn verify(self, app: &App) -> Result<Client, Problem> {
        let client = app.active_client(&self.client_id).await?;
        let is_known = client.is_some();
        let client = client.unwrap_or_default();
        let (is_right, method) = match &self.secret {
            Secret::InHeader(secret) => (secret.is_of(&client), "client_secret_basic"),
            Secret::InForm(secret) => (client.accepts_secret(secret), "client_secret_post"),
            Secret::None => (client.registration.is_public(), "none"),
        };
        if is_known && is_right && client.registration.token_endpoint_auth_method == method {
            return Ok(client);
        }
        app.limits.client_auth_failed(self.peer.network())?;
        Err(Problem::invalid_client())
    }

    /// As [`Claimed::verify`], for endpoints that a public client may not call.
    pub async fn verify_confidential(self, app: &App) -> Result<Client, Problem> {
        if matches!(self.secret, Secret::None) {
            return Err(Problem::invalid_client());
        }
        self.verify(app).await
    }
}
