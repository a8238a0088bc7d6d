//! An accounts server that does as it is told, and pay before it.

use crate::clock::Clock;
use crate::demo::pay::asking::Due;
use crate::demo::pay::operations::{Asked, Question};
use crate::demo::pay::questions::Questions;
use crate::demo::pay::{Credentials, Keys, OffBand, Pay, Provider};
use crate::demo::signing_key::Key;
use crate::demo::sites::Sites;
use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::serde::json::Json;
use rocket::{Shutdown, State, get, post, routes};
use serde_json::{Value, json};
use sqlx::sqlite::SqlitePoolOptions;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

const NOW: i64 = 1_000_000;

/// What the accounts server has been told and does.
#[derive(Default)]
pub(super) struct Orders {
    issuer: String,
    keys: Vec<Value>,
    /// State of each operation; its id is the key that it was asked with.
    pub(super) states: HashMap<String, &'static str>,
    /// What `complete` answers.
    result: Option<String>,
    pub(super) completed: bool,
    pub(super) asked: Vec<Value>,
    pub(super) canceled: Vec<String>,
}

type Shared = Arc<Mutex<Orders>>;

pub(super) struct World {
    pub(super) pay: Pay,
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
    pub(super) async fn new() -> Self {
        let key = Key::new("k1");
        let keys = vec![json!(key.public())];
        let orders = Arc::new(Mutex::new(Orders { keys, ..Orders::default() }));
        let (port, shutdown) = launch(orders.clone()).await;
        let sites = Sites::from_port(port).expect("there is room after it");
        let issuer = sites.accounts.origin.clone();
        orders.lock().expect("nobody panicked").issuer.clone_from(&issuer);
        let one = SqlitePoolOptions::new().max_connections(1);
        let pool = one.connect("sqlite::memory:").await.expect("opens");
        let clock = Clock::manual(NOW * 1_000);
        let pay = Pay {
            provider: Provider::new(&issuer),
            off_band: OffBand::new(&sites).expect("can be made"),
            client: sites.credentials(&sites.pay),
            at_shop: Credentials::new("pay", "x"),
            shops: Vec::new(),
            questions: Questions::open(pool).await.expect("creates its table"),
            keys: Keys::new(clock.clone()),
            clock,
            completing: tokio::sync::Mutex::default(),
        };
        Self { pay, key, orders, shutdown }
    }

    pub(super) fn orders<T>(&self, change: impl FnOnce(&mut Orders) -> T) -> T {
        change(&mut self.orders.lock().expect("nobody panicked"))
    }

    /// Lets an operation have been confirmed, with this result.
    pub(super) fn confirm(&self, asked: &Asked, result: &str) {
        self.orders(|orders| {
            orders.states.insert(asked.operation_id.clone(), "confirmed");
            (orders.result, orders.completed) = (Some(result.to_owned()), false);
        });
    }

    /// The claims of a good result.
    pub(super) fn claims(&self, asked: &Asked, due: &Due<'_>) -> Value {
        let Question { title, lines } = Question::about(due.payer, due.bill, due.order);
        json!({ "iss": self.orders(|orders| orders.issuer.clone()), "aud": "pay", "sub": "u1",
            "iat": NOW, "jti": asked.operation_id, "title": title, "lines": lines })
    }

    pub(super) fn signed(&self, claims: &Value) -> String {
        self.key.sign("operation-result+jwt", claims)
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
        .mount("/", routes![metadata, keys, ask, show, complete, cancel])
        .attach(tell);
    let rocket = rocket.ignite().await.expect("ignites");
    let shutdown = rocket.shutdown();
    rocket::tokio::spawn(rocket.launch());
    (receiver.await.expect("it listens"), shutdown)
}

#[get("/.well-known/openid-configuration")]
fn metadata(orders: &State<Shared>) -> Json<Value> {
    let issuer = orders.lock().expect("nobody panicked").issuer.clone();
    Json(json!({ "issuer": issuer, "authorization_endpoint": "", "token_endpoint": "",
        "userinfo_endpoint": "", "introspection_endpoint": "", "end_session_endpoint": "",
        "jwks_uri": format!("{issuer}/jwks") }))
}

#[get("/jwks")]
fn keys(orders: &State<Shared>) -> Json<Value> {
    Json(json!({ "keys": orders.lock().expect("nobody panicked").keys }))
}

struct Idempotency(String);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Idempotency {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        let key = request.headers().get_one("Idempotency-Key").unwrap_or_default();
        Outcome::Success(Self(key.to_owned()))
    }
}

#[post("/v1/operations", data = "<body>")]
fn ask(key: Idempotency, body: Json<Value>, orders: &State<Shared>) -> Json<Value> {
    let mut orders = orders.lock().expect("nobody panicked");
    orders.asked.push(body.into_inner());
    let state = *orders.states.entry(key.0.clone()).or_insert("pending");
    Json(json!({ "operationId": key.0, "waitSecret": "s", "webSocketId": "w", "number": "42",
        "verificationUri": "", "state": state, "expiresIn": 300 }))
}

#[get("/v1/operations/<id>?<wait>")]
fn show(id: &str, wait: Option<u8>, orders: &State<Shared>) -> Result<Json<Value>, Status> {
    let state = orders.lock().expect("nobody panicked").states.get(id).copied();
    let state = state.filter(|state| wait.is_none() || *state != "pending");
    state.map(|state| Json(json!({ "state": state }))).ok_or(Status::NotFound)
}

#[post("/v1/operations/<id>/complete")]
fn complete(id: &str, orders: &State<Shared>) -> (Status, Json<Value>) {
    let mut orders = orders.lock().expect("nobody panicked");
    if orders.states.get(id) != Some(&"confirmed") {
        return (Status::Conflict, Json(json!({ "error": "authorization_pending" })));
    }
    if std::mem::replace(&mut orders.completed, true) {
        return (Status::Gone, Json(json!({ "error": "invalid_grant" })));
    }
    (Status::Ok, Json(json!({ "operationId": id, "result": orders.result })))
}

#[post("/v1/operations/<id>/cancel")]
fn cancel(id: &str, orders: &State<Shared>) -> Json<Value> {
    let mut orders = orders.lock().expect("nobody panicked");
    orders.canceled.push(id.to_owned());
    orders.states.insert(id.to_owned(), "canceled");
    Json(json!({}))
}
