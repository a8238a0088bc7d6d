//! A provider that says what it is told to, truth and lies.

use super::super::Oidc;
use crate::clock::Clock;
use crate::demo::signing_key::Key;
use crate::demo::sites::Sites;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use rocket::fairing::AdHoc;
use rocket::form::Form;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{Shutdown, State, get, post, routes};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(super) const NOW: i64 = 1_000_000;

/// What the provider does.
pub(super) struct Orders {
    pub(super) issuer: String,
    /// The answers of the token endpoint by grant type, with the status.
    pub(super) token: HashMap<&'static str, (u16, Value)>,
    pub(super) userinfo: Value,
    pub(super) keys: Vec<Jwk>,
    /// What the token endpoint was asked.
    pub(super) asked: Vec<HashMap<String, String>>,
    /// How often the keys were fetched.
    pub(super) fetched: usize,
}

type Shared = Arc<Mutex<Orders>>;

pub(super) struct World {
    pub(super) oidc: Oidc,
    pub(super) clock: Clock,
    pub(super) key: Key,
    orders: Shared,
    shutdown: Shutdown,
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}

impl World {
    /// One with a good key, who knows alice.
    pub(super) async fn new() -> Self {
        let key = Key::new("k1");
        let orders = Arc::new(Mutex::new(Orders {
            issuer: String::new(),
            token: HashMap::new(),
            userinfo: json!({ "sub": "u1", "name": "Alice", "preferred_username": "alice" }),
            keys: vec![key.public()],
            asked: Vec::new(),
            fetched: 0,
        }));
        let (port, shutdown) = launch(orders.clone()).await;
        let sites = Sites::from_port(port).expect("there is room after it");
        orders.lock().expect("nobody panicked").issuer.clone_from(&sites.accounts.origin);
        let clock = Clock::manual(NOW * 1_000);
        let oidc = Oidc::new(&sites, &sites.shop, "openid profile payments", clock.clone())
            .expect("can be made");
        Self { oidc, clock, key, orders, shutdown }
    }

    /// Changes or reads what the provider does.
    pub(super) fn orders<T>(&self, change: impl FnOnce(&mut Orders) -> T) -> T {
        change(&mut self.orders.lock().expect("nobody panicked"))
    }

    /// The claims of a good token of alice's.
    pub(super) fn claims(&self, nonce: Option<&str>) -> Value {
        let issuer = self.orders(|orders| orders.issuer.clone());
        let now = self.clock.now() / 1_000;
        json!({ "iss": issuer, "sub": "u1", "aud": "shop", "exp": now + 600, "iat": now,
            "sid": "s1", "nonce": nonce })
    }

    /// Lets the token endpoint answer with these tokens.
    pub(super) fn give(&self, grant: &'static str, id_token: Option<&str>, number: u8) {
        let answer = json!({ "access_token": format!("a{number}"), "token_type": "Bearer",
            "expires_in": 600, "refresh_token": format!("r{number}"), "id_token": id_token });
        self.orders(|orders| orders.token.insert(grant, (200, answer)));
    }
}

async fn launch(orders: Shared) -> (u16, Shutdown) {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let tell = AdHoc::on_liftoff("port", |rocket| {
        Box::pin(async move { sender.send(rocket.config().port).unwrap_or_default() })
    });
    let figment = rocket::Config::figment()
        .merge(("port", 0))
        .merge(("log_level", "off"))
        .merge(("workers", 1))
        .merge(("shutdown.ctrlc", false));
    let rocket = rocket::custom(figment)
        .manage(orders)
        .mount("/", routes![metadata, keys, token, userinfo])
        .attach(tell);
    let rocket = rocket.ignite().await.expect("ignites");
    let shutdown = rocket.shutdown();
    rocket::tokio::spawn(rocket.launch());
    (receiver.await.expect("it listens"), shutdown)
}

#[get("/.well-known/openid-configuration")]
fn metadata(orders: &State<Shared>) -> Json<Value> {
    let issuer = orders.lock().expect("nobody panicked").issuer.clone();
    let at = |path: &str| format!("{issuer}{path}");
    Json(json!({ "issuer": issuer, "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"), "userinfo_endpoint": at("/userinfo"),
        "introspection_endpoint": at("/introspect"), "end_session_endpoint": at("/logout"),
        "jwks_uri": at("/jwks") }))
}

#[get("/jwks")]
fn keys(orders: &State<Shared>) -> Json<JwkSet> {
    let mut orders = orders.lock().expect("nobody panicked");
    orders.fetched += 1;
    Json(JwkSet { keys: orders.keys.clone() })
}

#[post("/token", data = "<form>")]
fn token(form: Form<HashMap<String, String>>, orders: &State<Shared>) -> (Status, Json<Value>) {
    let mut orders = orders.lock().expect("nobody panicked");
    let grant = form.get("grant_type").cloned().unwrap_or_default();
    orders.asked.push(form.into_inner());
    let (status, answer) = orders.token.get(grant.as_str()).cloned().expect("it was told");
    (Status::new(status), Json(answer))
}

#[get("/userinfo")]
fn userinfo(orders: &State<Shared>) -> Json<Value> {
    Json(orders.lock().expect("nobody panicked").userinfo.clone())
}
