//! Looking at a page: what it answers, and never what is in it.

use reqwest::header::ACCEPT;

use super::{Failure, Outgoing, why};

/// The most that the headers of an answer may take, names and values together.
const MOST_BYTES: usize = 64 * 1024;

/// What a page answered. Nothing of its body was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The status; a redirect is an answer like any other.
    pub status: u16,
    /// Names and values, as they came.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Outgoing {
    /// Asks for a page as somebody who is not signed in anywhere.
    pub async fn look(&self, uri: &str) -> Result<Looked, Failure> {
        let url = self.checked(uri)?;
        let request = self.http.get(url).header(ACCEPT, "text/html");
        let answer = request.send().await.map_err(|error| why(&error))?;
        let pairs = answer.headers().iter();
        let headers: Vec<(String, Vec<u8>)> =
            pairs.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > MOST_BYTES {
            return Err(Failure::TooLarge);
        }
        Ok(Looked { status: answer.status().as_u16(), headers })
    }
}
