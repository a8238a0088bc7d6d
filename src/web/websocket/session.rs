//! What a page and the server say to each other: frames in, frames out, and what must be asked of
//! the store in between. Knows no socket.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Map, Value};

use super::connect::Connect;
use super::fault::{Fault, POLICY};
use crate::stomp::{Command, Frame};

/// Where a page registers.
const REGISTER: &str = "/app/registration";
/// Where it hears whether it is registered. It may register here as well.
const REGISTRATION: &str = "/user/topic/registration";
/// Where it hears how the operation ended.
const AUTHORIZATION: &str = "/user/topic/authorization";
/// Subscriptions that a socket may have.
const MOST_SUBSCRIPTIONS: usize = 16;

/// The octets of an id that is worth an answer: those of a SHA-512 in hex.
const LONGEST_ID: usize = 128;

/// Registrations that may fail.
const MOST_REFUSED: u8 = 8;

/// The conversation with one page.
#[derive(Default)]
pub struct Session {
    state: State,
    /// The operation's, as pages name it.
    web_socket_id: String,
    listeners: Vec<Listener>,
    registered: bool,
    /// Registrations that failed.
    refused: u8,
    /// An answer to a registration that nobody listened for.
    unheard: Option<Registration>,
    result: Option<&'static str>,
    messages: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    New,
    /// `CONNECT` has come and is looked into.
    Opening,
    Open,
    /// `DISCONNECT` has come.
    Left,
}

struct Listener {
    id: String,
    topic: Topic,
    /// Has heard how the operation ended.
    told: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Registration,
    Authorization,
}

/// What is to be done about a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Find the operation, then call [`Session::open`].
    Connect(Connect),
    /// Make this socket the registered one, then call [`Session::registered`].
    Register,
    /// The page takes its leave.
    Leave,
    /// To be sent.
    Send(Frame),
}

/// What a page's going means for the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// It was closed on purpose: a pending operation is canceled.
    Closed,
    /// It may come back in a moment.
    Left,
    /// Only the connection is gone.
    Gone,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    web_socket_id: String,
    registration_succeeded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authorization<'a> {
    web_socket_id: &'a str,
    auth_result: &'static str,
}

impl Session {
    /// A frame has come.
    pub fn receive(&mut self, frame: &Frame) -> Result<Vec<Step>, Fault> {
        let receipt = frame.header("receipt");
        let mut steps = self.dispatch(frame).map_err(|mut fault| {
            fault.receipt = receipt.map(str::to_owned);
            fault
        })?;
        // The answer to `CONNECT` is `CONNECTED`.
        if self.state != State::Opening {
            steps.extend(receipt.map(|id| Step::Send(Frame::receipt(id))));
        }
        Ok(steps)
    }

    fn dispatch(&mut self, frame: &Frame) -> Result<Vec<Step>, Fault> {
        match (self.state, frame.command) {
            (State::New, Command::Connect | Command::Stomp) => {
                let connect = Connect::read(frame)?;
                self.state = State::Opening;
                Ok(vec![Step::Connect(connect)])
            }
            (State::New, _) => Err(Fault::protocol("CONNECT comes first")),
            (State::Opening | State::Left, _) => Err(Fault::protocol("nothing is expected now")),
            (State::Open, Command::Subscribe) => self.subscribe(frame),
            (State::Open, Command::Unsubscribe) => self.unsubscribe(frame),
            (State::Open, Command::Send) => self.send(frame),
            (State::Open, Command::Disconnect) => {
                self.state = State::Left;
                Ok(vec![Step::Leave])
            }
            (State::Open, other) => {
                Err(Fault::protocol(format!("{} is not taken here", other.name())))
            }
        }
    }

    /// The secret was right: this is the operation's.
    pub fn open(&mut self, web_socket_id: String) {
        self.state = State::Open;
        self.web_socket_id = web_socket_id;
    }

    /// Whether this socket became the registered one.
    pub fn registered(&mut self, succeeded: bool) -> Vec<Frame> {
        self.registered = succeeded;
        let web_socket_id = self.web_socket_id.clone();
        self.answer(Registration { web_socket_id, registration_succeeded: succeeded })
    }

    /// Whether it is.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// Another socket is registered now.
    pub fn replaced(&mut self) {
        self.registered = false;
    }

    /// Whether somebody has heard how the operation ended.
    #[must_use]
    pub fn has_told(&self) -> bool {
        self.listeners.iter().any(|listener| listener.told)
    }

    /// How the operation ended, as far as it has.
    pub fn saw(&mut self, result: Option<&'static str>) -> Vec<Frame> {
        self.result = result;
        self.tell()
    }

