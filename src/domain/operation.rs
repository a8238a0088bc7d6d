//! Operations: what a relying party wants a person to confirm, and what may come of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

use super::client::Registration;
use super::scope::Scope;
use super::secret::Secret;
use crate::clock::{HOUR, MINUTE, SECOND};

/// The path of the page on which a person answers, up to the id.
pub const PAGE: &str = "/operations/";
/// The scope that a client needs to ask anything, by registration or by consent.
pub const SCOPE: &str = "operations";
/// Milliseconds that a person may have for an answer, at least.
pub const SHORTEST: i64 = 30 * SECOND;
/// Milliseconds that a person may have for an answer, at most.
pub const LONGEST: i64 = HOUR;
/// Milliseconds that a person has when the client does not say.
pub const USUAL: i64 = 5 * MINUTE;
/// Milliseconds after a sign-in during which it is good for an answer.
pub const FRESH_SIGN_IN: i64 = 5 * MINUTE;
/// Wrong passwords on the way to an operation that end it.
pub const MOST_FAILED_SIGN_INS: i64 = 5;
/// Pending operations of one client that a person is shown in a list.
pub const MOST_LISTED: usize = 5;
/// Milliseconds after which a page that was left has not come back.
pub const TIME_TO_COME_BACK: i64 = 10 * SECOND;
/// Bytes of the title and all lines together.
pub const LARGEST_QUESTION: usize = 4_096;
/// Numbers that somebody on another browser picks from.
pub const CHOICES: usize = 6;

const LONGEST_TITLE: usize = 200;
const LONGEST_LABEL: usize = 60;
const LONGEST_VALUE: usize = 500;
const MOST_LINES: usize = 20;

/// One fact of a question, such as the amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What it is: 1 to 60 characters.
    pub label: String,
    /// 1 to 500 characters.
    pub value: String,
}

/// What a person is asked, as text and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// 1 to 200 characters.
    pub title: String,
    /// Up to 20.
    pub lines: Vec<Line>,
}

impl Question {
    /// Checks that a person can read it as it was meant; the error is a sentence.
    pub fn new(title: String, lines: Vec<Line>) -> Result<Self, String> {
        is_plain("title", &title, LONGEST_TITLE)?;
        if lines.len() > MOST_LINES {
            return Err(format!("`lines` has more than {MOST_LINES} members."));
        }
        for line in &lines {
            is_plain("label", &line.label, LONGEST_LABEL)?;
            is_plain("value", &line.value, LONGEST_VALUE)?;
        }
        let of_lines = lines.iter().map(|line| line.label.len() + line.value.len());
        if title.len() + of_lines.sum::<usize>() > LARGEST_QUESTION {
            return Err(format!("`title` and `lines` take more than {LARGEST_QUESTION} bytes."));
        }
        Ok(Self { title, lines })
    }
}

/// Text on one line that shows every character it has, in the order it has them.
fn is_plain(name: &str, text: &str, longest: usize) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > longest {
        return Err(format!("`{name}` is 1 to {longest} characters."));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(format!("`{name}` has a control character, or one that changes how it reads."));
    }
    Ok(())
}

/// Line ends, marks that turn the direction of what follows, and characters that show as nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}'
        | '\u{ffa0}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person approved.
    Confirmed,
    /// The person refused.
    Refused,
    /// The client took it back.
    Canceled,
    /// The waiting page was closed.
    Left,
    /// Too many wrong passwords were given on the way to it.
    SignInFailed,
    /// Another number was picked than the waiting page shows.
    NumberFailed,
    /// It asked for a way of signing in that is not to be had.
    MethodFailed,
    /// Nobody answered in time.
    Expired,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Confirmed,
        Self::Refused,
        Self::Canceled,
        Self::Left,
        Self::SignInFailed,
        Self::NumberFailed,
        Self::MethodFailed,
        Self::Expired,
    ];

    /// As it is stored, and as clients are told the reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Canceled => "canceled",
            Self::Left => "left",
            Self::SignInFailed => "sign_in_failed",
            Self::NumberFailed => "number_failed",
            Self::MethodFailed => "method_failed",
            Self::Expired => "expired",
        }
    }

    /// The outcome that is stored like this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }

    /// The state that it leads to: `confirmed`, `canceled`, `failed` or `expired`.
    #[must_use]
    pub fn state(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Refused | Self::Canceled | Self::Left => "canceled",
            Self::SignInFailed | Self::NumberFailed | Self::MethodFailed => "failed",
            Self::Expired => "expired",
        }
    }

    /// What the waiting page is told.
    #[must_use]
    pub fn auth_result(self) -> &'static str {
        match self {
            Self::Confirmed => "CONFIRMED",
            Self::Refused | Self::Canceled | Self::Left => "CANCELED",
            Self::SignInFailed | Self::NumberFailed | Self::Expired => "AUTH_FAILED",
            Self::MethodFailed => "AUTH_METHOD_FAILED",
        }
    }
}

