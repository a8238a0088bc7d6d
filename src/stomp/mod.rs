//! STOMP 1.2 (<https://stomp.github.io/stomp-specification-1.2.html>): frames and heart-beats,
//! without a connection and without a clock.
//!
//! | part | what it does |
//! |---|---|
//! | [`Decoder`] | octets in any portions → frames, within limits that hold before memory is taken |
//! | [`Frame`] | a command, headers, perhaps a body; written by [`Frame::encode`] |
//! | [`HeartBeat`] | who promises to be heard how often |

mod command;
mod decoder;
mod frame;
mod heart_beat;
mod refusal;
#[cfg(test)]
mod tests;

pub use command::Command;
pub use decoder::{Decoder, LONGEST_HEADER, MOST_HEADERS, MOST_OCTETS};
pub use frame::Frame;
pub use heart_beat::{Agreed, HeartBeat};
pub use refusal::Refusal;
