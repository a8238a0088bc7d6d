//! The connection between a site and the accounts server: it remembers what went over it, and it
//! can fail.

use rocket::tokio::io::{AsyncReadExt, AsyncWriteExt};
use rocket::tokio::net::{TcpListener, TcpStream};
use rocket::tokio::sync::watch;
use rocket::tokio::task::JoinHandle;
use rocket::tokio::{self, select};
use std::sync::{Arc, Mutex};

/// What happens to a call. A change cuts what is open.
#[derive(Clone)]
pub enum Mode {
    /// It reaches the accounts server.
    Open,
    /// It does, unless it has this in it: then the connection is cut.
    CutAt(&'static str),
    /// It does, unless it has this in it: then that is answered and the connection closed.
    SaysAt(&'static str, String),
    /// The connection is cut as soon as something was asked.
    Cut,
    /// Everything is listened to, nothing is said.
    Silent,
    /// This is answered and the connection closed.
    Says(String),
    /// This is answered, and nothing more comes.
    Begins(String),
    /// This is answered, and more and more and more.
    Endless(String),
}

pub struct Wire {
    pub url: String,
    mode: watch::Sender<Mode>,
    heard: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
}

impl Wire {
    /// A new address, behind which is the one given (`http://127.0.0.1:…`).
    pub async fn to(url: &str) -> Self {
        let target = url.strip_prefix("http://").expect("plain http").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (mode, heard) = (watch::Sender::new(Mode::Open), Arc::default());
        let listener = tokio::spawn(accept(listener, target, mode.clone(), Arc::clone(&heard)));
        Self { url, mode, heard, listener }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Nobody listens at the address any more.
    pub async fn close(&self) {
        self.set(Mode::Cut);
        self.listener.abort();
        while !self.listener.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    /// Whether anything was said at all.
    pub fn is_quiet(&self) -> bool {
        self.heard.lock().expect("bytes").is_empty()
    }

    /// How many calls of `/v1/session/{name}` went over it.
    pub fn calls(&self, name: &str) -> usize {
        let heard = self.heard();
        heard.matches(&format!("POST /v1/session/{name} HTTP")).count()
    }

    /// All that the site said.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().expect("bytes")).into_owned()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn accept(
    listener: TcpListener,
    target: String,
    mode: watch::Sender<Mode>,
    heard: Arc<Mutex<Vec<u8>>>,
) {
    while let Ok((site, _)) = listener.accept().await {
        let (target, heard, mut mode) = (target.clone(), heard.clone(), mode.subscribe());
        tokio::spawn(async move {
            let now = mode.borrow_and_update().clone();
            select! {
                _ = mode.changed() => {}
                () = serve(site, &target, now, &heard) => {}
            }
        });
    }
}

/// Ends when either side does.
async fn serve(mut site: TcpStream, target: &str, mode: Mode, heard: &Mutex<Vec<u8>>) {
    let end_at = match mode {
        Mode::Open => None,
        Mode::CutAt(word) => Some((word, String::new())),
        Mode::SaysAt(word, text) => Some((word, text)),
        Mode::Cut => return hear(&mut site, heard).await,
        Mode::Silent => {
            hear(&mut site, heard).await;
            return std::future::pending().await;
        }
        Mode::Says(text) => {
            hear(&mut site, heard).await;
            let _ = site.write_all(text.as_bytes()).await;
            return;
        }
        Mode::Begins(text) => {
            hear(&mut site, heard).await;
            let _ = site.write_all(text.as_bytes()).await;
            return std::future::pending().await;
        }
        Mode::Endless(text) => {
            hear(&mut site, heard).await;
            let mut sent = site.write_all(text.as_bytes()).await;
            while sent.is_ok() {
                sent = site.write_all(&[b' '; 8_192]).await;
            }
            return;
        }
    };
    let Ok(accounts) = TcpStream::connect(target).await else { return };
    pass_on(site, accounts, end_at, heard).await;
}

async fn pass_on(
    mut site: TcpStream,
    mut accounts: TcpStream,
    end_at: Option<(&str, String)>,
    heard: &Mutex<Vec<u8>>,
) {
    let (mut out, mut back) = (vec![0; 8_192], vec![0; 8_192]);
    loop {
        let sent = select! {
            Ok(n) = site.read(&mut out) => {
                heard.lock().expect("bytes").extend(&out[..n]);
                let text = String::from_utf8_lossy(&out[..n]);
                if n == 0 {
                    return;
                }
                if let Some((_, answer)) = end_at.as_ref().filter(|(word, _)| text.contains(word)) {
                    let _ = site.write_all(answer.as_bytes()).await;
                    return;
                }
                accounts.write_all(&out[..n]).await
            }
            Ok(n) = accounts.read(&mut back) => {
                if n == 0 {
                    return;
                }
                site.write_all(&back[..n]).await
            }
            else => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Reads one whole request.
async fn hear(site: &mut TcpStream, heard: &Mutex<Vec<u8>>) {
    let (mut request, mut chunk) = (Vec::new(), [0; 8_192]);
    while !is_whole(&request) {
        match site.read(&mut chunk).await {
            Ok(n) if n > 0 => request.extend(&chunk[..n]),
            _ => break,
        }
    }
    heard.lock().expect("bytes").extend(request);
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|n| n.trim().parse().ok()).is_none_or(|n: usize| body.len() >= n)
}
