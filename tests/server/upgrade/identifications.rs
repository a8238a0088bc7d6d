//! Proofs of who somebody is, and the pages that wait for them.

use serde_json::json;
use std::collections::BTreeMap;

use super::secret;
use crate::support::identification::{NAME, outcome_at};
use crate::support::{Answer, NOTES, START, Setup, TestServer, http, secret_of};
use vestibule::domain::identification::{Identity, Outcome};
use vestibule::domain::scope::Scope;
use vestibule::domain::seal::SealingKey;
use vestibule::store::identifications::NewIdentification;
use vestibule::store::monitors::NewMonitor;

/// A page that waits for an identification, one that waited, the proof, and who has asked for it.
pub(super) async fn fill(server: &TestServer, uid: &str) {
    let (store, now) = (&server.store, server.clock.now());
    for letters in [["a0", "a1", "a2"], ["a3", "a4", "a5"]] {
        let [id, token, outcome] = letters;
        let new = NewMonitor {
            id: &id.repeat(16),
            account_uid: uid,
            client_id: "notes",
            origin: NOTES,
            cookie: None,
            token: &secret(token).hash(),
            secret: &secret(outcome).hash(),
            provider: Some("bank"),
        };
        store.bind_monitor(&new, now).await.expect("the database");
    }
    let claims = BTreeMap::from([("name".to_owned(), NAME.to_owned())]);
    let new = NewIdentification {
        monitor_id: &"a0".repeat(16),
        account_uid: uid,
        provider: "bank",
        subject: &secret("a6").hash(),
        level: "substantial",
        acr: Some("eid"),
        identity: &Identity { sub: "customer-7".into(), claims },
        evidence: "an id token",
        moves: false,
    };
    let kept = store.add_identification(&new, &SealingKey::new(&[7; 32]), now).await;
    assert_eq!(kept.expect("the database"), Some(Outcome::Succeeded));
    let told = store.read_identification(uid, "notes", now).await.expect("the database");
    assert!(told.is_some());
}

/// What [`fill`] made is there: for the person, for a backend, and for the pages.
pub(super) async fn hold_kept(server: &TestServer) {
    let still = server.browser();
    still.set_cookie("__Host-session", &"ab".repeat(32));
    let page = still.get("/account").await.text;
    for shown in [NAME, "bank", "substantial", "Who has asked", "Notes"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let uid = server.uid_of("alice").await;
    let url = format!("{}/v1/accounts/{uid}/identification?since=0", server.url);
    let asked = http().get(url).basic_auth("notes", Some(secret_of("notes")));
    let told = Answer::of(asked).await.json();
    assert_eq!((&told["identified_at"], &told["later"]), (&json!(START), &json!(true)), "{told}");
    for (letters, state) in [("a2", "completed"), ("a5", "waiting")] {
        let told = outcome_at(&server.url, &letters.repeat(32), &[]).await.json();
        assert_eq!(told["state"], state, "{told}");
    }
}

/// With a client that may ask when people were identified.
pub(super) fn with_reader(mut setup: Setup) -> Setup {
    let scope = "openid profile email identification:read";
    setup.registration("notes").scope = Scope::parse(scope).expect("a scope");
    setup
}
