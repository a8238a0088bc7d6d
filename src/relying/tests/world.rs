//! An application with the kit, and an accounts server that does as it is told.

use crate::clock::Clock;
use crate::relying::{MemoryStore, Relying, RelyingConfig, SameOrigin, Session};
use rocket::fairing::AdHoc;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::serde::json::{Json, Value, json};
use rocket::{State, get, post, routes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

const ORIGIN: &str = "https://wiki.example.org";

/// What the accounts server answers to `status`: 200 with `active`, or that status.
#[derive(Default)]
pub(super) struct Orders {
    pub(super) status: AtomicU16,
    pub(super) asked: AtomicUsize,
}

/// The payload's first character is the person, its second one the sign-in.
#[post("/v1/session/recover", data = "<body>")]
async fn recover(body: Json<Value>) -> Result<Json<Value>, Status> {
    let payload = body["recoveryPayload"].as_str().unwrap_or_default();
    assert_eq!(
        (body["origin"].as_str(), body["nonce"].as_str().map(str::len)),
        (Some(ORIGIN), Some(43))
    );
    match &payload[..1] {
        "d" => Err(Status::Gone),
        "e" => Err(Status::Unauthorized),
        "f" => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Err(Status::Ok)
        }
        who => Ok(Json(json!({ "uid": who, "sid": &payload[..2], "authTime": 1 }))),
    }
}

#[post("/v1/session/status")]
async fn status(orders: &State<Arc<Orders>>) -> Result<Json<Value>, Status> {
    orders.asked.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    match orders.status.load(Ordering::SeqCst) {
        0 => Ok(Json(json!({ "active": true }))),
        1 => Ok(Json(json!({ "active": false }))),
        code => Err(Status::new(code)),
    }
}

#[get("/who")]
fn who(person: Session) -> String {
    person.uid
}

#[post("/change")]
fn change(_own_page: SameOrigin, person: Session) -> String {
    person.uid
}

/// A browser at the application, and the orders of the accounts server.
pub(super) struct World {
    pub(super) app: Client,
    pub(super) orders: Arc<Orders>,
    pub(super) clock: Clock,
}

impl World {
    pub(super) async fn new() -> Self {
        let orders = Arc::new(Orders::default());
        let port = accounts(orders.clone()).await;
        let clock = Clock::manual(1_000_000);
        let config = RelyingConfig {
            accounts_internal: Some(format!("http://127.0.0.1:{port}")),
            timeout: Duration::from_millis(500),
            ..RelyingConfig::new("https://accounts.example.org", "wiki", "s", ORIGIN)
        };
        let relying = Relying::new(config, MemoryStore::default()).expect("valid");
        let app =
            relying.with_clock(clock.clone()).attach(quiet(0)).mount("/", routes![who, change]);
        Self { app: Client::untracked(app).await.expect("ignites"), orders, clock }
    }

    pub(super) async fn post<'c>(&'c self, payload: &str, cookies: &str) -> LocalResponse<'c> {
        let request = self.app.post("/sso").header(Header::new("Sec-Fetch-Site", "same-origin"));
        let request = request.header(Header::new("Cookie", format!("{TX}; {cookies}")));
        let form = Header::new("Content-Type", "application/x-www-form-urlencoded");
        request.header(form).body(format!("recoveryPayload={payload}")).dispatch().await
    }

    /// Signs in and gives the session's cookie.
    pub(super) async fn sign_in(&self, payload: &str) -> String {
        let answer = self.post(payload, "").await;
        assert_eq!(facts(&answer), (204, "created"));
        cookie(&answer)
    }

    pub(super) async fn who(&self, cookie: &str) -> u16 {
        let request = self.app.get("/who").header(Header::new("Cookie", cookie.to_owned()));
        request.dispatch().await.status().code
    }
}

pub(super) const TX: &str =
    "__Host-sso-tx=0000000000000000000000000000000000000000000000000000000000000000";

fn quiet(port: u16) -> rocket::Rocket<rocket::Build> {
    let config = rocket::Config::debug_default();
    let level = rocket::config::LogLevel::Off;
    rocket::custom(rocket::Config { port, log_level: level, ..config })
}

/// Runs until the test's runtime ends.
async fn accounts(orders: Arc<Orders>) -> u16 {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = AdHoc::on_liftoff("port", |rocket| {
        let port = rocket.config().port;
        Box::pin(async move { tell.send(port).expect("the test waits") })
    });
    let server = quiet(0).manage(orders).attach(tell).mount("/", routes![recover, status]);
    tokio::spawn(server.launch());
    told.await.expect("it lifts off")
}

pub(super) fn payload(person_and_sign_in: &str) -> String {
    format!("{person_and_sign_in:0<64}")
}

pub(super) fn facts<'r>(answer: &'r LocalResponse<'_>) -> (u16, &'r str) {
    let outcome = answer.headers().get_one("X-Vestibule-Outcome");
    (answer.status().code, outcome.unwrap_or_default())
}

pub(super) fn cookie(answer: &LocalResponse<'_>) -> String {
    let header = answer.headers().get_one("Set-Cookie").unwrap_or_default();
    header.split(';').next().unwrap_or_default().to_owned()
}
