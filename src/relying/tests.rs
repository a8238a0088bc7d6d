//! The whole kit, mounted, against an accounts server that does as it is told.

use super::{MemoryStore, Relying, RelyingConfig, SameOrigin, Session};
use crate::clock::{Clock, MINUTE, SECOND};
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
struct Orders {
    status: AtomicU16,
    asked: AtomicUsize,
}

/// The payload's first character is the person, its second one the sign-in.
#[post("/v1/session/recover", data = "<body>")]
async fn recover(body: Json<Value>) -> Result<Json<Value>, Status> {
    let payload = body["recoveryPayload"].as_str().unwrap_or_default();
    assert_eq!(
        (
            body["origin"].as_str(),
            body["nonce"].as_str().map(str::len)
        ),
        (Some(ORIGIN), Some(43))
    );
    match &payload[..1] {
        "d" => Err(Status::Gone),
        "e" => Err(Status::Unauthorized),
        "f" => {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Err(Status::Ok)
        }
        who => Ok(Json(
            json!({ "uid": who, "sid": &payload[..2], "authTime": 1 }),
        )),
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
struct World {
    app: Client,
    orders: Arc<Orders>,
    clock: Clock,
}

impl World {
    async fn new() -> Self {
        let orders = Arc::new(Orders::default());
        let port = accounts(orders.clone()).await;
        let clock = Clock::manual(1_000_000);
        let config = RelyingConfig {
            accounts_internal: Some(format!("http://127.0.0.1:{port}")),
            timeout: Duration::from_millis(500),
            ..RelyingConfig::new("https://accounts.example.org", "wiki", "s", ORIGIN)
        };
        let relying = Relying::new(config, MemoryStore::default()).expect("valid");
        let app = relying
            .with_clock(clock.clone())
            .attach(quiet(0))
            .mount("/", routes![who, change]);
        Self {
            app: Client::untracked(app).await.expect("ignites"),
            orders,
            clock,
        }
    }

    async fn post<'c>(&'c self, payload: &str, cookies: &str) -> LocalResponse<'c> {
        let request = self
            .app
            .post("/sso")
            .header(Header::new("Sec-Fetch-Site", "same-origin"));
        let request = request.header(Header::new("Cookie", format!("{TX}; {cookies}")));
        let form = Header::new("Content-Type", "application/x-www-form-urlencoded");
        request
            .header(form)
            .body(format!("recoveryPayload={payload}"))
            .dispatch()
            .await
    }

    /// Signs in and gives the session's cookie.
    async fn sign_in(&self, payload: &str) -> String {
        let answer = self.post(payload, "").await;
        assert_eq!(facts(&answer), (204, "created"));
        cookie(&answer)
    }

    async fn who(&self, cookie: &str) -> u16 {
        let request = self
            .app
            .get("/who")
            .header(Header::new("Cookie", cookie.to_owned()));
        request.dispatch().await.status().code
    }
}

const TX: &str = "__Host-sso-tx=0000000000000000000000000000000000000000000000000000000000000000";

fn quiet(port: u16) -> rocket::Rocket<rocket::Build> {
    let config = rocket::Config::debug_default();
    let level = rocket::config::LogLevel::Off;
    rocket::custom(rocket::Config {
        port,
        log_level: level,
        ..config
    })
}

/// Runs until the test's runtime ends.
async fn accounts(orders: Arc<Orders>) -> u16 {
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = AdHoc::on_liftoff("port", |rocket| {
        let port = rocket.config().port;
        Box::pin(async move { tell.send(port).expect("the test waits") })
    });
    let server = quiet(0)
        .manage(orders)
        .attach(tell)
        .mount("/", routes![recover, status]);
    tokio::spawn(server.launch());
    told.await.expect("it lifts off")
}

fn payload(person_and_sign_in: &str) -> String {
    format!("{person_and_sign_in:0<64}")
}

fn facts<'r>(answer: &'r LocalResponse<'_>) -> (u16, &'r str) {
    let outcome = answer.headers().get_one("X-Vestibule-Outcome");
    (answer.status().code, outcome.unwrap_or_default())
}

fn cookie(answer: &LocalResponse<'_>) -> String {
    let header = answer.headers().get_one("Set-Cookie").unwrap_or_default();
    header.split(';').next().unwrap_or_default().to_owned()
}

#[rocket::async_test]
async fn a_payload_becomes_a_session_of_a_new_id() {
    let world = World::new().await;
    let planted = format!("__Host-sso-session={}", payload("c0"));
    let answer = world.post(&payload("a0"), &planted).await;
    assert_eq!(facts(&answer), (204, "created"));
    assert_ne!(cookie(&answer), planted);
    assert_eq!(
        (world.who(&cookie(&answer)).await, world.who(&planted).await),
        (200, 401)
    );
}

