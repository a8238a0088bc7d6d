//! Why octets are no frame.

use std::fmt;

/// What is wrong with a frame. The connection cannot go on after it: nobody knows where the next
/// frame would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More octets than a frame may have.
    FrameTooLarge,
    /// A header line that is longer than one may be.
    HeaderTooLong,
    /// More headers than a frame may have.
    TooManyHeaders,
    /// The first line is no command of STOMP 1.2.
    UnknownCommand,
    /// A header line without a name, without a colon, with one colon too many, or with a carriage
    /// return in it.
    BadHeader,
    /// A backslash before something other than `r`, `n`, `c` or a backslash.
    BadEscape,
    /// A header that is not UTF-8.
    NotUtf8,
    /// A `content-length` that is no number, or at whose end no NUL stands.
    BadContentLength,
    /// A body where none may be.
    UnexpectedBody,
    /// A NUL before the empty line, or a carriage return alone between two frames.
    BadEnd,
}

impl Refusal {
    /// Whether it was a matter of size.
    #[must_use]
    pub fn is_of_size(self) -> bool {
        matches!(self, Self::FrameTooLarge | Self::HeaderTooLong | Self::TooManyHeaders)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FrameTooLarge => "a frame has at most 8192 octets",
            Self::HeaderTooLong => "a header line has at most 1024 octets",
            Self::TooManyHeaders => "a frame has at most 32 headers",
            Self::UnknownCommand => "this is no command of STOMP 1.2",
            Self::BadHeader => "a header line is `name:value`",
            Self::BadEscape => "a backslash stands only in \\r, \\n, \\c and \\\\",
            Self::NotUtf8 => "headers are UTF-8",
            Self::BadContentLength => "content-length is the number of octets before the NUL",
            Self::UnexpectedBody => "only SEND, MESSAGE and ERROR have a body",
            Self::BadEnd => "headers end with an empty line, lines with LF or CR LF",
        })
    }
}

impl std::error::Error for Refusal {}
