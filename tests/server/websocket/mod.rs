//! The page that waits for an operation: STOMP over WebSocket.

mod attacks;
mod closing;
mod frames;
mod handshake;
mod limits;
mod pulse;
mod registration;
mod replacing;

use std::time::Duration;

use rocket::tokio::time::{sleep, timeout};
use vestibule::store::waiting_pages::Waiting;

use crate::support::{Backend, Operation, Setup, TestServer};

/// A server, and an operation of notes for alice.
async fn asked() -> (TestServer, Backend, Operation) {
    asked_on(Setup::with_operations().await).await
}

async fn asked_on(setup: Setup) -> (TestServer, Backend, Operation) {
    let server = setup.start().await;
    server.signed_up("alice").await;
    let notes = server.backend("notes");
    let operation = notes.asked("alice").await;
    (server, notes, operation)
}

/// What the database says about the page that waits.
async fn row(server: &TestServer, operation: &Operation) -> Waiting {
    let row = server.store.waiting(&operation.id, server.clock.now()).await;
    row.expect("the database answers").expect("the operation is there")
}

/// Waits until no socket is registered any more.
async fn until_given_up(server: &TestServer, operation: &Operation) {
    let given_up = async {
        while row(server, operation).await.registration.is_some() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), given_up).await.expect("the registration is given up");
}
