//! Handing a token on: what the order's page gets for pay's frame, and the invoice's page for itself.

use super::failed;
use super::orders::Orders;
use super::sessions::{Customer, Sessions};
use crate::demo::introspection::Facts;
use crate::demo::off_band::CallError;
use crate::demo::oidc::{Oidc, SignInError};
use crate::demo::own_page::FromOwnPage;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    routes![hand]
}

/// Which token the page asks for. A real shop knows the first kind only.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// Good for paying at pay, and for nothing else.
    Narrow,
    /// The shop's own, with everything it may do: to see that pay wants none of it.
    Wide,
    /// Aimed at pay, but without the scope that paying takes.
    Scopeless,
    /// Good for proving who one is, at the accounts server, and for nothing else.
    Identification,
}

#[derive(Deserialize)]
struct Wish {
    kind: Kind,
}

/// The token, and what it is good for, for people who learn.
#[derive(Serialize)]
struct Handed {
    token: String,
    facts: Facts,
}

/// Why there is none, as the page's script takes it.
type Refused = (Status, Json<Value>);

/// A token for settling this order. It goes into the body of the answer, and from there by
/// `postMessage` to exactly pay's origin: into no address, no cookie and no storage.
#[post("/orders/<id>/token", format = "json", data = "<wish>")]
async fn hand(
    _own_page: FromOwnPage,
    id: &str,
    wish: Json<Wish>,
    customer: Customer,
    orders: &State<Orders>,
    oidc: &State<Oidc>,
    sessions: &State<Sessions>,
) -> Result<Json<Handed>, Refused> {
    let order = orders.find(id).await.map_err(|error| refused(failed(&error), "server_error"))?;
    let order = order.filter(|order| order.is_for(Some(&customer.session.sub), None));
    let order = order.ok_or_else(|| refused(Status::NotFound, "unknown_order"))?;
    if order.is_settled() {
        return Err(refused(Status::Conflict, "already_settled"));
    }
    make(wish.kind, &customer, oidc).await.map(Json).map_err(|error| {
        if has_ended(&error) {
            sessions.end(&customer.id);
            return refused(Status::Unauthorized, "login_required");
        }
        tracing::warn!(%error, "no token could be made");
        refused(Status::BadGateway, "server_error")
    })
}

/// Whether the sign-in has ended at the accounts server, and with it everything that came of it:
/// what a refresh token, a token to be narrowed (RFC 8693 §2.2.2) and a token in use hear then.
fn has_ended(error: &SignInError) -> bool {
    let codes = ["invalid_grant", "invalid_request", "invalid_token"];
    matches!(error, SignInError::Call(CallError::Refused(_, code)) if codes.contains(&code.as_str()))
}

async fn make(kind: Kind, customer: &Customer, oidc: &Oidc) -> Result<Handed, SignInError> {
    let own = customer.session.access_token(oidc).await?;
    let token = match kind {
        Kind::Narrow => oidc.narrowed(&own, "payments", Some("pay")).await?,
        Kind::Scopeless => oidc.narrowed(&own, "profile", Some("pay")).await?,
        Kind::Identification => oidc.narrowed(&own, "identification", None).await?,
        Kind::Wide => own,
    };
    let introspection = oidc.introspect(&token).await?;
    if !introspection.active {
        return Err(CallError::Refused(401, "invalid_token".to_owned()).into());
    }
    Ok(Handed { token, facts: introspection.facts() })
}

fn refused(status: Status, error: &str) -> Refused {
    (status, Json(json!({ "error": error })))
}
