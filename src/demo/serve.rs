//! Several Rocket instances that begin and end together.

use super::error::DemoError;
use rocket::fairing::AdHoc;
use rocket::{Build, Ignite, Rocket, Shutdown};
use std::convert::Infallible;
use std::io::Write;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

type Ended = Result<Rocket<Ignite>, rocket::Error>;

/// Starts all servers, prints the text once every one of them listens, and stops all of them when
/// the person presses Ctrl-C or one of them ends.
pub(super) async fn until_interrupted(
    servers: Vec<Rocket<Build>>,
    text: &str,
) -> Result<(), DemoError> {
    let count = servers.len();
    let (up, lifted) = mpsc::channel(count);
    let (mut handles, mut running) = (Vec::new(), JoinSet::new());
    for server in servers {
        let up = up.clone();
        let tell = AdHoc::on_liftoff("tell that it listens", |_| {
            Box::pin(async move { up.send(()).await.unwrap_or_default() })
        });
        let server = server.attach(tell).ignite().await.map_err(|error| failed(&error))?;
        handles.push(server.shutdown());
        running.spawn(server.launch());
    }
    let first = tokio::select! {
        ended = first_end(&mut running) => ended,
        never = greet(lifted, count, text) => match never {},
        interrupted = interrupt() => interrupted.map_err(|error| failed(&error)),
    };
    say("\nStopping …\n");
    handles.into_iter().for_each(Shutdown::notify);
    tokio::select! {
        () = ends(&mut running) => say("Stopped.\n"),
        _ = interrupt() => say("Stopped at once.\n"),
    }
    first
}

/// Prints the text when so many servers listen; has nothing to do afterwards.
async fn greet(mut lifted: mpsc::Receiver<()>, count: usize, text: &str) -> Infallible {
    for _ in 0..count {
        if lifted.recv().await.is_none() {
            return std::future::pending().await;
        }
    }
    say(text);
    std::future::pending().await
}

/// Waits for the first server that ends, and says why it did.
async fn first_end(running: &mut JoinSet<Ended>) -> Result<(), DemoError> {
    match running.join_next().await {
        Some(Ok(Err(error))) => Err(failed(&error)),
        Some(Err(error)) => Err(failed(&error)),
        Some(Ok(Ok(_))) | None => Ok(()),
    }
}

fn failed(error: &dyn std::error::Error) -> DemoError {
    DemoError::new(format!("the demo cannot go on: {error}"))
}

async fn ends(running: &mut JoinSet<Ended>) {
    while running.join_next().await.is_some() {}
}

/// Ctrl-C, or what a service manager sends.
async fn interrupt() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// To the person at the terminal; a closed pipe is no reason to stop.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
