//! One socket from its handshake to its end.

use rocket::Shutdown;
use rocket_ws::Message;
use rocket_ws::frame::{CloseCode, CloseFrame};
use rocket_ws::result::Error;
use rocket_ws::stream::DuplexStream;
use std::future::pending;
use tokio::time::{Instant, sleep_until};

use super::{Awaited, News, Opened, Refused};
use crate::events::Subscription;
use crate::stomp::HeartBeat;
use crate::store::StoreError;
use crate::web::app::App;
use crate::web::websocket::Place;
use crate::web::websocket::ending::Ending;
use crate::web::websocket::fault::{Fault, INTERNAL, POLICY, PROTOCOL};
use crate::web::websocket::pulse::{Due, Pulse};
use crate::web::websocket::wire::Wire;

/// Where in the log it is.
const LOG: &str = "vestibule::events_socket";
/// A page that hears nothing but pings.
const NO_BEATS: HeartBeat = HeartBeat { sends: 0, wants: 0 };

/// A socket and what its page waits for.
pub(super) struct Socket<'r, T> {
    app: &'r App,
    opened: Opened,
    wire: Wire,
    shutdown: Shutdown,
    pulse: Pulse,
    waiting: Option<Waiting<T>>,
}

/// From the first message on.
struct Waiting<T> {
    awaited: T,
    hints: Subscription,
    /// Whether the page was told how it stands.
    is_told: bool,
    /// Its place among the sockets that wait for the same.
    _place: Place,
}

/// What wakes it up.
enum Woken {
    Message(Option<Result<Message, Error>>),
    Hint,
    Due(Due),
    Stop,
}

impl<'r, T: Awaited> Socket<'r, T> {
    /// One that was just opened.
    pub(super) fn new(
        app: &'r App,
        opened: Opened,
        stream: DuplexStream,
        shutdown: Shutdown,
    ) -> Self {
        let times = app.crowd.times();
        let (wire, pulse) = (Wire::new(stream, times), Pulse::new(times, Instant::now()));
        Self { app, opened, wire, shutdown, pulse, waiting: None }
    }

    /// Waits until there is nothing more to be told, or one side has had enough.
    pub(super) async fn run(mut self) {
        let ending = loop {
            let woken = self.wait().await;
            // Boxed: what it needs is held while something happens, not while nothing does.
            if let Err(ending) = Box::pin(self.deal_with(woken)).await {
                break ending;
            }
        };
        self.waiting = None;
        tracing::info!(target: LOG, code = ending.code(), "{}", ending.name());
        if let Some(code) = ending.code() {
            let reason = match ending {
                Ending::Refused(Fault { text, .. }) => text,
                _ => "".into(),
            };
            let frame = CloseFrame { code: CloseCode::from(code), reason };
            let _ = self.wire.write(Message::Close(Some(frame))).await;
        } else if matches!(ending, Ending::Lost(_)) {
            return;
        }
        self.wire.drain().await;
    }

    async fn wait(&mut self) -> Woken {
        let (at, due) = self.pulse.next();
        let waiting = &mut self.waiting;
        let hint = async {
            match waiting {
                Some(waiting) => waiting.hints.changed().await,
                None => pending().await,
            }
        };
        tokio::select! {
            message = self.wire.next() => Woken::Message(message),
            () = hint => Woken::Hint,
            () = sleep_until(at) => Woken::Due(due),
            () = &mut self.shutdown => Woken::Stop,
        }
    }

    async fn deal_with(&mut self, woken: Woken) -> Result<(), Ending> {
        match woken {
            Woken::Message(Some(message)) => self.message(message?).await,
            Woken::Message(None) => Err(Ending::LOST),
            Woken::Hint => self.look().await,
            Woken::Due(due) => self.due(due).await,
            Woken::Stop => Err(Ending::Stopping),
        }
    }

    async fn message(&mut self, message: Message) -> Result<(), Ending> {
        self.pulse.heard(Instant::now());
        match message {
            Message::Text(text) if self.waiting.is_none() => self.admit(&text).await,
            Message::Text(_) => Err(Fault::new(PROTOCOL, "nothing is expected now").into()),
            Message::Binary(_) => Err(Fault::new(PROTOCOL, "messages are text").into()),
            Message::Close(frame) => Err(Ending::Closed(frame.map(|frame| frame.code.into()))),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn admit(&mut self, text: &str) -> Result<(), Ending> {
        let awaited = match T::admit(self.app, &self.opened, text).await {
            Ok(awaited) => awaited,
            Err(Refused::Policy(text)) => return Err(Fault::new(POLICY, text).into()),
            Err(Refused::Broken(error)) => return Err(broken(&error)),
        };
        let place = self.app.crowd.enter(awaited.id());
        let place = place.ok_or(Fault::new(POLICY, "too many sockets wait for this"))?;
        self.pulse.connected(NO_BEATS, awaited.lasts(), Instant::now());
        // Before the row is read: what changes after that will be hinted at.
        let hints = self.app.events.subscribe(awaited.event());
        self.waiting = Some(Waiting { awaited, hints, is_told: false, _place: place });
        self.look().await
    }

    /// Reads how it stands: a hint said nothing else than that this may be worth it.
    async fn look(&mut self) -> Result<(), Ending> {
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        let news = match waiting.awaited.look(self.app).await {
            Ok(news) => news,
            // The page has lost nothing yet, and the next look may do.
            Err(error) => {
                if self.pulse.look_failed(Instant::now()) {
                    tracing::error!(target: LOG, "{error}");
                }
                return Ok(());
            }
        };
        self.pulse.looked();
        match news {
            News::Pending(_) if waiting.is_told => Ok(()),
            News::Pending(text) => {
                waiting.is_told = true;
                self.wire.write(Message::Text(text)).await
            }
            News::Last(text) => {
                self.wire.write(Message::Text(text)).await?;
                Err(Ending::Over)
            }
            News::Forgotten => Err(Fault::new(POLICY, "it is not there any more").into()),
        }
    }

    async fn due(&mut self, due: Due) -> Result<(), Ending> {
        match due {
            Due::Connect => {
                Err(Fault::new(POLICY, "the first message did not come in time").into())
            }
            Due::Silence => Err(Ending::Silent),
            Due::Farewell => Err(Ending::Overdue),
            Due::Over => Err(Ending::Over),
            Due::Look => self.look().await,
            Due::Beat => Ok(()),
            Due::Ping => {
                self.pulse.pinged(Instant::now());
                self.wire.write(Message::Ping(Vec::new())).await
            }
        }
    }
}

fn broken(error: &StoreError) -> Ending {
    tracing::error!(target: LOG, "{error}");
    Fault::new(INTERNAL, "something went wrong on our side").into()
}
