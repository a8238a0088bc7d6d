//! Scope: a set of names, separated by single spaces (RFC 6749 §3.3), some of which imply others.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

mod name;

use name::Name;

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

    /// Whether this name is in the set, as it is written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether there is no name in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Every name of both.
    #[must_use]
    pub fn union(&self, other: &Scope) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// As [`Scope::implies`], for one name.
    #[must_use]
    pub fn implies_name(&self, name: &str) -> bool {
        self.implies(&Self(BTreeSet::from([name.to_owned()])))
    }

    /// The set without the names that imply one of these.
    #[must_use]
    pub fn without_implying(&self, names: &[&str]) -> Self {
        let implies = |name: &&String| {
            let alone = Self(BTreeSet::from([(*name).clone()]));
            names.iter().any(|other| alone.implies_name(other))
        };
        Self(self.0.iter().filter(|name| !implies(name)).cloned().collect())
    }

    /// Whether each name of `other` is implied by one of this set: see `scope/name.rs`.
    #[must_use]
    pub fn implies(&self, other: &Scope) -> bool {
        let held: Vec<Name> = self.names().map(Name::read).collect();
        other.names().map(Name::read).all(|asked| held.iter().any(|name| name.implies(&asked)))
    }

    /// Whether it is about who a person is, and about nothing else.
    #[must_use]
    pub fn only_identifies(&self) -> bool {
        let known = ["openid", "email", "profile"];
        let is_read = |name: &str| name.starts_with("profile:") && !name.contains(":write");
        self.names().all(|name| known.contains(&name) || is_read(name))
    }

    /// What a client with this scope may do, one sentence for each thing, in plain words: who the
    /// person is first, what has no words of its own last.
    #[must_use]
    pub fn in_plain_words(&self) -> Vec<String> {
        let known = WORDS.iter().filter(|(name, _)| self.has(name));
        let known = known.map(|(_, sentence)| (*sentence).to_owned());
        let has_words = |name: &str| WORDS.iter().any(|(known, _)| *known == name);
        let others = self.names().filter(|name| !has_words(name));
        known.chain(others.map(|name| format!("Use “{name}” for you"))).collect()
    }
}

