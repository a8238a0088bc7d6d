//! A site's backend that hears of logouts, on a port of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::{TcpListener, TcpStream};
use rocket::tokio::task::JoinHandle;
use rocket::tokio::{self};
use serde_json::Value;

use super::eventually;
use crate::relying::decoded;

/// What it answers.
#[derive(Clone)]
pub enum Reply {
    Status(u16),
    /// A redirect to that place.
    Redirect(String),
    /// Nothing, ever.
    Silence,
}

pub struct Receiver {
    pub uri: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    reply: Arc<Mutex<Reply>>,
    /// How many are being listened to now, and at most.
    calls: Arc<[AtomicUsize; 2]>,
    listener: JoinHandle<()>,
}

/// A request: its head, and the token in its form.
#[derive(Clone, Debug)]
pub struct Heard {
    pub head: String,
    pub token: String,
}

impl Heard {
    /// Header and claims, unverified.
    pub fn parts(&self) -> (Value, Value) {
        let mut parts = self.token.split('.').map(decoded);
        let mut next = || {
            let part = parts.next().expect("a part");
            serde_json::from_slice(&part).expect("JSON")
        };
        (next(), next())
    }

    pub fn claim(&self, name: &str) -> String {
        self.parts().1[name].as_str().unwrap_or_default().to_owned()
    }
}

impl Receiver {
    pub async fn open() -> Self {
        Self::at("127.0.0.1:0").await
    }

    /// At an address where another one was before.
    pub async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let calls: Arc<[AtomicUsize; 2]> = Arc::default();
        let reply = Arc::new(Mutex::new(Reply::Status(200)));
        let (told, answer, count) = (Arc::clone(&heard), Arc::clone(&reply), Arc::clone(&calls));
        let listener = tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let (told, answer, count) = (told.clone(), answer.clone(), count.clone());
                tokio::spawn(async move {
                    let now = count[0].fetch_add(1, Ordering::SeqCst) + 1;
                    count[1].fetch_max(now, Ordering::SeqCst);
                    serve(caller, &told, &answer).await;
                    count[0].fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { uri: format!("http://{address}/logout?of=all"), heard, reply, calls, listener }
    }

    /// Nobody listens any more.
    pub async fn close(&self) {
        self.listener.abort();
        eventually("it stops listening", async || self.listener.is_finished()).await;
    }

    pub fn address(&self) -> String {
        let rest = self.uri.strip_prefix("http://").expect("plain http");
        rest.split('/').next().expect("an address").to_owned()
    }

    pub fn reply(&self, reply: Reply) {
        *self.reply.lock().expect("a reply") = reply;
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().expect("what it heard").clone()
    }

    /// What of it, in alphabetical order.
    pub fn sids(&self) -> Vec<String> {
        let mut sids: Vec<_> = self.heard().iter().map(|heard| heard.claim("sid")).collect();
        sids.sort();
        sids
    }

    /// The most calls that were there at the same time.
    pub fn most_calls(&self) -> usize {
        self.calls[1].load(Ordering::SeqCst)
    }

    /// Waits until it has heard so many, and holds that there were no more.
    pub async fn hears(&self, count: usize) -> Vec<Heard> {
        eventually("it is told", async || self.heard().len() >= count).await;
        assert_eq!(self.heard().len(), count);
        self.heard()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// One request, one answer.
async fn serve(mut caller: TcpStream, told: &Mutex<Vec<Heard>>, reply: &Mutex<Reply>) {
    let (mut request, mut chunk) = (Vec::new(), [0; 8_192]);
    while !is_whole(&request) {
        match caller.read(&mut chunk).await {
            Ok(length) if length > 0 => request.extend(&chunk[..length]),
            _ => return,
        }
    }
    let text = String::from_utf8(request).expect("a form is text");
    let (head, body) = text.split_once("\r\n\r\n").expect("it is whole");
    let mut fields = url::form_urlencoded::parse(body.as_bytes());
    let (name, token) = fields.next().expect("a field");
    assert_eq!((&*name, fields.next()), ("logout_token", None), "{body}");
    let request = Heard { head: head.to_owned(), token: token.into_owned() };
    told.lock().expect("what it heard").push(request);
    let reply = reply.lock().expect("a reply").clone();
    let (status, more) = match reply {
        Reply::Status(status) => (status, String::new()),
        Reply::Redirect(to) => (307, format!("Location: {to}\r\n")),
        Reply::Silence => {
            // Until the caller goes away.
            let _ = caller.read(&mut chunk).await;
            return;
        }
    };
    let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
    let answer = format!("HTTP/1.1 {status} So\r\n{more}{length}Connection: close\r\n\r\n");
    let _ = caller.write_all(answer.as_bytes()).await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|n| n.trim().parse().ok()).is_some_and(|n: usize| body.len() >= n)
}
