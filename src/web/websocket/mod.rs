//! The page that waits for an operation, at the other end of a WebSocket: STOMP 1.2.
//!
//! | part | what it knows |
//! |---|---|
//! | `handshake` | which requests become a socket |
//! | `connect` | what the first frame must have |
//! | `session` | what is said, as a state machine without a socket |
//! | `pulse` | when to let oneself be heard, and when the other side is gone |
//! | `conversation` | the loop that joins them with the socket, the store and the bus |
//! | `wire` | messages to and from the browser, in time |
//! | `crowd` | how many sockets each operation has |

mod connect;
mod conversation;
mod crowd;
pub(super) mod ending;
pub(super) mod fault;
pub(super) mod handshake;
mod page;
pub(super) mod pulse;
mod session;
pub(super) mod wire;

pub use crowd::{Crowd, Place};

use rocket::{Route, Shutdown, State, get, routes};

use super::app::App;
use conversation::Conversation;
use handshake::{Handshake, Upgrade};

/// Every route of this module.
#[must_use]
pub fn routes() -> Vec<Route> {
    routes![open]
}

#[get("/websocket")]
fn open(app: &State<App>, handshake: Handshake, shutdown: Shutdown) -> Upgrade<'_> {
    let Handshake { socket, origin, device } = handshake;
    Upgrade(socket.channel(move |stream| {
        Box::pin(async move {
            Conversation::new(app, origin, device, stream, shutdown).run().await;
            Ok(())
        })
    }))
}
