//! The order on invoice: its page, on which the customer proves who they are, and the backend that looks
//! for itself whether they did.
//!
//! The page gets a token that can do nothing but this (`handing`), and stays where it is while the proof
//! is made in another window. What it says then is only a reason to ask the accounts server.

use super::buying::visible;
use super::orders::{Order, Orders};
use super::proof::{Proofs, Refusal, Stamp, question};
use super::sessions::Customer;
use super::visit::Visit;
use super::{failed, name_of};
use crate::demo::bank;
use crate::demo::own_page::FromOwnPage;
use crate::demo::shell::{Here, Shell};
use rocket::http::Status;
use rocket::response::Redirect;
use rocket::serde::json::Json;
use rocket::{Either, Route, State, get, post, routes};
use rocket_dyn_templates::Template;
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(super) fn routes() -> Vec<Route> {
    routes![show, identified]
}

/// Whom the page says that it was about. Nobody believes it: it chooses words, and nothing else.
#[derive(Deserialize)]
struct Claim {
    account: Option<String>,
}

/// What came of it, and how, for people who learn.
#[derive(Default, Serialize)]
struct Looked {
    on_invoice: bool,
    /// Why not.
    code: Option<&'static str>,
    text: Option<String>,
    /// What the accounts server was asked, and answered.
    asked: Option<String>,
    answer: Option<Stamp>,
    /// Whether the page named another account than the one that ordered.
    named_another: bool,
}

#[get("/orders/<id>/invoice")]
async fn show(
    id: &str,
    customer: Option<Customer>,
    visit: Visit,
    orders: &State<Orders>,
    shell: &State<Shell>,
    here: Here,
) -> Result<Either<Template, Redirect>, Status> {
    let order = visible(id, customer.as_ref(), &visit, orders).await?;
    if customer.is_none() || order.sub.is_none() || order.is_settled() {
        return Ok(Either::Right(Redirect::to(format!("/orders/{}", order.id))));
    }
    let page = json!({ "order": order, "provider": bank::ID });
    let name = name_of(customer.as_ref());
    Ok(Either::Left(shell.page_for("demo/shop/invoice.html", name, &here, page)))
}

/// The page says that somebody was identified.
#[post("/orders/<id>/identified", format = "json", data = "<claim>")]
async fn identified(
    _own_page: FromOwnPage,
    id: &str,
    claim: Json<Claim>,
    customer: Customer,
    orders: &State<Orders>,
    proofs: &State<Proofs>,
) -> Result<Json<Looked>, Status> {
    let sub = &customer.session.sub;
    let order = orders.find(id).await.map_err(|error| failed(&error))?;
    let order = order.filter(|order| order.is_for(Some(sub), None)).ok_or(Status::NotFound)?;
    let mut looked = Looked {
        named_another: claim.account.as_ref().is_some_and(|account| account != sub),
        ..Looked::default()
    };
    if order.invoice.is_some() {
        return Ok(Json(Looked { on_invoice: true, ..looked }));
    }
    match look(&order, sub, proofs, orders, &mut looked).await? {
        Ok(()) => looked.on_invoice = true,
        Err(refusal) => {
            looked.code = Some(refusal.code());
            looked.text = Some(refusal.text());
        }
    }
    Ok(Json(looked))
}

/// Asks about the account that ordered, and lets the order go on invoice if that is well.
async fn look(
    order: &Order,
    sub: &str,
    proofs: &Proofs,
    orders: &Orders,
    looked: &mut Looked,
) -> Result<Result<(), Refusal>, Status> {
    if order.is_settled() {
        return Ok(Err(Refusal::Changed));
    }
    let question = question(sub, order);
    looked.asked = Some(format!("GET {question}"));
    let stamp = match proofs.ask(&question).await {
        Ok(stamp) => stamp,
        Err(refusal) => return Ok(Err(refusal)),
    };
    looked.answer = Some(stamp.clone());
    let proof = match stamp.proof() {
        Ok(proof) => proof,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if orders.is_used(order, &proof).await.map_err(|error| failed(&error))? {
        return Ok(Err(Refusal::Used));
    }
    let added = orders.put_on_invoice(order, &proof).await.map_err(|error| failed(&error))?;
    Ok(if added { Ok(()) } else { Err(Refusal::Changed) })
}
