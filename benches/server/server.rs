//! A server as the load holds it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use super::Result;
use super::child::Role;
use super::http::Connection;
use super::process::{Cpu, memory};

/// A running server. Dropped, it ends.
pub struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    /// When it was started.
    pub began: Instant,
    accounts: u16,
    floor: u16,
}

impl Server {
    /// Starts this very program as a server, and waits until it can be asked. Its log goes to a
    /// file beside the database.
    pub fn start(role: &Role) -> Result<Self> {
        let log = File::create(role.database.with_extension("log"))?;
        let began = Instant::now();
        let mut process = Command::new(std::env::current_exe()?)
            .args(role.arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut server =
            Self { process, output: BufReader::new(output), began, accounts: 0, floor: 0 };
        for _ in 0..=usize::from(role.floor) {
            server.read_port()?;
        }
        Ok(server)
    }

    fn read_port(&mut self) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim().split_once(' ') {
            Some(("accounts", port)) => self.accounts = port.parse()?,
            Some(("floor", port)) => self.floor = port.parse()?,
            _ => return Err("the server did not start; its log says why".into()),
        }
        Ok(())
    }

    /// Connections to the accounts server.
    pub async fn accounts(&self, count: usize) -> Result<Vec<Connection>> {
        Connection::open_many(self.accounts, count).await
    }

    /// Connections to the floor.
    pub async fn floor(&self, count: usize) -> Result<Vec<Connection>> {
        Connection::open_many(self.floor, count).await
    }

    /// Where the accounts server listens.
    pub fn port(&self) -> u16 {
        self.accounts
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn cpu(&self) -> Result<Cpu> {
        Cpu::of(self.pid())
    }

    /// Memory in MiB: what it holds now.
    pub fn memory(&self) -> Result<f64> {
        memory(self.pid(), "VmRSS")
    }

    /// Memory in MiB: the most it ever held.
    pub fn most_memory(&self) -> Result<f64> {
        memory(self.pid(), "VmHWM")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to be lost: the databases go away too.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
