//! The requests of the load, byte for byte.

use serde_json::json;

use super::known::{NONCE, PASSWORD, WIKI, WIKI_CLIENT, cookie, secret, username};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: {BROWSER}\r\n{headers}\r\n").into()
}

pub fn post(path: &str, media_type: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: {BROWSER}\r\n\
         Content-Type: {media_type}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .into()
}

/// The empty route, with the headers of [`bridge`]: reading them is the framework's work.
pub fn floor(session: u32) -> Vec<u8> {
    get("/", &of_a_frame(session))
}

/// One bare hash.
pub fn hash() -> Vec<u8> {
    get("/hash", "")
}

pub fn health() -> Vec<u8> {
    get("/health", "")
}

/// The bridge, framed by a page of the wiki.
pub fn bridge(session: u32) -> Vec<u8> {
    get("/bridge?client_id=wiki", &of_a_frame(session))
}

fn of_a_frame(session: u32) -> String {
    format!(
        "Accept: text/html\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Dest: iframe\r\n\
         Referer: {WIKI}/\r\nCookie: {}\r\n",
        cookie(session)
    )
}

/// The bridge's script asks for a payload.
pub fn payload(session: u32) -> Vec<u8> {
    let cookie = cookie(session);
    let headers = format!("Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n");
    let ask = json!({ "clientId": "wiki", "origin": WIKI, "mint": true, "nonce": NONCE });
    post("/bridge/payload", "application/json", &headers, &ask.to_string())
}

/// The wiki's backend redeems one.
pub fn recover(payload: &str) -> Vec<u8> {
    let headers = format!("Authorization: {}\r\n", WIKI_CLIENT.basic());
    let body = json!({ "recoveryPayload": payload, "nonce": NONCE, "origin": WIKI });
    post("/v1/session/recover", "application/json", &headers, &body.to_string())
}

/// Somebody signs in from a network of TEST-NET-2.
pub struct SignIn {
    /// The number of the account.
    pub account: u32,
    pub network: u8,
    /// On a browser that signed in to this account before.
    pub known_device: bool,
    pub right: bool,
}

impl SignIn {
    pub fn request(&self) -> Vec<u8> {
        let network = self.network;
        let mut headers =
            format!("Sec-Fetch-Site: same-origin\r\nX-Forwarded-For: 198.51.100.{network}\r\n");
        if self.known_device {
            let device = secret("device", self.account);
            headers += &["Cookie: __Host-device=", &device, "\r\n"].concat();
        }
        let (login, password) =
            (username(self.account), if self.right { PASSWORD } else { "guess" });
        let form = format!("login={login}&password={password}&next=");
        post("/signin", "application/x-www-form-urlencoded", &headers, &form)
    }
}
