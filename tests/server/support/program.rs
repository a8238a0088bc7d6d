//! A program that runs beside a test, and ends with it.

use rocket::tokio;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program; whatever it prints is read as it comes.
pub struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
    read: usize,
    listeners: Vec<JoinHandle<()>>,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("it is installed: {error}"));
        let lines = Arc::default();
        let listeners = vec![
            listen(child.stdout.take().expect("piped"), &lines),
            listen(child.stderr.take().expect("piped"), &lines),
        ];
        Self { child, lines, read: 0, listeners }
    }

    /// Waits for a line that contains this, after the one that was waited for before. `Err` has
    /// all that was said by a program that ended instead.
    pub async fn says(&mut self, what: &str) -> Result<String, String> {
        let begun = Instant::now();
        loop {
            // Asked first, so that nothing said before the end is missed.
            let ended = self.end().is_some();
            if let Some(line) = self.next_line_with(what) {
                return Ok(line);
            }
            if ended {
                return Err(self.output());
            }
            assert!(begun.elapsed() < PATIENCE, "no `{what}` in time:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn next_line_with(&mut self, what: &str) -> Option<String> {
        let lines = self.lines.lock().expect("lines");
        let found = lines.iter().skip(self.read).position(|line| line.contains(what))?;
        self.read += found + 1;
        Some(lines[self.read - 1].clone())
    }

    /// All that it printed by now.
    pub fn output(&self) -> String {
        self.lines.lock().expect("lines").join("\n")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.end() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it has ended; if so, all that it said has been read.
    fn end(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("it is ours")?;
        self.listeners.drain(..).for_each(|listener| listener.join().expect("it only reads"));
        Some(status)
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(from: impl Read + Send + 'static, to: &Arc<Mutex<Vec<String>>>) -> JoinHandle<()> {
    let to = to.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            to.lock().expect("lines").push(line);
        }
    })
}
