//! `/signup`: making an account, where the configuration lets people do it themselves.

use rocket::http::{CookieJar, Status};
use rocket::response::Redirect;
use rocket::{Either, State, get, post};
use serde::Serialize;

use super::open_session::{Opening, remember_device};
use super::{FieldMessages, PageOrRedirect, message, messages};
use crate::domain::account::Profile;
use crate::domain::password;
use crate::domain::return_to::ReturnTo;
use crate::passwords::Lane;
use crate::store::accounts::Added;
use crate::web::app::App;
use crate::web::body::{Fields, Form, Query};
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{SameOrigin, Unframed};
use crate::web::guard::network::Peer;
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::Visitor;
use crate::web::page::Page;

/// The context of `signup.html`.
#[derive(Clone, Default, Serialize)]
pub(super) struct SignUp {
    next: String,
    username: String,
    email: String,
    full_name: String,
    error: Option<String>,
    fields: FieldMessages,
    client_name: Option<String>,
}

impl SignUp {
    fn typed(fields: &Fields) -> Result<Self, Problem> {
        Ok(Self {
            next: fields.text("next")?,
            username: fields.text("username")?,
            email: fields.text("email")?,
            full_name: fields.text("full_name")?,
            ..Self::default()
        })
    }

    fn wrong(self, fields: FieldMessages) -> Page<Self> {
        Page::new("signup.html", Self { fields, ..self }).with_status(Status::UnprocessableEntity)
    }
}

fn open(app: &App) -> Result<(), Problem> {
    if app.sign_up.is_open() {
        return Ok(());
    }
    Err(Problem::forbidden("New accounts are made by the administrators here. Ask them for one."))
}

fn page(to: &ReturnTo, page: Page<SignUp>) -> Page<SignUp> {
    page.with_form_targets(to.onward())
}

#[get("/signup")]
pub(super) async fn form(
    _popup: InPopup,
    _page: Unframed,
    app: &State<App>,
    visitor: Visitor,
    query: Query,
) -> PageOrRedirect<SignUp> {
    let next = query.0.text("next")?;
    let to = app.return_to(&next).await?;
    if visitor.signed_in.is_some() {
        return Ok(Either::Right(Redirect::to(to.address(&app.issuer))));
    }
    open(app)?;
    let client_name = to.client_name().map(str::to_owned);
    let empty = SignUp { next, client_name, ..SignUp::default() };
    Ok(Either::Left(page(&to, Page::new("signup.html", empty))))
}

#[post("/signup", data = "<form>")]
pub(super) async fn submit(
    _popup: InPopup,
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    peer: Peer,
    jar: &CookieJar<'_>,
    form: Form,
) -> PageOrRedirect<SignUp> {
    open(app)?;
    let typed = SignUp::typed(&form.0)?;
    let to = app.return_to(&typed.next).await?;
    let typed = SignUp { client_name: to.client_name().map(str::to_owned), ..typed };
    let password = form.0.text("password")?;
    let profile = match check(app, &typed, &password) {
        Ok(profile) => profile,
        Err(fields) => return Ok(Either::Left(page(&to, typed.wrong(fields)))),
    };
    let hash = match hash(app, &peer, &password).await {
        Ok(hash) => hash,
        Err(problem) => return Ok(Either::Left(page(&to, later(typed, &problem)))),
    };
    let account = match app.store.add_account(&profile, &hash, app.now()).await? {
        Added::Account(account) => account,
        taken => return Ok(Either::Left(page(&to, typed.wrong(taken_field(&taken))))),
    };
    let opening = Opening::prepare(app, &peer, &account.uid, false).await?;
    let old = visitor.signed_in.as_ref().map(|who| &who.session);
    app.store.add_session(&account.uid, &hash, &opening.new, old, app.now()).await?;
    old.inspect(|_| app.wake.ring());
    opening.hand_over(app, jar).await;
    remember_device(app, jar, &visitor.cookies, &account.uid).await?;
    Ok(Either::Right(Redirect::to(to.address(&app.issuer))))
}

/// Everything that is wrong with what was typed, at once.
fn check(app: &App, typed: &SignUp, password: &str) -> Result<Profile, FieldMessages> {
    let parsed = Profile::parse(&typed.username, &typed.email, &typed.full_name);
    let own_words = Profile {
        username: typed.username.clone(),
        email: typed.email.clone(),
        full_name: typed.full_name.clone(),
    };
    let password = password::check(password, &own_words, &app.brand.name);
    let mut fields = parsed.as_ref().err().cloned().map(messages).unwrap_or_default();
    fields.extend(password.err().map(|text| ("password", text)));
    match parsed {
        Ok(profile) if fields.is_empty() => Ok(profile),
        _ => Err(fields),
    }
}

async fn hash(app: &App, peer: &Peer, password: &str) -> Result<String, Problem> {
    let attempt = app.limits.sign_up(peer.network())?;
    let lane = Lane { network: peer.network(), known_device: false, suspect: false };
    match app.passwords.hash(lane, password).await {
        Ok(hash) => Ok(hash),
        Err(busy) => {
            attempt.give_back();
            Err(busy.into())
        }
    }
}

/// The form again, with all that was typed, to be sent a little later.
fn later(typed: SignUp, problem: &Problem) -> Page<SignUp> {
    let error = Some(problem.text().to_owned());
    Page::new("signup.html", SignUp { error, ..typed }).because_of(problem)
}

/// The message for a username or an address that somebody else has.
pub(super) fn taken_field(taken: &Added) -> FieldMessages {
    match taken {
        Added::UsernameTaken => message("username", "Somebody has this username. Choose another."),
        _ => message("email", "There is an account with this address. Sign in, or use another."),
    }
}
