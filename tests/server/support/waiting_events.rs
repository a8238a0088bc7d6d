//! The page that waits for one thing on a WebSocket, in JSON.

use rocket::futures::{SinkExt, StreamExt};
use rocket::tokio::net::TcpStream;
use rocket::tokio::time::timeout;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{SPECS, TestServer};

/// How long a test waits before it gives up: nothing may hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open socket.
pub struct WaitingEvents(WebSocketStream<TcpStream>);

impl WaitingEvents {
    /// Shakes hands with these headers; the status of the answer where it is no socket.
    pub async fn open(
        server: &TestServer,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        Self::open_at(&server.url, path, headers).await
    }

    /// The same at this address.
    pub async fn open_at(
        url: &str,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let address = url.strip_prefix("http://").expect("plain http");
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a URL");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a value");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            request.headers_mut().append(name, value);
        }
        let stream = TcpStream::connect(address).await.expect("the server listens");
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket of a page of specs.
    pub async fn of_specs(server: &TestServer) -> Self {
        Self::open(server, "/flow/events", &[("Origin", SPECS)]).await.expect("a socket")
    }

    /// The same, told that it waits.
    pub async fn waiting(server: &TestServer, secret: &str) -> Self {
        let mut socket = Self::of_specs(server).await;
        socket.present(secret).await;
        assert_eq!(socket.next_json().await, Ok(json!({ "state": "pending" })));
        socket
    }

    /// Sends the first message.
    pub async fn present(&mut self, secret: &str) {
        self.send(Message::Text(json!({ "waiting_secret": secret }).to_string())).await;
    }

    /// Sends a first message of any kind.
    pub async fn send_json(&mut self, message: &Value) {
        self.send(Message::Text(message.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("it can be sent");
    }

    /// What is told next; or the code of the end, `None` where the connection was cut.
    pub async fn next_json(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(Message::Binary(octets))) => panic!("{octets:?}"),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(None),
            }
        }
    }

    /// Waits for a ping, and answers nothing to it.
    pub async fn ping(&mut self) {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes in time") {
                Some(Ok(Message::Ping(_))) => return,
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
