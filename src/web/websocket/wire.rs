//! The browser at the other end of a socket: messages to it and from it, each in time.

use rocket::futures::{SinkExt, StreamExt};
use rocket_ws::Message;
use rocket_ws::result::Error;
use rocket_ws::stream::DuplexStream;
use std::future::pending;
use tokio::time::timeout;

use super::ending::Ending;
use crate::config::SocketTimes;

/// A socket that is open.
pub struct Wire {
    stream: DuplexStream,
    times: SocketTimes,
}

impl Wire {
    /// One that was just opened.
    pub fn new(stream: DuplexStream, times: SocketTimes) -> Self {
        Self { stream, times }
    }

    /// What comes next; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        self.stream.next().await
    }

    /// Writes a message; who reads too slowly is dropped.
    pub async fn write(&mut self, message: Message) -> Result<(), Ending> {
        match timeout(self.times.write, self.stream.send(message)).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Ending::Lost("it reads too slowly")),
        }
    }

    /// Lets the closing go out, and waits for the other side's.
    pub async fn drain(&mut self) {
        let stream = &mut self.stream;
        let closed = async {
            loop {
                match stream.next().await {
                    Some(Ok(_)) => {}
                    // What is too large is never read. Hanging up on it could lose our last words.
                    Some(Err(Error::Capacity(_))) => pending().await,
                    _ => break,
                }
            }
        };
        let _ = timeout(self.times.farewell, closed).await;
    }
}
