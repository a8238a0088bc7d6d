//! Windows that are waited for.

use super::secret;
use crate::support::{TestServer, WIKI};
use vestibule::clock::HOUR;
use vestibule::store::flows::{Begun, NewFlow};

/// A window that waits for its person.
pub(super) async fn fill(server: &TestServer) {
    let (id, now) = (secret("9d").hash(), server.clock.now());
    let new = NewFlow {
        id: id.as_str(),
        client_id: "wiki",
        origin: WIKI,
        request: "client_id=wiki&state=s",
        number: 42,
        expires_at: now + HOUR,
    };
    let begun = server.store.begin_flow(&new, now).await.expect("the database");
    assert!(matches!(begun, Begun::New(_)), "{begun:?}");
}

/// What [`fill`] made is waited for.
pub(super) async fn hold_wait(server: &TestServer) {
    let told = server.outcome_with(&[("waiting_secret", &"9d".repeat(32))], &[]).await;
    assert_eq!(told.json()["state"], "pending", "{}", told.text);
}
