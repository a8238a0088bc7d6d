//! A person's record: what may stand in its fields, and how they are compared.

use unicode_normalization::UnicodeNormalization;

/// A person's record as every page and every relying party may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// 32 lower-case hex characters; never changes, never used again.
    pub uid: String,
    /// As the person wrote it; unique without regard to case.
    pub username: String,
    /// As the person wrote it; unique without regard to case.
    pub email: String,
    /// The name shown to others.
    pub full_name: String,
    /// When the address was proved to be the person's, if ever.
    pub email_verified_at: Option<i64>,
    /// When the account was made.
    pub created_at: i64,
    /// When it was closed to sign-in, if it is.
    pub disabled_at: Option<i64>,
}

/// What a person may write about themselves, checked and trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// See [`parse_username`].
    pub username: String,
    /// See [`parse_email`].
    pub email: String,
    /// See [`parse_full_name`].
    pub full_name: String,
}

/// The field of a [`Profile`] that was refused, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// `username`, `email`, `full_name` or `password`.
    pub field: &'static str,
    /// A sentence for the person.
    pub text: String,
}

impl Profile {
    /// Checks all three fields and reports every one that is wrong.
    pub fn parse(username: &str, email: &str, full_name: &str) -> Result<Self, Vec<FieldError>> {
        let named = |field| move |text| FieldError { field, text };
        let username = parse_username(username).map_err(named("username"));
        let email = parse_email(email).map_err(named("email"));
        let full_name = parse_full_name(full_name).map_err(named("full_name"));
        match (username, email, full_name) {
            (Ok(username), Ok(email), Ok(full_name)) => Ok(Self { username, email, full_name }),
            (u, e, f) => Err([u.err(), e.err(), f.err()].into_iter().flatten().collect()),
        }
    }
}

/// The form in which usernames, e-mail addresses and logins are looked up: NFC, lower case.
#[must_use]
pub fn fold(text: &str) -> String {
    text.trim().nfc().collect::<String>().to_lowercase()
}

/// 2 to 40 ASCII letters, digits, `.`, `_` or `-`, beginning with a letter or a digit: names that
/// cannot be mistaken for one another or for an e-mail address.
pub fn parse_username(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Choose a username.".into());
    }
    let mut bytes = text.bytes();
    let begins_well = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    let goes_on_well = bytes.all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if !begins_well || !goes_on_well {
        return Err("Use letters without accents, digits, dots, hyphens and underscores, \
                    beginning with a letter or a digit."
            .into());
    }
    if !(2..=40).contains(&text.len()) {
        return Err("Use between 2 and 40 characters.".into());
    }
    Ok(text.to_owned())
}

/// An address with one `@`, a domain, no spaces or control characters, at most 254 bytes
/// (RFC 5321 §4.5.3.1.3). Whether it exists is for a message to show.
pub fn parse_email(text: &str) -> Result<String, String> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        return Err("Enter your e-mail address.".into());
    }
    if text.len() > 254 {
        return Err("This address is too long; use one of at most 254 characters.".into());
    }
    let odd = |c: char| {
        c.is_whitespace() || c.is_control() || is_invisible(c) || "<>()[]\\,;:\"@".contains(c)
    };
    let good = text.split_once('@').is_some_and(|(local, domain)| {
        let labels_are_good = domain.split('.').all(|label| !label.is_empty());
        !local.is_empty() && labels_are_good && !local.contains(odd) && !domain.contains(odd)
    });
    if good { Ok(text) } else { Err("Enter an address like name@example.org.".into()) }
}

/// 1 to 200 characters of any script, no control characters.
pub fn parse_full_name(text: &str) -> Result<String, String> {
    let text: String = text.trim().nfc().collect();
    if text.is_empty() {
        return Err("Enter the name that others should see.".into());
    }
    if text.chars().count() > 200 {
        return Err("Use at most 200 characters.".into());
    }
    let all_invisible = text.chars().all(|c| is_invisible(c) || c.is_whitespace());
    if all_invisible || text.chars().any(|c| c.is_control() || is_direction(c)) {
        return Err("Remove line breaks, invisible and other control characters.".into());
    }
    Ok(text)
}

/// Marks that turn the direction of text around: a name could look like another's.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that nobody sees; some scripts need the joiners among them.
fn is_invisible(c: char) -> bool {
    is_direction(c) || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_wrong_fields_are_reported_at_once() {
        let errors = Profile::parse("a b", "nobody", " ").expect_err("all wrong");
        let fields: Vec<_> = errors.iter().map(|e| e.field).collect();
        assert_eq!(fields, ["username", "email", "full_name"]);
    }

    #[test]
    fn usernames_cannot_look_like_addresses_or_one_another() {
        for bad in ["", "a", "alice@example.org", "аlice", ".alice", "al ice", &"a".repeat(41)] {
            assert!(parse_username(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_username(" Alice.B-1_x "), Ok("Alice.B-1_x".into()));
        assert_eq!(fold(" Alice@Example.ORG "), "alice@example.org");
    }

    #[test]
    fn addresses_need_one_at_sign_and_a_domain() {
        for bad in ["alice", "@example.org", "alice@", "a@b@c", "a b@c.d", "a@b..c", "a@b\n.c"] {
            assert!(parse_email(bad).is_err(), "{bad}");
        }
        assert!(parse_email("ali\u{200b}ce@example.org").is_err());
        assert_eq!(parse_email("älice+x@exämple.org"), Ok("älice+x@exämple.org".into()));
    }

    #[test]
    fn a_name_can_be_seen_and_reads_in_its_own_direction() {
        for bad in ["\u{200b}", "Alice\u{202e}boB", "Alice\nLiddell", ""] {
            assert!(parse_full_name(bad).is_err(), "{bad:?}");
        }
        assert!(parse_full_name("می\u{200c}خواهم").is_ok(), "a joiner inside a word");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,300}") {
            let _ = Profile::parse(&text, &text, &text);
        }
    }
}
