//! Clients that speak OpenID Connect by hand: what they send to the provider, and what they read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use sha2::{Digest, Sha256};
use vestibule::config::DeclaredClient;
use vestibule::domain::client::Registration;
use vestibule::domain::scope::Scope;

use super::browser::{Answer, Browser, encode};
use super::{ISSUER, SPECS, Setup, declared, nonce, plain};

pub const SHOP: &str = "http://shop.vestibule.localhost:8003";
pub const PAY: &str = "http://pay.vestibule.localhost:8004";
pub const SHOP_CALLBACK: &str = "http://shop.vestibule.localhost:8003/oidc/callback";
pub const WIDGET_CALLBACK: &str = "http://specs.example.localhost:8005/callback";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// The organisation's shop, which narrows its tokens for `pay`.
pub fn shop() -> DeclaredClient {
    declared(Registration {
        client_name: "Shop".into(),
        redirect_uris: texts(&[SHOP_CALLBACK]),
        post_logout_redirect_uris: vec![format!("{SHOP}/signed-out")],
        grant_types: texts(&[
            "authorization_code",
            "refresh_token",
            EXCHANGE,
            "client_credentials",
        ]),
        response_modes: texts(&["query", "fragment", "form_post"]),
        scope: Scope::parse("openid profile email payments").expect("a scope"),
        audiences: texts(&["pay", "https://api.example.org/pay"]),
        first_party: true,
        ..Registration::named("shop", SHOP)
    })
}

/// A resource server, which nobody signs in to.
pub fn pay() -> DeclaredClient {
    declared(Registration {
        client_name: "Pay".into(),
        grant_types: Vec::new(),
        first_party: true,
        ..Registration::named("pay", PAY)
    })
}

/// A public client of another organisation.
pub fn widget() -> DeclaredClient {
    let registration = Registration {
        client_name: "Widget".into(),
        redirect_uris: texts(&[WIDGET_CALLBACK, "http://127.0.0.1/callback"]),
        grant_types: texts(&["authorization_code", "refresh_token", EXCHANGE]),
        token_endpoint_auth_method: "none".into(),
        scope: Scope::parse("openid profile").expect("a scope"),
        ..Registration::named("widget", SPECS)
    };
    DeclaredClient { registration, secret_hash: None }
}

impl Setup {
    /// The demo's family and the clients `shop`, `pay` and `widget`.
    pub fn with_openid(mut self) -> Self {
        self.config.clients.extend([shop(), pay(), widget()]);
        self
    }

    /// What is registered for a client.
    pub fn registration(&mut self, client_id: &str) -> &mut Registration {
        let mut all = self.config.clients.iter_mut().map(|client| &mut client.registration);
        all.find(|registration| registration.client_id == client_id).expect("a client")
    }
}

/// A request to the authorization endpoint: good as it is, and to be changed field by field.
#[derive(Clone, Debug)]
pub struct Authorize {
    fields: Vec<(String, String)>,
    /// What the code challenge was made of.
    pub verifier: String,
}

impl Authorize {
    /// With state, nonce and PKCE, for `openid`.
    pub fn new(client_id: &str, redirect_uri: &str) -> Self {
        let verifier = nonce();
        let (state, nonce) = (format!("state {}", nonce()), nonce());
        let fields = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
            ("scope", "openid"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { fields: fields.to_vec(), verifier }
    }

    /// For the shop, which needs nobody's consent.
    pub fn shop() -> Self {
        Self::new("shop", SHOP_CALLBACK)
    }

    /// For the widget, which needs a yes.
    pub fn widget() -> Self {
        Self::new("widget", WIDGET_CALLBACK)
    }

    /// With this value of a field, whatever it was before.
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With a field once more.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a field.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    pub fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    pub fn prompt(self, prompt: &str) -> Self {
        self.with("prompt", prompt)
    }

    /// With neither PKCE field.
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// The value of a field, `""` when it is missing.
    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(known, _)| known == name);
        field.map_or("", |(_, value)| value)
    }

    pub fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub fn path(&self) -> String {
        format!("/oauth/authorize?{}", encode(&self.fields()))
    }

    /// What redeems a code that was given for this.
    pub fn redemption<'a>(&'a self, code: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.value("redirect_uri")),
        ];
        if !self.value("code_challenge").is_empty() {
            fields.push(("code_verifier", &self.verifier));
        }
        fields
    }
}

