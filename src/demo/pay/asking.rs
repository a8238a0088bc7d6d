//! No money without a yes: which operation an order has, and what came of it.

#[cfg(test)]
mod tests;

use super::Pay;
use super::confirmation::{Confirmation, Expected, TYPES};
use super::operations::{Asked, Question, Standing};
use super::questions::Past;
use super::rules::{Bill, OWN_ID, Payer, Refusal};
use crate::clock::SECOND;
use crate::demo::jwt::JwtError;
use crate::demo::off_band::CallError;

/// How long a person has, in seconds.
const USUAL: i64 = 300;
/// How long somebody has who wants to see what happens when time runs out.
const BRIEF: i64 = 30;
/// Keys that are tried: those of orders that a lost database knew are used up.
const MOST_ATTEMPTS: usize = 10;

/// An order that somebody may pay.
pub(super) struct Due<'a> {
    pub(super) payer: &'a Payer<'a>,
    pub(super) bill: &'a Bill,
    pub(super) order: &'a str,
}

impl Due<'_> {
    fn question(&self) -> Question {
        Question::about(self.payer, self.bill, self.order)
    }

    /// Asks for this attempt, or again for the same.
    async fn ask(&self, pay: &Pay, attempt: i64, seconds: i64) -> Result<Asked, CallError> {
        let key = format!("{}-{attempt}", self.order);
        pay.ask(self.payer.sub, &self.question(), seconds, &key).await
    }

    /// What was asked before, if it was about this and not taken back.
    async fn past(&self, pay: &Pay) -> Result<Option<(String, Past)>, Refusal> {
        let past = pay.questions.about(self.order).await.map_err(failed)?;
        let past = past.filter(|past| past.cents == self.bill.cents);
        Ok(past.and_then(|past| Some((past.operation_id.clone()?, past))))
    }
}

/// The question that is open, or was confirmed and not used yet: for a page that was loaded again.
pub(super) async fn open(pay: &Pay, due: &Due<'_>) -> Result<Option<Asked>, Refusal> {
    let Some((operation, past)) = due.past(pay).await? else { return Ok(None) };
    match pay.standing(&operation).await {
        Ok(standing) if standing.is_alive() => {}
        Ok(_) | Err(CallError::Refused(404, _)) => return Ok(None),
        Err(error) => return Err(unreachable(&error)),
    }
    let asked = due.ask(pay, past.attempt, past.seconds).await.map_err(|e| unreachable(&e))?;
    Ok(Some(asked).filter(|asked| asked.operation_id == operation))
}

/// Asks the payer, unless they are being asked already.
pub(super) async fn ask(pay: &Pay, due: &Due<'_>, brief: bool) -> Result<Asked, Refusal> {
    if let Some(asked) = open(pay, due).await? {
        return Ok(asked);
    }
    let past = pay.questions.about(due.order).await.map_err(failed)?;
    if let Some(other) = past.as_ref().and_then(|past| past.operation_id.as_deref()) {
        // It was about another price, or has ended.
        pay.take_back(other).await.map_err(|error| unreachable(&error))?;
    }
    let first = past.map_or(1, |past| past.attempt + 1);
    let seconds = if brief { BRIEF } else { USUAL };
    for attempt in (first..).take(MOST_ATTEMPTS) {
        let asked = match due.ask(pay, attempt, seconds).await {
            Ok(asked) if asked.state == "pending" => asked,
            Ok(_) | Err(CallError::Refused(409, _)) => continue,
            Err(error) => return Err(unreachable(&error)),
        };
        let operation_id = Some(asked.operation_id.clone());
        let cents = due.bill.cents;
        let past = Past { attempt, operation_id, cents, seconds, result: None };
        pay.questions.note(due.order, &past).await.map_err(failed)?;
        return Ok(asked);
    }
    Err(Refusal::Unreachable)
}

/// How it stands, as soon as there is an answer or after ten seconds.
pub(super) async fn standing(pay: &Pay, due: &Due<'_>) -> Result<Standing, Refusal> {
    match due.past(pay).await? {
        Some((operation, _)) => pay.wait_for(&operation).await.map_err(|e| unreachable(&e)),
        None => Ok(taken_back()),
    }
}

/// The person does not want it any more. Whatever they may have confirmed is not used.
pub(super) async fn take_back(pay: &Pay, due: &Due<'_>) -> Result<Standing, Refusal> {
    if let Some((operation, _)) = due.past(pay).await? {
        pay.questions.drop_operation(&operation).await.map_err(failed)?;
        pay.take_back(&operation).await.map_err(|error| unreachable(&error))?;
    }
    Ok(taken_back())
}

/// Whether the accounts server has signed that this person confirmed exactly this.
pub(super) async fn confirmed(pay: &Pay, due: &Due<'_>) -> Result<(), Refusal> {
    let completing = pay.completing.lock().await;
    let (operation, past) = due.past(pay).await?.ok_or(Refusal::NotConfirmed)?;
    let outcome = match result(pay, &operation, past).await {
        Ok(result) => verify(pay, due, &operation, &result).await,
        Err(refusal) => Err(refusal),
    };
    if matches!(outcome, Err(Refusal::UsedUp | Refusal::NotBelieved)) {
        // Nothing will come of this one: the next press of the button asks anew.
        pay.questions.drop_operation(&operation).await.map_err(failed)?;
    }
    drop(completing);
    outcome
}

/// The signed result: the one that is here already, or the accounts server's.
async fn result(pay: &Pay, operation: &str, past: Past) -> Result<String, Refusal> {
    if let Some(result) = past.result {
        return Ok(result);
    }
    match pay.complete(operation).await {
        Ok(result) => {
            // Kept before it is used: it is not given a second time.
            pay.questions.keep(operation, &result).await.map_err(failed)?;
            Ok(result)
        }
        // It was lost on its way.
        Err(CallError::Refused(410, _)) => Err(Refusal::UsedUp),
        Err(CallError::Refused(404 | 409, _)) => Err(Refusal::NotConfirmed),
        Err(error) => Err(unreachable(&error)),
    }
}

async fn verify(pay: &Pay, due: &Due<'_>, operation: &str, result: &str) -> Result<(), Refusal> {
    let verified = pay.keys.verified(result, &TYPES, (&pay.provider, &pay.off_band)).await;
    let confirmation: Confirmation = match verified {
        Ok(confirmation) => confirmation,
        Err(JwtError::Call(error)) => return Err(unreachable(&error)),
        Err(JwtError::Flawed(what)) => return Err(unbelievable(what)),
    };
    let expected = Expected {
        issuer: &pay.provider.issuer,
        client_id: OWN_ID,
        operation,
        sub: due.payer.sub,
        question: &due.question(),
        now: pay.clock.now().div_euclid(SECOND),
    };
    confirmation.check(&expected).map_err(unbelievable)
}

fn taken_back() -> Standing {
    Standing { state: "canceled".to_owned(), reason: Some("canceled".to_owned()) }
}

fn unbelievable(what: &'static str) -> Refusal {
    tracing::warn!(what, "a result is not believed");
    Refusal::NotBelieved
}

fn unreachable(error: &CallError) -> Refusal {
    match error {
        CallError::Refused(429, _) => Refusal::TooOften,
        _ => Refusal::Unreachable,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: sqlx::Error) -> Refusal {
    tracing::error!(%error, "pay's database failed");
    Refusal::Unreachable
}
