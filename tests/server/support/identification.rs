//! A page that waits for an identification, the window, and a provider in this process.

use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use url::Url;
use vestibule::config::DeclaredClient;
use vestibule::domain::provider::{Algorithm, Credential, Issuer, Provider};
use vestibule::domain::scope::Scope;

use super::browser::{Answer, Browser, encode, http};
use super::waiting_events::WaitingEvents;
use super::{FORM, ISSUER, SHOP, Setup, TestServer};

#[expect(dead_code, reason = "the tests of the upstream module use all of it")]
#[path = "../../../src/upstream/tests/bank.rs"]
mod bank;
#[expect(dead_code, reason = "the tests of the upstream module use all of it")]
#[path = "../../../src/upstream/tests/signer.rs"]
mod signer;

pub use bank::{Bank, Says};
pub use signer::Signer;

/// What the bank says of its customer, and nobody else is to read.
pub const NAME: &str = "Alice Pleasance Liddell";
pub const BIRTHDATE: &str = "1852-05-04";
pub const CUSTOMER: &str = "customer-7";

/// A server, a provider, and what the provider signs with.
pub struct Identifying {
    pub server: TestServer,
    pub bank: Bank,
    pub signer: Signer,
}

/// A page that waits.
pub struct Waiting {
    pub socket: WaitingEvents,
    /// The path of the window.
    pub path: String,
    pub secret: String,
}

/// The window at the provider.
#[derive(Debug)]
pub struct Away {
    pub state: String,
    pub nonce: String,
}

/// The provider, as it is configured under this id.
pub fn provider(id: &str, issuer: &str) -> Provider {
    let claims = [("name", "name"), ("birthdate", "birthdate")];
    Provider {
        id: id.into(),
        name: format!("The {id}"),
        issuer: Issuer::parse(issuer).expect("an issuer"),
        client_id: "vestibule".into(),
        credential: Credential::secret("a secret of the bank's".into()),
        scope: "openid profile".into(),
        acr_values: Vec::new(),
        level: "substantial".into(),
        algorithms: vec![Algorithm::Es256],
        claims: claims.map(|(ours, theirs)| (ours.to_owned(), theirs.to_owned())).into(),
        max_age: 300,
    }
}

impl Identifying {
    pub async fn start() -> Self {
        Self::with(&["bank"], |_| ()).await
    }

    /// With providers of these ids, all at one address, and something set up otherwise.
    pub async fn with(ids: &[&str], change: impl FnOnce(&mut Setup)) -> Self {
        let bank = Bank::open().await;
        let signer = Signer::new("ES256", "1");
        bank.world().keys = Says::json(&json!({ "keys": [signer.jwk()] }));
        let mut setup = Setup::new().await.with_openid();
        let scope = "openid profile email payments identification";
        setup.registration("shop").scope = Scope::parse(scope).expect("a scope");
        setup.config.providers = ids.iter().map(|id| provider(id, &bank.issuer)).collect();
        change(&mut setup);
        Self { server: setup.start().await, bank, signer }
    }

    /// A token by which a page of the shop may wait for whoever is signed in.
    pub async fn token(&self, browser: &Browser) -> String {
        self.server.shop_tokens(browser, "openid identification").await.access
    }

    /// A page of the shop that waits, in a browser that sends this cookie or none.
    pub async fn waits_with(&self, token: &str, cookie: Option<&str>) -> Waiting {
        let cookie = cookie.map(|value| format!("__Host-monitor={value}"));
        let mut headers = vec![("Origin", SHOP)];
        headers.extend(cookie.as_deref().map(|cookie| ("Cookie", cookie)));
        Waiting::at(&self.server.url, token, &headers).await
    }

    /// The same, where no cookie comes along.
    pub async fn waits(&self, browser: &Browser) -> Waiting {
        self.waits_with(&self.token(browser).await, None).await
    }

    /// The same with the cookie that this browser was given.
    pub async fn waits_by_cookie(&self, token: &str, browser: &Browser) -> Waiting {
        let answer = browser.init_monitor(SHOP).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        let cookie = browser.cookie("__Host-monitor").expect("a cookie");
        let waiting = self.waits_with(token, Some(&cookie)).await;
        assert_eq!(waiting.path, "/identification/start");
        waiting
    }

    /// The claims of a good id token.
    pub fn claims(&self, away: &Away, subject: &str) -> Value {
        claims(&self.bank, away, subject, self.server.clock.now())
    }

    /// Has the provider give this id token for any code.
    pub fn gives(&self, claims: &Value) -> String {
        gives(&self.bank, &self.signer, claims)
    }

    /// The browser comes back with a code, for which the provider says that it is this customer.
    pub async fn returns(&self, browser: &Browser, away: &Away, subject: &str) -> Answer {
        self.gives(&self.claims(away, subject));
        browser.come_back("bank", &[("code", "c0de"), ("state", &away.state)]).await
    }

    /// The whole way, from the page that waits to what it hears.
    pub async fn identified(&self, browser: &Browser, subject: &str) -> Value {
        let mut waiting = self.waits(browser).await;
        let away = browser.go_away(&waiting).await;
        self.returns(browser, &away, subject).await;
        waiting.socket.next_json().await.expect("the outcome")
    }