/// The S256 challenge of a verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// What the provider sends to a client through the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Where to, without what was added.
    pub to: String,
    /// `query`, `fragment` or `form_post`.
    pub mode: &'static str,
    pub fields: Vec<(String, String)>,
}

impl Sent {
    fn new(to: &str, mode: &'static str, encoded: &str) -> Self {
        let fields = url::form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
        Self { to: to.to_owned(), mode, fields }
    }

    /// The value of a field, `""` when it is missing.
    pub fn get(&self, name: &str) -> &str {
        let mut values = self.fields.iter().filter(|(known, _)| known == name);
        let value = values.next().map_or("", |(_, value)| value);
        assert!(values.next().is_none(), "`{name}` is there once: {:?}", self.fields);
        value
    }

    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

impl Answer {
    /// What a redirect or a `form_post` page carries to a client.
    pub fn sent(&self) -> Sent {
        if self.status == 200 && self.is_html() {
            return self.posted();
        }
        assert_eq!(self.status, 303, "{}", self.text);
        let location = self.location();
        assert!(!location.starts_with(ISSUER) && !location.starts_with('/'), "{location}");
        if let Some((to, encoded)) = location.split_once('#') {
            return Sent::new(to, "fragment", encoded);
        }
        let (to, encoded) = location.split_once('?').unwrap_or((location, ""));
        Sent::new(to, "query", encoded)
    }

    fn posted(&self) -> Sent {
        let attribute = |tag: &str, name: &str| {
            let value = tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0;
            Some(plain(value))
        };
        let tag = |kind: &'static str| self.text.split('<').filter(move |t| t.starts_with(kind));
        let form = tag("form").next().unwrap_or_else(|| panic!("no form: {}", self.text));
        let fields = tag("input").map(|input| {
            let name = attribute(input, "name").expect("a name");
            (name, attribute(input, "value").expect("a value"))
        });
        let to = attribute(form, "action").expect("a form posts to somebody");
        Sent { to, mode: "form_post", fields: fields.collect() }
    }

    /// The code of a good answer to `asked`, which says so at the right place and no more.
    pub fn code(&self, asked: &Authorize) -> String {
        let sent = self.sent();
        assert_eq!(sent.to, asked.value("redirect_uri"));
        assert_eq!(sent.get("state"), asked.value("state"), "{sent:?}");
        assert_eq!(sent.get("iss"), ISSUER, "{sent:?}");
        assert!(sent.names().iter().all(|n| ["code", "iss", "state"].contains(n)), "{sent:?}");
        assert_eq!(sent.get("code").len(), 64, "{sent:?}");
        sent.get("code").to_owned()
    }

    /// The error that was sent to the client that asked, in a good shape.
    pub fn refusal(&self, asked: &Authorize) -> String {
        let sent = self.sent();
        assert_eq!(sent.to, asked.value("redirect_uri"));
        assert_eq!(sent.get("iss"), ISSUER, "{sent:?}");
        assert_eq!(sent.get("state"), asked.value("state"), "{sent:?}");
        // RFC 6749 §4.1.2.1.
        let is_plain = |b| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let description = sent.get("error_description");
        assert!(!description.is_empty() && description.bytes().all(is_plain), "{sent:?}");
        let known = ["error", "error_description", "iss", "state"];
        assert!(sent.names().iter().all(|name| known.contains(name)), "{sent:?}");
        sent.get("error").to_owned()
    }
}

impl Browser {
    /// A navigation that a client's page began.
    pub async fn authorize(&self, asked: &Authorize) -> Answer {
        self.navigate(&asked.path()).await
    }

    /// A navigation to us that a page of somebody else began.
    pub async fn navigate(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header("Sec-Fetch-Site", "cross-site");
        let request = request.header("Sec-Fetch-Mode", "navigate");
        self.send(request.header("Sec-Fetch-Dest", "document")).await
    }

    /// The same in a hidden frame of a client's page, with `prompt=none`.
    pub async fn silently(&self, asked: &Authorize) -> Answer {
        let path = asked.clone().prompt("none").path();
        let request = self.request(Method::GET, &path).header("Sec-Fetch-Site", "cross-site");
        self.send(request.header("Sec-Fetch-Dest", "iframe")).await
    }
}
