//! What counts as one network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of a caller, as limits and queues tell callers apart.
///
/// | address | one network is | why |
/// |---|---|---|
/// | IPv4 | the address | behind one address there are often many people already (offices, mobile carriers); a wider block would join strangers |
/// | IPv6 | its /56 | what a subscriber is usually given (RFC 6177): a /64 would give each of them 256 fresh keys, a /48 joins neighbours |
/// | IPv4 inside IPv6 (`::ffff:0:0/96`, `64:ff9b::/96`) | the IPv4 address | it is the same caller by another road |
///
/// Whoever owns more than that is slowed by the limits over all networks of a login.
///
/// ```
/// use vestibule::limits::NetworkKey;
///
/// let of = |address: &str| NetworkKey::of(address.parse().unwrap());
/// assert_eq!(of("2001:db8:0:100::1"), of("2001:db8:0:1ff::2"));
/// assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NetworkKey(IpAddr);

/// The prefix of RFC 6052 under which a translator shows IPv4 callers to a server that has IPv6 only.
const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

impl NetworkKey {
    /// The network an address belongs to.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => of_v6(address),
        })
    }
}

impl fmt::Display for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}"),
            IpAddr::V6(address) => write!(f, "{address}/56"),
        }
    }
}

fn of_v6(address: Ipv6Addr) -> IpAddr {
    if address.segments()[..6] == TRANSLATED {
        let [.., a, b, c, d] = address.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - 56))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> NetworkKey {
        NetworkKey::of(address.parse().expect("an address"))
    }

    #[test]
    fn each_ipv4_address_is_a_network() {
        assert_eq!(of("192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn an_ipv6_subscriber_is_one_network() {
        assert_eq!(of("2001:db8:0:1200::1"), of("2001:db8:0:12ff:ffff::2"));
        assert_ne!(of("2001:db8:0:1200::1"), of("2001:db8:0:1300::1"));
        assert_eq!(of("2001:db8:0:12ab::1").to_string(), "2001:db8:0:1200::/56");
    }

    #[test]
    fn an_ipv4_caller_is_the_same_by_either_road() {
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_eq!(of("64:ff9b::192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("64:ff9b::192.0.2.1"), of("64:ff9b::192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1").to_string(), "192.0.2.1");
    }
}
