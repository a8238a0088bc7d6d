//! Each step of a monitor is taken once, and not after its end, whoever has looked at it before.

use std::collections::BTreeMap;
use vestibule::clock::MINUTE;
use vestibule::domain::identification::{Identity, Outcome};
use vestibule::domain::seal::SealingKey;
use vestibule::domain::secret::{Secret, SecretHash};
use vestibule::store::identifications::NewIdentification;
use vestibule::store::monitors::Started;

use super::bound;
use crate::support::identification::Identifying;

/// What the browser and the provider hold.
struct Held {
    browser: SecretHash,
    state: SecretHash,
}

impl Held {
    fn new() -> Self {
        Self { browser: Secret::random().hash(), state: Secret::random().hash() }
    }
}

/// The store's own steps for somebody's monitors.
struct Steps {
    world: Identifying,
    uid: String,
}

impl Steps {
    async fn new() -> Self {
        let world = Identifying::start().await;
        world.server.signed_up("alice").await;
        let uid = world.server.uid_of("alice").await;
        Self { world, uid }
    }

    async fn bound(&self) -> String {
        bound(&self.world.server, &self.uid).await
    }

    fn now(&self) -> i64 {
        self.world.server.clock.now()
    }

    async fn starts(&self, id: &str, held: &Held) -> bool {
        let (browser, state) = (&held.browser, &held.state);
        let started = Started { provider: "bank", browser, state, sealed: "asked" };
        self.world.server.store.start_monitor(id, &started, self.now()).await.expect("the database")
    }

    async fn comes_back(&self, held: &Held, provider: &str) -> bool {
        let store = &self.world.server.store;
        let came = store.come_back(&held.state, &held.browser, provider, self.now()).await;
        came.expect("the database").is_some()
    }

    async fn ends(&self, id: &str, outcome: Outcome) -> bool {
        let ended = self.world.server.store.finish_monitor(id, outcome, self.now()).await;
        ended.expect("the database")
    }

    async fn proves(&self, monitor_id: &str) -> Option<Outcome> {
        let new = NewIdentification {
            monitor_id,
            account_uid: &self.uid,
            provider: "bank",
            subject: &Secret::random().hash(),
            level: "substantial",
            acr: None,
            identity: &Identity { sub: "customer-7".into(), claims: BTreeMap::new() },
            evidence: "an id token",
            moves: false,
        };
        let store = &self.world.server.store;
        let kept = store.add_identification(&new, &SealingKey::new(&[7; 32]), self.now()).await;
        kept.expect("the database")
    }
}

#[rocket::async_test]
async fn somebody_is_sent_away_once_and_comes_back_once() {
    let steps = Steps::new().await;
    let (id, held, other) = (steps.bound().await, Held::new(), Held::new());
    assert!(!steps.comes_back(&held, "bank").await, "nobody was sent there");
    assert!(steps.starts(&id, &held).await);
    assert!(!steps.starts(&id, &other).await);
    let elsewhere = Held { browser: other.browser.clone(), state: held.state.clone() };
    for (held, provider) in [(&other, "bank"), (&elsewhere, "bank"), (&held, "other")] {
        assert!(!steps.comes_back(held, provider).await, "{provider}");
    }
    assert!(steps.comes_back(&held, "bank").await);
    assert!(!steps.comes_back(&held, "bank").await);
    assert_eq!(steps.proves(&id).await, Some(Outcome::Succeeded));
    assert_eq!(steps.proves(&id).await, None);
    assert_eq!(steps.world.kept().await.len(), 1);
}

#[rocket::async_test]
async fn what_has_ended_goes_no_further() {
    let steps = Steps::new().await;
    let (waiting, away) = (steps.bound().await, steps.bound().await);
    let held = Held::new();
    assert!(steps.starts(&away, &held).await);
    for id in [&waiting, &away] {
        assert!(steps.ends(id, Outcome::Canceled).await);
        assert!(!steps.ends(id, Outcome::WrongAccount).await);
        assert_eq!(steps.proves(id).await, None);
    }
    assert!(!steps.starts(&waiting, &Held::new()).await);
    assert!(!steps.comes_back(&held, "bank").await);
    let ended = steps.world.server.database.rows("monitors", &["outcome"]).await;
    assert_eq!(ended, ["canceled", "canceled"]);
    assert!(steps.world.kept().await.is_empty());
}

#[rocket::async_test]
async fn nor_does_what_took_too_long() {
    let steps = Steps::new().await;
    let (waiting, away) = (steps.bound().await, steps.bound().await);
    let held = Held::new();
    assert!(steps.starts(&away, &held).await);
    steps.world.server.clock.advance(15 * MINUTE);
    assert!(!steps.starts(&waiting, &Held::new()).await);
    assert!(!steps.comes_back(&held, "bank").await);
    for id in [&waiting, &away] {
        assert!(!steps.ends(id, Outcome::Canceled).await);
        assert_eq!(steps.proves(id).await, None);
    }
    assert!(steps.world.kept().await.is_empty());
}
