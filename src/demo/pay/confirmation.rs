//! What must be true of an operation's signed result, besides its signature, before any money is
//! taken for it.

use super::operations::{Line, Question};
use crate::demo::jwt::{OneAudience, SKEW};
use serde::Deserialize;

/// The type that its header must have, in lower case: an id token is no confirmation.
pub(super) const TYPES: [&str; 1] = ["operation-result+jwt"];

/// The claims that pay uses.
#[derive(Deserialize)]
pub(super) struct Confirmation {
    iss: String,
    aud: OneAudience,
    sub: String,
    iat: i64,
    jti: String,
    title: String,
    lines: Vec<Line>,
}

/// What it is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// The operation that was asked for this order,
    pub(super) operation: &'a str,
    /// the person who pays,
    pub(super) sub: &'a str,
    /// and what they would be asked now: exactly that must have been confirmed.
    pub(super) question: &'a Question,
    /// In seconds.
    pub(super) now: i64,
}

impl Confirmation {
    /// Says what is wrong with it.
    pub(super) fn check(&self, expected: &Expected<'_>) -> Result<(), &'static str> {
        let Question { title, lines } = expected.question;
        let rules = [
            (self.iss == expected.issuer, "it is of another issuer"),
            (self.aud.is(expected.client_id), "it is for another client"),
            (self.iat - SKEW <= expected.now, "it comes from the future"),
            (self.jti == expected.operation, "it is of another operation"),
            (self.sub == expected.sub, "somebody else confirmed"),
            (self.title == *title && self.lines == *lines, "something else was confirmed"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, flaw)| Err(flaw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOW: i64 = 1_000_000;

    /// The answer to a result with this claim changed; `null` takes it away.
    fn with(claim: &str, value: Value) -> Option<Result<(), &'static str>> {
        let line = |label: &str, value: &str| json!({ "label": label, "value": value });
        let mut claims = json!({ "iss": "https://a.test", "aud": "pay", "sub": "u1", "iat": NOW,
            "jti": "o1", "title": "Pay", "confirmed_at": NOW, "auth_time": NOW, "amr": ["pwd"],
            "lines": [line("Amount", "€7.50"), line("Order", "o")] });
        claims[claim] = value;
        let line = |label: &str, value: &str| Line { label: label.into(), value: value.into() };
        let lines = vec![line("Amount", "€7.50"), line("Order", "o")];
        let expected = Expected {
            issuer: "https://a.test",
            client_id: "pay",
            operation: "o1",
            sub: "u1",
            question: &Question { title: "Pay".to_owned(), lines },
            now: NOW,
        };
        serde_json::from_value::<Confirmation>(claims).ok().map(|result| result.check(&expected))
    }

    #[test]
    fn exactly_what_was_asked_passes() {
        assert_eq!(with("aud", json!("pay")), Some(Ok(())));
        assert_eq!(with("aud", json!(["pay"])), Some(Ok(())));
        assert_eq!(with("iat", json!(NOW - 600)), Some(Ok(())));
    }

    #[test]
    fn each_rule_is_held() {
        let amount = |value: &str| json!([{ "label": "Amount", "value": value }, { "label": "Order", "value": "o" }]);
        for (claim, value) in [
            ("iss", json!("https://b.test")),
            ("aud", json!("shop")),
            ("sub", json!("u2")),
            ("iat", json!(NOW + SKEW + 1)),
            ("jti", json!("o2")),
            ("title", json!("Play")),
            ("lines", amount("€7.51")),
            ("lines", json!([])),
        ] {
            assert!(with(claim, value.clone()).is_some_and(|r| r.is_err()), "{claim} {value}");
        }
        for claim in ["iss", "aud", "sub", "iat", "jti", "title", "lines"] {
            assert!(with(claim, Value::Null).is_none(), "{claim}");
        }
        assert!(with("aud", json!(["pay", "shop"])).is_none());
    }
}
