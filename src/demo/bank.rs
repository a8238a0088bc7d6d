//! The bank: a Vestibule of somebody else, under another domain, with people and keys of its own. It
//! knows who its customers are, and tells the accounts server by OpenID Connect, as any bank would.

use super::clients::{self, Client};
use super::server::{Brand, Claims, Provider, Server};
use super::sites::{Site, Sites};
use std::slice;

/// The id of the provider at the accounts server.
pub(super) const ID: &str = "bank";
/// How sure the bank is of whom it names.
pub(super) const LEVEL: &str = "substantial";
const NAME: &str = "Bank";

/// The bank's own server.
pub(super) fn server(sites: &Sites) -> Server<'_> {
    Server {
        site: &sites.bank,
        brand: Some(Brand { name: NAME, accent: "#1f3f73" }),
        clients: slice::from_ref(&sites.at_bank),
        providers: Vec::new(),
    }
}

/// How the accounts server is registered there.
pub(super) fn client(accounts: &Site) -> Client {
    let return_uri = format!("{}/identification/return/{ID}", accounts.origin);
    clients::asking(accounts, "Vestibule", return_uri)
}

/// How the accounts server knows the bank.
pub(super) fn provider(sites: &Sites) -> Provider {
    Provider {
        id: ID,
        name: NAME,
        issuer: sites.bank.origin.clone(),
        client_id: sites.at_bank.id,
        client_secret: sites.at_bank.secret().to_owned(),
        scope: "openid profile",
        level: LEVEL,
        claims: Claims { name: "name" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bank_sends_people_back_to_the_accounts_server_alone() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let (client, provider) = (&sites.at_bank, provider(&sites));
        let back = "http://accounts.vestibule.localhost:8000/identification/return/bank";
        assert_eq!(client.redirect_uris, [back]);
        assert!(client.origins.is_empty() && !client.first_party);
        assert_eq!(
            (provider.client_id, provider.client_secret.as_str()),
            (client.id, client.secret())
        );
        assert!(sites.clients.iter().all(|other| other.secret != client.secret));
    }
}
