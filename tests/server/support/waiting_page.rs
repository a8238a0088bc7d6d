//! The page that waits for an operation, with a WebSocket that speaks STOMP.

use rocket::futures::{SinkExt, StreamExt};
use rocket::tokio::net::TcpStream;
use rocket::tokio::time::timeout;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use vestibule::stomp::{Command, Decoder, Frame};

use super::operations::Operation;
use super::{NOTES, TestServer};

/// How long a test waits before it gives up: nothing may hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// The header `login` of a page, unless it says another.
pub const PAGE: &str = "page-0123456789abcdef";
pub const REGISTRATION: &str = "/user/topic/registration";
pub const AUTHORIZATION: &str = "/user/topic/authorization";

/// An open socket.
pub struct WaitingPage {
    socket: WebSocketStream<TcpStream>,
    decoder: Decoder,
    frames: VecDeque<Frame>,
}

/// `CONNECT` with a page and a secret.
pub fn connect(page: &str, secret: &str) -> Frame {
    Frame::new(Command::Connect)
        .with("accept-version", "1.2,1.1,1.0")
        .with("heart-beat", "0,0")
        .with("login", page)
        .with("passcode", secret)
}

/// `SUBSCRIBE` to a topic.
pub fn subscribe(id: &str, topic: &str) -> Frame {
    Frame::new(Command::Subscribe).with("id", id).with("destination", topic)
}

/// `SEND` with a registration.
pub fn registration(destination: &str, web_socket_id: &str) -> Frame {
    let body = json!({ "webSocketId": web_socket_id }).to_string();
    Frame::new(Command::Send).with("destination", destination).with_body(body)
}

impl TestServer {
    /// A socket of a page of notes, freshly opened.
    pub async fn socket(&self) -> WaitingPage {
        WaitingPage::open(&self.url, &[("Origin", NOTES)]).await
    }

    /// The same after `CONNECT` for this operation.
    pub async fn connected(&self, operation: &Operation) -> WaitingPage {
        self.connected_as(PAGE, operation).await
    }

    /// The same as another page.
    pub async fn connected_as(&self, page: &str, operation: &Operation) -> WaitingPage {
        let mut socket = self.socket().await;
        socket.send(&connect(page, &operation.wait_secret)).await;
        assert_eq!(socket.frame().await.command, Command::Connected);
        socket
    }

    /// A page that waits: registered, and subscribed to both topics.
    pub async fn waiting(&self, operation: &Operation) -> WaitingPage {
        let mut page = self.connected(operation).await;
        page.subscribe().await;
        assert!(page.register(operation).await);
        page
    }
}

impl WaitingPage {
    /// Shakes hands with these headers and the usual sub-protocols.
    pub async fn open(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let address = url.strip_prefix("http://").expect("plain http");
        let mut request = format!("ws://{address}/websocket").into_client_request().expect("a URL");
        let protocols = [("Sec-WebSocket-Protocol", "v12.stomp, v11.stomp, v10.stomp")];
        for (name, value) in protocols.iter().chain(headers) {
            let value = HeaderValue::from_str(value).expect("a value");
            request
                .headers_mut()
                .append(HeaderName::from_bytes(name.as_bytes()).expect("a name"), value);
        }
        let stream = TcpStream::connect(address).await.expect("the server listens");
        let (socket, answer) = client_async(request, stream).await.expect("a socket");
        assert_eq!(answer.headers()["Sec-WebSocket-Protocol"], "v12.stomp");
        Self { socket, decoder: Decoder::default(), frames: VecDeque::new() }
    }

    /// Sends a frame as text.
    pub async fn send(&mut self, frame: &Frame) {
        let text = String::from_utf8(frame.encode()).expect("text");
        self.write(Message::Text(text)).await;
    }

    /// Sends any message; what comes of it is seen when reading.
    pub async fn write(&mut self, message: Message) {
        let _ = timeout(PATIENCE, self.socket.send(message)).await.expect("it is taken in time");
    }

    /// Sends so many messages without reading; false when the server no longer takes them.
    pub async fn stuff(&mut self, message: &Message, times: usize) -> bool {
        for _ in 0..times {
            let sent = timeout(PATIENCE, self.socket.send(message.clone())).await;
            if sent.expect("it ends in time").is_err() {
                return false;
            }
        }
        true
    }

