//! The payments page: it signs nobody in. The shop that frames it hands it a token, and the
//! accounts server says what that token is good for, and asks the payer to confirm the payment.

mod asking;
mod checkout;
mod confirmation;
mod operations;
mod questions;
mod rules;
#[cfg(test)]
mod tests;

use super::introspection::Introspection;
use super::jwt::Keys;
use super::off_band::{CallError, Credentials, OffBand};
use super::provider::Provider;
use super::shell::{Here, Shell};
use super::site::{self, Framing, Policy};
use super::sites::Sites;
use super::{DemoError, Place};
use crate::clock::Clock;
use questions::Questions;
use rocket::http::Status;
use rocket::{Build, Request, Rocket, State, catch, catchers, get, routes};
use rocket_dyn_templates::Template;
use rules::{Bill, Shop};
use serde_json::json;
use tokio::sync::Mutex;

/// The address that a shop frames. It carries nothing: neither order, nor amount, nor token.
const CHECKOUT: &str = "/checkout";

/// What the backend knows: the accounts server, and the shops that it works for.
struct Pay {
    provider: Provider,
    off_band: OffBand,
    /// Who it is at the accounts server,
    client: Credentials,
    /// and who it is at the shop.
    at_shop: Credentials,
    shops: Vec<Shop>,
    questions: Questions,
    /// The accounts server's, by which it signs what was confirmed.
    keys: Keys,
    clock: Clock,
    /// Held while a result is fetched and kept: it is given once, and two pages may wait for it.
    completing: Mutex<()>,
}

/// The site, ready to be launched.
pub(super) async fn site(sites: &Sites, place: &Place) -> Result<Rocket<Build>, DemoError> {
    let failed = |error: sqlx::Error| DemoError::new(format!("pay: {error}"));
    let pool = site::database(place, "pay.db").await?;
    let clock = Clock::system();
    let shop = sites.shop.origin.clone();
    // The one page with a button that may be framed, by the shop alone. So its script lets the
    // button wait until it has been in sight for a second.
    let framing = Framing { shown: vec![(CHECKOUT, vec![shop.clone()])], ..Framing::default() };
    let pay = Pay {
        provider: Provider::new(&sites.accounts.origin),
        off_band: OffBand::new(sites)?,
        client: sites.credentials(&sites.pay),
        at_shop: Credentials::new("pay", &sites.till.reveal()),
        shops: vec![Shop { client_id: "shop", name: "Shop", origin: shop }],
        questions: Questions::open(pool).await.map_err(failed)?,
        keys: Keys::new(clock.clone()),
        clock,
        completing: Mutex::default(),
    };
    let policy = Policy::own(framing, "").and_sockets_of(&sites.accounts.origin);
    Ok(site::plain(sites, &sites.pay, place, policy)
        .manage(pay)
        .mount("/", routes![front, frame])
        .mount(CHECKOUT, checkout::routes())
        .register("/", catchers![refused]))
}

impl Pay {
    /// What a token is good for, as far as pay may know.
    async fn introspect(&self, token: &str) -> Result<Introspection, CallError> {
        Introspection::of(token, &self.client, &self.provider, &self.off_band).await
    }

    /// What the shop wants for an order.
    async fn bill(&self, shop: &Shop, order: &str) -> Result<Bill, CallError> {
        let url = format!("{}/orders/{order}/bill", shop.origin);
        self.off_band.get_as(&self.at_shop, &url).await
    }

    /// Tells the shop that the order has been paid.
    async fn tell(
        &self,
        shop: &Shop,
        order: &str,
        cents: i64,
        receipt: &str,
    ) -> Result<(), CallError> {
        let url = format!("{}/orders/{order}/paid", shop.origin);
        let form = [("cents", cents.to_string()), ("receipt", receipt.to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let _: serde_json::Value = self.off_band.post_as(&self.at_shop, &url, &form).await?;
        Ok(())
    }
}

/// What this is.
#[get("/")]
fn front(shell: &State<Shell>, here: Here) -> Template {
    shell.page_for("demo/pay/front.html", None, &here, json!({}))
}

/// The frame: empty until the shop's page around it says what it is about.
#[get("/checkout")]
fn frame(shell: &State<Shell>, here: Here) -> Template {
    shell.page_for("demo/pay/checkout.html", None, &here, json!({}))
}

#[catch(default)]
fn refused(status: Status, request: &Request<'_>) -> (Status, Option<Template>) {
    let text = match status.code {
        403 => "That may not be asked from another site.",
        404 => "There is no such page.",
        _ => "That did not work.",
    };
    let page = json!({ "status": status.code, "text": text });
    let shell: Option<&Shell> = request.rocket().state();
    let here = Here("/".to_owned());
    (status, shell.map(|shell| shell.page_for("demo/pay/error.html", None, &here, page)))
}
