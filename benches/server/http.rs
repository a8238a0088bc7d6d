//! As much of HTTP/1.1 as the load needs: one request at a time on a kept connection.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Result;

/// How long an answer may take, and how large it may be.
const PATIENCE: Duration = Duration::from_mins(1);
const LARGEST: usize = 1 << 20;

/// A kept connection to a server on this machine.
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// What came back.
pub struct Answer<'a> {
    pub status: u16,
    head: &'a str,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The values of a header.
    pub fn headers<'h>(&'h self, name: &'h str) -> impl Iterator<Item = &'h str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Connection {
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        let answer = Vec::with_capacity(16 * 1_024);
        Ok(Self { stream, answer })
    }

    pub async fn open_many(port: u16, count: usize) -> Result<Vec<Self>> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Self::open(port).await?);
        }
        Ok(connections)
    }

    /// Sends a request and reads the answer to its end.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        timeout(PATIENCE, self.exchange(request)).await?
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.answer.clear();
        self.stream.write_all(request).await?;
        let head = loop {
            self.read().await?;
            let end = self.answer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
        };
        let length = length_of_body(std::str::from_utf8(&self.answer[..head])?)?;
        while self.answer.len() < head + length {
            self.read().await?;
        }
        let (head, body) = self.answer.split_at(head);
        let head = std::str::from_utf8(head)?;
        let status = head.get(9..12).ok_or("no status")?.parse()?;
        Ok(Answer { status, head, body })
    }

    async fn read(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.answer).await?;
        if read == 0 || self.answer.len() > LARGEST {
            return Err("the answer broke off, or is too large".into());
        }
        Ok(())
    }
}

fn length_of_body(head: &str) -> Result<usize> {
    let answer = Answer { status: 0, head, body: &[] };
    let length = answer.headers("Content-Length").next();
    Ok(length.map_or(Ok(0), str::parse)?)
}
