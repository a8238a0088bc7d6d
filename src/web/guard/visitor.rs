//! Who is looking: the session that the browser's cookies open, if any.

use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::domain::client::is_id;
use crate::domain::secret::Secret;
use crate::domain::session;
use crate::store::sessions::SignedIn;
use crate::store::visits::{By, Visit};
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;

/// What the cookies of a request hold. Doubled or malformed ones never get this far.
#[derive(Clone, Debug, Default)]
pub struct Cookies {
    /// The session's secret.
    pub session: Option<Secret>,
    /// Its second secret, for cross-site frames.
    pub session_none: Option<Secret>,
    /// Marks the browser as a known one.
    pub device: Option<Secret>,
    /// Ties a window to a page that waits for an identification in the same browser.
    pub monitor: Option<Secret>,
    /// Mark the browser as the one in which flows go on, or that was sent to providers, by their names.
    several: BTreeMap<String, Secret>,
}

impl Cookies {
    /// Marks the browser as the one in which this flow goes on.
    #[must_use]
    pub fn flow(&self, id: &str) -> Option<&Secret> {
        self.several.get(&format!("{}{id}", cookies::FLOW))
    }

    /// Marks the browser as the one that was sent to a provider with this state.
    #[must_use]
    pub fn sent_with(&self, state: &Secret) -> Option<&Secret> {
        self.several.get(&cookies::sent_as(state))
    }
}

/// Somebody or nobody, by `__Host-session`.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// The cookies, for what else they tell.
    pub cookies: Cookies,
}

/// What a guard of this request has found out about who is looking: pages show it.
#[derive(Clone, Debug)]
pub enum Onlooker {
    /// No guard has looked.
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// This person is.
    Person(Arc<SignedIn>),
}

type Slot = OnceLock<Onlooker>;

impl Onlooker {
    /// As far as it is known by now.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        request.local_cache(Slot::new).get().cloned().unwrap_or(Self::Unknown)
    }

    /// The non-secret mark of the session by which scripts notice a change: empty for nobody.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Nobody => Some(String::new()),
            Self::Person(who) => Some(who.session.mark()),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Cookies {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match cookies::read(request.headers().get("Cookie")) {
            Ok(values) => {
                let [session, session_none, device, monitor] =
                    values.named.map(|value| value.and_then(Secret::parse));
                let several = values.several.into_iter();
                let several =
                    several.filter_map(|(name, value)| Some((name.into(), Secret::parse(value)?)));
                Outcome::Success(Self {
                    session,
                    session_none,
                    device,
                    monitor,
                    several: several.collect(),
                })
            }
            Err(name) => {
                let text = format!(
                    "The cookie `{name}` is there more than once. \
                    Clear this site's cookies in your browser and try again."
                );
                Outcome::Error((Problem::bad_request(text).leave(request), ()))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let cookies = rocket::outcome::try_outcome!(request.guard::<Cookies>().await);
        let Some(app) = request.rocket().state::<App>() else {
            return Outcome::Error((Status::InternalServerError, ()));
        };
        match signed_in(app, &cookies).await {
            Ok(signed_in) => {
                let seen = signed_in.clone().map(Arc::new);
                let seen = seen.map_or(Onlooker::Nobody, Onlooker::Person);
                // Set once for each request; a second guard finds the same.
                let _ = request.local_cache(Slot::new).set(seen);
                Outcome::Success(Self { signed_in, cookies })
            }
            Err(problem) => Outcome::Error((problem.leave(request), ())),
        }
    }
}

/// Reads the session of `__Host-session` and notes, now and then, that it was used. For calls that
/// look at their body first; pages take a [`Visitor`].
pub async fn signed_in(app: &App, cookies: &Cookies) -> Result<Option<SignedIn>, Problem> {
    let Some(secret) = &cookies.session else {
        return Ok(None);
    };
    let now = app.now();
    let signed_in = app.store.signed_in(&secret.hash(), now).await?;
    if let Some(SignedIn { session, .. }) = &signed_in
        && session.is_due_for_touch(now)
    {
        app.store.touch_session(&session.id, session.kept, now).await?;
    }
    Ok(signed_in)
}

/// The client, if it is registered and not disabled, and who is signed in; notes, now and then,
/// that a session was used.
pub async fn visit(app: &App, client_id: &str, by: By<'_>) -> Result<Option<Visit>, Problem> {
    if !is_id(client_id) {
        return Ok(None);
    }
    let now = app.now();
    let visit = app.store.visit(client_id, by, now).await?;
    let person = visit.as_ref().and_then(|visit| visit.person.as_ref());
    if let Some(person) = person.filter(|p| session::is_due_for_touch(p.last_seen_at, now)) {
        app.store.touch_session(&person.session_id, person.kept, now).await?;
    }
    Ok(visit)
}
