//! Tells clients that sessions ended: those that were ended, not those that ran out.

use futures_util::future::join_all;
use rocket::Shutdown;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::{UnderWay, Wake};
use crate::clock::{Clock, SECOND};
use crate::domain::client::Registration;
use crate::domain::logout::{Claims, TYPE, is_heard, is_refused, next_try};
use crate::domain::origin::Origin;
use crate::domain::signing::Algorithm;
use crate::domain::subject::subject;
use crate::events::{Event, Events};
use crate::keys::Keys;
use crate::outgoing::Outgoing;
use crate::random;
use crate::store::logouts::Delivery;
use crate::store::{Store, StoreError};

/// How often it is looked for sessions that ended, and for what is due.
const EVERY: Duration = Duration::from_secs(2);
/// Batches at the same time; a new one does not wait for the slow clients of the one before.
const MOST_BATCHES: usize = 8;
/// Sessions announced in one transaction.
const ANNOUNCED: i64 = 100;
/// Deliveries to one client at the same time.
const MOST_OF_CLIENT: i64 = 4;
/// When a delivery that nobody reported on is taken on again: long after any call has ended.
const LEASE: i64 = 30 * SECOND;

/// What logout tokens are made of, and sent with.
#[derive(Clone)]
pub struct Logouts {
    /// Where it is written who has to hear of what.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What signs.
    pub keys: Keys,
    /// What calls the clients.
    pub outgoing: Outgoing,
    /// Who says so.
    pub issuer: Origin,
    /// Mixed into the identifiers that clients of another organisation see.
    pub pairwise_salt: Vec<u8>,
    /// Says on every node that sessions ended.
    pub events: Events,
    /// What is being delivered.
    pub under_way: UnderWay,
}

/// What came of one try.
struct Outcome {
    status: Option<u16>,
    text: String,
}

impl Logouts {
    /// Announces what ended, takes on what is due, calls the clients, and writes what came of it:
    /// one batch. How many calls were made.
    pub async fn deliver(&self) -> Result<usize, StoreError> {
        while self.announce().await? {
            // The writer serves everybody: let others have it between two batches.
            tokio::task::yield_now().await;
        }
        let now = self.clock.now();
        let due = self.store.due_logouts(MOST_OF_CLIENT, now).await?;
        let (due, places) = self.under_way.begin(due);
        if due.is_empty() {
            return Ok(0);
        }
        let taken = self.store.take_logouts(due, now + LEASE).await?;
        let calls = places.into_iter().map(|place| {
            let own = taken.iter().filter(|one| one.client_id == place.client_id());
            let own: Vec<&Delivery> = own.collect();
            async move {
                let told = self.tell(place.client_id(), &own).await;
                drop(place);
                told
            }
        });
        join_all(calls).await.into_iter().collect::<Result<(), _>>()?;
        Ok(taken.len())
    }

    /// Announces what ended, whoever ended it; true when there may be more.
    async fn announce(&self) -> Result<bool, StoreError> {
        let announced = self.store.announce_ended_sessions(self.clock.now(), ANNOUNCED).await?;
        let events = announced.accounts.into_iter().map(Event::Sessions).collect();
        self.events.publish_all(events).await;
        Ok(announced.more)
    }

    /// Calls one client, with all its deliveries at once. If it does not hear, what else is due for
    /// it waits as long as the first of these.
    async fn tell(&self, client_id: &str, deliveries: &[&Delivery]) -> Result<(), StoreError> {
        let client = self.store.client(client_id).await?;
        let client = client.filter(|client| client.disabled_at.is_none());
        let registration = client.map(|client| client.registration);
        let calls = deliveries.iter().map(|one| self.deliver_one(registration.as_deref(), one));
        let retries = join_all(calls).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        if let Some(until) = retries.into_iter().flatten().min() {
            self.store.postpone_logouts(client_id, until, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Makes one call, and writes what came of it. When it is tried again, if the client could not
    /// be reached.
    async fn deliver_one(
        &self,
        client: Option<&Registration>,
        delivery: &Delivery,
    ) -> Result<Option<i64>, StoreError> {
        let receiver =
            client.and_then(|client| Some((client, client.backchannel_logout_uri.as_deref()?)));
        let Some((client, uri)) = receiver else {
            let now = self.clock.now();
            self.store.logout_failed(delivery, "no receiver", None, now).await?;
            return Ok(None);
        };
        let Outcome { status, text } = self.call(client, uri, delivery).await;
        let now = self.clock.now();
        if status.is_some_and(is_heard) {
            self.store.logout_delivered(&delivery.id, &text, now).await?;
            return Ok(None);
        }
        let again = next_try(status, delivery.tries, delivery.created_at, now);
        let (client_id, tries) = (&delivery.client_id, delivery.tries);
        if again.is_some() {
            tracing::info!(client_id, tries, outcome = text, "a logout was not heard");
        } else {
            tracing::warn!(client_id, tries, outcome = text, "a logout is given up");
        }
        self.store.logout_failed(delivery, &text, again, now).await?;
        Ok(again.filter(|_| !is_refused(status)))
    }

    async fn call(&self, client: &Registration, uri: &str, delivery: &Delivery) -> Outcome {
        let text = |text: &str| Outcome { status: None, text: text.to_owned() };
        let token = match self.token(client, delivery).await {
            Ok(token) => token,
            Err(error) => {
                tracing::warn!(error, "a logout token cannot be signed");
                return text("not signed");
            }
        };
        match self.outgoing.post_form(uri, &[("logout_token", &token)]).await {
            Ok(status) => Outcome { status: Some(status), text: status.to_string() },
            Err(failure) => text(&failure.to_string()),
        }
    }

    /// A token of its own for each try: it is good for two minutes, and once.
    async fn token(&self, client: &Registration, delivery: &Delivery) -> Result<String, String> {
        let now = self.clock.now();
        let (issuer, client_id) = (self.issuer.as_str(), client.client_id.as_str());
        let sub = subject(&self.pairwise_salt, client, &delivery.account_uid);
        let jti = random::id();
        let claims = Claims::new(issuer, client_id, &jti, &sub, &delivery.sid, now);
        let named = &client.id_token_signed_response_alg;
        let algorithm = Algorithm::parse(named).ok_or_else(|| format!("unknown: {named}"))?;
        let signed = self.keys.sign(algorithm, TYPE, &claims, now).await;
        signed.map_err(|error| error.to_string())
    }
}

/// Batch after batch, until the server stops. What is under way then is taken on again by
/// whichever node runs when the lease is over.
pub(super) async fn run(logouts: Logouts, wake: Wake, mut shutdown: Shutdown) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut batches, mut is_wanted, mut is_failing) = (JoinSet::new(), false, false);
    loop {
        if is_wanted && batches.len() < MOST_BATCHES {
            let logouts = logouts.clone();
            batches.spawn(async move { logouts.deliver().await });
            is_wanted = false;
        }
        tokio::select! {
            () = &mut shutdown => return,
            _ = ticks.tick() => is_wanted = true,
            () = wake.rung() => is_wanted = true,
            Some(ended) = batches.join_next() => {
                let failed = matches!(ended, Ok(Err(_)));
                match ended {
                    // There may be more where this came from.
                    Ok(Ok(calls)) => is_wanted |= calls > 0,
                    Ok(Err(error)) if !is_failing => {
                        tracing::warn!(%error, "logouts will be delivered later");
                    }
                    Ok(Err(_)) | Err(_) => {}
                }
                is_failing = failed;
            }
        }
    }
}
