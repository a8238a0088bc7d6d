//! What pay's backend asks the accounts server: to let the payer confirm, and what came of it.

use super::Pay;
use super::rules::{Bill, Payer};
use crate::demo::money::euros;
use crate::demo::off_band::CallError;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// Longest that the accounts server is asked to wait for an answer.
const WAIT: Duration = Duration::from_secs(10);

/// What the person reads before saying yes, and what the signed result repeats.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) value: String,
}

/// What the accounts server says of a question: everything that the page needs to wait.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) operation_id: String,
    wait_secret: String,
    web_socket_id: String,
    number: String,
    verification_uri: String,
    pub(super) state: String,
    expires_in: i64,
}

/// How it stands.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Standing {
    pub(super) state: String,
    /// Why it ended, unless it was confirmed.
    pub(super) reason: Option<String>,
}

#[derive(Deserialize)]
struct Completed {
    result: String,
}

impl Question {
    /// The same order at the same price is the same question.
    pub(super) fn about(payer: &Payer<'_>, bill: &Bill, order: &str) -> Self {
        let line = |label: &str, value: String| Line { label: label.to_owned(), value };
        let what = match bill.quantity {
            1 => bill.title.clone(),
            several => format!("{several} × {}", bill.title),
        };
        Self {
            title: format!("Pay {} to {}", euros(bill.cents), payer.shop.name),
            lines: vec![
                line("Amount", euros(bill.cents)),
                line("To", payer.shop.name.to_owned()),
                line("For", what),
                line("Order", order.to_owned()),
            ],
        }
    }
}

impl Standing {
    /// Whether something can still come of it.
    pub(super) fn is_alive(&self) -> bool {
        ["pending", "confirmed"].contains(&self.state.as_str())
    }
}

impl Pay {
    fn at_accounts(&self, path: &str) -> String {
        format!("{}/v1/operations{path}", self.provider.issuer)
    }

    /// Asks a person; by the same key and question the same operation is answered.
    pub(super) async fn ask(
        &self,
        sub: &str,
        question: &Question,
        seconds: i64,
        key: &str,
    ) -> Result<Asked, CallError> {
        let body = json!({ "account": { "uid": sub }, "title": question.title,
            "lines": question.lines, "expiresIn": seconds });
        self.off_band.post_once_as(&self.client, &self.at_accounts(""), key, &body).await
    }

    /// How it stands with an operation now.
    pub(super) async fn standing(&self, id: &str) -> Result<Standing, CallError> {
        self.off_band.get_as(&self.client, &self.at_accounts(&format!("/{id}"))).await
    }

    /// How it stands as soon as it has ended, or after a while.
    pub(super) async fn wait_for(&self, id: &str) -> Result<Standing, CallError> {
        let url = self.at_accounts(&format!("/{id}"));
        self.off_band.wait_as(&self.client, &url, WAIT).await
    }

    /// The signed result, which is given once.
    pub(super) async fn complete(&self, id: &str) -> Result<String, CallError> {
        let url = self.at_accounts(&format!("/{id}/complete"));
        let completed: Completed = self.off_band.post_as(&self.client, &url, &[]).await?;
        Ok(completed.result)
    }

    /// Takes a question back. That it has ended otherwise, or is forgotten, is no
    /// error.
    pub(super) async fn take_back(&self, id: &str) -> Result<(), CallError> {
        let url = self.at_accounts(&format!("/{id}/cancel"));
        match self.off_band.post_as::<serde_json::Value>(&self.client, &url, &[]).await {
            Ok(_) | Err(CallError::Refused(404 | 409, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
