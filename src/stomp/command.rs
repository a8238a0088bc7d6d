//! The first line of a frame.

/// What a frame is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A client opens the session.
    Connect,
    /// The same by its newer name.
    Stomp,
    /// A client sends a message.
    Send,
    /// A client wants to hear.
    Subscribe,
    /// A client no longer wants to.
    Unsubscribe,
    /// A client begins a transaction.
    Begin,
    /// A client ends a transaction.
    Commit,
    /// A client gives a transaction up.
    Abort,
    /// A client has dealt with a message.
    Ack,
    /// A client has not.
    Nack,
    /// A client takes its leave.
    Disconnect,
    /// The server has opened the session.
    Connected,
    /// The server hands a message over.
    Message,
    /// The server has dealt with a frame.
    Receipt,
    /// The server closes because of this.
    Error,
}

const ALL: [(Command, &str); 15] = [
    (Command::Connect, "CONNECT"),
    (Command::Stomp, "STOMP"),
    (Command::Send, "SEND"),
    (Command::Subscribe, "SUBSCRIBE"),
    (Command::Unsubscribe, "UNSUBSCRIBE"),
    (Command::Begin, "BEGIN"),
    (Command::Commit, "COMMIT"),
    (Command::Abort, "ABORT"),
    (Command::Ack, "ACK"),
    (Command::Nack, "NACK"),
    (Command::Disconnect, "DISCONNECT"),
    (Command::Connected, "CONNECTED"),
    (Command::Message, "MESSAGE"),
    (Command::Receipt, "RECEIPT"),
    (Command::Error, "ERROR"),
];

impl Command {
    /// The octets of the longest one.
    pub(super) const LONGEST: usize = "UNSUBSCRIBE".len();

    /// Reads one; letters count as they are.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        ALL.iter().find(|(_, name)| name.as_bytes() == line).map(|(command, _)| *command)
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(command, _)| *command == self).map_or("", |(_, name)| *name)
    }

    /// Whether such a frame may have a body.
    #[must_use]
    pub fn may_have_body(self) -> bool {
        matches!(self, Self::Send | Self::Message | Self::Error)
    }

    /// Whether its headers are written as they are: these frames are as old as STOMP 1.0.
    pub(super) fn is_unescaped(self) -> bool {
        matches!(self, Self::Connect | Self::Stomp | Self::Connected)
    }
}
