//! Clients: the registrations of relying parties, with the names of RFC 7591 wherever it has one.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::account::{Account, fold, parse_email, parse_username};
use super::identification::READ_SCOPE;
use super::origin::{Embedder, Origin, check_uri};
use super::scope::Scope;
use super::secret::SecretHash;

/// What is registered for a relying party, in configuration, by command line or in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// 1 to 64 letters, digits, `.`, `_`, `-`.
    pub client_id: String,
    /// The name shown to people.
    pub client_name: String,
    /// The origins of its own pages: only these get answers from the bridge.
    pub origins: Vec<Origin>,
    /// Pages that may frame the client's own frames.
    pub embedders: Vec<Embedder>,
    /// Where a person may be sent back to after signing in, exactly.
    pub return_uris: Vec<String>,
    /// Where OpenID answers may be sent, exactly.
    pub redirect_uris: Vec<String>,
    /// Where a person may be sent after signing out, exactly.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where the client's backend hears of a sign-out.
    pub backchannel_logout_uri: Option<String>,
    /// OAuth grant types it may use.
    pub grant_types: Vec<String>,
    /// OpenID response modes it may ask for; the first is its default.
    pub response_modes: Vec<String>,
    /// `client_secret_basic`, `client_secret_post` or `none` (a public client).
    pub token_endpoint_auth_method: String,
    /// `RS256`, `ES256` or `EdDSA`.
    pub id_token_signed_response_alg: String,
    /// `public` or `pairwise`; by default public for first-party clients, pairwise for others.
    pub subject_type: Option<String>,
    /// What it may learn and do.
    pub scope: Scope,
    /// Clients or resources that it may aim tokens at.
    pub audiences: Vec<String>,
    /// Whether it belongs to the organisation, and is consented to by this registration.
    pub first_party: bool,
    /// Whether its bridge mints only for a nonce.
    pub require_nonce: bool,
    /// Who looks after it: usernames or e-mail addresses of accounts.
    pub contacts: Vec<String>,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            client_id: String::new(),
            client_name: String::new(),
            origins: Vec::new(),
            embedders: Vec::new(),
            return_uris: Vec::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            grant_types: vec!["authorization_code".into()],
            response_modes: vec!["query".into()],
            token_endpoint_auth_method: "client_secret_basic".into(),
            id_token_signed_response_alg: "ES256".into(),
            subject_type: None,
            scope: Scope::default(),
            audiences: Vec::new(),
            first_party: false,
            require_nonce: true,
            contacts: Vec::new(),
        }
    }
}

/// The keys of a registration, for "did you mean" in configuration.
pub const KEYS: [&str; 18] = [
    "client_id",
    "client_name",
    "origins",
    "embedders",
    "return_uris",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "grant_types",
    "response_modes",
    "token_endpoint_auth_method",
    "id_token_signed_response_alg",
    "subject_type",
    "scope",
    "audiences",
    "first_party",
    "require_nonce",
    "contacts",
];

const GRANT_TYPES: [&str; 5] = [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:device_code",
];
const RESPONSE_MODES: [&str; 4] = ["query", "fragment", "form_post", "web_message"];
const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];
const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];
const SUBJECT_TYPES: [&str; 2] = ["public", "pairwise"];

