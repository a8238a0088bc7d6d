//! Ordering: from the shelf to an order, and the order's page, in which pay stands in a frame.

use super::goods::good;
use super::orders::{MOST, Order, Orders};
use super::sessions::Customer;
use super::visit::Visit;
use super::{Answer, failed, name_of};
use crate::demo::own_page::FromOwnPage;
use crate::demo::shell::{Here, Shell};
use rocket::form::{Form, FromForm};
use rocket::http::{Header, Status};
use rocket::response::Redirect;
use rocket::serde::json::Json;
use rocket::{Responder, Route, State, get, post, routes};
use serde_json::{Value, json};

pub(super) fn routes() -> Vec<Route> {
    routes![buy, list, show, change, state]
}

#[derive(Responder)]
struct Onward {
    to: Redirect,
    cookie: Header<'static>,
}

#[derive(FromForm)]
struct Wanted<'r> {
    good: &'r str,
}

#[derive(FromForm)]
struct Quantity {
    quantity: i64,
}

/// Makes an order. Whoever is not signed in does that next, and comes back to it.
#[post("/orders", data = "<form>")]
async fn buy(
    _own_page: FromOwnPage,
    form: Form<Wanted<'_>>,
    customer: Option<Customer>,
    visit: Visit,
    orders: &State<Orders>,
) -> Result<Onward, Status> {
    let good = good(form.good).ok_or(Status::UnprocessableEntity)?;
    let (visit, cookie) = visit.or_begin();
    let sub = customer.as_ref().map(|customer| customer.session.sub.as_str());
    let placed = orders.place(good.slug, good.cents, &visit, sub).await;
    let id = placed.map_err(|error| failed(&error))?;
    let to = match sub {
        Some(_) => format!("/orders/{id}"),
        None => format!("/signin?to=/orders/{id}"),
    };
    Ok(Onward { to: Redirect::to(to), cookie })
}

#[get("/orders")]
async fn list(
    customer: Option<Customer>,
    orders: &State<Orders>,
    shell: &State<Shell>,
    here: Here,
) -> Answer {
    let orders = match &customer {
        Some(customer) => orders.of(&customer.session.sub).await.map_err(|e| failed(&e))?,
        None => Vec::new(),
    };
    let page = json!({ "orders": orders });
    Ok(shell.page_for("demo/shop/orders.html", name_of(customer.as_ref()), &here, page))
}

#[get("/orders/<id>")]
async fn show(
    id: &str,
    customer: Option<Customer>,
    visit: Visit,
    orders: &State<Orders>,
    shell: &State<Shell>,
    here: Here,
) -> Answer {
    let order = visible(id, customer.as_ref(), &visit, orders).await?;
    let page = json!({ "order": order, "mine": order.sub.is_some(), "most": MOST });
    Ok(shell.page_for("demo/shop/order.html", name_of(customer.as_ref()), &here, page))
}

/// Changes how many are ordered. What pay showed before is out of date then, and it will refuse.
#[post("/orders/<id>", data = "<form>")]
async fn change(
    _own_page: FromOwnPage,
    id: &str,
    form: Form<Quantity>,
    customer: Option<Customer>,
    visit: Visit,
    orders: &State<Orders>,
) -> Result<Redirect, Status> {
    let order = visible(id, customer.as_ref(), &visit, orders).await?;
    let cents = order.cents_for(form.quantity).ok_or(Status::UnprocessableEntity)?;
    let changed = orders.change(&order.id, form.quantity, cents).await;
    if changed.map_err(|error| failed(&error))? {
        Ok(Redirect::to(format!("/orders/{}", order.id)))
    } else {
        Err(Status::Conflict)
    }
}

/// Whether it is settled, for the page's script: what pay's frame says is only a reason to ask.
#[get("/orders/<id>/state")]
async fn state(
    id: &str,
    customer: Option<Customer>,
    visit: Visit,
    orders: &State<Orders>,
) -> Result<Json<Value>, Status> {
    let order = visible(id, customer.as_ref(), &visit, orders).await?;
    Ok(Json(json!({ "settled": order.is_settled() })))
}

/// The order, for those who may see it. To whoever is not signed in it may still turn out to be
/// theirs.
pub(super) async fn visible(
    id: &str,
    customer: Option<&Customer>,
    visit: &Visit,
    orders: &Orders,
) -> Result<Order, Status> {
    let sub = customer.map(|customer| customer.session.sub.as_str());
    let order = orders.find(id).await.map_err(|error| failed(&error))?;
    match order.filter(|order| order.is_for(sub, visit.id().as_ref())) {
        Some(order) => Ok(order),
        None if sub.is_none() => Err(Status::Unauthorized),
        None => Err(Status::NotFound),
    }
}
