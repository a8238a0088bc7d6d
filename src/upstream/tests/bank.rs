//! A provider over HTTP, in this process, which says whatever a test has it say.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::form_urlencoded;

/// What a provider says at one address.
#[derive(Clone)]
pub enum Says {
    /// This status and body.
    Text(u16, String),
    /// Go elsewhere.
    Redirect(String),
    /// The beginning of an answer, and then nothing.
    Silence,
}

impl Says {
    pub fn json(value: &Value) -> Self {
        Self::Text(200, value.to_string())
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub fields: Vec<(String, String)>,
}

impl Call {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub struct World {
    pub discovery: Says,
    pub keys: Says,
    pub token: Says,
    pub userinfo: Says,
    pub calls: Vec<Call>,
}

/// A provider; it stops listening when it is dropped.
pub struct Bank {
    pub issuer: String,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Bank {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let issuer = format!("http://bank.example.localhost:{port}");
        let nothing = Says::Text(404, String::new());
        let world = World {
            discovery: Says::json(&document(&issuer)),
            keys: nothing.clone(),
            token: nothing.clone(),
            userinfo: nothing,
            calls: Vec::new(),
        };
        let world = Arc::new(Mutex::new(world));
        let task = tokio::spawn(serve(listener, Arc::clone(&world)));
        Self { issuer, world, task }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panicked in it")
    }

    /// What was asked at this path so far.
    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.world().calls.iter().filter(|call| call.path == path).cloned().collect()
    }

    /// Changes the discovery document.
    pub fn with_document(&self, key: &str, value: Value) {
        let mut changed = document(&self.issuer);
        changed[key] = value;
        if changed[key].is_null() {
            changed.as_object_mut().expect("an object").remove(key);
        }
        self.world().discovery = Says::json(&changed);
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn document(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
    })
}

async fn serve(listener: TcpListener, world: Arc<Mutex<World>>) {
    while let Ok((socket, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move { answer(socket, &world).await });
    }
}

async fn answer(socket: TcpStream, world: &Mutex<World>) -> Option<()> {
    let mut socket = BufReader::new(socket);
    let call = heard(&mut socket).await?;
    let says = {
        let mut world = world.lock().expect("no test panicked in it");
        let says = match call.path.as_str() {
            "/.well-known/openid-configuration" => world.discovery.clone(),
            "/jwks" => world.keys.clone(),
            "/token" => world.token.clone(),
            "/userinfo" => world.userinfo.clone(),
            _ => Says::Text(404, String::new()),
        };
        world.calls.push(call);
        says
    };
    let text = match says {
        Says::Text(status, body) => format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        ),
        Says::Redirect(to) => format!(
            "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        Says::Silence => {
            socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{").await.ok()?;
            return std::future::pending().await;
        }
    };
    socket.write_all(text.as_bytes()).await.ok()
}

async fn heard(socket: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    socket.read_line(&mut line).await.ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let (mut authorization, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => authorization = Some(value.to_owned()),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.ok()?;
    let fields = form_urlencoded::parse(&body).into_owned().collect();
    Some(Call { method, path, authorization, fields })
}
