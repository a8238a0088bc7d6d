//! Why a conversation ended, and what is said last.

use rocket_ws::frame::{CloseCode, CloseFrame};
use rocket_ws::result::Error;

use super::fault::{Fault, SILENT, SIZE};
use crate::stomp::Refusal;

/// Why a conversation ended.
#[derive(Debug)]
pub enum Ending {
    /// The page closed, with this code if with any.
    Closed(Option<u16>),
    /// The connection is gone, or no use any more.
    Lost(&'static str),
    /// Our word is that this cannot go on.
    Refused(Fault),
    /// The server is about to stop.
    Stopping,
    /// The page took its leave, and its part of the closing never came.
    Overdue,
    /// The operation is over, and the page has had time to hear of it.
    Over,
    /// Nothing came, not even what answers a ping.
    Silent,
}

impl Ending {
    /// Cut, without a word.
    pub const LOST: Self = Self::Lost("the connection is lost");

    /// The code that a closing frame of ours has; `None` when there is nothing to be said.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Closed(_) | Self::Lost(_) => None,
            Self::Refused(fault) => Some(fault.code),
            Self::Stopping => Some(1_001),
            Self::Overdue | Self::Over => Some(1_000),
            Self::Silent => Some(SILENT),
        }
    }

    /// In a word, for the log: never what the other side wrote.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Closed(_) => "closed by the page",
            Self::Lost(why) => why,
            Self::Refused(_) => "refused",
            Self::Stopping => "the server stops",
            Self::Overdue => "not closed after DISCONNECT",
            Self::Over => "the operation is over",
            Self::Silent => "no answer to a ping",
        }
    }
}

impl From<Fault> for Ending {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Fault::new(SIZE, Refusal::FrameTooLarge.to_string()).into(),
            Error::Utf8 => Fault::protocol(Refusal::NotUtf8.to_string()).into(),
            // What is no WebSocket at all is not worth a word either.
            _ => Self::LOST,
        }
    }
}

/// Our closing frame.
pub fn closing(code: u16) -> CloseFrame<'static> {
    CloseFrame { code: CloseCode::from(code), reason: "".into() }
}
