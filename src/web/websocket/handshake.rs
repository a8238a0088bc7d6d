//! Which requests become a socket.

use rocket::http::{HeaderMap, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::{self, Responder, Response};
use rocket_ws::{Channel, Config, WebSocket};

use crate::domain::origin::Origin;
use crate::domain::secret::SecretHash;
use crate::stomp::MOST_OCTETS;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::is_framed;
use crate::web::guard::visitor::Cookies;

/// The sub-protocol that is spoken.
const PROTOCOL: &str = "v12.stomp";
/// The largest message: enough that a frame which is a little too large is told so in STOMP.
const LARGEST_MESSAGE: usize = MOST_OCTETS + 1_024;
/// What may wait to be written: the largest answer, and some more.
const LARGEST_BACKLOG: usize = 4 * MOST_OCTETS;

/// A good handshake. Whose page it is turns out later, so the origin is only known to be one.
pub struct Handshake {
    /// The socket to be.
    pub socket: WebSocket,
    /// Where the page is from.
    pub origin: Origin,
    /// The hash of the browser's device cookie.
    pub device: Option<SecretHash>,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Handshake {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let cookies = rocket::outcome::try_outcome!(request.guard::<Cookies>().await);
        let (socket, origin) = match check(request).await {
            Ok(good) => good,
            Err(problem) => return Outcome::Error((problem.leave(request), ())),
        };
        let device = cookies.device.map(|secret| secret.hash());
        Outcome::Success(Self { socket: socket.config(limits()), origin, device })
    }
}

async fn check(request: &Request<'_>) -> Result<(WebSocket, Origin), Problem> {
    let socket = upgrade(request).await?;
    if !offers(request.headers()) {
        return Err(Problem::bad_request("Offer the WebSocket sub-protocol `v12.stomp`."));
    }
    Ok((socket, one_origin(request.headers())?))
}

/// The socket to be, of whatever sub-protocol.
pub async fn upgrade(request: &Request<'_>) -> Result<WebSocket, Problem> {
    if is_framed(request.headers()) {
        return Err(Problem::forbidden("This is not for a frame."));
    }
    request.guard::<WebSocket>().await.succeeded().ok_or_else(not_an_upgrade)
}

/// Where the page is from, as far as its browser says one origin that can be registered.
pub fn one_origin(headers: &HeaderMap<'_>) -> Result<Origin, Problem> {
    let mut origins = headers.get("Origin");
    let origin = origins.next().filter(|_| origins.next().is_none());
    let origin = origin.and_then(|origin| Origin::parse(origin).ok());
    let text =
        "Open this from a page: one `Origin` header is needed, of a site that can be registered.";
    origin.ok_or_else(|| Problem::forbidden(text))
}

/// RFC 6455 §4.4, RFC 9110 §15.5.22.
fn not_an_upgrade() -> Problem {
    let text = "This address speaks WebSocket, version 13, over HTTP/1.1 and nothing else.";
    Problem::new(Status::UpgradeRequired, "invalid_request", text)
        .with_header("Upgrade", "websocket")
        .with_header("Sec-WebSocket-Version", "13")
}

fn offers(headers: &HeaderMap<'_>) -> bool {
    let mut offered = headers.get("Sec-WebSocket-Protocol").flat_map(|header| header.split(','));
    offered.any(|protocol| protocol.trim() == PROTOCOL)
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
pub struct Upgrade<'o>(pub Channel<'o>);

impl<'r, 'o: 'r> Responder<'r, 'o> for Upgrade<'o> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        Response::build_from(self.0.respond_to(request)?)
            .raw_header("Sec-WebSocket-Protocol", PROTOCOL)
            .ok()
    }
}