#[rocket::async_test]
async fn the_same_person_again_is_told_apart_by_sign_in() {
    let world = World::new().await;
    let first = world.sign_in(&payload("a0")).await;
    let second = world.post(&payload("a0"), &first).await;
    assert_eq!(facts(&second), (204, "already"));
    let third = world.post(&payload("a1"), &cookie(&second)).await;
    assert_eq!(facts(&third), (204, "resumed"));
    assert_eq!(
        (world.who(&first).await, world.who(&cookie(&second)).await),
        (401, 401)
    );
    assert_eq!(world.who(&cookie(&third)).await, 200);
}

#[rocket::async_test]
async fn a_session_of_somebody_else_is_replaced_only_when_it_has_ended() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    for standing in [0, 500] {
        world.orders.status.store(standing, Ordering::SeqCst);
        assert_eq!(
            facts(&world.post(&payload("b0"), &alice).await),
            (409, "none")
        );
        assert_eq!(world.who(&alice).await, 200);
    }
    world.orders.status.store(1, Ordering::SeqCst);
    assert_eq!(
        facts(&world.post(&payload("b0"), &alice).await),
        (204, "created")
    );
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn an_empty_payload_closes_the_session() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    assert_eq!(facts(&world.post("", &alice).await), (401, "closed"));
    assert_eq!(facts(&world.post("", &alice).await), (401, "none"));
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn what_the_accounts_server_says_becomes_a_status() {
    let world = World::new().await;
    for (who, status) in [("d0", 410), ("e0", 502), ("f0", 504), ("A0", 400)] {
        assert_eq!(
            facts(&world.post(&payload(who), "").await),
            (status, "none"),
            "{who}"
        );
    }
    let doubled = world.post(&payload("a0"), TX).await;
    assert_eq!(facts(&doubled), (400, "none"));
}

#[rocket::async_test]
async fn after_ten_minutes_one_of_many_requests_asks_again() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    world.clock.advance(10 * MINUTE - 1);
    assert_eq!(world.who(&alice).await, 200);
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 0);
    world.clock.advance(1);
    let many = (0..20).map(|_| world.who(&alice));
    assert!(
        futures_util::future::join_all(many)
            .await
            .into_iter()
            .all(|status| status == 200)
    );
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 1);
    world.orders.status.store(1, Ordering::SeqCst);
    world.clock.advance(10 * MINUTE);
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn an_accounts_server_that_is_away_signs_nobody_out_and_is_left_alone() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    world.orders.status.store(500, Ordering::SeqCst);
    world.clock.advance(10 * MINUTE);
    for _ in 0..5 {
        assert_eq!(world.who(&alice).await, 200);
    }
    assert_eq!(world.orders.asked.load(Ordering::SeqCst), 1);
    world.clock.advance(30 * SECOND);
    world.orders.status.store(1, Ordering::SeqCst);
    assert_eq!(world.who(&alice).await, 401);
}

#[rocket::async_test]
async fn sessions_end_when_idle_and_by_age() {
    let world = World::new().await;
    let idle = world.sign_in(&payload("a0")).await;
    let used = world.sign_in(&payload("b0")).await;
    for _ in 0..23 {
        world.clock.advance(60 * MINUTE);
        assert_eq!(world.who(&used).await, 200);
    }
    assert_eq!(world.who(&idle).await, 401);
    world.clock.advance(60 * MINUTE);
    assert_eq!(world.who(&used).await, 401);
}

#[rocket::async_test]
async fn what_changes_something_wants_a_page_of_ours() {
    let world = World::new().await;
    let alice = world.sign_in(&payload("a0")).await;
    for (site, status) in [
        ("same-site", 403),
        ("cross-site", 403),
        ("none", 403),
        ("same-origin", 200),
    ] {
        let request = world
            .app
            .post("/change")
            .header(Header::new("Sec-Fetch-Site", site));
        let request = request.header(Header::new("Cookie", alice.clone()));
        assert_eq!(request.dispatch().await.status().code, status, "{site}");
    }
}

#[rocket::async_test]
async fn sign_in_comes_back_to_the_page_it_began_on() {
    let world = World::new().await;
    let start = world.app.get("/sso/start?to=/page/a%3Fb").dispatch().await;
    assert_eq!(start.status().code, 303);
    let back = world
        .app
        .get("/sso/return")
        .header(Header::new("Cookie", cookie(&start)));
    let back = back.dispatch().await;
    assert_eq!(
        back.headers().get_one("Location"),
        Some("https://wiki.example.org/page/a?b")
    );
    let planted = Header::new("Cookie", "__Host-sso-to=%2F%2Fevil.test");
    let back = world
        .app
        .get("/sso/return")
        .header(planted)
        .dispatch()
        .await;
    assert_eq!(
        back.headers().get_one("Location"),
        Some("https://wiki.example.org/")
    );
    assert_eq!(
        world
            .app
            .get("/sso/start?to=//evil.test")
            .dispatch()
            .await
            .status()
            .code,
        400
    );
}
