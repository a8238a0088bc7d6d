//! Which requests become a socket.

use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder};
use rocket_ws::{Channel, Config, WebSocket};

use crate::domain::origin::Origin;
use crate::web::error::Problem;
use crate::web::guard::visitor::Cookies;
use crate::web::websocket::handshake::{one_origin, upgrade};

/// Bytes of a message.
const LARGEST_MESSAGE: usize = 1_024;
/// What may wait to be written: more than the largest answer.
const LARGEST_BACKLOG: usize = 64 * 1_024;

/// A good handshake.
pub struct Handshake {
    /// The socket to be.
    pub(super) socket: WebSocket,
    /// Who opens it.
    pub(super) opened: Opened,
}

/// Who has opened a socket.
pub struct Opened {
    /// Where the page is from, which is only known to be an origin.
    pub origin: Origin,
    /// The cookies of the browser.
    pub cookies: Cookies,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Handshake {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let cookies = rocket::outcome::try_outcome!(request.guard::<Cookies>().await);
        let opened = async || -> Result<_, Problem> {
            let socket = upgrade(request).await?;
            Ok((socket, one_origin(request.headers())?))
        };
        match opened().await {
            Ok((socket, origin)) => {
                let opened = Opened { origin, cookies };
                Outcome::Success(Self { socket: socket.config(limits()), opened })
            }
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

fn limits() -> Config {
    Config {
        max_message_size: Some(LARGEST_MESSAGE),
        max_frame_size: Some(LARGEST_MESSAGE),
        write_buffer_size: 0,
        max_write_buffer_size: LARGEST_BACKLOG,
        ..Config::default()
    }
}

/// The answer that makes a socket of the connection.
pub struct Upgrade<'o>(pub(super) Channel<'o>);

impl<'r, 'o: 'r> Responder<'r, 'o> for Upgrade<'o> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        self.0.respond_to(request)
    }
}