impl Registration {
    /// A registration with an id, a name made of it, one origin, and defaults for the rest.
    ///
    /// # Panics
    /// When the origin is not one; meant for origins written in code.
    #[must_use]
    pub fn named(client_id: &str, origin: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_name: client_id.to_owned(),
            origins: vec![Origin::parse(origin).expect("an origin written in code is one")],
            scope: Scope::parse("openid profile email").expect("these are scope names"),
            ..Self::default()
        }
    }

    /// Checks everything that types do not; the error names the key and what to write.
    pub fn check(&self) -> Result<(), String> {
        if !is_id(&self.client_id) {
            return Err("client_id: write 1 to 64 letters, digits, `.`, `_` or `-`".into());
        }
        let name = self.client_name.trim();
        if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
            return Err("client_name: write the name people know, at most 80 characters".into());
        }
        self.check_uris()?;
        if self.audiences.iter().any(|name| !name.bytes().all(|b| b.is_ascii_graphic())) {
            return Err("audiences: write client ids or URIs, without spaces".into());
        }
        let is_contact = |text: &String| {
            let parse = if text.contains('@') { parse_email } else { parse_username };
            parse(text).is_ok_and(|parsed| parsed == *text)
        };
        if let Some(odd) = self.contacts.iter().find(|contact| !is_contact(contact)) {
            return Err(format!("contacts: `{odd}` is neither a username nor an e-mail address"));
        }
        one_of("token_endpoint_auth_method", &AUTH_METHODS, [&self.token_endpoint_auth_method])?;
        one_of("id_token_signed_response_alg", &ALGORITHMS, [&self.id_token_signed_response_alg])?;
        one_of("subject_type", &SUBJECT_TYPES, &self.subject_type)?;
        if self.first_party && self.is_pairwise() && self.scope.implies_name(READ_SCOPE) {
            // It knows people who never agreed to it, and from a pairwise identifier nothing leads back.
            return Err(format!(
                "subject_type: write `public`, or leave out the scope {READ_SCOPE}: a first-party \
                 client cannot ask about people by pairwise identifiers"
            ));
        }
        one_of("grant_types", &GRANT_TYPES, &self.grant_types)?;
        one_of("response_modes", &RESPONSE_MODES, &self.response_modes)
    }

    fn check_uris(&self) -> Result<(), String> {
        let lists = [
            ("return_uris", &self.return_uris),
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ];
        for (key, uri) in lists.iter().flat_map(|(key, uris)| uris.iter().map(move |u| (key, u))) {
            check_uri(uri).map_err(|error| format!("{key}: {error}"))?;
        }
        if let Some(uri) = &self.backchannel_logout_uri {
            check_uri(uri).map_err(|error| format!("backchannel_logout_uri: {error}"))?;
        }
        let own = |uri: &&String| Origin::of_uri(uri).is_ok_and(|o| self.origins.contains(&o));
        match self.return_uris.iter().find(|uri| !own(uri)) {
            Some(uri) => Err(format!("return_uris: `{uri}` is not on one of the client's origins")),
            None => Ok(()),
        }
    }

    /// Whether it has no secret, because it lives in browsers only.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method == "none"
    }

    /// Whether each client sees an identifier of its own for a person (OpenID Connect Core §8).
    #[must_use]
    pub fn is_pairwise(&self) -> bool {
        self.subject_type.as_deref().map_or(!self.first_party, |kind| kind == "pairwise")
    }

    /// The host of its first redirect URI or origin: its sector (OpenID Connect Core §8.1). Programs
    /// on people's own machines share none.
    #[must_use]
    pub fn sector(&self) -> String {
        let origin = self.redirect_origin().or_else(|| self.origins.first().cloned());
        origin.map_or_else(|| self.client_id.clone(), |origin| origin.host())
    }

    /// Whether its contacts name this account: by its username, or by its address once that has
    /// been proved to be the person's.
    #[must_use]
    pub fn is_looked_after_by(&self, account: &Account) -> bool {
        let username = fold(&account.username);
        let email = account.email_verified_at.map(|_| fold(&account.email));
        let names = |contact: &String| {
            let contact = fold(contact);
            contact == username || Some(&contact) == email.as_ref()
        };
        self.contacts.iter().any(names)
    }

    /// Whether this exact origin is one of its own.
    #[must_use]
    pub fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own.as_str() == origin)
    }

    /// Every page that may stand above its frames, as `frame-ancestors` lists them.
    #[must_use]
    pub fn ancestors(&self) -> Vec<String> {
        let own = self.origins.iter().map(|origin| origin.as_str().to_owned());
        let embedders = self.embedders.iter().map(Embedder::as_str).map(str::to_owned);
        own.chain(embedders).collect()
    }

    /// Whether a page of this origin may stand above its frames.
    #[must_use]
    pub fn may_embed(&self, origin: &str) -> bool {
        let is_https = origin.starts_with("https://") && Origin::parse(origin).is_ok();
        self.has_origin(origin)
            || self.embedders.iter().any(|embedder| match embedder {
                Embedder::Origin(known) => known.as_str() == origin,
                Embedder::AnyHttps => is_https,
            })
    }

    /// Whether some of its pages are framed from, or live on, another site than `issuer`.
    #[must_use]
    pub fn is_cross_site(&self, issuer: &Origin) -> bool {
        let foreign = |embedder: &Embedder| match embedder {
            Embedder::Origin(origin) => !origin.is_same_site(issuer),
            Embedder::AnyHttps => true,
        };
        let redirected = self.redirect_uris.iter().filter_map(|uri| Origin::of_uri(uri).ok());
        self.origins.iter().cloned().chain(redirected).any(|o| !o.is_same_site(issuer))
            || self.embedders.iter().any(foreign)
    }
}

/// Whether a text can be a client id at all: 1 to 64 letters, digits, `.`, `_`, `-`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    (1..=64).contains(&text.len()) && text.bytes().all(good)
}

fn one_of<'a>(
    key: &str,
    known: &[&str],
    values: impl IntoIterator<Item = &'a String>,
) -> Result<(), String> {
    match values.into_iter().find(|value| !known.contains(&value.as_str())) {
        Some(value) => Err(format!("{key}: `{value}` is not one of {}", known.join(", "))),
        None => Ok(()),
    }
}

