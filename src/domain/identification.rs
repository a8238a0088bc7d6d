//! Identification: proof, by another OpenID provider, of who a person legally is. A page waits for it
//! while a window of ours sends the person to the provider; a monitor ties the two together.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::client::Registration;
use super::scope::Scope;
use super::secret::{Secret, SecretHash};
use crate::clock::{MINUTE, SECOND};

/// The path of the window.
pub const START: &str = "/identification/start";
/// The path to which a provider sends the person back, up to the provider's id.
pub const RETURN: &str = "/identification/return/";
/// The scope of the token by which a page waits.
pub const SCOPE: &str = "identification";
/// The scope that a client needs to ask when somebody proved who they are.
pub const READ_SCOPE: &str = "identification:read";
/// Milliseconds that a monitor lives.
pub const LIFETIME: i64 = 15 * MINUTE;
/// Milliseconds that one question for the outcome may wait.
pub const LONGEST_WAIT: i64 = 25 * SECOND;
/// Pages of one client that wait for the same person. One more, and the oldest waits no longer.
pub const MOST_WAITING: i64 = 5;
/// How many of the latest questions of each client a person is shown.
pub const MOST_READS: i64 = 50;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The person has proved who they are.
    Succeeded,
    /// The provider, or the person there, said no.
    DeniedByProvider,
    /// The provider cannot be reached, or says what is not to be believed.
    ProviderUnreachable,
    /// It was not ended in time.
    Expired,
    /// Somebody else is signed in than the one for whom the page waits.
    WrongAccount,
    /// The person said no here, or began anew too often.
    Canceled,
    /// This identity belongs to another account.
    Conflict,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Succeeded,
        Self::DeniedByProvider,
        Self::ProviderUnreachable,
        Self::Expired,
        Self::WrongAccount,
        Self::Canceled,
        Self::Conflict,
    ];

    /// As it is stored, and as pages are told the reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::DeniedByProvider => "denied_by_provider",
            Self::ProviderUnreachable => "provider_unreachable",
            Self::Expired => "expired",
            Self::WrongAccount => "wrong_account",
            Self::Canceled => "canceled",
            Self::Conflict => "conflict",
        }
    }

    /// The outcome that is stored like this.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Who somebody is, as it is kept: sealed. Printing one shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The person's identifier at the provider.
    pub sub: String,
    /// Our members → what the provider said.
    pub claims: BTreeMap<String, String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// By what an identity at a provider is found again, without being readable: it is an HMAC under a
/// key of the server.
#[must_use]
pub fn subject_hash(key: &[u8], issuer: &str, subject: &str) -> SecretHash {
    // No issuer has a line break in it.
    Secret::derived(key, &format!("subject {issuer}\n{subject}")).hash()
}

/// Whether a client may know when somebody proved who they are, who has agreed to this much: its
/// registration must have the scope, and so must the person's yes to a client of another organisation.
#[must_use]
pub fn may_read(client: &Registration, granted: Option<&Scope>) -> bool {
    let implies = |scope: &Scope| scope.implies_name(READ_SCOPE);
    implies(&client.scope) && (client.first_party || granted.is_some_and(implies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_can_be_read_again() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::parse(outcome.as_str()), Some(outcome));
        }
        assert_eq!(Outcome::parse("waiting"), None);
    }

    #[test]
    fn an_identity_is_not_shown_by_debug() {
        let claims = BTreeMap::from([("name".to_owned(), "Alice Liddell".to_owned())]);
        let shown = format!("{:?}", Identity { sub: "customer-7".into(), claims });
        assert_eq!(shown, "Identity(…)");
    }

    #[test]
    fn a_subject_belongs_to_its_issuer() {
        let hash = |issuer, sub| subject_hash(b"key", issuer, sub).as_str().to_owned();
        assert_eq!(hash("https://bank.example", "7"), hash("https://bank.example", "7"));
        assert_ne!(hash("https://bank.example", "7"), hash("https://bank.example", "8"));
        assert_ne!(hash("https://bank.example", "7"), hash("https://other.example", "7"));
    }

    #[test]
    fn who_may_read_is_registered_for_it_and_agreed_to() {
        let scope = |text| Scope::parse(text).expect("a scope");
        let client = |first_party, text| Registration {
            first_party,
            scope: scope(text),
            ..Registration::named("shop", "https://shop.example.org")
        };
        let read = scope(READ_SCOPE);
        assert!(may_read(&client(true, READ_SCOPE), None));
        assert!(may_read(&client(true, SCOPE), None), "who may begin may look");
        assert!(!may_read(&client(true, "openid"), Some(&read)));
        assert!(!may_read(&client(false, READ_SCOPE), None));
        assert!(!may_read(&client(false, READ_SCOPE), Some(&scope("openid"))));
        assert!(may_read(&client(false, READ_SCOPE), Some(&read)));
    }
}
