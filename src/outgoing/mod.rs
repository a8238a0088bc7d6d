//! Calls out, to addresses that clients registered and to OpenID providers. One HTTP client for all
//! of them: https except on this machine, a deadline, no redirects, no proxy of the environment, of a
//! body nothing or a bounded JSON value read, and no address of an inner network unless the
//! configuration names it.

mod addresses;
mod json;
mod look;
mod resolver;
#[cfg(test)]
mod tests;

use ipnet::IpNet;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

pub use self::json::{JsonAnswer, MOST_JSON};
use addresses::{Allowed, is_local_name};
pub use look::Looked;
use resolver::{LookUp, NoAddress, NotAllowed, Resolver};

/// How long a call may take, and how long a connection may take to open.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long an idle connection is kept, and how many for each host.
const KEEP_IDLE: Duration = Duration::from_secs(30);
const MOST_IDLE: usize = 2;

/// The client. Clones share its connections.
#[derive(Clone)]
pub struct Outgoing {
    http: Client,
    allowed: Allowed,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address is not one that may be called.
    NotAllowed,
    /// The name has no address.
    NoAddress,
    /// Nobody listens there.
    Refused,
    /// There was no answer in time.
    TimedOut,
    /// The answer was larger than anybody reads.
    TooLarge,
    /// Anything else: the connection broke, TLS could not be agreed on, no HTTP was spoken.
    Broken,
}

impl Outgoing {
    /// A client that may also call these networks, which would else be taken for inner ones.
    pub fn new(networks: &[IpNet]) -> Result<Self, String> {
        Self::looking_up(networks, resolver::by_the_machine)
    }

    fn looking_up(networks: &[IpNet], look_up: LookUp) -> Result<Self, String> {
        let allowed = Allowed(Arc::from(networks));
        let http = Client::builder()
            .timeout(DEADLINE)
            .connect_timeout(DEADLINE)
            .pool_idle_timeout(KEEP_IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .dns_resolver(Resolver { allowed: allowed.clone(), look_up })
            .user_agent(concat!("vestibule/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))?;
        Ok(Self { http, allowed })
    }

    /// Sends a form; gives the status of the answer, whose body is not read.
    pub async fn post_form(&self, uri: &str, fields: &[(&str, &str)]) -> Result<u16, Failure> {
        let url = self.checked(uri)?;
        let request = self.http.post(url).body(encoded(fields));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.send().await.map_err(|error| why(&error))?;
        Ok(answer.status().as_u16())
    }

    /// Checks all that can be seen of an address; names are checked when they are resolved.
    fn checked(&self, uri: &str) -> Result<Url, Failure> {
        let url = Url::parse(uri).map_err(|_| Failure::NotAllowed)?;
        let (is_local, is_allowed) = match url.host() {
            Some(Host::Domain(name)) => (is_local_name(name), true),
            Some(Host::Ipv4(address)) => (address.is_loopback(), self.allowed.has(address.into())),
            Some(Host::Ipv6(address)) => (address.is_loopback(), self.allowed.has(address.into())),
            None => (false, false),
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        let has_user = !url.username().is_empty() || url.password().is_some();
        if is_safe && !has_user && (is_local || is_allowed) {
            Ok(url)
        } else {
            Err(Failure::NotAllowed)
        }
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Finds out what an error is about, by what it was caused by.
fn why(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    for cause in causes {
        if cause.is::<NotAllowed>() {
            return Failure::NotAllowed;
        }
        if cause.is::<NoAddress>() {
            return Failure::NoAddress;
        }
        match cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return Failure::Refused,
            Some(ErrorKind::TimedOut) => return Failure::TimedOut,
            _ => {}
        }
    }
    Failure::Broken
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "not allowed",
            Self::NoAddress => "no address",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::TooLarge => "too large",
            Self::Broken => "broken",
        })
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").finish_non_exhaustive()
    }
}
