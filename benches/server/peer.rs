//! The peer: npm `oidc-provider` with its in-memory store (`benches/peer`), on the core of the
//! servers.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde::Deserialize;

use super::Result;
use super::http::Connection;
use super::node::{Missing, install, node};
use super::process::beside_servers;

const FOLDER: &str = "benches/peer";

/// A running peer. Dropped, it ends.
pub struct Peer {
    process: Child,
    port: u16,
    /// Browsers on which somebody is signed in there.
    pub browsers: Vec<Browser>,
}

/// What a browser holds, and what its sign-in gave to the client.
#[derive(Deserialize)]
pub struct Browser {
    /// The value of the header `Cookie`.
    pub cookie: String,
    pub access_token: String,
}

#[derive(Deserialize)]
struct Sessions {
    sessions: Vec<Browser>,
}

impl Peer {
    /// Starts it and signs in so many people. What it has to say goes to a file in the folder.
    pub fn start(folder: &Path, browsers: u32) -> Result<std::result::Result<Self, Missing>> {
        if let Err(missing) = install(FOLDER, "oidc-provider") {
            return Ok(Err(missing));
        }
        let mut command = node("server.mjs", FOLDER);
        command.arg("0").env("NODE_ENV", "production");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(File::create(folder.join("peer.log"))?);
        let mut peer =
            Self { process: beside_servers(|| command.spawn())??, port: 0, browsers: Vec::new() };
        let output = peer.process.stdout.take().ok_or("the peer has no output")?;
        peer.port = port(output)?;
        peer.browsers = sign_in(peer.port, browsers)?;
        Ok(Ok(peer))
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub async fn connections(&self, count: usize) -> Result<Vec<Connection>> {
        Connection::open_many(self.port, count).await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn port(output: ChildStdout) -> Result<u16> {
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let port = line.trim().strip_prefix("peer ").ok_or("the peer did not start")?;
    Ok(port.parse()?)
}

fn sign_in(port: u16, browsers: u32) -> Result<Vec<Browser>> {
    let mut command = node("session.mjs", FOLDER);
    let output = command.args([port.to_string(), browsers.to_string()]).output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("nobody could sign in at the peer: {why}").into());
    }
    let Sessions { sessions } = serde_json::from_slice(&output.stdout)?;
    Ok(sessions)
}
