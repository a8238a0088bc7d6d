//! The page that waits for an operation, at the other end of a WebSocket: STOMP 1.2.
//!
//! | part | what it knows |
//! |---|---|
//! | `handshake` | which requests become a socket |
//! | `connect` | what the first frame must have |
//! | `session` | what is said, as a state machine without a socket |
//! | `pulse` | when to let oneself be heard, and when the other side is gone |
//! | `conversation` | the loop that joins them with the socket, the store and the bus |
//! | `crowd` | how many sockets each operation has |

mod connect;
mod conversation;
mod crowd;
mod ending;
mod fault;
mod handshake;
mod page;
mod pulse;
mod session;

pub use crowd::Crowd;

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
