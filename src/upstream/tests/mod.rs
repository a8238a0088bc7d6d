//! A provider over HTTP, and everything that it may do wrong.

mod bank;
mod calls;
mod discovery;
mod id_tokens;
mod keys;
mod person;
mod signatures;
mod signer;
mod signing_in;

use serde_json::{Map, Value, json};

use super::*;
use crate::clock::HOUR;
use crate::domain::provider::{Algorithm, Credential, Issuer};
use bank::{Bank, Says};
use signer::Signer;

/// An instant in the year 2026, in milliseconds.
const NOW: i64 = 1_790_000_000_000;
const SECRET: &str = "the bank's + secret: ü";
const RETURN: &str = "https://accounts.example.org/identification/return/bank";
const ACCESS_TOKEN: &str = "acc3ss-t0ken";
const CODE: &str = "c0de";

/// As it is configured unless a test wants it otherwise.
fn configured(issuer: &str) -> Provider {
    Provider {
        id: "bank".into(),
        name: "Bank".into(),
        issuer: Issuer::parse(issuer).expect("an issuer"),
        client_id: "vestibule".into(),
        credential: Credential::secret(SECRET.into()),
        scope: "openid profile".into(),
        acr_values: Vec::new(),
        level: "substantial".into(),
        algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
        claims: BTreeMap::new(),
        max_age: 300,
    }
}

/// A bank, this server as its client, and the clock between them.
struct Scene {
    bank: Bank,
    signer: Signer,
    clock: Clock,
    upstreams: Upstreams,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With something configured otherwise.
    async fn with(change: impl FnOnce(&mut Provider)) -> Self {
        let bank = Bank::open().await;
        let signer = Signer::new("ES256", "1");
        bank.world().keys = Says::json(&json!({ "keys": [signer.jwk()] }));
        let mut provider = configured(&bank.issuer);
        change(&mut provider);
        let (clock, outgoing) = (Clock::manual(NOW), Outgoing::new(&[]).expect("a client"));
        let upstreams = Upstreams::new(&[provider], &outgoing, &clock);
        Self { bank, signer, clock, upstreams }
    }

    fn upstream(&self) -> &Upstream {
        self.upstreams.named("bank").expect("it is configured")
    }

    async fn begun(&self) -> Begun {
        self.upstream().begin(RETURN).await.expect("it begins")
    }

    /// The claims of a good id token.
    fn claims(&self, asked: &Asked) -> Value {
        let now = self.clock.now() / SECOND;
        json!({
            "iss": self.bank.issuer,
            "sub": "customer-7",
            "aud": "vestibule",
            "exp": now + 300,
            "iat": now,
            "nonce": asked.nonce.reveal(),
            "auth_time": now - 5,
        })
    }

    /// Has the token endpoint give this id token.
    fn gives(&self, id_token: &str) {
        self.bank.world().token = Says::json(&json!({
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 600,
            "id_token": id_token,
        }));
    }

    /// What comes of a code for which this id token is given.
    async fn finish(&self, id_token: &str, asked: &Asked) -> Result<Proof, Failure> {
        self.gives(id_token);
        let returned = Returned { code: Some(CODE), ..Returned::default() };
        self.upstream().finish(returned, asked).await
    }

    /// What comes of an id token with these claims changed; `null` takes one away.
    async fn finish_with(&self, changes: &[(&str, Value)]) -> Result<Proof, Failure> {
        let asked = self.begun().await.asked;
        let mut claims = self.claims(&asked);
        for (name, value) in changes {
            change(&mut claims, name, value);
        }
        self.finish(&self.signer.token(&claims), &asked).await
    }

    /// What comes of a good id token.
    async fn finish_well(&self) -> Result<Proof, Failure> {
        self.finish_with(&[]).await
    }
}

/// Sets a claim, or takes it away.
fn change(claims: &mut Value, name: &str, value: &Value) {
    let claims: &mut Map<String, Value> = claims.as_object_mut().expect("an object");
    claims.remove(name);
    if !value.is_null() {
        claims.insert(name.to_owned(), value.clone());
    }
}

/// What the log would say of a proof that there is not.
fn why(outcome: Result<Proof, Failure>) -> Failure {
    outcome.expect_err("no proof")
}

#[track_caller]
fn hold_misbehaving(outcome: Result<Proof, Failure>, what: &str) {
    let failure = why(outcome);
    let Failure::Misbehaves(said) = &failure else { panic!("{failure}") };
    assert!(said.contains(what), "{said}");
}

#[track_caller]
fn hold_unreachable(outcome: Result<Proof, Failure>, what: &str) {
    let failure = why(outcome);
    let Failure::Unreachable(said) = &failure else { panic!("{failure}") };
    assert!(said.contains(what), "{said}");
}
