//! Who asks the API: the holder of a token, or whoever is signed in at this site.

use super::bearer::{Holder, Refusal, Tokens};
use crate::demo::shell::name;
use crate::relying::{SameOrigin, Session};
use rocket::http::Status;
use rocket::request::{FromRequest, Outcome, Request};
use std::sync::OnceLock;

/// Somebody who reads and writes notes.
pub(super) struct Person {
    pub(super) uid: String,
    pub(super) name: String,
}

/// Whoever asks to read, if that is known. A token that is not good is an error, not a stranger.
pub(super) struct Reader(pub(super) Option<Person>);

/// Whoever asks to change something. A request that acts by a cookie must come from a page of ours:
/// the widget is framed by others, who are not trusted. One that presents a token acts by that
/// alone; no other site could have put it there.
pub(super) struct Writer(pub(super) Person);

/// Left with a request whose token was refused, for the catcher and its `WWW-Authenticate`.
type Slot = OnceLock<Refusal>;

/// Why the token of a request was refused, if it was.
pub(super) fn refusal(request: &Request<'_>) -> Option<Refusal> {
    request.local_cache(Slot::new).get().copied()
}

/// Whom the token of a request speaks for; the refusal is left with the request.
async fn by_token(request: &Request<'_>) -> Result<Option<Holder>, Status> {
    let tokens: &Tokens = request.rocket().state().ok_or(Status::InternalServerError)?;
    tokens.holder(request.headers()).await.map_err(|refusal| {
        // Set once for each request.
        let _ = request.local_cache(Slot::new).set(refusal);
        refusal.status()
    })
}

impl From<Session> for Person {
    fn from(session: Session) -> Self {
        Self { name: name(&session), uid: session.uid }
    }
}

impl From<Holder> for Person {
    fn from(Holder { uid, name, .. }: Holder) -> Self {
        Self { uid, name }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Reader {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match by_token(request).await {
            Err(status) => Outcome::Error((status, ())),
            Ok(Some(holder)) => Outcome::Success(Self(Some(holder.into()))),
            Ok(None) => {
                let session = request.guard::<Session>().await.succeeded();
                Outcome::Success(Self(session.map(Person::from)))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Writer {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match by_token(request).await {
            Err(status) => Outcome::Error((status, ())),
            Ok(Some(holder)) => Outcome::Success(Self(holder.into())),
            Ok(None) => match request.guard::<SameOrigin>().await {
                Outcome::Success(_) => request.guard::<Session>().await.map(|s| Self(s.into())),
                Outcome::Error(error) => Outcome::Error(error),
                Outcome::Forward(status) => Outcome::Forward(status),
            },
        }
    }
}

/// The holder of a token; whoever presents none gets 401.
#[rocket::async_trait]
impl<'r> FromRequest<'r> for Holder {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match by_token(request).await {
            Err(status) => Outcome::Error((status, ())),
            Ok(Some(holder)) => Outcome::Success(holder),
            Ok(None) => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}
