//! Which sites there are, and where they are.

use super::bank;
use super::clients::{self, Client};
use super::error::DemoError;
use super::off_band::Credentials;
use crate::domain::secret::Secret;
use crate::relying::RelyingConfig;

/// The person that is there from the start, at the accounts server and at the bank.
pub(super) const PERSON: Person = Person {
    username: "alice",
    email: "alice@example.org",
    full_name: "Alice Liddell",
    password: "looking-glass-1871",
};

/// A seeded person.
pub(super) struct Person {
    pub(super) username: &'static str,
    pub(super) email: &'static str,
    pub(super) full_name: &'static str,
    pub(super) password: &'static str,
}

/// One site of the demo.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// Its name, and the `client_id` of a relying party.
    pub(super) name: &'static str,
    pub(super) port: u16,
    pub(super) origin: String,
}

impl Site {
    /// Its name in the DNS.
    pub(super) fn host(&self) -> String {
        let rest = self.origin.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(':').next().unwrap_or(rest).to_owned()
    }
}

/// All of them, with secrets made for this run.
pub(super) struct Sites {
    pub(super) accounts: Site,
    pub(super) wiki: Site,
    pub(super) notes: Site,
    pub(super) shop: Site,
    pub(super) pay: Site,
    pub(super) specs: Site,
    pub(super) bank: Site,
    /// How the others are registered at the accounts server.
    pub(super) clients: Vec<Client>,
    /// How the accounts server is registered at the bank.
    pub(super) at_bank: Client,
    /// By this the backends of shop and pay know each other.
    pub(super) till: Secret,
}

impl Sites {
    /// The sites at their places after `first`.
    pub(super) fn from_port(first: u16) -> Result<Self, DemoError> {
        let site = |name, host, offset: u16| {
            let port = first.checked_add(offset).filter(|_| first > 0);
            let range = "--first-port must be between 1 and 65529";
            let port = port.ok_or_else(|| DemoError::new(range))?;
            Ok(Site { name, port, origin: format!("http://{name}.{host}.localhost:{port}") })
        };
        let (accounts, wiki) = (site("accounts", "vestibule", 0)?, site("wiki", "vestibule", 1)?);
        let (notes, specs) = (site("notes", "vestibule", 2)?, site("specs", "example", 5)?);
        let (shop, pay) = (site("shop", "vestibule", 3)?, site("pay", "vestibule", 4)?);
        let bank = site("bank", "example", 6)?;
        let clients = vec![
            clients::wiki(&wiki),
            clients::notes(&notes, &[&wiki, &specs]),
            clients::specs(&specs),
            clients::shop(&shop),
            clients::pay(&pay),
            clients::widget(&notes, &accounts, &[&wiki, &specs]),
        ];
        let at_bank = bank::client(&accounts);
        let till = Secret::random();
        Ok(Self { accounts, wiki, notes, shop, pay, specs, bank, clients, at_bank, till })
    }

    /// Every site, the accounts server first.
    pub(super) fn all(&self) -> [&Site; 7] {
        let Self { accounts, wiki, notes, shop, pay, specs, bank, .. } = self;
        [accounts, wiki, notes, shop, pay, specs, bank]
    }

    /// By what a site's backend authenticates at the accounts server.
    pub(super) fn credentials(&self, site: &Site) -> Credentials {
        let client = self.clients.iter().find(|client| client.id == site.name);
        Credentials::new(site.name, client.map_or("", Client::secret))
    }

    /// What the kit of that site has to be told. Calls between servers go to the loopback address,
    /// since not every resolver knows `*.localhost`.
    pub(super) fn relying(&self, site: &Site) -> RelyingConfig {
        let client = self.clients.iter().find(|client| client.id == site.name);
        let secret = client.map_or("", Client::secret);
        let config = RelyingConfig::new(&self.accounts.origin, site.name, secret, &site.origin);
        RelyingConfig {
            accounts_internal: Some(format!("http://127.0.0.1:{}", self.accounts.port)),
            first_party: client.is_some_and(|client| client.first_party),
            ..config
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_are_where_the_documentation_says() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let origins = sites.all().map(|site| site.origin.as_str());
        assert_eq!(
            origins,
            [
                "http://accounts.vestibule.localhost:8000",
                "http://wiki.vestibule.localhost:8001",
                "http://notes.vestibule.localhost:8002",
                "http://shop.vestibule.localhost:8003",
                "http://pay.vestibule.localhost:8004",
                "http://specs.example.localhost:8005",
                "http://bank.example.localhost:8006",
            ]
        );
    }

    #[test]
    fn a_port_without_room_after_it_is_refused() {
        assert!(Sites::from_port(0).is_err());
        assert!(Sites::from_port(65_529).is_ok());
        assert!(Sites::from_port(65_530).is_err());
    }
}
