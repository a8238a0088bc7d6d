//! Why the demo cannot start or go on.

use std::fmt;

/// One sentence for the person who started the demo.
#[derive(Debug, PartialEq, Eq)]
pub struct DemoError(String);

impl DemoError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DemoError {}