    /// What is kept of proofs.
    pub async fn kept(&self) -> Vec<String> {
        self.server.database.rows("identifications", &["account_uid", "provider", "level"]).await
    }

    /// What a backend is told of this account.
    pub async fn stamp(&self, client_id: &str, uid: &str, query: &str) -> Answer {
        let url = format!("{}/v1/accounts/{uid}/identification{query}", self.server.url);
        let secret = super::secret_of(client_id);
        Answer::of(http().get(url).basic_auth(client_id, Some(secret))).await
    }

    /// How it stands, by the secret of the page.
    pub async fn outcome(&self, secret: &str, more: &[(&str, &str)]) -> Answer {
        outcome_at(&self.server.url, secret, more).await
    }
}

/// How it stands, as the server at this address says it to whoever has the secret of the page.
pub async fn outcome_at(url: &str, secret: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("monitor_secret", secret)], more].concat();
    let request = http().post(format!("{url}/identification/outcome"));
    Answer::of(request.header("Content-Type", FORM).body(encode(&fields))).await
}

/// The claims of a good id token at this time.
pub fn claims(bank: &Bank, away: &Away, subject: &str, now: i64) -> Value {
    let now = now / 1_000;
    json!({
        "iss": bank.issuer, "sub": subject, "aud": "vestibule", "exp": now + 300, "iat": now,
        "nonce": away.nonce, "auth_time": now, "name": NAME, "birthdate": BIRTHDATE,
    })
}

/// Has the provider give an id token with these claims for any code.
pub fn gives(bank: &Bank, signer: &Signer, claims: &Value) -> String {
    let id_token = signer.token(claims);
    bank.world().token = Says::json(&json!({
        "access_token": "acc3ss-t0ken", "token_type": "Bearer", "id_token": id_token,
    }));
    id_token
}

impl Waiting {
    /// Opens a socket at this address, with these headers, and shows the token there.
    pub async fn at(url: &str, token: &str, headers: &[(&'static str, &str)]) -> Self {
        let socket = WaitingEvents::open_at(url, "/identification/events", headers).await;
        let mut socket = socket.expect("a socket");
        socket.send_json(&json!({ "access_token": token })).await;
        let told = socket.next_json().await.expect("it waits");
        assert_eq!(told["state"], "waiting", "{told}");
        assert!(told["expires_in"].as_i64().is_some_and(|it| (600..=900).contains(&it)), "{told}");
        assert_eq!(told.as_object().map(serde_json::Map::len), Some(4), "{told}");
        let text = |name: &str| told[name].as_str().expect(name).to_owned();
        let path = text("start_uri").strip_prefix(ISSUER).expect("one of ours").to_owned();
        Self { socket, path, secret: text("monitor_secret") }
    }

    /// What the window's form sends.
    pub fn form<'a>(&'a self, answer: &'a str) -> Vec<(&'a str, &'a str)> {
        let token = self.path.split("monitor=").nth(1).unwrap_or_default();
        vec![("monitor", token), ("answer", answer)]
    }

    /// Holds that the page hears this reason, and nothing more.
    pub async fn hold_failed(mut self, reason: &str) {
        let told = self.socket.next_json().await.expect("the outcome");
        assert_eq!(told, json!({ "state": "completed", "result": "failed", "reason": reason }));
        assert_eq!(self.socket.next_json().await, Err(Some(1000)));
    }
}

impl Away {
    /// The name of the cookie that marks the browser as the one that was sent away.
    pub fn cookie(&self) -> String {
        let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(self.state.as_bytes()));
        format!("__Host-identification-{}", &hash[..16])
    }

    /// What the address of the provider says.
    pub fn of(answer: &Answer) -> Self {
        let url = Url::parse(answer.location()).unwrap_or_else(|_| panic!("{}", answer.text));
        let query: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(query["code_challenge_method"], "S256");
        Self { state: query["state"].clone(), nonce: query["nonce"].clone() }
    }
}

impl Browser {
    /// What a page does before it opens its socket.
    pub async fn init_monitor(&self, origin: &str) -> Answer {
        let request = self.request(Method::GET, "/identification/monitor");
        self.send(request.header("Origin", origin).header("Sec-Fetch-Site", "same-site")).await
    }

    /// Opens the window and says yes there, as far as it asks.
    pub async fn go_away(&self, waiting: &Waiting) -> Away {
        let answer = self.navigate(&waiting.path).await;
        if answer.status == 302 {
            return Away::of(&answer);
        }
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = self.post("/identification/start", &waiting.form("confirm")).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        Away::of(&answer)
    }

    /// The provider sends the browser back.
    pub async fn come_back(&self, provider: &str, fields: &[(&str, &str)]) -> Answer {
        self.navigate(&format!("/identification/return/{provider}?{}", encode(fields))).await
    }
}

/// A client of another organisation that may ask when people were identified.
pub fn reader() -> DeclaredClient {
    let mut client = super::specs();
    client.registration.scope =
        Scope::parse("openid profile email identification:read").expect("a scope");
    client
}
