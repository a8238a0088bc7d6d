//! What a client is told before its socket is closed.

use std::borrow::Cow;

use crate::stomp::{Frame, Refusal};

/// RFC 6455 §7.4.1.
pub const PROTOCOL: u16 = 1_002;
/// Not allowed: wrong secret, wrong origin, no `CONNECT` in time.
pub const POLICY: u16 = 1_008;
/// Too large.
pub const SIZE: u16 = 1_009;
/// The fault is ours.
pub const INTERNAL: u16 = 1_011;
/// Another socket of the same page has taken over: this one must not come back.
pub const REPLACED: u16 = 4_001;
/// Nothing was heard. Whoever finds this later may come back.
pub const SILENT: u16 = 4_002;

/// A reason to close: a sentence for whoever wrote the client, and the code that goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The code of the WebSocket's closing frame.
    pub code: u16,
    /// Becomes the header `message` of `ERROR`.
    pub text: Cow<'static, str>,
    /// The receipt that the offending frame asked for.
    pub receipt: Option<String>,
}

impl Fault {
    /// One with a code of its own.
    pub fn new(code: u16, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, text: text.into(), receipt: None }
    }

    /// Against the protocol.
    pub fn protocol(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(PROTOCOL, text)
    }

    /// As a frame. It names the version that is spoken: a client may have asked for another.
    pub fn frame(&self) -> Frame {
        let frame = Frame::error(&self.text).with("version", "1.2");
        match &self.receipt {
            Some(receipt) => frame.with("receipt-id", receipt),
            None => frame,
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = if refusal.is_of_size() { SIZE } else { PROTOCOL };
        Self::new(code, refusal.to_string())
    }
}
