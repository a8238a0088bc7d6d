//! One thing that a check found.

use serde::Serialize;

/// How much it matters; the worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It does not work like this.
    Error,
    /// It works in part, or only somewhere.
    Warning,
    /// It works, and is good to know.
    Note,
}

/// What is wrong, with what, and the line that mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// The page whose header it is about; none where it is about the registration.
    pub page: Option<String>,
    /// The name of the header or of the key of the registration.
    pub subject: String,
    /// What is there now; none where nothing is.
    pub value: Option<String>,
    /// What is wrong, in plain words.
    pub what: String,
    /// The line that would be right, to copy.
    pub mend: Option<String>,
}

impl Finding {
    /// A finding without value and mend, about the registration.
    #[must_use]
    pub fn new(level: Level, subject: &str, what: impl Into<String>) -> Self {
        let (subject, what) = (subject.to_owned(), what.into());
        Self { level, page: None, subject, value: None, what, mend: None }
    }

    /// Says what is there now.
    #[must_use]
    pub fn with(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into()).filter(|value| !value.is_empty());
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn mend(mut self, line: impl Into<String>) -> Self {
        self.mend = Some(line.into());
        self
    }

    /// Says which page it is about.
    #[must_use]
    pub fn on(mut self, page: &str) -> Self {
        self.page = Some(page.to_owned());
        self
    }
}

/// A key of a registration with a list, as configuration writes it.
#[must_use]
pub fn list<T: AsRef<str>>(key: &str, values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> =
        values.into_iter().map(|value| format!("{:?}", value.as_ref())).collect();
    format!("{key} = [{}]", values.join(", "))
}
