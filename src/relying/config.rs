//! What the kit has to be told, and the check of it.

use super::paths;
use crate::domain::origin::Origin;
use std::fmt;
use std::time::Duration;

/// The longest that a session goes on without asking the accounts server whether it still lives.
const LONGEST_RECHECK: Duration = Duration::from_mins(10);

/// What the kit has to be told. [`RelyingConfig::new`] fills in what is usual; every member can be
/// changed afterwards.
#[derive(Clone)]
pub struct RelyingConfig {
    /// Public origin of the accounts server, where browsers go.
    pub accounts: String,
    /// Origin for calls from server to server, where it differs from the public one.
    pub accounts_internal: Option<String>,
    /// The registration's `client_id`.
    pub client_id: String,
    /// The registration's secret.
    pub client_secret: String,
    /// This application's own origin, exactly as registered.
    pub origin: String,
    /// Where the kit is mounted; `{origin}{callback}/return` is the registered return URI.
    pub callback: String,
    /// Whether the registration is first-party. If not, sign-in goes by way of the consent page.
    pub first_party: bool,
    /// Whether pages of this application stand in frames on other sites. Cookies are then
    /// `SameSite=None; Partitioned`, since browsers send no others there.
    pub embedded: bool,
    /// The longest that a call to the accounts server may take.
    pub timeout: Duration,
    /// Age at which a session ends, whatever happens.
    pub lifetime: Duration,
    /// Time without a request after which a session ends.
    pub idle: Duration,
    /// How often a session asks whether it still lives over there; 10 minutes at most.
    pub recheck: Duration,
}

impl RelyingConfig {
    /// A first-party application at `/sso`, not framed elsewhere; 3 s for each call, sessions of
    /// at most a day that end after two idle hours.
    #[must_use]
    pub fn new(accounts: &str, client_id: &str, client_secret: &str, origin: &str) -> Self {
        Self {
            accounts: accounts.to_owned(),
            accounts_internal: None,
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            origin: origin.to_owned(),
            callback: "/sso".to_owned(),
            first_party: true,
            embedded: false,
            timeout: Duration::from_secs(3),
            lifetime: Duration::from_hours(24),
            idle: Duration::from_hours(2),
            recheck: LONGEST_RECHECK,
        }
    }

    pub(super) fn check(self) -> Result<Settings, ConfigError> {
        let origin = |what: &str, text: &str| {
            Origin::parse(text).map_err(|error| ConfigError(format!("{what}: {error}")))
        };
        let accounts = origin("accounts", &self.accounts)?;
        let internal = self.accounts_internal.as_deref().unwrap_or(&self.accounts);
        if self.client_id.is_empty() || self.client_secret.is_empty() {
            return Err(ConfigError("client_id and client_secret are both needed".to_owned()));
        }
        if self.callback.len() < 2 || self.callback.ends_with('/') || !is_plain(&self.callback) {
            let text = format!("callback: `{}` is not a path like `/sso`", self.callback);
            return Err(ConfigError(text));
        }
        Ok(Settings {
            internal: origin("accounts_internal", internal)?,
            origin: origin("origin", &self.origin)?,
            accounts,
            client_id: self.client_id,
            client_secret: self.client_secret,
            callback: self.callback,
            first_party: self.first_party,
            embedded: self.embedded,
            timeout: self.timeout,
            lifetime: milliseconds(self.lifetime),
            idle: milliseconds(self.idle),
            recheck: milliseconds(self.recheck.min(LONGEST_RECHECK)),
        })
    }
}

/// A path without query, parameters of routes, or anything to be escaped.
fn is_plain(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.');
    paths::is_own(path) && path.bytes().all(plain)
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// The configuration, checked; spans of time in milliseconds.
pub(super) struct Settings {
    pub(super) accounts: Origin,
    pub(super) internal: Origin,
    pub(super) origin: Origin,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) callback: String,
    pub(super) first_party: bool,
    pub(super) embedded: bool,
    pub(super) timeout: Duration,
    pub(super) lifetime: i64,
    pub(super) idle: i64,
    pub(super) recheck: i64,
}

impl Settings {
    /// Where a person signs in and from where they come back to `{callback}/return`.
    pub(super) fn sign_in_url(&self) -> String {
        let home = format!("{}{}/return", self.origin, self.callback);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let page = if self.first_party {
            "signin"
        } else {
            query.append_pair("client_id", &self.client_id);
            "consent"
        };
        format!("{}/{page}?{}", self.accounts, query.append_pair("next", &home).finish())
    }

    /// A path of ours, which must have been checked, as an absolute URL.
    pub(super) fn own_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// Why a configuration cannot be used; says which member and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub(super) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "relying party: {}", self.0)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> RelyingConfig {
        RelyingConfig::new("https://accounts.example.org", "wiki", "s", "https://wiki.example.org")
    }

    #[test]
    fn sign_in_comes_back_to_the_registered_return_uri() {
        let settings = config().check().expect("valid");
        let back = "next=https%3A%2F%2Fwiki.example.org%2Fsso%2Freturn";
        let signin = format!("https://accounts.example.org/signin?{back}");
        assert_eq!(settings.sign_in_url(), signin);
        let foreign = RelyingConfig { first_party: false, ..config() }.check().expect("valid");
        let consent = format!("https://accounts.example.org/consent?client_id=wiki&{back}");
        assert_eq!(foreign.sign_in_url(), consent);
    }

    #[test]
    fn a_wrong_member_is_named() {
        let error = |config: RelyingConfig| config.check().err().map(|e| e.to_string());
        let wrong = RelyingConfig { origin: "https://wiki.example.org/".to_owned(), ..config() };
        assert!(error(wrong).is_some_and(|e| e.contains("origin: ")));
        let internal = Some("http://accounts.internal.example.org".to_owned());
        let wrong = RelyingConfig { accounts_internal: internal, ..config() };
        assert!(error(wrong).is_some_and(|e| e.contains("accounts_internal: ")));
        for callback in ["", "/", "sso", "/sso/", "/s<o>", "//sso", "/sso?x"] {
            let wrong = RelyingConfig { callback: callback.to_owned(), ..config() };
            assert!(error(wrong).is_some_and(|e| e.contains("callback: ")), "{callback}");
        }
    }

    #[test]
    fn sessions_ask_again_after_ten_minutes_at_the_latest() {
        let recheck = Duration::from_hours(5);
        let settings = RelyingConfig { recheck, ..config() }.check().expect("valid");
        assert_eq!(settings.recheck, 600_000);
    }
}
