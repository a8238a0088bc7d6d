//! Scope: a set of names, separated by single spaces (RFC 6749 §3.3).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A set of scope names, kept in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// Parses names of printable ASCII without `"` and `\`, separated by spaces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_name_byte = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let names = text.split(' ').filter(|name| !name.is_empty());
        names
            .map(|name| {
                let good = name.bytes().all(is_name_byte);
                good.then(|| name.to_owned()).ok_or_else(|| format!("`{name}` is not a scope name"))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether this name is in the set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether every name of `other` is in this set.
    #[must_use]
    pub fn covers(&self, other: &Scope) -> bool {
        other.0.is_subset(&self.0)
    }

    /// What a client with this scope is shown, one sentence for each thing, in plain words.
    #[must_use]
    pub fn in_plain_words(&self) -> Vec<String> {
        let words = |name: &str| match name {
            "openid" => "Know that it is you, each time you come back".to_owned(),
            "profile" => "See your username and your full name".to_owned(),
            "email" => "See your e-mail address".to_owned(),
            other => format!("Use “{other}” for you"),
        };
        self.0.iter().map(|name| words(name)).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl TryFrom<String> for Scope {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_its_parts() {
        let held = Scope::parse("profile openid email").expect("valid");
        assert!(held.covers(&Scope::parse("openid").expect("valid")));
        assert!(!Scope::parse("openid").expect("valid").covers(&held));
        assert_eq!(held.to_string(), "email openid profile");
        assert!(Scope::parse("a\"b").is_err() && Scope::parse("ä").is_err());
    }
}
