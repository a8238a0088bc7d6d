//! Where a request comes from on the network, and what the browser calls itself.

use rocket::request::{FromRequest, Outcome, Request};
use std::convert::Infallible;
use std::net::IpAddr;

use crate::limits::NetworkKey;
use crate::web::app::App;
use ipnet::IpNet;

/// The longest User-Agent that is kept, in characters.
const LONGEST_USER_AGENT: usize = 300;

/// The peer of a request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address; a header is believed only from a configured proxy.
    pub address: IpAddr,
    /// What it says it is, shortened.
    pub user_agent: String,
}

impl Peer {
    /// What rate limits count by.
    #[must_use]
    pub fn network(&self) -> NetworkKey {
        NetworkKey::of(self.address)
    }
}

/// The right-most address of `X-Forwarded-For` that is not a proxy of ours; what stands to its
/// left was written by somebody else.
fn client_address(peer: IpAddr, forwarded: &[&str], proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: IpAddr| {
        let address = address.to_canonical();
        proxies.iter().any(|net| net.contains(&address))
    };
    let mut current = peer;
    let hops = forwarded.iter().rev().flat_map(|header| header.rsplit(','));
    for hop in hops {
        if !is_proxy(current) {
            break;
        }
        match hop.trim().parse() {
            Ok(address) => current = address,
            Err(_) => break,
        }
    }
    current
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Peer {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        let unknown = IpAddr::from([0, 0, 0, 0]);
        let peer = request.remote().map_or(unknown, |remote| remote.ip());
        let proxies = request.rocket().state::<App>().map_or(&[][..], |app| &app.proxies);
        let forwarded: Vec<&str> = request.headers().get("X-Forwarded-For").collect();
        let user_agent = request.headers().get_one("User-Agent").unwrap_or_default();
        Outcome::Success(Self {
            address: client_address(peer, &forwarded, proxies),
            user_agent: user_agent.chars().take(LONGEST_USER_AGENT).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8".parse().expect("a network")];
        client_address(peer.parse().expect("an address"), forwarded, &proxies).to_string()
    }

    #[test]
    fn a_header_is_believed_only_from_a_proxy_of_ours() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &["rubbish"]), "10.0.0.1");
        assert_eq!(address("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
    }
}
