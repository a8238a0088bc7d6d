//! How it stands with an identification, as the page that waits is told.

use serde::Serialize;

use super::Identifying;
use crate::clock::SECOND;
use crate::domain::identification::{Outcome, START};
use crate::domain::secret::Secret;
use crate::store::monitors::Monitor;
use crate::web::app::App;

/// What is told on the socket and to whoever asks.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum Standing {
    /// The person has not got there yet.
    Waiting {
        /// Where the page's window goes.
        start_uri: String,
        /// By which the page asks for the outcome when its socket is lost.
        monitor_secret: String,
        /// Seconds.
        expires_in: i64,
    },
    /// It is decided.
    Completed(Ended),
}

/// How it ended.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(super) enum Ended {
    /// The person has proved who they are; to whom that is of use asks for it by other ways.
    Succeeded {
        /// Milliseconds since 1970.
        identified_at: i64,
        provider: String,
        level: String,
    },
    /// There is no proof.
    Failed { reason: &'static str },
}

impl Standing {
    pub(super) fn of(app: &App, monitor: &Monitor) -> Self {
        match monitor.outcome {
            None => Self::waiting(app, monitor),
            Some(Outcome::Succeeded) => Self::Completed(Ended::Succeeded {
                identified_at: monitor.identified_at.unwrap_or_default(),
                provider: monitor.provider.clone().unwrap_or_default(),
                level: monitor.level.clone().unwrap_or_default(),
            }),
            Some(other) => Self::Completed(Ended::Failed { reason: other.as_str() }),
        }
    }

    fn waiting(app: &App, monitor: &Monitor) -> Self {
        let Tokens { window, secret } = app.identifying.tokens(&monitor.id);
        let window = if monitor.by_cookie { None } else { Some(window.reveal()) };
        Self::Waiting {
            start_uri: format!(
                "{}{}",
                app.issuer,
                start_path(monitor.provider.as_deref(), window.as_deref())
            ),
            monitor_secret: secret.reveal(),
            expires_in: (monitor.expires_at - app.now()).max(0) / SECOND,
        }
    }
}

/// The path of the window.
pub(super) fn start_path(provider: Option<&str>, monitor: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("provider", provider), ("monitor", monitor)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    match query.finish().as_str() {
        "" => START.to_owned(),
        query => format!("{START}?{query}"),
    }
}

/// The two secrets of a monitor.
pub(super) struct Tokens {
    /// Ties the window to it, where no cookie does.
    pub(super) window: Secret,
    /// Is presented to ask for the outcome.
    pub(super) secret: Secret,
}

impl Identifying {
    /// They are not stored: the database has their hashes, so that the monitor can be found.
    pub(super) fn tokens(&self, monitor_id: &str) -> Tokens {
        let derived = |what: &str| Secret::derived(&self.key, &format!("{what} {monitor_id}"));
        Tokens { window: derived("window"), secret: derived("outcome") }
    }
}
