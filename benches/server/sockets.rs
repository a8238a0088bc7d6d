//! Waiting pages: each with a socket that is registered for an operation.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Instant;

use rocket::futures::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};
use vestibule::domain::operation::web_socket_id;

use super::Result;
use super::known::{PAY_ORIGIN, secret};
use super::seed::id;

/// Pages that connect at the same time.
const AT_ONCE: u32 = 32;

/// Pages that wait. Dropped, their connections are cut.
pub struct Pages {
    tasks: JoinSet<()>,
    heard: Rc<RefCell<Vec<(u32, Instant)>>>,
    count: watch::Receiver<usize>,
}

impl Pages {
    /// Opens pages for these operations, and registers each.
    pub async fn open(
        local: &LocalSet,
        port: u16,
        operations: std::ops::Range<u32>,
    ) -> Result<Self> {
        let heard = Rc::new(RefCell::new(Vec::with_capacity(operations.len())));
        let (counted, count) = watch::channel(0);
        let counted = Rc::new(counted);
        let mut tasks = JoinSet::new();
        for first in operations.clone().step_by(AT_ONCE as usize) {
            let batch = first..operations.end.min(first + AT_ONCE);
            let opening = batch.map(|number| async move { (number, register(port, number).await) });
            for (number, page) in rocket::futures::future::join_all(opening).await {
                let (heard, counted) = (Rc::clone(&heard), Rc::clone(&counted));
                tasks.spawn_local_on(wait(page?, number, heard, counted), local);
            }
        }
        Ok(Self { tasks, heard, count })
    }

    /// Waits until so many have heard that their operation has ended.
    pub async fn have_heard(&mut self, so_many: usize) -> Result<()> {
        self.count.wait_for(|count| *count >= so_many).await?;
        Ok(())
    }

    /// Which operations' ends were heard, and when.
    pub fn heard(&self) -> Vec<(u32, Instant)> {
        self.heard.borrow().clone()
    }

    /// Cuts every connection.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

type Page = WebSocketStream<TcpStream>;

async fn register(port: u16, number: u32) -> Result<Page> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.set_nodelay(true)?;
    let mut request = "ws://bench/websocket".into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("Origin", HeaderValue::from_static(PAY_ORIGIN));
    headers.insert("Sec-WebSocket-Protocol", HeaderValue::from_static("v12.stomp"));
    let (mut page, _) = client_async(request, stream).await?;
    let (login, passcode) = (id("page", number), secret("wait", number));
    let connect = format!(
        "CONNECT\naccept-version:1.2\nhost:bench\nheart-beat:0,0\nlogin:{login}\n\
         passcode:{passcode}\n\n\0"
    );
    page.send(Message::Text(connect)).await?;
    expect(&mut page, "CONNECTED").await?;
    for (subscription, topic) in [("0", "registration"), ("1", "authorization")] {
        let subscribe =
            format!("SUBSCRIBE\nid:{subscription}\ndestination:/user/topic/{topic}\n\n\0");
        page.send(Message::Text(subscribe)).await?;
    }
    let socket = web_socket_id(&id("operation", number));
    let send = format!("SEND\ndestination:/app/registration\n\n{{\"webSocketId\":\"{socket}\"}}\0");
    page.send(Message::Text(send)).await?;
    expect(&mut page, "\"registrationSucceeded\":true").await?;
    Ok(page)
}

async fn expect(page: &mut Page, what: &str) -> Result<()> {
    loop {
        match page.next().await.ok_or("the socket was closed")?? {
            Message::Text(text) if text.contains(what) => return Ok(()),
            Message::Text(text) => return Err(format!("{text} instead of {what}").into()),
            _ => {}
        }
    }
}

/// Reads, and so answers pings, until the connection ends.
async fn wait(
    mut page: Page,
    number: u32,
    heard: Rc<RefCell<Vec<(u32, Instant)>>>,
    counted: Rc<watch::Sender<usize>>,
) {
    while let Some(Ok(message)) = page.next().await {
        if message.to_text().is_ok_and(|text| text.contains("\"authResult\":\"CONFIRMED\"")) {
            heard.borrow_mut().push((number, Instant::now()));
            counted.send_modify(|count| *count += 1);
        }
    }
}
