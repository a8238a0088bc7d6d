//! Whether the ports are free, before anything is started.

use super::error::DemoError;
use super::sites::{Site, Sites};
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

/// Tries every port, and names the first one that cannot be had.
pub(super) fn check(sites: &Sites) -> Result<(), DemoError> {
    sites.all().into_iter().try_for_each(|site| {
        try_port(site.port).map_err(|error| DemoError::new(explain(site, &error)))
    })
}

/// Both loopback addresses: browsers ask `*.localhost` on `::1` first, and would reach whoever
/// listens there. A machine without IPv6 is fine.
fn try_port(port: u16) -> Result<(), Error> {
    TcpListener::bind((IpAddr::from(Ipv4Addr::LOCALHOST), port))?;
    match TcpListener::bind((IpAddr::from(Ipv6Addr::LOCALHOST), port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        _ => Ok(()),
    }
}

fn explain(site: &Site, error: &Error) -> String {
    let Site { name, port, .. } = site;
    let choose = "Choose other ports with --first-port, for example --first-port 9000.";
    match error.kind() {
        ErrorKind::AddrInUse => {
            format!("Port {port}, for {name}, is in use by another program. {choose}")
        }
        ErrorKind::PermissionDenied => {
            format!("Port {port}, for {name}, may not be opened by you. {choose}")
        }
        _ => format!("Port {port}, for {name}, cannot be opened: {error}. {choose}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named_with_what_to_do() {
        let busy = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let port = busy.local_addr().expect("bound").port().min(65_529);
        let sites = Sites::from_port(port).expect("in range");
        let error = check(&sites).expect_err("it is busy").to_string();
        assert!(error.contains(&format!("Port {port}, for accounts, is in use")), "{error}");
        assert!(error.contains("--first-port"), "{error}");
    }
}
