//! What a relying party's backend does, for any Rocket application.
//!
//! The browser script asks the accounts server's hidden frame who is there, and hands what it got
//! to this kit, mounted in the application at `/sso`. The kit swaps it, off-band, for the person's
//! profile and opens a session of the application's own. Handlers then take a [`Session`], or an
//! `Option<Session>` where a page is for everybody.
//!
//! ```no_run
//! use rocket::{get, launch, routes};
//! use vestibule::relying::{MemoryStore, Relying, RelyingConfig, Session};
//!
//! #[get("/")]
//! fn index(session: Option<Session>) -> String {
//!     let name = session.and_then(|s| s.full_name).unwrap_or_else(|| "stranger".to_owned());
//!     format!("Hello, {name}!")
//! }
//!
//! #[launch]
//! fn rocket() -> _ {
//!     let secret = std::env::var("WIKI_SECRET").expect("the secret of the registration is set");
//!     let config = RelyingConfig::new(
//!         "https://accounts.example.org", "wiki", &secret, "https://wiki.example.org",
//!     );
//!     let relying = Relying::new(config, MemoryStore::default()).expect("the origins are origins");
//!     relying.attach(rocket::build()).mount("/", routes![index])
//! }
//! ```
//!
//! | request | answer |
//! |---|---|
//! | `GET /sso` | `{"hasSession", "nonce"}` and the cookie that the nonce is derived from |
//! | `POST /sso` with `recoveryPayload` | 204, or why not; the header `X-Vestibule-Outcome` says what happened to the local session ([`Outcome`]) |
//! | `GET /sso/start?to=/page` | remembers the page and goes to sign-in |
//! | `GET /sso/return` | brings the person back to that page |
//! | `POST /sso/backchannel-logout` with `logout_token` | from the accounts server: ends the local sessions of a sign-in that ended there |
//!
//! A handler that changes something takes a [`SameOrigin`] beside the session: sibling sites are
//! not trusted, and `SameSite` cookies do not protect from them.
//!
//! | session store | keeps sessions |
//! |---|---|
//! | [`MemoryStore`] | until the process ends; a bounded number |
//! | [`SqlxStore`] | in a table of the application's SQLite or PostgreSQL |
//! | your own [`SessionStore`] | wherever the application likes |
//!
//! The same contract for backends in other languages is in `docs/relying.md`.

mod accounts;
mod config;
mod cookies;
mod guard;
mod kit;
mod logout;
mod memory;
mod nonce;
mod paths;
mod refusal;
mod request;
mod routes;
mod session;
mod sqlx_store;
#[cfg(test)]
mod tests;

pub use config::{ConfigError, RelyingConfig};
pub use guard::SameOrigin;
pub use memory::MemoryStore;
pub use refusal::Outcome;
pub use session::{Session, SessionStore, StoreError, StoredSession};
pub use sqlx_store::SqlxStore;

use crate::clock::Clock;
use rocket::{Build, Rocket};

/// The kit, ready to be attached to an application.
pub struct Relying(kit::Kit);

impl Relying {
    /// Checks the configuration and takes the store; nothing is called yet.
    pub fn new(config: RelyingConfig, store: impl SessionStore) -> Result<Self, ConfigError> {
        Ok(Self(kit::Kit::new(config.check()?, Box::new(store))?))
    }

    /// Tells the time by another clock than the machine's, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.0.clock = clock;
        self
    }

    /// Mounts the five routes at the callback path and serves the request guards.
    #[must_use]
    pub fn attach(self, rocket: Rocket<Build>) -> Rocket<Build> {
        let callback = self.0.settings.callback.clone();
        rocket.manage(self.0).mount(callback, routes::routes())
    }
}
