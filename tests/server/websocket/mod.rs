//! The page that waits for an operation: STOMP over WebSocket.

mod registration;

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