    /// The page has closed, with this code if with any.
    #[must_use]
    pub fn parting(&self, code: Option<u16>) -> Parting {
        match (code, self.state) {
            (Some(1_000), _) | (None, State::Left) => Parting::Closed,
            (Some(1_001) | None, _) => Parting::Left,
            _ => Parting::Gone,
        }
    }

    fn subscribe(&mut self, frame: &Frame) -> Result<Vec<Step>, Fault> {
        let id = frame.header("id").ok_or(Fault::protocol("SUBSCRIBE needs `id`"))?;
        let topic = match frame.header("destination") {
            Some(REGISTRATION) => Topic::Registration,
            Some(AUTHORIZATION) => Topic::Authorization,
            _ => return Err(Fault::protocol("there is no such destination to subscribe to")),
        };
        if !matches!(frame.header("ack"), None | Some("auto")) {
            return Err(Fault::protocol("`ack` is auto, or not there"));
        }
        if self.listeners.iter().any(|listener| listener.id == id) {
            return Err(Fault::protocol("this `id` is subscribed already"));
        }
        if self.listeners.len() == MOST_SUBSCRIPTIONS {
            return Err(Fault::protocol("there are too many subscriptions"));
        }
        self.listeners.push(Listener { id: id.to_owned(), topic, told: false });
        let frames = match (topic, self.unheard.take()) {
            (Topic::Registration, Some(answer)) => {
                self.messages(REGISTRATION, &[id.to_owned()], &answer)
            }
            (_, unheard) => {
                self.unheard = unheard;
                self.tell()
            }
        };
        Ok(frames.into_iter().map(Step::Send).collect())
    }

    fn unsubscribe(&mut self, frame: &Frame) -> Result<Vec<Step>, Fault> {
        let id = frame.header("id").ok_or(Fault::protocol("UNSUBSCRIBE needs `id`"))?;
        let at = self.listeners.iter().position(|listener| listener.id == id);
        self.listeners.remove(at.ok_or(Fault::protocol("this `id` is not subscribed"))?);
        Ok(Vec::new())
    }

    fn send(&mut self, frame: &Frame) -> Result<Vec<Step>, Fault> {
        if !matches!(frame.header("destination"), Some(REGISTER | REGISTRATION)) {
            return Err(Fault::protocol("there is no such destination to send to"));
        }
        if frame.header("transaction").is_some() {
            return Err(Fault::protocol("there are no transactions"));
        }
        if self.refused == MOST_REFUSED {
            return Err(Fault::new(POLICY, "there were too many registrations that failed"));
        }
        let body: Option<Map<String, Value>> = serde_json::from_slice(frame.body()).ok();
        let id = body.as_ref().and_then(|body| body.get("webSocketId")?.as_str());
        let id = id.filter(|id| id.len() <= LONGEST_ID).map(str::to_owned);
        let web_socket_id = id.ok_or(Fault::protocol("the body is {\"webSocketId\":\"…\"}"))?;
        let is_ours = web_socket_id == self.web_socket_id;
        if is_ours && !self.registered {
            return Ok(vec![Step::Register]);
        }
        let frames = self.answer(Registration { web_socket_id, registration_succeeded: is_ours });
        Ok(frames.into_iter().map(Step::Send).collect())
    }

    /// Answers a registration, to all who listen for that; kept for the first who does.
    fn answer(&mut self, answer: Registration) -> Vec<Frame> {
        let ids = self.ids(|listener| listener.topic == Topic::Registration);
        self.refused += u8::from(!answer.registration_succeeded);
        if ids.is_empty() {
            self.unheard = Some(answer);
            return Vec::new();
        }
        self.messages(REGISTRATION, &ids, &answer)
    }

    /// Says how the operation ended to all who have not heard it yet.
    fn tell(&mut self) -> Vec<Frame> {
        let (true, Some(auth_result)) = (self.registered, self.result) else {
            return Vec::new();
        };
        let ids = self.ids(|one| one.topic == Topic::Authorization && !one.told);
        let heard = self.listeners.iter_mut().filter(|one| one.topic == Topic::Authorization);
        heard.for_each(|listener| listener.told = true);
        let web_socket_id = self.web_socket_id.clone();
        let result = Authorization { web_socket_id: &web_socket_id, auth_result };
        self.messages(AUTHORIZATION, &ids, &result)
    }

    fn ids(&self, which: impl Fn(&Listener) -> bool) -> Vec<String> {
        let found = self.listeners.iter().filter(|listener| which(listener));
        found.map(|listener| listener.id.clone()).collect()
    }

    fn messages(&mut self, topic: &str, ids: &[String], body: &impl Serialize) -> Vec<Frame> {
        let body = serde_json::to_string(body).unwrap_or_default();
        let message = |id: &String| {
            self.messages = self.messages.wrapping_add(1);
            Frame::message(topic, id, &self.messages.to_string(), body.clone())
        };
        ids.iter().map(message).collect()
    }
}