    /// Subscribes to both topics.
    pub async fn subscribe(&mut self) {
        self.send(&subscribe("sub-0", REGISTRATION)).await;
        self.send(&subscribe("sub-1", AUTHORIZATION)).await;
    }

    /// Registers, and gives what the server says to that.
    pub async fn register(&mut self, operation: &Operation) -> bool {
        self.send(&registration("/app/registration", &operation.web_socket_id)).await;
        let answer = self.message(REGISTRATION).await;
        assert_eq!(answer["webSocketId"], operation.web_socket_id.as_str());
        answer["registrationSucceeded"].as_bool().expect("yes or no")
    }

    /// The result of the operation.
    pub async fn result(&mut self) -> String {
        let message = self.message(AUTHORIZATION).await;
        message["authResult"].as_str().expect("a result").to_owned()
    }

    /// The body of the next frame, which is a message on this topic.
    pub async fn message(&mut self, topic: &str) -> Value {
        let frame = self.frame().await;
        assert_eq!(
            frame.header("destination"),
            Some(topic),
            "{frame:?} {:?}",
            frame.header("message")
        );
        serde_json::from_slice(frame.body()).expect("JSON")
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Frame {
        self.next().await.unwrap_or_else(|end| panic!("no frame came, but the end: {end:?}"))
    }

    /// How the operation ended; or the code of the socket's end, if that comes first.
    pub async fn outcome(&mut self) -> Result<String, Option<u16>> {
        loop {
            let frame = self.next().await?;
            if frame.header("destination") == Some(AUTHORIZATION) {
                let body: Value = serde_json::from_slice(frame.body()).expect("JSON");
                return Ok(body["authResult"].as_str().expect("a result").to_owned());
            }
            assert_eq!(frame.command, Command::Error);
        }
    }

    /// Waits for a message that is no frame, such as a heart-beat or a ping.
    pub async fn next_but_frames(&mut self, is_it: impl Fn(&Message) -> bool) {
        loop {
            let next =
                timeout(PATIENCE, self.socket.next()).await.expect("something comes in time");
            let message = next.expect("no end").expect("a message");
            if is_it(&message) {
                return;
            }
            assert!(!message.is_close(), "{message:?}");
        }
    }

    /// What the server says at the end and the code it closes with, nothing having come before.
    pub async fn end(&mut self) -> (Option<String>, Option<u16>) {
        let mut said = None;
        loop {
            match self.next().await {
                Ok(frame) if frame.command == Command::Error => {
                    said = frame.header("message").map(str::to_owned);
                }
                Ok(frame) => panic!("{frame:?} came instead of the end"),
                Err(code) => return (said, code),
            }
        }
    }

    /// Holds that the server says nothing but `ERROR` and closes with this code.
    pub async fn assert_refused(&mut self, code: u16) {
        let (said, closed) = self.end().await;
        assert!(said.as_ref().is_some_and(|text| !text.is_empty()));
        assert_eq!(closed, Some(code), "{said:?}");
    }

    /// Closes with a code or without, and waits until the server has dealt with it.
    pub async fn close(mut self, code: Option<u16>) {
        let frame = code.map(|code| CloseFrame { code: code.into(), reason: "".into() });
        self.write(Message::Close(frame)).await;
        let answered = self.next().await;
        assert_eq!(answered.expect_err("the end"), code);
    }

    /// The next frame; or the code of the end, `None` where there was no code or no closing.
    async fn next(&mut self) -> Result<Frame, Option<u16>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(frame);
            }
            match timeout(PATIENCE, self.socket.next()).await.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => self.take(text.as_bytes()),
                Some(Ok(Message::Binary(octets))) => self.take(&octets),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                None | Some(Err(Error::ConnectionClosed | Error::Io(_) | Error::Protocol(_))) => {
                    return Err(None);
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    fn take(&mut self, mut octets: &[u8]) {
        while let Some(frame) = self.decoder.decode(&mut octets).expect("a good frame") {
            self.frames.push_back(frame);
        }
    }
}
