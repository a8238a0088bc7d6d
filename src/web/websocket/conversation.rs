//! One socket from its handshake to its end.

use rocket::Shutdown;
use rocket_ws::Message;
use rocket_ws::result::Error;
use rocket_ws::stream::DuplexStream;
use std::future::pending;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

use super::connect::{Connect, wrong_secret};
use super::ending::{Ending, closing};
use super::fault::{Fault, INTERNAL, POLICY, REPLACED};
use super::page::Page;
use super::pulse::{Due, Pulse};
use super::session::{Parting, Session, Step};
use super::wire::Wire;
use crate::domain::operation::{Outcome, web_socket_id};
use crate::domain::origin::Origin;
use crate::domain::secret::SecretHash;
use crate::events::{Event, Subscription};
use crate::random;
use crate::stomp::{Decoder, Frame};
use crate::store::StoreError;
use crate::web::app::App;

/// Where in the log it is.
const LOG: &str = "vestibule::websocket";

/// A socket and all that is known of its page.
pub struct Conversation<'r> {
    app: &'r App,
    origin: Origin,
    device: Option<SecretHash>,
    wire: Wire,
    shutdown: Shutdown,
    decoder: Decoder,
    session: Session,
    pulse: Pulse,
    page: Option<Page>,
    /// From the moment on when this socket is the registered one.
    hints: Option<Subscription>,
}

/// What wakes a conversation up.
enum Woken {
    Message(Option<Result<Message, Error>>),
    Hint,
    Due(Due),
    Stop,
}

impl<'r> Conversation<'r> {
    /// One that was just opened.
    pub fn new(
        app: &'r App,
        origin: Origin,
        device: Option<SecretHash>,
        stream: DuplexStream,
        shutdown: Shutdown,
    ) -> Self {
        let pulse = Pulse::new(app.crowd.times, Instant::now());
        let (decoder, session) = (Decoder::default(), Session::default());
        let (page, hints) = (None, None);
        let wire = Wire::new(stream, app.crowd.times);
        Self { app, origin, device, wire, shutdown, decoder, session, pulse, page, hints }
    }

    /// Speaks until one side has had enough.
    pub async fn run(mut self) {
        let ending = loop {
            let woken = self.wait().await;
            // Boxed: what it needs is held while something happens, not while nothing does.
            if let Err(ending) = Box::pin(self.deal_with(woken)).await {
                break ending;
            }
        };
        Box::pin(self.part(ending)).await;
    }

