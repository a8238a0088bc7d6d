//! The first frame: which page it is, and which secret it has.

use super::fault::{Fault, POLICY};
use crate::domain::secret::Secret;
use crate::stomp::{Frame, HeartBeat};

/// A good `CONNECT`, before its secret was looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Connect {
    /// The page, the same after each reload.
    pub page: String,
    /// The wait secret.
    pub secret: Secret,
    /// What the client offers.
    pub heart_beat: HeartBeat,
}

impl Connect {
    /// Reads one.
    pub fn read(frame: &Frame) -> Result<Self, Fault> {
        let versions = frame.header("accept-version").unwrap_or_default();
        if !versions.split(',').any(|version| version.trim() == "1.2") {
            return Err(Fault::protocol("STOMP 1.2 is spoken here: `accept-version:1.2`"));
        }
        let heart_beat = HeartBeat::parse(frame.header("heart-beat").unwrap_or("0,0"));
        let heart_beat = heart_beat.ok_or(Fault::protocol("`heart-beat` is two numbers"))?;
        let page = frame.header("login").filter(|page| is_page_instance(page));
        let page =
            page.ok_or(Fault::new(POLICY, "`login` is the page: 16 to 128 of A-Za-z0-9_-"))?;
        let secret = frame.header("passcode").and_then(Secret::parse).ok_or_else(wrong_secret)?;
        Ok(Self { page: page.to_owned(), secret, heart_beat })
    }
}

/// The answer to every secret that opens nothing.
pub fn wrong_secret() -> Fault {
    Fault::new(POLICY, "`passcode` is no wait secret")
}

fn is_page_instance(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (16..=128).contains(&text.len()) && text.bytes().all(good)
}
