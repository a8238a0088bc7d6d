//! Identification: a page that waits, a window of ours, and a provider that proves who somebody is.

mod at_once;
mod attacks;
mod bad_input;
mod keeping;
mod look;
mod monitor;
mod once;
mod secrets;
mod socket;
mod stamp;
mod story;
mod taken_back;

use vestibule::domain::secret::Secret;
use vestibule::random;
use vestibule::store::monitors::NewMonitor;

use crate::support::{SHOP, TestServer};

/// The id of a monitor for this person, as a page of the shop would have it bound.
async fn bound(server: &TestServer, account_uid: &str) -> String {
    let id = random::id();
    let monitor = NewMonitor {
        id: &id,
        account_uid,
        client_id: "shop",
        origin: SHOP,
        cookie: None,
        token: &Secret::random().hash(),
        secret: &Secret::random().hash(),
        provider: Some("bank"),
    };
    server.store.bind_monitor(&monitor, server.clock.now()).await.expect("the database");
    id
}
