//! An accounts server, a site beside it, and the wire between them.

use rocket::tokio::sync::Mutex;
use rustix::process::Signal;
use vestibule::clock::{Clock, MINUTE};
use vestibule::relying::{MemoryStore, RelyingConfig};

use super::{KitSite, Person, Wire};
use crate::node_backend::NodeSite;
use crate::support::{Browser, START, TestServer};

pub struct World {
    pub accounts: TestServer,
    pub wire: Wire,
    site: Site,
}

enum Site {
    Kit(KitSite),
    Node { url: String, backend: Mutex<NodeSite> },
}

impl World {
    /// The wiki, written with the kit.
    pub async fn kit() -> Self {
        Self::kit_with(|_| {}).await
    }

    /// The same with a configuration of the story's own.
    pub async fn kit_with(change: impl FnOnce(&mut RelyingConfig)) -> Self {
        let (accounts, wire) = accounts_and_wire().await;
        let mut config = KitSite::config(&wire.url);
        change(&mut config);
        let site = KitSite::start(config, MemoryStore::default(), accounts.clock.clone()).await;
        Self { accounts, wire, site: Site::Kit(site) }
    }

    /// The wiki, written in Node.
    pub async fn node() -> Self {
        let (accounts, wire) = accounts_and_wire().await;
        let backend = NodeSite::start(&wire.url).await;
        let site = Site::Node { url: backend.url.clone(), backend: Mutex::new(backend) };
        Self { accounts, wire, site }
    }

    pub fn url(&self) -> &str {
        match &self.site {
            Site::Kit(site) => &site.url,
            Site::Node { url, .. } => url,
        }
    }

    /// What the site's clock says, in seconds. The one in Node is the machine's, moved as ours was.
    pub fn now(&self) -> i64 {
        let clock = self.accounts.clock.now();
        let now = match &self.site {
            Site::Kit(_) => clock,
            Site::Node { .. } => Clock::system().now() + clock - START,
        };
        now / 1_000
    }

    /// Ten minutes pass, everywhere.
    pub async fn ten_minutes_later(&self) {
        self.accounts.clock.advance(10 * MINUTE);
        if let Site::Node { backend, .. } = &self.site {
            let mut backend = backend.lock().await;
            backend.program.signal(Signal::USR2);
            backend.program.says("ten minutes later").await.expect("it goes on");
        }
    }

    /// Somebody who has been nowhere yet.
    pub fn stranger(&self) -> Person {
        Person { accounts: self.accounts.browser(), site: Browser::new(self.url()) }
    }

    /// Somebody who has just made an account.
    pub async fn signed_up(&self, username: &str) -> Person {
        let accounts = self.accounts.signed_up(username).await;
        Person { accounts, site: Browser::new(self.url()) }
    }

    /// The same person on another computer.
    pub async fn signed_in(&self, username: &str) -> Person {
        let person = self.stranger();
        person.sign_in(username).await;
        person
    }

    /// Somebody with an account who is known to the site.
    pub async fn member(&self, username: &str) -> Person {
        let person = self.signed_up(username).await;
        assert_eq!(super::facts(&person.arrive().await), (204, "created"));
        person
    }
}

async fn accounts_and_wire() -> (TestServer, Wire) {
    let accounts = TestServer::new().await;
    let wire = Wire::to(&accounts.url).await;
    (accounts, wire)
}
