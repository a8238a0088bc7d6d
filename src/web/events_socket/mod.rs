//! Sockets on which a page waits for one thing. Its first message, JSON as text, says for what and
//! by what right; from then on it only listens: it is told how it stands, is told once more when
//! that is decided, and the socket is closed.
//!
//! What is waited for is an [`Awaited`]. The rest is the same for all: who may open such a socket
//! (`handshake`), and the loop that joins it with the store and the bus (`socket`). Pings, times and
//! the count of sockets are those of `/websocket`.

mod handshake;
mod socket;

use rocket::Shutdown;
use std::time::Duration;

use super::app::App;
use crate::events::Event;
use crate::store::StoreError;
pub use handshake::{Handshake, Opened, Upgrade};
use socket::Socket;

/// What a page waits for. It is decided once.
#[rocket::async_trait]
pub trait Awaited: Sized + Send + Sync {
    /// Finds it by the first message, and checks that this page may wait for it.
    async fn admit(app: &App, opened: &Opened, message: &str) -> Result<Self, Refused>;

    /// By which the sockets that wait for it are counted.
    fn id(&self) -> &str;

    /// What is published when it is decided.
    fn event(&self) -> Event;

    /// How long it may take.
    fn lasts(&self) -> Duration;

    /// Reads how it stands.
    async fn look(&self, app: &App) -> Result<News, StoreError>;
}

/// How it stands, as the page is told: JSON.
#[derive(Debug)]
pub enum News {
    /// Not decided yet.
    Pending(String),
    /// Decided; there is nothing to come after this.
    Last(String),
    /// It is not there any more.
    Forgotten,
}

/// Why a page does not wait.
#[derive(Debug)]
pub enum Refused {
    /// It may not. The text is for whoever wrote the page, and closes the socket with 1008.
    Policy(&'static str),
    /// The fault is ours.
    Broken(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Broken(error)
    }
}

/// Opens the socket, and lets its page wait.
pub fn serve<'o, T: Awaited + 'o>(
    app: &'o App,
    handshake: Handshake,
    shutdown: Shutdown,
) -> Upgrade<'o> {
    let Handshake { socket, opened } = handshake;
    Upgrade(socket.channel(move |stream| {
        Box::pin(async move {
            Socket::<T>::new(app, opened, stream, shutdown).run().await;
            Ok(())
        })
    }))
}
