//! What the load and the server both know: names, secrets, addresses.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use vestibule::config::{Config, DeclaredClient};
use vestibule::domain::client::Registration;
use vestibule::domain::origin::Origin;
use vestibule::domain::scope::Scope;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::secret::SecretHash;
use vestibule::limits::{self, Rate};

use super::Result;

pub const ISSUER: &str = "http://accounts.vestibule.localhost:8000";
pub const WIKI: &str = "http://wiki.vestibule.localhost:8001";
pub const SHOP_ORIGIN: &str = "http://shop.vestibule.localhost:8003";
pub const PAY_ORIGIN: &str = "http://pay.vestibule.localhost:8004";
pub const REDIRECT_URI: &str = "http://shop.vestibule.localhost:8003/oidc/callback";
pub const PASSWORD: &str = "looking-glass-1871";
/// All that the shop may ask for.
pub const SCOPE: &str = "email openid payments profile";
pub const NONCE: &str = "0123456789abcdefghijklmnopqrstuv";

/// A client and what it authenticates with; those of the provider are the peer's too
/// (`benches/peer/known.mjs`).
pub struct Client {
    pub id: &'static str,
    secret: &'static str,
}

pub const WIKI_CLIENT: Client =
    Client { id: "wiki", secret: "wiki-secret-0123456789abcdef0123456789abcdef" };
pub const SHOP: Client =
    Client { id: "shop", secret: "shop-secret-of-the-bench-0123456789abcdef0123456789" };
pub const PAY: Client =
    Client { id: "pay", secret: "pay-secret-of-the-bench-0123456789abcdef0123456789" };

impl Client {
    /// Its credentials, as the header `Authorization` has them.
    pub fn basic(&self) -> String {
        let Self { id, secret } = self;
        format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
    }

    fn declared(&self, registration: Registration) -> DeclaredClient {
        let secret_hash = SecretHash::of(self.secret.as_bytes()).as_str().to_owned();
        DeclaredClient { registration, secret_hash: Some(secret_hash) }
    }
}

/// The wiki, a sibling site; the shop, which signs in with OpenID Connect; and pay, to which it
/// narrows tokens.
pub fn clients() -> Vec<DeclaredClient> {
    let named = |client: &Client, origin: &str| Registration {
        first_party: true,
        ..Registration::named(client.id, origin)
    };
    let wiki = Registration {
        return_uris: vec![format!("{WIKI}/sso/return")],
        ..named(&WIKI_CLIENT, WIKI)
    };
    let grant_types = [
        "authorization_code",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ];
    let shop = Registration {
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        grant_types: grant_types.map(str::to_owned).to_vec(),
        scope: Scope::parse(SCOPE).unwrap_or_default(),
        audiences: vec![PAY.id.to_owned()],
        ..named(&SHOP, SHOP_ORIGIN)
    };
    let pay = Registration {
        scope: Scope::parse("operations").unwrap_or_default(),
        ..named(&PAY, PAY_ORIGIN)
    };
    vec![WIKI_CLIENT.declared(wiki), SHOP.declared(shop), PAY.declared(pay)]
}

/// A configuration as in production: the usual password hash, the bench being a proxy that tells
/// from which network a request comes.
pub fn config(database: &Path, usual_limits: bool) -> Result<Config> {
    let issuer = Origin::parse(ISSUER).map_err(|error| format!("{ISSUER}: {error}"))?;
    let mut config = Config::new(issuer, url(database), SealingKey::new(&[7; 32]));
    if !usual_limits {
        config.limits = limits::Settings::all(Rate::new(1_000_000, 1));
    }
    config.proxies = vec!["127.0.0.1/32".parse()?];
    config.clients = clients();
    Ok(config)
}

pub fn url(database: &Path) -> String {
    format!("sqlite://{}", database.display())
}

/// The secret of the session, the device or whatever else it is, with this number.
pub fn secret(of: &str, number: u32) -> String {
    hex::encode(Sha256::digest(format!("bench {of} {number}")))
}

/// The cookie of the session with this number.
pub fn cookie(number: u32) -> String {
    format!("__Host-session={}", secret("session", number))
}

/// The access token with this number.
pub fn token(number: u32) -> String {
    secret("token", number)
}

/// The username of the account with this number.
pub fn username(number: u32) -> String {
    format!("person{number}")
}
