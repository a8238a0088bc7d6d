//! `/account/password`: changing the password, which ends every other session.

use rocket::http::{CookieJar, Status};
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::open_session::Opening;
use super::profile::is_password_of;
use super::{FieldMessages, PageOrRedirect, message, person, see_other};
use crate::domain::account::Profile;
use crate::domain::password;
use crate::passwords::Lane;
use crate::store::sessions::SignedIn;
use crate::web::app::App;
use crate::web::body::Form;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::network::Peer;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `account/password.html`.
#[derive(Default, Serialize)]
pub(super) struct Change {
    error: Option<String>,
    fields: FieldMessages,
}

impl Change {
    fn page(self) -> Page<Self> {
        Page::new("account/password.html", self)
    }
}

#[get("/account/password")]
pub(super) fn form(_page: Unframed, visitor: Visitor) -> Result<Page<Change>, Problem> {
    person(visitor, "/account/password")?;
    Ok(Change::default().page())
}

#[post("/account/password", data = "<form>")]
pub(super) async fn submit(
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    peer: Peer,
    jar: &CookieJar<'_>,
    form: Form,
) -> PageOrRedirect<Change> {
    let who = person(visitor, "/account/password")?;
    let (current, new) = (form.0.text("current")?, form.0.text("new")?);
    match change(app, &who, &peer, jar, &current, &new).await {
        Ok(()) => Ok(Either::Right(see_other(app, "/account?done=password"))),
        Err(Refusal::Fields(fields)) => {
            let page = Change { fields, error: None }.page();
            Ok(Either::Left(page.with_status(Status::UnprocessableEntity)))
        }
        Err(Refusal::Problem(problem)) if problem.retry_after().is_some() => {
            let error = Some(problem.text().to_owned());
            let page = Change { error, ..Change::default() }.page();
            Ok(Either::Left(page.because_of(&problem)))
        }
        Err(Refusal::Problem(problem)) => Err(problem),
    }
}

enum Refusal {
    Fields(FieldMessages),
    Problem(Problem),
}

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

async fn change(
    app: &App,
    who: &SignedIn,
    peer: &Peer,
    jar: &CookieJar<'_>,
    current: &str,
    new: &str,
) -> Result<(), Refusal> {
    let wrong = || Refusal::Fields(message("current", "This is not your present password."));
    let own_words = Profile {
        username: who.account.username.clone(),
        email: who.account.email.clone(),
        full_name: who.account.full_name.clone(),
    };
    password::check(new, &own_words, &app.brand.name)
        .map_err(|text| Refusal::Fields(message("new", text)))?;
    let stored = app.store.credentials(&who.account.uid).await.map_err(Problem::from)?;
    let Some(stored) = stored else {
        return Err(wrong());
    };
    if !is_password_of(app, who, peer, current).await? {
        return Err(wrong());
    }
    let lane = Lane { network: peer.network(), known_device: true, suspect: false };
    let hash = app.passwords.hash(lane, new).await?;
    let opening = Opening::prepare(app, peer, &who.account.uid, who.session.kept).await?;
    let uid = &who.account.uid;
    let opened = app
        .store
        .change_password(uid, &stored.password_hash, &hash, &opening.new, app.now())
        .await
        .map_err(Problem::from)?;
    if opened.is_none() {
        return Err(wrong());
    }
    app.wake.ring();
    opening.hand_over(app, jar).await;
    Ok(())
}
