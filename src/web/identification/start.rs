//! `/identification/start`: the window. It finds the page that waits, sees to it that the right person
//! is signed in, and sends them to the provider.

use rocket::http::{CookieJar, Header};
use rocket::response::Redirect;
use rocket::{Either, Responder, State, get, post};

use super::asked::sealed;
use super::standing::start_path;
use super::window::{Shown, choice, end, gone, question};
use crate::domain::identification::{Outcome, RETURN};
use crate::domain::secret::Secret;
use crate::store::monitors::{Monitor, Started};
use crate::store::sessions::SignedIn;
use crate::upstream::Upstream;
use crate::web::app::App;
use crate::web::body::{Fields, Form, Query};
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::fetch_metadata::{Opened, SameOrigin};
use crate::web::guard::popup::InPopup;
use crate::web::guard::visitor::{Cookies, Visitor};
use crate::web::page::Page;

/// What the address, or the form, of the window says.
struct Said {
    provider: Option<String>,
    /// The token in the address, as it came.
    token: Option<String>,
    /// Whether the person is asked in any case, because they came by way of the sign-in page: browsers
    /// hold that form's `form-action` against the provider's address too.
    asks: bool,
}

/// Where the person goes from here.
enum Next<'a> {
    /// To this provider.
    Provider(Monitor, &'a Upstream),
    /// Nowhere yet: there are several.
    Choice(Monitor),
    /// No further.
    End(Page<Shown>),
}

/// The way to a provider. The browser does not tell it from which site the person comes: a window that
/// goes straight on was opened by the page that waits.
#[derive(Responder)]
pub(super) struct Away {
    redirect: Redirect,
    referrer_policy: Header<'static>,
}

impl Away {
    fn by(redirect: Redirect) -> Self {
        Self { redirect, referrer_policy: Header::new("Referrer-Policy", "no-referrer") }
    }
}

type PageOrAway = Result<Either<Page<Shown>, Away>, Problem>;

impl Said {
    fn read(fields: &Fields) -> Result<Self, Problem> {
        let some = |name: &str| -> Result<Option<String>, Problem> {
            Ok(Some(fields.text(name)?).filter(|text| !text.is_empty()))
        };
        Ok(Self {
            provider: some("provider")?,
            token: some("monitor")?,
            asks: fields.is_on("ask")?,
        })
    }

    /// The page that waits for this window, if it still does and nobody was sent anywhere for it.
    async fn monitor(&self, app: &App, cookies: &Cookies) -> Result<Option<Monitor>, Problem> {
        let presented = match &self.token {
            Some(token) => Secret::parse(token),
            None => cookies.monitor.clone(),
        };
        let Some(secret) = presented else { return Ok(None) };
        let monitor = app.store.monitor_by_token(&secret.hash(), app.now()).await?;
        let is_good = |monitor: &Monitor| {
            monitor.by_cookie == self.token.is_none()
                && monitor.outcome.is_none()
                && monitor.started_at.is_none()
        };
        Ok(monitor.filter(is_good))
    }

    /// The steps that come before anybody is sent anywhere, in this order.
    async fn next<'a>(&self, app: &'a App, visitor: Visitor) -> Result<Next<'a>, Problem> {
        let Some(monitor) = self.monitor(app, &visitor.cookies).await? else {
            return Ok(Next::End(gone()));
        };
        let who = visitor.signed_in.ok_or_else(|| Problem::sign_in_first(&self.again()))?;
        if !is_awaited(&monitor, &who) {
            return Ok(Next::End(end(app, &monitor, Outcome::WrongAccount).await?));
        }
        let upstreams = &app.identifying.upstreams;
        let only = || upstreams.providers().next().filter(|_| upstreams.providers().len() == 1);
        let named = monitor.provider.clone().or_else(|| self.provider.clone());
        if self.provider.is_some() && self.provider != named {
            return Err(Problem::bad_request("The page that waits has chosen another provider."));
        }
        let Some(id) = named.or_else(|| only().map(|provider| provider.id.clone())) else {
            return Ok(Next::Choice(monitor));
        };
        let unknown = || Problem::not_found("There is no such provider.");
        Ok(Next::Provider(monitor, upstreams.named(&id).ok_or_else(unknown)?))
    }

    /// The address of this window after a sign-in.
    fn again(&self) -> String {
        let path = start_path(self.provider.as_deref(), self.token.as_deref());
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("{path}{sign}ask=on")
    }
}

