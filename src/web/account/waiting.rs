//! What waits for the person's answer, on the account page.

use serde::Serialize;

use super::show::date_and_second;
use crate::store::operations::Operation;
use crate::web::app::App;
use crate::web::error::Problem;

/// An operation in `account/show.html`.
#[derive(Serialize)]
pub(super) struct WaitingRow {
    id: String,
    title: String,
    client_name: String,
    site: Option<String>,
    until: String,
}

impl From<Operation> for WaitingRow {
    fn from(operation: Operation) -> Self {
        Self {
            id: operation.id,
            client_name: operation.client.client_name.clone(),
            site: operation.client.site(),
            until: date_and_second(operation.expires_at),
            title: operation.question.title,
        }
    }
}

/// The latest first.
pub(super) async fn rows(app: &App, account_uid: &str) -> Result<Vec<WaitingRow>, Problem> {
    let operations = app.store.operations_waiting_for(account_uid, app.now()).await?;
    Ok(operations.into_iter().map(WaitingRow::from).collect())
}
