//! Why a provider proves nothing.

use std::fmt;

use serde_json::Value;

use crate::outgoing::{self, JsonAnswer};

/// The longest name of an error that is taken for one.
const MOST_OF_AN_ERROR: usize = 64;

/// Why there is no proof. The texts are for the log: nothing of a person or a secret is in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The provider cannot be reached, or says that it cannot answer now.
    Unreachable(String),
    /// What it says is not to be believed, or is not what was agreed on.
    Misbehaves(String),
    /// It said no, with this error of OAuth's or its own; `access_denied` is the person's no.
    Denied(String),
}

/// Says what is wrong with an answer.
pub(super) fn misbehaves(what: impl Into<String>) -> Failure {
    Failure::Misbehaves(what.into())
}

impl Failure {
    /// A no, if the error is a name.
    pub(super) fn denied(error: &str) -> Self {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
        if (1..=MOST_OF_AN_ERROR).contains(&error.len()) && error.bytes().all(good) {
            Self::Denied(error.to_owned())
        } else {
            misbehaves("it answered with an error that has no name")
        }
    }
}

/// The status and value of an answer from `place`, unless the provider is not well.
pub(super) fn heard(
    place: &'static str,
    answer: Result<JsonAnswer, outgoing::Failure>,
) -> Result<(u16, Value), Failure> {
    let answer = answer.map_err(|failure| match failure {
        outgoing::Failure::NotAllowed => {
            misbehaves(format!("{place} is at an address that may not be called"))
        }
        outgoing::Failure::TooLarge => misbehaves(format!("{place} answers more than is read")),
        other => Failure::Unreachable(format!("{place}: {other}")),
    })?;
    if answer.status == 429 || answer.status >= 500 {
        return Err(Failure::Unreachable(format!("{place} answered {}", answer.status)));
    }
    Ok((answer.status, answer.json.unwrap_or_default()))
}

/// The JSON object that `place` answered with 200.
pub(super) fn object(place: &'static str, (status, json): (u16, Value)) -> Result<Value, Failure> {
    match (status, json.is_object()) {
        (200, true) => Ok(json),
        (200, false) => Err(misbehaves(format!("{place} answered something that is no object"))),
        (status, _) => Err(misbehaves(format!("{place} answered {status}"))),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) => write!(f, "unreachable: {what}"),
            Self::Misbehaves(what) => write!(f, "misbehaves: {what}"),
            Self::Denied(error) => write!(f, "denied: {error}"),
        }
    }
}

impl std::error::Error for Failure {}
