//! The shop: a site that signs people in by OpenID Connect, without the kit and without the bridge,
//! and hands pay a token that can do nothing but pay. An order on invoice goes through when the customer
//! has proved who they are after it.

mod buying;
mod goods;
mod handing;
mod invoice;
mod invoices;
mod orders;
mod paths;
mod proof;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;
mod till;
mod visit;

use super::money::euros;
use super::oidc::Oidc;
use super::shell::{Here, Shell};
use super::site::{self, Framing, Policy};
use super::sites::Sites;
use super::{DemoError, Place};
use crate::clock::Clock;
use goods::GOODS;
use orders::Orders;
use proof::Proofs;
use rocket::http::Status;
use rocket::{Build, Request, Rocket, State, catch, catchers, get, routes};
use rocket_dyn_templates::Template;
use serde_json::{Value, json};
use sessions::{Customer, Sessions};
use till::Till;

/// What the shop asks for: who it is, their name, to let them pay, and to let them prove who they are.
const SCOPE: &str = "openid profile payments identification";

/// What the pages of the shop answer: a page, or a status for the catcher.
type Answer = Result<Template, Status>;

/// The site, ready to be launched.
pub(super) async fn site(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    let failed = |error: sqlx::Error| DemoError::new(format!("shop: {error}"));
    let clock = Clock::system();
    let pool = site::database(place, "shop.db").await?;
    let orders = Orders::open(pool, clock.clone()).await.map_err(failed)?;
    let framing = Framing { shows: vec![sites.pay.origin.clone()], ..Framing::default() };
    // "Buy" and "Sign out" are forms that lead on to the accounts server.
    let accounts = &sites.accounts.origin;
    let policy = Policy::own(framing, accounts).and_scripts_of(accounts);
    Ok(site::plain(sites, &sites.shop, place, policy)
        .manage(orders)
        .manage(Proofs::new(sites)?)
        .manage(Oidc::new(sites, &sites.shop, SCOPE, clock.clone())?)
        .manage(Sessions::new(clock))
        .manage(Till::new(&sites.till))
        .mount("/", routes![front])
        .mount("/", buying::routes())
        .mount("/", handing::routes())
        .mount("/", invoice::routes())
        .mount("/", sign_in::routes())
        .mount("/", till::routes())
        .register("/", catchers![refused]))
}

/// The shelf.
#[get("/")]
fn front(customer: Option<Customer>, shell: &State<Shell>, here: Here) -> Template {
    let priced = |good: &goods::Good| json!({ "good": good, "price": euros(good.cents) });
    let page = json!({ "goods": GOODS.iter().map(priced).collect::<Vec<Value>>() });
    shell.page_for("demo/shop/front.html", name_of(customer.as_ref()), &here, page)
}

/// How pages call the person.
fn name_of(customer: Option<&Customer>) -> Option<&str> {
    customer.map(|customer| customer.session.name.as_str())
}

fn failed(error: &sqlx::Error) -> Status {
    tracing::error!(%error, "the shop's database failed");
    Status::InternalServerError
}

#[catch(default)]
async fn refused(status: Status, request: &Request<'_>) -> (Status, Option<Template>) {
    let text = match status.code {
        401 => "Sign in to see this.",
        403 => "That may not be asked from another site.",
        404 => "There is no such page here.",
        409 => "This order is settled already.",
        422 => "The shop does not have that.",
        _ => "That did not work.",
    };
    // A page that was asked for is where to come back to; what was posted is not.
    let asked = request.method() == rocket::http::Method::Get;
    let here = if asked { request.uri().to_string() } else { "/".to_owned() };
    let customer = request.guard::<Customer>().await.succeeded();
    let page = json!({ "status": status.code, "text": text });
    let shell: Option<&Shell> = request.rocket().state();
    let page = shell.map(|shell| {
        shell.page_for("demo/shop/error.html", name_of(customer.as_ref()), &Here(here), page)
    });
    (status, page)
}
