//! What takes several nodes, or a database that can be stopped. Ignored by `cargo test`, since it
//! needs PostgreSQL: `tests/with-postgres cargo test --test server -- --include-ignored`.

mod ends;
mod gaps;
mod identifications;
mod nodes;
mod own_postgres;
mod sockets;

use own_postgres::OwnPostgres;

use super::hears;
use super::operations::on;
use crate::support::{Database, Setup, TestServer};

/// Two nodes on one PostgreSQL that hear each other.
async fn two(setup: Setup) -> (TestServer, TestServer) {
    let config = setup.config.clone();
    let one = on(setup).await;
    let other = one.second_node(config).await;
    for node in [&one, &other] {
        hears(&node.events, &node.store).await;
    }
    (one, other)
}

/// A setup on a PostgreSQL of its own.
async fn own(postgres: &OwnPostgres) -> Setup {
    let mut setup = Setup::on(Database::Postgres { url: postgres.url("postgres") });
    setup.config.clients = Setup::with_operations().await.config.clients;
    setup
}
