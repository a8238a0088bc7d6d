//! How long waiting pages' sockets may take for what.

use std::time::Duration;

/// Times of a WebSocket; not configurable but in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketTimes {
    /// From the handshake until `CONNECT` has succeeded.
    pub connect: Duration,
    /// For one write; a reader that is slower is dropped.
    pub write: Duration,
    /// How often either side lets itself be heard, where the other wants that.
    pub heart_beat: Duration,
    /// Silence after which a client without heart-beats is pinged.
    pub ping: Duration,
    /// Silence after a ping that closes.
    pub silence: Duration,
    /// From a failed look at the operation until the next.
    pub look_again: Duration,
    /// For a flow to begin whose window was opened a moment before.
    pub begin: Duration,
    /// From the operation's end until its sockets are closed.
    pub ended: Duration,
    /// For the other side to close, after a farewell of either side.
    pub farewell: Duration,
}

impl Default for SocketTimes {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            write: Duration::from_secs(10),
            heart_beat: Duration::from_secs(10),
            ping: Duration::from_secs(30),
            silence: Duration::from_secs(30),
            look_again: Duration::from_secs(1),
            begin: Duration::from_secs(5),
            ended: Duration::from_mins(1),
            farewell: Duration::from_secs(5),
        }
    }
}
