//! Back-channel logout: whoever had a session that ended hears of it, once, whatever happens.

mod endings;
mod failures;
mod limits;
mod nodes;
mod receiver;
mod token;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rocket::tokio;
use vestibule::domain::origin::Origin;
use vestibule::domain::seal::SealingKey;
use vestibule::events::Events;
use vestibule::jobs::{Logouts, UnderWay};
use vestibule::keys::Keys;
use vestibule::outgoing::Outgoing;

use crate::support::{Browser, ISSUER, NOTES, SPECS, Setup, TestServer, WIKI, nonce};
pub use receiver::{Receiver, Reply};

/// An accounts server, and sites that want to hear of logouts: wiki and notes.
pub struct World {
    pub server: TestServer,
    pub wiki: Receiver,
    pub notes: Receiver,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same, set up as a story wants it.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let (wiki, notes) = (Receiver::open().await, Receiver::open().await);
        let mut setup = Setup::new().await;
        for (client, receiver) in setup.config.clients.iter_mut().zip([&wiki, &notes]) {
            client.registration.backchannel_logout_uri = Some(receiver.uri.clone());
        }
        change(&mut setup);
        Self { server: setup.start().await, wiki, notes }
    }

    /// The same without the server's own loop: nothing is announced or delivered but by hand.
    pub async fn by_hand() -> (Self, Logouts) {
        let world = Self::new().await;
        let logouts = world.logouts().await;
        (world, logouts)
    }

    /// Stops the server, and with it its loop; the database stays.
    pub async fn pause(&self) {
        self.server.shutdown().notify();
        let address = self.server.url.strip_prefix("http://").expect("plain http");
        eventually("the server stops", async || {
            tokio::net::TcpStream::connect(address).await.is_err()
        })
        .await;
    }

    /// What delivers, as if on a node of its own.
    pub async fn logouts(&self) -> Logouts {
        let (store, clock) = (self.server.store.clone(), self.server.clock.clone());
        let key = Arc::new(SealingKey::new(&[7; 32]));
        let salt = store.server_secret("pairwise", &key, clock.now()).await;
        let keys = Keys::open(store.clone(), key, clock.now()).await.expect("it has keys");
        Logouts {
            store,
            clock,
            keys,
            outgoing: Outgoing::new(&[]).expect("a client"),
            issuer: Origin::parse(ISSUER).expect("an origin"),
            pairwise_salt: salt.expect("it has a salt"),
            events: Events::default(),
            under_way: UnderWay::default(),
        }
    }

    /// Makes a person known to a site; gives the sid.
    pub async fn known_to(&self, person: &Browser, client_id: &str) -> String {
        let origin = match client_id {
            "wiki" => WIKI,
            "notes" => NOTES,
            _ => SPECS,
        };
        let nonce = nonce();
        let payload = person.mint(client_id, origin, Some(&nonce)).await;
        let answer = self.server.backend(client_id).recover(&payload, Some(&nonce)).await;
        answer.json()["sid"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    }

    /// Sessions of one account, each known to the wiki, which are then ended all at once; the sids.
    /// The server is paused before, so that nobody is told yet.
    pub async fn ended(&self, username: &str, count: usize) -> Vec<String> {
        let mut sids = Vec::new();
        for turn in 0..count {
            let browser = self.server.browser();
            let answer = match turn {
                0 => browser.sign_up(username).await,
                _ => browser.sign_in(username, crate::support::PASSWORD).await,
            };
            assert_eq!(answer.status, 303, "{}", answer.text);
            sids.push(self.known_to(&browser, "wiki").await);
        }
        self.pause().await;
        self.end_all(username).await;
        sids
    }

    /// Ends every session of an account, as an administrator may.
    pub async fn end_all(&self, username: &str) {
        let (store, now) = (&self.server.store, self.server.clock.now());
        let uid = self.uid_of(username).await;
        store.finish_other_sessions(&uid, "", now).await.expect("the database answers");
    }

    pub async fn uid_of(&self, username: &str) -> String {
        let found = self.server.store.account_by_login(username).await;
        found.expect("the database answers").expect("the account is there").account.uid
    }

    /// Tries, outcome, and whether it was delivered or given up, of every delivery.
    pub async fn log(&self) -> Vec<String> {
        let columns = ["tries", "last_outcome", "delivered_at", "given_up_at"];
        let mut rows = self.server.database.rows("logout_deliveries", &columns).await;
        rows.sort();
        let start = crate::support::START.to_string();
        rows.iter().map(|row| row.replace(&start, "start")).collect()
    }
}

/// Waits for something that is bound to happen.
pub async fn eventually(what: &str, is_so: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
