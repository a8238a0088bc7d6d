//! Opening a session on this browser: after signing in, signing up or changing the password.

use rocket::http::CookieJar;

use crate::domain::secret::Secret;
use crate::events::Event;
use crate::store::sessions::NewSession;
use crate::web::app::App;
use crate::web::cookies;
use crate::web::error::Problem;
use crate::web::guard::network::Peer;
use crate::web::guard::visitor::Cookies;

/// The secrets of a session that is about to be opened, and what is written of it.
pub(super) struct Opening {
    secret: Secret,
    none_secret: Option<Secret>,
    /// Whose it is.
    pub(super) account_uid: String,
    /// What the database is given.
    pub(super) new: NewSession,
}

impl Opening {
    /// Fresh secrets, never those a browser came with.
    pub(super) async fn prepare(
        app: &App,
        peer: &Peer,
        account_uid: &str,
        kept: bool,
    ) -> Result<Self, Problem> {
        let clients = app.store.list_clients().await?;
        let mut active = clients.iter().filter(|client| client.disabled_at.is_none());
        let cross_site = active.any(|client| client.registration.is_cross_site(&app.issuer));
        let (secret, none_secret) = (Secret::random(), cross_site.then(Secret::random));
        let new = NewSession {
            secret: secret.hash(),
            none_secret: none_secret.as_ref().map(Secret::hash),
            kept,
            user_agent: peer.user_agent.clone(),
            address: peer.address.to_string(),
        };
        Ok(Self { secret, none_secret, account_uid: account_uid.to_owned(), new })
    }

    /// Hands the secrets to the browser, once the database has the session, and tells those who
    /// wait for it.
    pub(super) async fn hand_over(&self, app: &App, jar: &CookieJar<'_>) {
        cookies::set_session(jar, &self.secret, self.none_secret.as_ref(), self.new.kept);
        app.events.publish(Event::Sessions(self.account_uid.clone())).await;
    }
}

/// Remembers that this browser signed in to this account. It keeps the mark it has, if that is
/// one of ours: several people may share a browser.
pub(super) async fn remember_device(
    app: &App,
    jar: &CookieJar<'_>,
    cookies: &Cookies,
    account_uid: &str,
) -> Result<(), Problem> {
    let now = app.now();
    let ours = match &cookies.device {
        Some(secret) if app.store.is_device(&secret.hash()).await? => Some(secret.clone()),
        _ => None,
    };
    let secret = ours.unwrap_or_else(Secret::random);
    app.store.remember_device(account_uid, &secret.hash(), now).await?;
    cookies::set_device(jar, &secret);
    Ok(())
}
