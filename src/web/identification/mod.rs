//! Identification: a page of a client lets the person prove, in a window of ours, who they legally are,
//! by another OpenID provider, and hears how it ended. The page itself stays where it is.
//!
//! | part | what it does |
//! |---|---|
//! | `monitor` | the browser is given a cookie by which its window will be known |
//! | `events`, `outcome` | the page begins to wait, and hears on a socket, or asks, how it ended |
//! | `start` | the window: the right person is sent to the provider |
//! | `come_back` | the provider sends the person back; what it proves is kept |
//! | `window` | what the window shows, and how it ends |
//! | `look` | a `HEAD` does none of this |
//! | `stamp` | another backend asks when somebody proved who they are |

mod asked;
mod come_back;
mod events;
mod look;
mod monitor;
mod outcome;
mod stamp;
mod standing;
mod start;
mod window;

use std::sync::Arc;

use rocket::{Route, routes};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::domain::seal::SealingKey;
use crate::outgoing::Outgoing;
use crate::store::Store;
use crate::upstream::Upstreams;

/// Every route of this module, from the root.
#[must_use]
pub fn routes() -> Vec<Route> {
    let waiting = routes![monitor::give, events::open, outcome::outcome];
    let window = routes![start::show, start::submit, come_back::show];
    let looks = routes![look::monitor, look::start, look::come_back];
    [waiting, window, looks].concat()
}

/// Every route for backends, to be mounted at `/v1`.
#[must_use]
pub fn backend_routes() -> Vec<Route> {
    routes![stamp::show]
}

/// By whom, and how, people are identified.
pub struct Identifying {
    /// The providers.
    pub upstreams: Upstreams,
    /// How proofs are kept.
    pub settings: config::Identification,
    /// With which they are sealed.
    pub sealing: Arc<SealingKey>,
    key: Vec<u8>,
}

impl Identifying {
    /// What the configuration says, with a key of the server that is made at the first start.
    pub async fn start(
        config: &Config,
        store: &Store,
        outgoing: &Outgoing,
        clock: &Clock,
    ) -> Result<Self, String> {
        let sealing = config.key_encryption_key.clone();
        let key = store.server_secret("identification", &sealing, clock.now()).await;
        Ok(Self {
            upstreams: Upstreams::new(&config.providers, outgoing, clock),
            settings: config.identification,
            sealing,
            key: key.map_err(|error| error.to_string())?,
        })
    }
}
