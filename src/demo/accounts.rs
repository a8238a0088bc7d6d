//! The accounts server of the demo.

use super::bank;
use super::server::Server;
use super::sites::Sites;

/// It knows the sites, and one provider that can prove who somebody is.
pub(super) fn server(sites: &Sites) -> Server<'_> {
    Server {
        site: &sites.accounts,
        brand: None,
        clients: &sites.clients,
        providers: vec![bank::provider(sites)],
    }
}