const WORDS: [(&str, &str); 12] = [
    ("openid", "Know that it is you, each time you come back"),
    ("profile", "See your username and your full name"),
    ("profile:username", "See your username"),
    ("profile:display_name", "See your full name"),
    ("email", "See your e-mail address"),
    ("profile:write", "See and change your profile"),
    ("payments", "Pay in your name on its site"),
    ("payments:read", "See what you paid on its site"),
    ("operations", "Ask you to confirm things that you do on its site"),
    (
        "identification",
        "Ask you to prove with your bank, or another provider, who you are, and see where, when and \
        how surely you did",
    ),
    ("identification:read", "See when, with which provider and how surely you proved who you are"),
    ("offline_access", "Act for you while you are away"),
];

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
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
    use proptest::prelude::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).expect("scope names")
    }

    #[test]
    fn names_are_kept_once_in_order() {
        let held = scope("profile openid  email openid");
        assert_eq!(held.to_string(), "email openid profile");
        assert_eq!(held.names().collect::<Vec<_>>(), ["email", "openid", "profile"]);
        assert_eq!(
            held.union(&scope("payments email")).to_string(),
            "email openid payments profile"
        );
        assert!(Scope::parse("a\"b").is_err() && Scope::parse("ä").is_err());
        assert!(scope("").is_empty() && scope(" ").is_empty() && !held.is_empty());
        assert!(held.has("openid") && !held.has("open"));
    }

    #[test]
    fn names_imply_one_another_as_the_vectors_say() {
        let vectors = include_str!("../../tests/vectors/scope-implication.txt");
        let rows = vectors.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let mut seen = (0, 0);
        for row in rows {
            let [held, expected, asked] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {row}");
            };
            assert_eq!(scope(held).implies(&scope(asked)), expected == "yes", "{row}");
            if expected == "yes" { seen.0 += 1 } else { seen.1 += 1 }
        }
        assert_eq!(seen, (14, 15));
    }

    #[test]
    fn every_asked_name_must_be_implied() {
        let held = scope("openid profile https://api.example.org/pay/");
        assert!(held.implies(&scope("profile:email openid")) && held.implies(&scope("")));
        assert!(!held.implies(&scope("profile payments")) && !scope("").implies(&scope("openid")));
        assert!(held.implies(&scope("https://api.example.org/pay/cards")));
        assert!(!held.implies(&scope("https://api.example.org/pay")));
        assert!(scope("https://a.example/").implies(&scope("https://a.example/x#y")));
        assert!(
            scope("a:write").implies(&scope("a:b:write:c")) && !scope("a").implies(&scope("write"))
        );
    }

    #[test]
    fn an_address_that_only_looks_as_if_it_were_below_is_not() {
        for asked in [
            "https://api.example.org/pay/../admin",
            "https://api.example.org/pay/%2e%2E/admin",
            "https://api.example.org/pay/./cards",
            "https://api.example.org/pay?x",
            "https://api.example.org/payments",
            "https://api.example.org:443/pay/cards",
            "https://api.example.org:8443/pay/cards",
            "https://API.example.org/pay/cards",
            "https://alice@api.example.org/pay/cards",
            "https://api.example.org@evil.example/pay/cards",
            "https://api.example.org.evil.example/pay/cards",
            "http://api.example.org/pay/cards",
            "HTTPS://api.example.org/pay/cards",
            "https:/api.example.org/pay/cards",
            "https:api.example.org/pay/cards",
            "https://api.example.org",
        ] {
            assert!(!scope("https://api.example.org/pay").implies(&scope(asked)), "{asked}");
            assert!(scope(asked).implies(&scope(asked)), "{asked} is itself");
        }
        assert!(!scope("http").implies(&scope("http://api.example.org/pay")));
    }

    #[test]
    fn knowing_somebody_is_not_acting_for_them() {
        assert!(scope("openid profile email profile:email").only_identifies());
        for acts in ["openid payments", "profile:write", "profile:email:write", "profiles", "x"] {
            assert!(!scope(acts).only_identifies(), "{acts}");
        }
    }

    #[test]
    fn people_read_who_they_are_first() {
        let words = scope("a.b email openid payments x.y").in_plain_words();
        let expected = [
            "Know that it is you, each time you come back",
            "See your e-mail address",
            "Pay in your name on its site",
            "Use “a.b” for you",
            "Use “x.y” for you",
        ];
        assert_eq!(words, expected);
    }

    /// Names that are near to one another, so that some imply others.
    fn near() -> impl Strategy<Value = Scope> {
        let name = prop_oneof![
            "(a|b|write)(:(a|b|write|)){0,3}",
            "https://(h|i)(\\.example)?/((a|b|ab|\\.\\.)?/?){0,3}(#(x|y|))?",
            "https?:/{0,2}h/a",
        ];
        proptest::collection::vec(name, 0..4).prop_map(|names| scope(&names.join(" ")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_scope_implies_itself(text in "[!#-\\[\\]-~ ]{0,60}", near in near()) {
            let any = scope(&text);
            prop_assert!(any.implies(&any) && near.implies(&near));
            prop_assert!(any.union(&near).implies(&any) && any.union(&near).implies(&near));
        }

        #[test]
        fn what_is_implied_implies_nothing_more(a in near(), b in near(), c in near()) {
            if a.implies(&b) && b.implies(&c) {
                prop_assert!(a.implies(&c), "{a} > {b} > {c}");
            }
        }

        #[test]
        fn what_reads_does_not_write(held in "[a-c]:[a-c]", asked in "[a-c:]{0,6}") {
            let asked = scope(&format!("{asked}:write"));
            prop_assert!(!scope(&held).implies(&asked));
        }
    }
}
