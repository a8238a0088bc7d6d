//! Octets in any portions become frames.

use super::command::Command;
use super::frame::Frame;
use super::refusal::Refusal;

/// The octets that a frame may have, its NUL included.
pub const MOST_OCTETS: usize = 8 * 1_024;
/// The headers that a frame may have.
pub const MOST_HEADERS: usize = 32;
/// The octets that a header line may have before its end.
pub const LONGEST_HEADER: usize = 1_024;

/// Reads frames. Between two of them it holds no memory; in the middle of one, what has come of it.
#[derive(Default)]
pub struct Decoder {
    partial: Option<Box<Partial>>,
    /// A carriage return has come between two frames: a line feed must follow.
    after_return: bool,
    refused: Option<Refusal>,
}

struct Partial {
    frame: Frame,
    part: Part,
    /// The line that has not ended yet.
    line: Vec<u8>,
    octets: usize,
}

#[derive(Clone, Copy)]
enum Part {
    Command,
    Headers,
    /// As many octets, then NUL.
    Counted(usize),
    /// Up to the first NUL.
    Open,
    /// NUL and nothing else.
    Empty,
}

impl Decoder {
    /// Takes octets from the front of `input` until a frame is complete, which is returned, or
    /// until there are none left. After a refusal there is nothing but the same refusal.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Refusal> {
        if let Some(refusal) = self.refused {
            return Err(refusal);
        }
        while let Some((octet, rest)) = input.split_first() {
            *input = rest;
            match self.take(*octet) {
                Ok(None) => {}
                Ok(Some(frame)) => return Ok(Some(frame)),
                Err(refusal) => {
                    *self = Self { refused: Some(refusal), ..Self::default() };
                    return Err(refusal);
                }
            }
        }
        Ok(None)
    }

    fn take(&mut self, octet: u8) -> Result<Option<Frame>, Refusal> {
        if self.partial.is_none() && self.is_between_frames(octet)? {
            return Ok(None);
        }
        let partial = self.partial.get_or_insert_with(|| Box::new(Partial::new()));
        if partial.take(octet)? {
            return Ok(self.partial.take().map(|partial| partial.frame));
        }
        Ok(None)
    }

    /// Whether an octet is part of an end of line between two frames, such as a heart-beat.
    fn is_between_frames(&mut self, octet: u8) -> Result<bool, Refusal> {
        match (octet, self.after_return) {
            (b'\n', _) => self.after_return = false,
            (_, true) => return Err(Refusal::BadEnd),
            (b'\r', false) => self.after_return = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Partial {
    fn new() -> Self {
        let frame = Frame::new(Command::Error);
        Self { frame, part: Part::Command, line: Vec::new(), octets: 0 }
    }

    /// Whether the frame is complete with this octet.
    fn take(&mut self, octet: u8) -> Result<bool, Refusal> {
        self.octets += 1;
        if self.octets > MOST_OCTETS {
            return Err(Refusal::FrameTooLarge);
        }
        match self.part {
            Part::Command | Part::Headers => self.take_of_line(octet)?,
            Part::Counted(0) | Part::Open | Part::Empty if octet == 0 => return Ok(true),
            Part::Counted(0) => return Err(Refusal::BadContentLength),
            Part::Counted(left) => {
                self.frame.body.push(octet);
                self.part = Part::Counted(left - 1);
            }
            Part::Open => self.frame.body.push(octet),
            Part::Empty => return Err(Refusal::UnexpectedBody),
        }
        Ok(false)
    }

    fn take_of_line(&mut self, octet: u8) -> Result<(), Refusal> {
        let (longest, too_long) = match self.part {
            Part::Command => (Command::LONGEST, Refusal::UnknownCommand),
            _ => (LONGEST_HEADER, Refusal::HeaderTooLong),
        };
        match octet {
            0 => return Err(Refusal::BadEnd),
            b'\n' => {}
            // A carriage return may stand at the very end.
            b'\r' if self.line.len() == longest => {
                self.line.push(octet);
                return Ok(());
            }
            _ if self.line.len() >= longest => return Err(too_long),
            _ => {
                self.line.push(octet);
                return Ok(());
            }
        }
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        self.end_line(&line)
    }

    fn end_line(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if matches!(self.part, Part::Command) {
            self.frame.command = Command::parse(line).ok_or(Refusal::UnknownCommand)?;
            self.part = Part::Headers;
        } else if line.is_empty() {
            self.part = self.body()?;
        } else if self.frame.headers.len() == MOST_HEADERS {
            return Err(Refusal::TooManyHeaders);
        } else {
            self.frame.headers.push(header(self.frame.command, line)?);
        }
        Ok(())
    }

    /// What must follow the headers.
    fn body(&self) -> Result<Part, Refusal> {
        let length = self.frame.header("content-length").map(length).transpose()?;
        match (self.frame.command.may_have_body(), length) {
            (false, None | Some(0)) => Ok(Part::Empty),
            (false, Some(_)) => Err(Refusal::UnexpectedBody),
            (true, None) => Ok(Part::Open),
            (true, Some(length)) if length < MOST_OCTETS - self.octets => Ok(Part::Counted(length)),
            (true, Some(_)) => Err(Refusal::FrameTooLarge),
        }
    }
}

fn length(text: &str) -> Result<usize, Refusal> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::BadContentLength);
    }
    // Digits that are too many for a number are also too many octets.
    Ok(text.parse().unwrap_or(usize::MAX))
}

fn header(command: Command, line: &[u8]) -> Result<(String, String), Refusal> {
    let line = std::str::from_utf8(line).map_err(|_| Refusal::NotUtf8)?;
    let (name, value) = line.split_once(':').ok_or(Refusal::BadHeader)?;
    if name.is_empty() || line.contains('\r') {
        return Err(Refusal::BadHeader);
    }
    if command.is_unescaped() {
        return Ok((name.to_owned(), value.to_owned()));
    }
    if value.contains(':') {
        return Err(Refusal::BadHeader);
    }
    Ok((unescape(name)?, unescape(value)?))
}

fn unescape(text: &str) -> Result<String, Refusal> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next() {
                Some('r') => '\r',
                Some('n') => '\n',
                Some('c') => ':',
                Some('\\') => '\\',
                _ => return Err(Refusal::BadEscape),
            },
            other => other,
        });
    }
    Ok(plain)
}
