//! A frame, and how it is written.

use super::command::Command;

/// One frame. Printing it with `{:?}` shows its command and no header: one may be a passcode.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is about.
    pub command: Command,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// One without headers and body.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self { command, headers: Vec::new(), body: Vec::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body, and the header that says how long it is.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.with("content-length", length)
    }

    /// `CONNECTED`, with what the server says of itself.
    #[must_use]
    pub fn connected(session: &str, heart_beat: &str) -> Self {
        Self::new(Command::Connected)
            .with("version", "1.2")
            .with("heart-beat", heart_beat)
            .with("server", "vestibule")
            .with("session", session)
    }

    /// `MESSAGE` with JSON in it.
    #[must_use]
    pub fn message(destination: &str, subscription: &str, id: &str, json: String) -> Self {
        Self::new(Command::Message)
            .with("destination", destination)
            .with("subscription", subscription)
            .with("message-id", id)
            .with("content-type", "application/json")
            .with_body(json)
    }

    /// `RECEIPT` for the frame that asked for it by this id.
    #[must_use]
    pub fn receipt(id: &str) -> Self {
        Self::new(Command::Receipt).with("receipt-id", id)
    }

    /// `ERROR` with a sentence for whoever wrote the client.
    #[must_use]
    pub fn error(text: &str) -> Self {
        Self::new(Command::Error).with("message", text)
    }

    /// The value of a header. Where it is there more than once, the first one counts.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What follows the headers.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The frame as it travels, its NUL included. What cannot be written is left out: NUL in any
    /// header, and line breaks in those of `CONNECT` and `CONNECTED`, which know no escapes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(256 + self.body.len());
        octets.extend_from_slice(self.command.name().as_bytes());
        octets.push(b'\n');
        for (name, value) in &self.headers {
            self.escape(name, true, &mut octets);
            octets.push(b':');
            self.escape(value, false, &mut octets);
            octets.push(b'\n');
        }
        octets.push(b'\n');
        octets.extend_from_slice(&self.body);
        octets.push(0);
        octets
    }

    fn escape(&self, text: &str, is_name: bool, octets: &mut Vec<u8>) {
        let plain = self.command.is_unescaped();
        for octet in text.bytes() {
            match octet {
                0 => {}
                b'\r' | b'\n' if plain => {}
                b':' if plain && is_name => {}
                b'\r' => octets.extend_from_slice(b"\\r"),
                b'\n' => octets.extend_from_slice(b"\\n"),
                b':' if !plain => octets.extend_from_slice(b"\\c"),
                b'\\' if !plain => octets.extend_from_slice(b"\\\\"),
                other => octets.push(other),
            }
        }
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({})", self.command.name())
    }
}