    async fn wait(&mut self) -> Woken {
        let (at, due) = self.pulse.next();
        let hints = &mut self.hints;
        let hint = async {
            match hints {
                Some(hints) => hints.changed().await,
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
            Message::Text(text) => self.octets(text.as_bytes()).await,
            Message::Binary(octets) => self.octets(&octets).await,
            Message::Close(frame) => Err(Ending::Closed(frame.map(|frame| frame.code.into()))),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn octets(&mut self, mut octets: &[u8]) -> Result<(), Ending> {
        while let Some(frame) = self.decoder.decode(&mut octets).map_err(Fault::from)? {
            for step in self.session.receive(&frame)? {
                match step {
                    Step::Connect(connect) => self.connect(connect).await?,
                    Step::Register => self.register().await?,
                    Step::Leave => self.pulse.leaving(Instant::now()),
                    Step::Send(frame) => self.send(&frame).await?,
                }
            }
        }
        Ok(())
    }

    async fn connect(&mut self, connect: Connect) -> Result<(), Ending> {
        let Connect { page, secret, heart_beat } = connect;
        let found =
            self.app.store.operation_by_wait_secret(&secret.hash()).await.map_err(broken)?;
        let operation = found.ok_or_else(wrong_secret)?;
        if !operation.client.origins.contains(&self.origin) {
            return Err(Fault::new(POLICY, "this origin is not registered").into());
        }
        let place = self.app.crowd.enter(&operation.id);
        let place = place.ok_or(Fault::new(POLICY, "too many sockets have this wait secret"))?;
        let lasts = u64::try_from(operation.expires_at - self.app.now()).unwrap_or(0);
        let registration = random::id();
        self.session.open(web_socket_id(&operation.id));
        self.pulse.connected(heart_beat, Duration::from_millis(lasts), Instant::now());
        let connected = Frame::connected(&registration, &self.pulse.offer().text());
        self.page = Some(Page { instance: page, registration, place });
        self.send(&connected).await
    }

    async fn register(&mut self) -> Result<(), Ending> {
        let Some(Page { instance, registration, place }) = &self.page else {
            return Ok(());
        };
        let (id, store) = (place.operation(), &self.app.store);
        let event = Event::Operation(id.to_owned());
        let registered = store.register_page(id, instance, registration, self.device.as_ref());
        let registered = registered.await.map_err(broken)?;
        let answers = self.session.registered(registered);
        if registered {
            // An earlier socket of this page, wherever it is, must go.
            self.app.events.publish(event.clone()).await;
            // Before the row is read: what changes after that will be hinted at.
            self.hints = Some(self.app.events.subscribe(event));
        }
        self.send_all(answers).await?;
        if registered { self.look().await } else { Ok(()) }
    }

    /// Reads the operation again: the hint said nothing else than that this may be worth it.
    async fn look(&mut self) -> Result<(), Ending> {
        let Some(Page { registration, place, .. }) = &self.page else {
            return Ok(());
        };
        let (id, now) = (place.operation(), self.app.now());
        let waiting = match self.app.store.waiting(id, now).await {
            Ok(waiting) => waiting,
            // The page has lost nothing yet, and the next look may do.
            Err(error) => {
                if self.pulse.look_failed(Instant::now()) {
                    tracing::error!(target: LOG, "{error}");
                }
                return Ok(());
            }
        };
        self.pulse.looked();
        let Some(waiting) = waiting else {
            return Err(Fault::new(POLICY, "the operation is over and forgotten").into());
        };
        if waiting.registration.as_ref() != Some(registration) {
            self.session.replaced();
            return Err(Fault::new(REPLACED, "replaced").into());
        }
        let messages = self.session.saw(waiting.outcome.map(Outcome::auth_result));
        self.send_all(messages).await
    }

    async fn due(&mut self, due: Due) -> Result<(), Ending> {
        match due {
            Due::Connect => Err(Fault::new(POLICY, "CONNECT did not come in time").into()),
            Due::Silence => Err(Ending::Silent),
            Due::Farewell => Err(Ending::Overdue),
            Due::Over => Err(Ending::Over),
            Due::Look => self.look().await,
            Due::Beat => {
                self.pulse.said(Instant::now());
                self.write(Message::Text("\n".into())).await
            }
            Due::Ping => {
                self.pulse.pinged(Instant::now());
                self.write(Message::Ping(Vec::new())).await
            }
        }
    }

    async fn send_all(&mut self, frames: Vec<Frame>) -> Result<(), Ending> {
        for frame in &frames {
            self.send(frame).await?;
        }
        Ok(())
    }

    async fn send(&mut self, frame: &Frame) -> Result<(), Ending> {
        self.pulse.said(Instant::now());
        if self.session.has_told() {
            self.pulse.told(Instant::now());
        }
        let octets = String::from_utf8(frame.encode());
        self.write(octets.map_or_else(|error| Message::Binary(error.into_bytes()), Message::Text))
            .await
    }

    async fn write(&mut self, message: Message) -> Result<(), Ending> {
        self.wire.write(message).await
    }

    /// Draws the consequences first, so that whoever sees the end of the socket finds them done.
    async fn part(mut self, ending: Ending) {
        self.hints = None;
        let page = self.page.take();
        let socket = page.as_ref().map_or("-", |page| page.registration.as_str());
        tracing::info!(target: LOG, socket, registered = self.session.is_registered(),
            code = ending.code(), "{}", ending.name());
        if let Some(page) = page.filter(|_| self.session.is_registered()) {
            let parting = match &ending {
                Ending::Closed(code) => self.session.parting(*code),
                _ => Parting::Gone,
            };
            if let Err(error) = page.give_up(self.app, parting).await {
                tracing::error!(target: LOG, "{error}");
            }
        }
        if let Some(code) = ending.code() {
            if let Ending::Refused(fault) = &ending
                && self.send(&fault.frame()).await.is_err()
            {
                return;
            }
            let _ = self.write(Message::Close(Some(closing(code)))).await;
        }
        if !matches!(ending, Ending::Lost(_)) {
            self.wire.drain().await;
        }
    }
}

fn broken(error: StoreError) -> Ending {
    tracing::error!(target: LOG, "{error}");
    Fault::new(INTERNAL, "something went wrong on our side").into()
}
