//! What a command did, or why it could not, for people and for scripts.

use std::fmt::{Display, Write as _};
use std::io::{ErrorKind, Write};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::config::ConfigError;
use crate::keys::KeyError;
use crate::store::StoreError;

/// What a command did, once for people and once for scripts.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) text: String,
    pub(super) json: Value,
    /// It was done, and what it found is wrong: for scripts that exit with 1 by it.
    pub(super) is_bad: bool,
}

impl Report {
    pub(super) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, is_bad: false }
    }

    /// For a command that told what it did while it ran.
    pub(super) fn nothing() -> Self {
        Self::new("", Value::Null)
    }

    /// Writes it to standard output. A reader that went away (`| head`) has read enough.
    pub(super) fn print(&self, as_json: bool) -> Result<(), Failure> {
        let text = match (as_json, &self.json) {
            (true, Value::Null) => return Ok(()),
            (true, json) => json.to_string(),
            (false, _) if self.text.is_empty() => return Ok(()),
            (false, _) => self.text.trim_end().to_owned(),
        };
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("It is done, but could not be printed: {error}.")))
            }
            _ => Ok(()),
        }
    }
}

/// Why a command could not do what was asked: one sentence for each problem.
#[derive(Debug)]
pub(super) struct Failure(Vec<String>);

impl Failure {
    pub(super) fn new(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }

    /// Several problems at once.
    pub(super) fn of(sentences: Vec<String>) -> Self {
        Self(sentences)
    }

    /// Writes it to standard error; nobody can be told when that fails.
    pub(super) fn print(&self, as_json: bool) {
        let text = if as_json {
            json!({ "error": self.0.join(" ") }).to_string()
        } else {
            let lines: Vec<String> = self.0.iter().map(|line| format!("error: {line}")).collect();
            lines.join("\n")
        };
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self(error.problems)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        let why = text.trim_start_matches("database: ").trim_end_matches('.');
        Self::new(format!("The database does not do this: {why}."))
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let text = error.to_string();
        let why = text.trim_start_matches("database: ").trim_end_matches('.');
        Self::new(format!("The keys stay as they are: {why}."))
    }
}

impl From<&clap::Error> for Failure {
    /// The first paragraph, without the usage that follows it.
    fn from(error: &clap::Error) -> Self {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        Self::new(first.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// Rows under headings, in columns as wide as their widest cell.
pub(super) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let wide = |text: &str| text.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().map(|row| wide(&row[column]));
        cells.chain([wide(headings[column])]).max().unwrap_or_default()
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |cells: [&str; N]| {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:width$}  ");
        }
        line.trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| line(std::array::from_fn(|column| row[column].as_str())));
    let lines: Vec<String> = std::iter::once(line(headings)).chain(rows).collect();
    lines.join("\n")
}

/// The day of an instant, for people.
pub(super) fn day(milliseconds: i64) -> String {
    let day = at(milliseconds).format(format_description!("[year]-[month]-[day]"));
    day.unwrap_or_default()
}

/// An instant as RFC 3339 writes it, for scripts.
pub(super) fn instant(milliseconds: i64) -> String {
    at(milliseconds).format(&Rfc3339).unwrap_or_default()
}

fn at(milliseconds: i64) -> OffsetDateTime {
    let seconds = milliseconds.div_euclid(1_000);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `1 account`, `2 accounts`.
pub(super) fn count(number: usize, what: impl Display) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["alice", "Ä"], ["b", "Bob"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["NAME", "X"], &rows), "NAME   X\nalice  Ä\nb      Bob");
    }

    #[test]
    fn instants_are_written_as_days_and_in_full() {
        assert_eq!(day(0), "1970-01-01");
        assert_eq!(instant(1_500), "1970-01-01T00:00:01Z");
        assert_eq!(
            (count(1, "account"), count(0, "account")),
            ("1 account".into(), "0 accounts".into())
        );
    }
}
