//! Registrations that were parsed before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Result;
use crate::domain::client::Registration;

/// How many are remembered; more than most families have sites.
const MOST: usize = 1_000;

/// What each text was parsed to. The text comes from the database each time, so nothing here can
/// be out of date.
#[derive(Clone, Debug, Default)]
pub(super) struct Registrations(Arc<Mutex<HashMap<String, Arc<Registration>>>>);

impl Registrations {
    pub(super) fn parse(&self, json: String) -> Result<Arc<Registration>> {
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = parsed.get(&json) {
            return Ok(Arc::clone(known));
        }
        let registration: Arc<Registration> = Arc::new(serde_json::from_str(&json)?);
        if parsed.len() >= MOST {
            parsed.clear();
        }
        parsed.insert(json, Arc::clone(&registration));
        Ok(registration)
    }
}
