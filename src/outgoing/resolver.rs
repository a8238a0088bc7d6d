//! Names to addresses, of which only those are given that may be called: what a name stood for when
//! it was registered does not matter.

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use super::addresses::{Allowed, is_local_name};

/// How the addresses of a name are found out.
pub(super) type LookUp = fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;

/// Looks names up, but for `*.localhost`, which is this machine.
pub(super) struct Resolver {
    pub(super) allowed: Allowed,
    pub(super) look_up: LookUp,
}

/// As the machine does for everybody.
pub(super) fn by_the_machine(name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) })
}

/// A name has addresses, none of which may be called.
#[derive(Debug)]
pub(super) struct NotAllowed;

/// A name has no address.
#[derive(Debug)]
pub(super) struct NoAddress;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, look_up) = (self.allowed.clone(), self.look_up);
        Box::pin(async move {
            if is_local_name(name.as_str()) {
                let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                return Ok(Box::new(std::iter::once(here)) as Addrs);
            }
            let found = look_up(name.as_str().to_owned()).await.map_err(|_| NoAddress)?;
            let good: Vec<_> =
                found.iter().copied().filter(|found| allowed.has(found.ip())).collect();
            match (good.is_empty(), found.is_empty()) {
                (false, _) => Ok(Box::new(good.into_iter()) as Addrs),
                (true, false) => Err(NotAllowed.into()),
                (true, true) => Err(NoAddress.into()),
            }
        })
    }
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name stands for an address of an inner network")
    }
}

impl std::error::Error for NotAllowed {}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name stands for no address")
    }
}

impl std::error::Error for NoAddress {}
