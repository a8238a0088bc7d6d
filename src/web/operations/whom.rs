//! Whom a client asks.

use serde::{Deserialize, Serialize};

use crate::domain::account::fold;
use crate::domain::client::Client;
use crate::domain::operation::{is_id, may_ask};
use crate::web::app::App;
use crate::web::error::Problem;

/// Characters of a login.
const LONGEST_LOGIN: usize = 320;

/// Exactly one of these.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// An account by one of its names, whether or not there is one.
pub(super) enum Whom {
    /// The client's identifier of the person.
    Uid(String),
    /// What somebody typed, normalised.
    Login(String),
    /// The client's handle of a session.
    Sid(String),
}

impl Named {
    /// Checks the form of the one name that is given.
    pub(super) fn one(self) -> Result<Whom, Problem> {
        let whom = match (self.uid, self.login_hint, self.sid) {
            (Some(uid), None, None) => Whom::Uid(uid),
            (None, Some(login), None) => Whom::Login(fold(&login)),
            (None, None, Some(sid)) => Whom::Sid(sid),
            _ => {
                let text = "`account` has exactly one of `uid`, `loginHint` and `sid`.";
                return Err(Problem::bad_request(text));
            }
        };
        let is_well_formed = match &whom {
            Whom::Uid(id) | Whom::Sid(id) => is_id(id),
            Whom::Login(login) => (1..=LONGEST_LOGIN).contains(&login.chars().count()),
        };
        let text = "`uid` and `sid` are 32 lower-case hex characters, `loginHint` is a username or \
            an e-mail address.";
        if is_well_formed { Ok(whom) } else { Err(Problem::bad_request(text)) }
    }
}

impl Whom {
    /// By what questions are counted: each name has its own allowance, so that nobody who types
    /// somebody's login at a site can use up what that site has for people it knows.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Uid(text) | Self::Login(text) | Self::Sid(text) => text,
        }
    }

    /// A client that knows people by identifiers of its own cannot name them by these: they lead
    /// back to nobody.
    pub(super) fn may_be_named_by(&self, client: &Client) -> Result<(), Problem> {
        if matches!(self, Self::Uid(_)) && client.registration.is_pairwise() {
            let text = "This client's identifiers of people are pairwise. Name the account by `sid` \
                or `loginHint`.";
            return Err(Problem::bad_request(text));
        }
        Ok(())
    }

    /// The account, if there is one that this client may ask. Whoever may not be asked is one who
    /// never answers.
    pub(super) async fn account(
        &self,
        app: &App,
        client: &Client,
    ) -> Result<Option<String>, Problem> {
        let (store, registration) = (&app.store, &client.registration);
        let account = match self {
            Self::Uid(uid) => store.account(uid).await?,
            Self::Login(login) => store.account_by_login(login).await?.map(|found| found.account),
            Self::Sid(sid) => {
                let found = store.behind_sid(sid, &registration.client_id, app.now()).await?;
                let uid = found.map(|behind| behind.account_uid);
                store.account(uid.as_deref().unwrap_or_default()).await?
            }
        };
        let uid = account.filter(|account| account.disabled_at.is_none()).map(|a| a.uid);
        // Looked for in any case, as the account above: nobody is told from somebody by the time.
        let granted =
            store.consent(uid.as_deref().unwrap_or_default(), &registration.client_id).await?;
        Ok(uid.filter(|_| may_ask(registration, granted.as_ref())))
    }
}
