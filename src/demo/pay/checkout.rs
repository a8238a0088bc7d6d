//! The frame's own backend. Token and order are looked at anew each time, so that a sign-out or a
//! change in between is noticed. No cookie has a part in this.

use super::Pay;
use super::asking::{self, Due};
use super::rules::{self, Bill, Payer, Refusal};
use crate::demo::introspection::Facts;
use crate::demo::money::euros;
use crate::demo::off_band::CallError;
use crate::demo::own_page::FromOwnPage;
use crate::random;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Route, State, post, routes};
use serde::Deserialize;
use serde_json::{Value, json};

/// To be mounted at `/checkout`.
pub(super) fn routes() -> Vec<Route> {
    routes![look, ask, state, cancel, pay]
}

/// Longest token that is asked about.
const LONGEST_TOKEN: usize = 1_024;

/// What the shop's page handed over.
#[derive(Deserialize)]
struct Handed {
    token: String,
    order: String,
}

/// The same, with the amount that the person saw when pressing the button.
#[derive(Deserialize)]
struct Pressed {
    token: String,
    order: String,
    cents: i64,
    /// Whether there shall be little time, to see it run out.
    #[serde(default)]
    brief: bool,
}

type Answer = (Status, Json<Value>);

/// What this token and this order come to, with the question that is open about it.
#[post("/look", format = "json", data = "<handed>")]
async fn look(_own_page: FromOwnPage, handed: Json<Handed>, pay: &State<Pay>) -> Answer {
    let Handed { token, order } = handed.into_inner();
    answer(pay, &token, &order, async |due| {
        let Due { payer, bill, .. } = due;
        Ok(json!({ "payer": payer.name, "shop": payer.shop.name, "title": bill.title,
            "quantity": bill.quantity, "cents": bill.cents, "amount": euros(bill.cents),
            "asked": asking::open(pay, &due).await? }))
    })
    .await
}

/// Lets the accounts server ask the payer.
#[post("/ask", format = "json", data = "<pressed>")]
async fn ask(_own_page: FromOwnPage, pressed: Json<Pressed>, pay: &State<Pay>) -> Answer {
    let Pressed { token, order, cents, brief } = pressed.into_inner();
    answer(pay, &token, &order, async |due| {
        due.bill.is_still(cents)?;
        Ok(json!(asking::ask(pay, &due, brief).await?))
    })
    .await
}

/// How it stands with the question, for a page that hears nothing by its socket.
#[post("/state", format = "json", data = "<handed>")]
async fn state(_own_page: FromOwnPage, handed: Json<Handed>, pay: &State<Pay>) -> Answer {
    let Handed { token, order } = handed.into_inner();
    answer(pay, &token, &order, async |due| Ok(json!(asking::standing(pay, &due).await?))).await
}

/// Takes the question back.
#[post("/cancel", format = "json", data = "<handed>")]
async fn cancel(_own_page: FromOwnPage, handed: Json<Handed>, pay: &State<Pay>) -> Answer {
    let Handed { token, order } = handed.into_inner();
    answer(pay, &token, &order, async |due| Ok(json!(asking::take_back(pay, &due).await?))).await
}

/// Takes the money, which in this demo is not there, and tells the shop.
#[post("/pay", format = "json", data = "<pressed>")]
async fn pay(_own_page: FromOwnPage, pressed: Json<Pressed>, pay: &State<Pay>) -> Answer {
    let Pressed { token, order, cents, .. } = pressed.into_inner();
    answer(pay, &token, &order, async |due| {
        due.bill.is_still(cents)?;
        asking::confirmed(pay, &due).await?;
        let payer = due.payer;
        let receipt = random::id().to_uppercase()[..12].to_owned();
        match pay.tell(payer.shop, &order, cents, &receipt).await {
            Ok(()) => Ok(json!({ "receipt": receipt, "amount": euros(cents) })),
            // Somebody was faster, with a payment or with a change.
            Err(CallError::Refused(409, _)) => Err(match pay.bill(payer.shop, &order).await {
                Ok(now) => now.is_for(payer).and(now.is_still(cents)).err(),
                Err(_) => None,
            }
            .unwrap_or(Refusal::Unreachable)),
            Err(_) => Err(Refusal::Unreachable),
        }
    })
    .await
}

/// Looks at the token and at the order, in this order, and goes on if both are good. Whatever comes
/// of it, what the token is good for is told for those who learn.
async fn answer(
    pay: &Pay,
    token: &str,
    order: &str,
    go_on: impl AsyncFnOnce(Due<'_>) -> Result<Value, Refusal>,
) -> Answer {
    if token.is_empty() || token.len() > LONGEST_TOKEN {
        return told(Err(Refusal::NotForPay), None);
    }
    let Ok(token) = pay.introspect(token).await else {
        return told(Err(Refusal::Unreachable), None);
    };
    let outcome = async {
        let payer = rules::payer(&token, &pay.shops)?;
        let bill = bill(pay, &payer, order).await?;
        bill.is_for(&payer)?;
        go_on(Due { payer: &payer, bill: &bill, order }).await
    };
    told(outcome.await, token.active.then(|| token.facts()))
}

async fn bill(pay: &Pay, payer: &Payer<'_>, order: &str) -> Result<Bill, Refusal> {
    // It goes into an address of the shop.
    let is_id = order.len() == 32 && order.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_id {
        return Err(Refusal::UnknownOrder);
    }
    pay.bill(payer.shop, order).await.map_err(|error| match error {
        CallError::Refused(404, _) => Refusal::UnknownOrder,
        _ => Refusal::Unreachable,
    })
}

fn told(outcome: Result<Value, Refusal>, facts: Option<Facts>) -> Answer {
    match outcome {
        Ok(good) => (Status::Ok, Json(json!({ "good": good, "facts": facts }))),
        Err(refusal) => {
            let status = match refusal {
                Refusal::Unreachable | Refusal::NotBelieved => Status::BadGateway,
                Refusal::AlreadyPaid
                | Refusal::AmountChanged(..)
                | Refusal::NotConfirmed
                | Refusal::UsedUp => Status::Conflict,
                Refusal::TooOften => Status::TooManyRequests,
                Refusal::UnknownOrder => Status::NotFound,
                _ => Status::Forbidden,
            };
            let refused = json!({ "code": refusal.code(), "text": refusal.text() });
            (status, Json(json!({ "refused": refused, "facts": facts })))
        }
    }
}
