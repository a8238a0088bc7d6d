//! How it stands with an operation, as its client is told.

use rocket::http::Status;
use rocket::serde::json::Json;
use serde::Serialize;

use super::page_of;
use crate::clock::SECOND;
use crate::domain::operation::{Outcome, web_socket_id};
use crate::store::operations::Operation;
use crate::web::app::App;

/// The state of an operation.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Standing {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(rename = "error_description", skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
    operation_id: String,
    web_socket_id: String,
    /// `pending`, `confirmed`, `canceled`, `failed` or `expired`.
    pub(super) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_result: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_uri: Option<String>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmed_at: Option<i64>,
    completed: bool,
}

impl Standing {
    pub(super) fn of(app: &App, operation: &Operation, now: i64) -> Self {
        let outcome = operation.outcome;
        let (pending, state) = (outcome.is_none(), outcome.map_or("pending", Outcome::state));
        let confirmed = operation.finished_at.filter(|_| state == "confirmed");
        Self {
            error: None,
            error_description: None,
            operation_id: operation.id.clone(),
            web_socket_id: web_socket_id(&operation.id),
            state,
            reason: outcome.map(Outcome::as_str).filter(|_| state != "confirmed"),
            auth_result: outcome.map(Outcome::auth_result),
            number: pending.then(|| operation.number.to_string()),
            verification_uri: pending.then(|| page_of(app, &operation.id)),
            expires_in: pending.then(|| (operation.expires_at - now).div_euclid(SECOND)),
            confirmed_at: confirmed.map(|at| at / SECOND),
            completed: operation.completed_at.is_some(),
        }
    }

    /// 409: what was asked for cannot be done in this state, which the answer tells.
    pub(super) fn conflicts(self) -> (Status, Json<Self>) {
        let (error, text) = match self.state {
            "pending" => ("authorization_pending", "The person has not answered yet."),
            "confirmed" => ("invalid_grant", "The person has confirmed it already."),
            "expired" => ("expired_token", "The person did not answer in time."),
            _ => ("access_denied", "It was refused, canceled or failed."),
        };
        let refused = Self { error: Some(error), error_description: Some(text), ..self };
        (Status::Conflict, Json(refused))
    }
}