/// What stands for an operation on the waiting page's socket: the lower-case hex SHA-512 of its id.
/// It opens nothing.
#[must_use]
pub fn web_socket_id(id: &str) -> String {
    hex::encode(Sha512::digest(id.as_bytes()))
}

/// Whether a text is an id: 32 lower-case hex characters.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The numbers, from 10 to 99, that somebody picks the waiting page's from, in rising order. The
/// others follow from a secret of the operation: they are the same each time, so that loading the
/// page again does not tell them, and cannot be computed from what the page shows.
#[must_use]
pub fn choices(seed: &Secret, number: i64) -> Vec<i64> {
    let mut choices = vec![number];
    for round in 0_u8.. {
        let digest = Sha256::new().chain_update([round]).chain_update(seed.reveal()).finalize();
        for byte in digest {
            let other = 10 + i64::from(byte) % 90;
            if choices.len() < CHOICES && !choices.contains(&other) {
                choices.push(other);
            }
        }
        if choices.len() == CHOICES {
            break;
        }
    }
    choices.sort_unstable();
    choices
}

/// Whether a client may ask somebody who has agreed to this much: its registration must have the
/// scope, and so must the person's yes to a client of another organisation.
#[must_use]
pub fn may_ask(client: &Registration, granted: Option<&Scope>) -> bool {
    let agreed = client.first_party || granted.is_some_and(|granted| granted.implies_name(SCOPE));
    client.scope.implies_name(SCOPE) && agreed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(label: &str, value: &str) -> Line {
        Line { label: label.into(), value: value.into() }
    }

    #[test]
    fn a_question_is_text_that_reads_as_it_was_written() {
        let good = Question::new("Pay €49.00?".into(), vec![line("Payee", "Café “Ω” 北京")]);
        assert!(good.is_ok());
        for bad in
            ["", "  ", "a\nb", "a\u{202e}b", "a\u{200b}", "\u{3164}", "a\0", &"x".repeat(201)]
        {
            assert!(Question::new(bad.into(), vec![]).is_err(), "{bad:?}");
            assert!(Question::new("Pay?".into(), vec![line(bad, "x")]).is_err(), "{bad:?}");
        }
        assert!(Question::new("Pay?".into(), vec![line("To", &"x".repeat(501))]).is_err());
        assert!(Question::new("Pay?".into(), vec![line("To", "x"); 21]).is_err());
        assert!(Question::new("Pay?".into(), vec![line("T", &"x".repeat(500)); 8]).is_ok());
        assert!(Question::new("Pay?".into(), vec![line("T", &"é".repeat(256)); 8]).is_err());
    }

    #[test]
    fn every_outcome_can_be_read_again_and_leads_to_a_state() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("pending"), None);
        let told = |outcome: Outcome| (outcome.state(), outcome.auth_result());
        assert_eq!(told(Outcome::Confirmed), ("confirmed", "CONFIRMED"));
        assert_eq!(told(Outcome::Left), ("canceled", "CANCELED"));
        assert_eq!(told(Outcome::NumberFailed), ("failed", "AUTH_FAILED"));
        assert_eq!(told(Outcome::MethodFailed), ("failed", "AUTH_METHOD_FAILED"));
        assert_eq!(told(Outcome::Expired), ("expired", "AUTH_FAILED"));
    }

    #[test]
    fn a_socket_id_is_what_the_vector_says() {
        let vectors = include_str!("../../tests/vectors/web-socket-id.txt");
        let rows = vectors.lines().filter(|line| !line.starts_with('#'));
        let rows: Vec<_> = rows.filter_map(|row| row.split_once('\t')).collect();
        assert_eq!(rows.len(), 1);
        for (id, expected) in rows {
            assert_eq!(web_socket_id(id), expected);
        }
    }

    proptest! {
        #[test]
        fn the_number_is_among_six_that_stay_the_same(id in "[0-9a-f]{32}", number in 10_i64..100) {
            let seed = Secret::derived(b"a key of the server", &id);
            let six = choices(&seed, number);
            prop_assert_eq!(&six, &choices(&seed, number));
            prop_assert!(six.len() == CHOICES && six.contains(&number));
            prop_assert!(six.is_sorted() && six.iter().all(|n| (10..100).contains(n)));
            prop_assert!(six.windows(2).all(|pair| pair[0] != pair[1]));
        }

        #[test]
        fn no_text_panics(title in "\\PC{0,250}", value in ".{0,40}") {
            let _ = Question::new(title, vec![line("x", &value)]);
        }
    }
}