/// A registration as the database has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// What is registered.
    pub registration: Arc<Registration>,
    /// SHA-256 of its secret, and of the one before while it is being rotated.
    pub secret_hashes: Vec<String>,
    /// Whether it stands in the configuration (else it was added by hand).
    pub declared: bool,
    /// When it was added.
    pub created_at: i64,
    /// When it was switched off, if it is.
    pub disabled_at: Option<i64>,
}

impl Client {
    /// Compares a presented secret with each valid one, in constant time for each.
    #[must_use]
    pub fn accepts_secret(&self, secret: &str) -> bool {
        let presented = SecretHash::of(secret.as_bytes());
        self.secret_hashes.iter().fold(false, |found, stored| found | presented.matches(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_registration_names_the_key_and_the_cure() {
        let good = Registration::named("wiki", "https://wiki.example.org");
        assert_eq!(good.check(), Ok(()));
        let with = |change: fn(&mut Registration)| {
            let mut registration = good.clone();
            change(&mut registration);
            registration.check().expect_err("wrong")
        };
        assert!(with(|r| r.client_id = "a b".into()).starts_with("client_id"));
        assert!(with(|r| r.client_name = " ".into()).starts_with("client_name"));
        assert!(with(|r| r.return_uris = vec!["https://x.example/".into()]).contains("origins"));
        assert!(with(|r| r.redirect_uris = vec!["http://x.example/".into()]).contains("http"));
        assert!(with(|r| r.audiences = vec!["pay till".into()]).starts_with("audiences"));
        assert!(with(|r| r.response_modes = vec!["pigeon".into()]).contains("form_post"));
        assert!(with(|r| r.contacts = vec!["a b".into()]).starts_with("contacts"));
        assert!(with(|r| r.contacts = vec!["alice@".into()]).starts_with("contacts"));
        assert!(with(|r| r.subject_type = Some("x".into())).contains("pairwise"));
        let asks = |r: &mut Registration| {
            (r.first_party, r.subject_type) = (true, Some("pairwise".into()));
            r.scope = Scope::parse("identification").expect("a scope name");
        };
        assert!(with(asks).starts_with("subject_type: write `public`"));
    }

    #[test]
    fn a_contact_is_an_account_with_that_name_or_that_proved_address() {
        let mut wiki = Registration::named("wiki", "https://wiki.example.org");
        wiki.contacts = vec!["Alice".into(), "bob@example.org".into()];
        assert_eq!(wiki.check(), Ok(()));
        let account = |username: &str, email: &str, verified| Account {
            uid: "0".repeat(32),
            username: username.into(),
            email: email.into(),
            full_name: "Somebody".into(),
            email_verified_at: verified,
            created_at: 0,
            disabled_at: None,
        };
        assert!(wiki.is_looked_after_by(&account("alice", "a@example.org", None)));
        assert!(wiki.is_looked_after_by(&account("robert", "Bob@example.org", Some(1))));
        assert!(!wiki.is_looked_after_by(&account("robert", "bob@example.org", None)));
        assert!(!wiki.is_looked_after_by(&account("bob", "b@example.org", Some(1))));
        wiki.contacts.clear();
        assert!(!wiki.is_looked_after_by(&account("alice", "a@example.org", Some(1))));
    }

    #[test]
    fn every_key_of_a_registration_is_listed() {
        let json = serde_json::to_value(Registration::default()).expect("serialises");
        let keys: Vec<&String> = json.as_object().expect("object").keys().collect();
        assert_eq!(keys.len(), KEYS.len());
        assert!(keys.iter().all(|key| KEYS.contains(&key.as_str())));
    }

    #[test]
    fn two_secrets_are_accepted_while_rotating() {
        let hash = |s: &str| SecretHash::of(s.as_bytes()).as_str().to_owned();
        let client = Client { secret_hashes: vec![hash("new"), hash("old")], ..Client::default() };
        assert!(client.accepts_secret("new") && client.accepts_secret("old"));
        assert!(!client.accepts_secret("older") && !Client::default().accepts_secret(""));
    }

    #[test]
    fn a_client_framed_elsewhere_is_cross_site() {
        let issuer = Origin::parse("https://accounts.example.org").expect("valid");
        let mut notes = Registration::named("notes", "https://notes.example.org");
        assert!(!notes.is_cross_site(&issuer));
        notes.embedders = vec![Embedder::AnyHttps];
        assert!(notes.is_cross_site(&issuer));
    }

    #[test]
    fn a_client_that_is_answered_elsewhere_is_cross_site() {
        let issuer = Origin::parse("https://accounts.example.org").expect("valid");
        let mut shop = Registration::named("shop", "https://shop.example.org");
        shop.redirect_uris = vec!["https://shop.example.org/callback".into()];
        assert!(!shop.is_cross_site(&issuer));
        shop.redirect_uris.push("https://shop.example.com/callback".into());
        assert!(shop.is_cross_site(&issuer));
    }
}
