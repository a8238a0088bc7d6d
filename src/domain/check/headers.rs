//! The headers of a page, as somebody else's server sent them: nothing in them is believed, and
//! nothing in them can do harm where they are shown.

use std::fmt::Write;

use super::csp::Policy;
use super::permissions;

/// The longest value that is shown.
const LONGEST_SHOWN: usize = 400;

/// Names in lower case, and values in printable ASCII: other bytes are written `\x1b`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Takes what came over the wire.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let clean = |(name, value): (&str, &[u8])| (name.to_ascii_lowercase(), printable(value));
        Self(pairs.into_iter().map(clean).collect())
    }

    /// Every value of a header, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a header in one, as HTTP joins them; none when there is none.
    #[must_use]
    pub fn joined(&self, name: &str) -> Option<String> {
        let all: Vec<&str> = self.all(name).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The one word of a header that has parameters at most, such as `same-origin; report-to="x"`.
    /// Two of them mean nothing to browsers.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<String> {
        let joined = self.joined(name)?;
        let word = joined.split(';').next().unwrap_or_default().trim().to_owned();
        (!word.is_empty() && !word.contains(',')).then_some(word)
    }

    /// Every policy that is enforced: each is held by itself.
    #[must_use]
    pub fn policies(&self) -> Vec<Policy> {
        self.all("content-security-policy").flat_map(Policy::list).collect()
    }

    /// Who may have a feature: none where the page does not say.
    #[must_use]
    pub fn allowed(&self, feature: &str) -> Option<Vec<String>> {
        permissions::allowed(&self.joined("permissions-policy")?, feature)
    }
}

fn printable(value: &[u8]) -> String {
    let mut text = String::new();
    for &byte in value {
        match byte {
            b' '..=b'~' => text.push(char::from(byte)),
            b'\t' => text.push(' '),
            // Writing to a string cannot fail.
            _ => drop(write!(text, "\\x{byte:02x}")),
        }
    }
    text.trim().to_owned()
}

/// A value short enough to be shown.
#[must_use]
pub fn shown(value: &str) -> String {
    match value.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_header_moves_the_cursor_of_a_terminal() {
        let headers = Headers::new([("X-Odd", &b"a\tb\x9b2J\xc3\xa9\x7f\x1b[31m"[..])]);
        assert_eq!(headers.joined("x-odd").as_deref(), Some("a b\\x9b2J\\xc3\\xa9\\x7f\\x1b[31m"));
        assert_eq!(headers.joined("x-other"), None);
    }

    #[test]
    fn a_word_is_one_word() {
        let word = |values: &[&str]| {
            let pairs = values.iter().map(|value| ("coop", value.as_bytes()));
            Headers::new(pairs).word("COOP")
        };
        assert_eq!(word(&["same-origin; report-to=\"x\""]).as_deref(), Some("same-origin"));
        assert_eq!(word(&["same-origin", "unsafe-none"]), None);
        assert_eq!(word(&[""]), None);
    }

    #[test]
    fn what_is_shown_is_short() {
        assert_eq!(shown("short"), "short");
        assert_eq!(shown(&"é".repeat(9_000)).chars().count(), LONGEST_SHOWN + 1);
    }
}