/// Whether this is the person for whom the page waits. A proof must never come to the account of
/// somebody else, who may have made the link, or the page, that led here.
pub(super) fn is_awaited(monitor: &Monitor, who: &SignedIn) -> bool {
    monitor.account_uid == who.account.uid
}

#[get("/identification/start")]
pub(super) async fn show(
    _popup: InPopup,
    _window: Opened,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    query: Query,
) -> PageOrAway {
    let said = Said::read(&query.0)?;
    let token = said.token.as_deref().unwrap_or_default();
    Ok(match said.next(app, visitor).await? {
        Next::End(page) => Either::Left(page),
        Next::Choice(monitor) => Either::Left(choice(app, &monitor, token)),
        Next::Provider(monitor, upstream) if !token.is_empty() || said.asks => {
            Either::Left(question(&monitor, upstream.provider(), token))
        }
        Next::Provider(monitor, upstream) => match send(app, &monitor, upstream, jar).await? {
            Either::Left(page) => Either::Left(page),
            Either::Right(address) => Either::Right(Away::by(Redirect::found(address))),
        },
    })
}

#[post("/identification/start", data = "<form>")]
pub(super) async fn submit(
    _popup: InPopup,
    _ours: SameOrigin,
    app: &State<App>,
    visitor: Visitor,
    jar: &CookieJar<'_>,
    form: Form,
) -> PageOrAway {
    let said = Said::read(&form.0)?;
    let confirms = match form.0.text("answer")?.as_str() {
        "confirm" => true,
        "cancel" => false,
        _ => return Err(Problem::bad_request("Answer with `confirm` or `cancel`.")),
    };
    let token = said.token.as_deref().unwrap_or_default();
    Ok(match said.next(app, visitor).await? {
        Next::End(page) => Either::Left(page),
        Next::Choice(monitor) | Next::Provider(monitor, _) if !confirms => {
            Either::Left(end(app, &monitor, Outcome::Canceled).await?)
        }
        Next::Choice(monitor) => Either::Left(choice(app, &monitor, token)),
        Next::Provider(monitor, upstream) => match send(app, &monitor, upstream, jar).await? {
            Either::Left(page) => Either::Left(page),
            Either::Right(address) => Either::Right(Away::by(Redirect::to(address))),
        },
    })
}

/// Where the provider is, after it was noted that this browser is sent there; once.
async fn send(
    app: &App,
    monitor: &Monitor,
    upstream: &Upstream,
    jar: &CookieJar<'_>,
) -> Result<Either<Page<Shown>, String>, Problem> {
    let provider = &upstream.provider().id;
    let begun = match upstream.begin(&return_uri(app, provider)).await {
        Ok(begun) => begun,
        Err(failure) => {
            tracing::warn!(%provider, %failure, "nobody can be sent to a provider");
            return Ok(Either::Left(end(app, monitor, Outcome::ProviderUnreachable).await?));
        }
    };
    let browser = Secret::random();
    let started = Started {
        provider,
        browser: &browser.hash(),
        state: &begun.state.hash(),
        sealed: &sealed(app, &monitor.id, &begun.asked)?,
    };
    if !app.store.start_monitor(&monitor.id, &started, app.now()).await? {
        return Ok(Either::Left(gone()));
    }
    cookies::set_identification(jar, &begun.state, &browser);
    Ok(Either::Right(begun.address))
}

/// Where this provider, and no other, sends people back to.
pub(super) fn return_uri(app: &App, provider: &str) -> String {
    format!("{}{RETURN}{provider}", app.issuer)
}
