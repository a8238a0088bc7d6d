//! A client on paper.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::report::{Report, count, day, instant};
use crate::domain::client::Client;

/// Everything that is registered, one key in each line.
pub(super) fn report(client: &Client) -> Report {
    let json = json(client);
    let mut text = String::new();
    for (key, value) in json.as_object().into_iter().flatten() {
        let value = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) if text.is_empty() => "-".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => "-".to_owned(),
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                items.join("\n                               ")
            }
            other => other.to_string(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{key:<31}{value}");
    }
    Report::new(text, json)
}

pub(super) fn json(client: &Client) -> Value {
    let mut json = serde_json::to_value(&client.registration).unwrap_or_default();
    json["declared"] = client.declared.into();
    json["secrets"] = client.secret_hashes.len().into();
    json["created_at"] = instant(client.created_at).into();
    json["disabled_at"] = json!(client.disabled_at.map(instant));
    json
}

pub(super) fn row(client: &Client) -> [String; 5] {
    let registration = &client.registration;
    let more = match registration.origins.len() {
        0 | 1 => String::new(),
        n => format!(" and {}", count(n - 1, "other")),
    };
    let origins = registration.origins.first().map_or("-".into(), |o| format!("{o}{more}"));
    let registered = if client.declared { "in the configuration" } else { "by hand" };
    let state = client.disabled_at.map_or("active".into(), |at| format!("disabled {}", day(at)));
    let (id, name) = (registration.client_id.clone(), registration.client_name.clone());
    [id, name, origins, registered.to_owned(), state]
}
