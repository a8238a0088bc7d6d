//! `/flow/events`: the page that waits hears on a socket how its flow ends. It is told what
//! `/flow/outcome` would tell it.

use rocket::{Shutdown, State, get};
use serde::Deserialize;
use std::time::Duration;

use super::outcome::Standing;
use crate::domain::secret::Secret;
use crate::events::Event;
use crate::store::StoreError;
use crate::web::app::App;
use crate::web::events_socket::{Awaited, Handshake, News, Opened, Refused, Upgrade, serve};
use crate::web::guard::for_scripts::ForScripts;

/// The first message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Presented {
    waiting_secret: String,
}

/// The flow that a socket waits for.
struct OneFlow {
    id: String,
    lasts: Duration,
}

#[rocket::async_trait]
impl Awaited for OneFlow {
    async fn admit(app: &App, opened: &Opened, message: &str) -> Result<Self, Refused> {
        let presented: Option<Presented> = serde_json::from_str(message).ok();
        let secret = presented.and_then(|it| Secret::parse(&it.waiting_secret));
        let secret =
            secret.ok_or(Refused::Policy("the first message is {\"waiting_secret\":\"…\"}"))?;
        let (id, now) = (secret.hash(), app.now());
        let flow = app.store.flow(id.as_str(), now).await?;
        let flow = flow.ok_or(Refused::Policy("no flow has this secret"))?;
        if !flow.client.origins.contains(&opened.origin) {
            return Err(Refused::Policy("this origin is not registered"));
        }
        let lasts = u64::try_from(flow.expires_at - now).unwrap_or_default();
        Ok(Self { id: flow.id, lasts: Duration::from_millis(lasts) })
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn event(&self) -> Event {
        Event::Flow(self.id.clone())
    }

    fn lasts(&self) -> Duration {
        self.lasts
    }

    async fn look(&self, app: &App) -> Result<News, StoreError> {
        let Some(flow) = app.store.flow(&self.id, app.now()).await? else {
            return Ok(News::Forgotten);
        };
        let standing = Standing::of(app, &flow).await?;
        let text = serde_json::to_string(&standing)?;
        Ok(if standing == Standing::Pending { News::Pending(text) } else { News::Last(text) })
    }
}

#[get("/flow/events")]
pub(super) fn open(
    _script: ForScripts,
    app: &State<App>,
    handshake: Handshake,
    shutdown: Shutdown,
) -> Upgrade<'_> {
    serve::<OneFlow>(app, handshake, shutdown)
}
