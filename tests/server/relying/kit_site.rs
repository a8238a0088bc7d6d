//! An application as somebody else would write it, with the kit, on a port of its own.

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::serde::json::{Json, Value, json};
use rocket::{Shutdown, get, post, routes, tokio};
use std::time::Duration;
use vestibule::clock::Clock;
use vestibule::relying::{Relying, RelyingConfig, SameOrigin, Session, SessionStore};

use crate::support::{ISSUER, WIKI, secret_of};

/// A running site. Dropped, it stops.
pub struct KitSite {
    pub url: String,
    shutdown: Shutdown,
}

/// Who is here: a page for everybody.
#[get("/")]
fn front(session: Option<Session>) -> Json<Value> {
    let person = session.map(|s| {
        json!({ "uid": s.uid, "sid": s.sid, "username": s.username, "fullName": s.full_name,
            "email": s.email, "emailVerified": s.email_verified, "authTime": s.auth_time })
    });
    Json(json!({ "person": person }))
}

/// A page for members.
#[get("/members")]
fn members(session: Session) -> String {
    session.uid
}

/// What anybody else sees there.
#[get("/members", rank = 2)]
fn strangers() -> &'static str {
    "strangers"
}

/// Something that changes something.
#[post("/change")]
fn change(_own_page: SameOrigin, _session: Session) -> Status {
    Status::NoContent
}

impl KitSite {
    /// The wiki's configuration, with calls to the accounts server going to that address.
    pub fn config(accounts: &str) -> RelyingConfig {
        RelyingConfig {
            accounts_internal: Some(accounts.to_owned()),
            timeout: Duration::from_secs(2),
            ..RelyingConfig::new(ISSUER, "wiki", &secret_of("wiki"), WIKI)
        }
    }

    pub async fn start(config: RelyingConfig, store: impl SessionStore, clock: Clock) -> Self {
        let relying = Relying::new(config, store).expect("the configuration is good");
        let figment = rocket::Config::figment()
            .merge(("port", 0))
            .merge(("address", "127.0.0.1"))
            .merge(("log_level", "off"))
            .merge(("workers", 2))
            .merge(("shutdown.ctrlc", false))
            .merge(("shutdown.signals", Vec::<String>::new()))
            .merge(("shutdown.grace", 1))
            .merge(("shutdown.mercy", 1));
        let (tell, told) = tokio::sync::oneshot::channel();
        let tell = AdHoc::on_liftoff("port", |rocket| {
            Box::pin(async move { tell.send(rocket.config().port).expect("the test waits") })
        });
        let pages = routes![front, members, strangers, change];
        let rocket = relying.with_clock(clock).attach(rocket::custom(figment)).mount("/", pages);
        let rocket = rocket.attach(tell).ignite().await.expect("the site ignites");
        let shutdown = rocket.shutdown();
        tokio::spawn(rocket.launch());
        let port = told.await.expect("the site starts");
        Self { url: format!("http://127.0.0.1:{port}"), shutdown }
    }
}

impl Drop for KitSite {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
    }
}
