//! A brake for those who are refused and come again at once.

use std::time::Duration;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Request, Response};
use tokio::sync::Semaphore;

/// How long an answer that says "come again later" is held back.
const HOLD: Duration = Duration::from_millis(300);
/// How many are held back at once; each is an open connection and a few kilobytes.
const MOST: usize = 1_000;

/// Holds answers with `Retry-After` back for a moment. A refusal costs a page and a look-up, and
/// whoever floods asks again as soon as it is there: without the brake, refusing a few dozen
/// connections keeps a core so busy that little is left for the passwords of others.
pub struct Brake(Semaphore);

impl Brake {
    /// One that holds nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Semaphore::new(MOST))
    }
}

#[rocket::async_trait]
impl Fairing for Brake {
    fn info(&self) -> Info {
        Info { name: "brake", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, _: &'r Request<'_>, response: &mut Response<'r>) {
        if !response.headers().contains("Retry-After") {
            return;
        }
        // Beyond that number the answer goes out at once: memory is worth more than time.
        if let Ok(_held) = self.0.try_acquire() {
            tokio::time::sleep(HOLD).await;
        }
    }
}
