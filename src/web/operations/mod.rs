//! Operations: a client's backend asks a person to confirm something, waits, and gets a signed
//! result.

mod ask;
mod cancel;
mod complete;
mod show;
mod standing;
mod whom;

use rocket::{Route, routes};

use super::app::App;
use super::error::Problem;
use crate::domain::operation::{PAGE, is_id};
use crate::store::operations::Operation;

/// Every route for backends, to be mounted at `/v1`.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![ask::ask, show::show, complete::complete, cancel::cancel]
}

/// Checks the form of an id before anything is looked up.
fn checked(id: &str) -> Result<&str, Problem> {
    if is_id(id) { Ok(id) } else { Err(unknown()) }
}

/// The operation with this id, if this client asked for it.
async fn own(app: &App, id: &str, client_id: &str) -> Result<Operation, Problem> {
    app.store.operation_of(id, client_id, app.now()).await?.ok_or_else(unknown)
}

/// The same for an operation that never was, was forgotten, or is another client's.
fn unknown() -> Problem {
    Problem::not_found("This client has no such operation.")
}

/// Where the person answers.
fn page_of(app: &App, id: &str) -> String {
    format!("{}{PAGE}{id}", app.issuer)
}
