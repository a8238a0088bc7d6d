//! `/identification/events`: the page that waits shows a person's token, is told where to send them, and
//! hears how it ends.

use rocket::{Shutdown, State, get};
use serde::Deserialize;
use std::time::Duration;

use super::standing::{Standing, Tokens};
use crate::domain::identification::{LIFETIME, SCOPE};
use crate::domain::provider;
use crate::domain::secret::Secret;
use crate::events::Event;
use crate::random;
use crate::store::StoreError;
use crate::store::monitors::NewMonitor;
use crate::store::tokens::AccessToken;
use crate::web::app::App;
use crate::web::events_socket::{Awaited, Handshake, News, Opened, Refused, Upgrade, serve};
use crate::web::guard::for_scripts::ForScripts;

/// The first message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    access_token: String,
    provider: Option<String>,
}

/// The monitor that a socket waits for.
struct OneMonitor {
    id: String,
}

#[rocket::async_trait]
impl Awaited for OneMonitor {
    async fn admit(app: &App, opened: &Opened, message: &str) -> Result<Self, Refused> {
        let form = "the first message is {\"access_token\":\"…\",\"provider\":\"…\"}";
        // serde also fills a struct from an array, by position.
        let is_object = message.trim_start().starts_with('{');
        let presented: Option<Presented> = serde_json::from_str(message).ok();
        let presented = presented.filter(|_| is_object).ok_or(Refused::Policy(form))?;
        let provider = presented.provider.as_deref();
        is_configured(app, provider)?;
        let token = token(app, opened, &presented.access_token).await?;
        let account = token.grant.account.as_ref().map(|account| account.uid.as_str());
        let account = account.ok_or(Refused::Policy("the token is no person's"))?;
        bind(app, opened, &token, account, provider).await
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn event(&self) -> Event {
        Event::Identification(self.id.clone())
    }

    fn lasts(&self) -> Duration {
        Duration::from_millis(LIFETIME.unsigned_abs())
    }

    async fn look(&self, app: &App) -> Result<News, StoreError> {
        let Some(monitor) = app.store.monitor(&self.id, app.now()).await? else {
            return Ok(News::Forgotten);
        };
        let text = serde_json::to_string(&Standing::of(app, &monitor))?;
        Ok(if monitor.outcome.is_none() { News::Pending(text) } else { News::Last(text) })
    }
}

fn is_configured(app: &App, provider: Option<&str>) -> Result<(), Refused> {
    let upstreams = &app.identifying.upstreams;
    match provider {
        None if upstreams.providers().len() == 0 => {
            Err(Refused::Policy("no provider is configured"))
        }
        Some(id) if !provider::is_id(id) || upstreams.named(id).is_none() => {
            Err(Refused::Policy("this provider is not configured"))
        }
        _ => Ok(()),
    }
}

/// The token, if it lives, is for us, may do this, and belongs to a client whose page has opened the
/// socket. Whose it is otherwise is not told.
async fn token(app: &App, opened: &Opened, presented: &str) -> Result<AccessToken, Refused> {
    let invalid =
        Refused::Policy("invalid_token: it is unknown, has ended, or is for somebody else");
    let Some(secret) = Secret::parse(presented) else { return Err(invalid) };
    let token = app.store.access_token(&secret.hash(), app.now()).await?;
    let Some(token) = token.filter(|token| token.audience.is_issuer()) else {
        return Err(invalid);
    };
    if !token.grant.client.origins.contains(&opened.origin) {
        return Err(Refused::Policy("this origin is not registered"));
    }
    if !token.scope.implies_name(SCOPE) {
        return Err(Refused::Policy("the token has not the scope identification"));
    }
    Ok(token)
}

async fn bind(
    app: &App,
    opened: &Opened,
    token: &AccessToken,
    account_uid: &str,
    provider: Option<&str>,
) -> Result<OneMonitor, Refused> {
    let client_id = &token.grant.client.client_id;
    let limited = app.limits.identification(account_uid, client_id);
    limited.map_err(|_| Refused::Policy("too many tries; wait a minute"))?;
    let id = random::id();
    let Tokens { window, secret } = app.identifying.tokens(&id);
    let cookie = opened.cookies.monitor.as_ref().map(Secret::hash);
    let new = NewMonitor {
        id: &id,
        account_uid,
        client_id,
        origin: opened.origin.as_str(),
        cookie: cookie.as_ref(),
        token: &window.hash(),
        secret: &secret.hash(),
        provider,
    };
    let bound = app.store.bind_monitor(&new, app.now()).await?;
    let given_up = bound.given_up.into_iter().map(Event::Identification).collect();
    app.events.publish_all(given_up).await;
    Ok(OneMonitor { id })
}

#[get("/identification/events")]
pub(super) fn open(
    _script: ForScripts,
    app: &State<App>,
    handshake: Handshake,
    shutdown: Shutdown,
) -> Upgrade<'_> {
    serve::<OneMonitor>(app, handshake, shutdown)
}
