//! Which sites there are, where they are, and how they are registered.

use super::error::DemoError;
use crate::domain::secret::Secret;
use crate::relying::RelyingConfig;
use serde::Serialize;

/// The person that is there from the start.
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

/// All of them, with secrets made for this run.
pub(super) struct Sites {
    pub(super) accounts: Site,
    pub(super) wiki: Site,
    pub(super) notes: Site,
    pub(super) specs: Site,
    pub(super) clients: Vec<Client>,
}

/// A registration, with the names of the configuration file.
#[derive(Clone, Serialize)]
pub(super) struct Client {
    #[serde(rename = "client_id")]
    pub(super) id: &'static str,
    #[serde(rename = "client_name")]
    pub(super) name: &'static str,
    #[serde(rename = "client_secret")]
    pub(super) secret: String,
    pub(super) origins: Vec<String>,
    pub(super) embedders: Vec<String>,
    pub(super) return_uris: Vec<String>,
    pub(super) scope: &'static str,
    pub(super) first_party: bool,
    pub(super) require_nonce: bool,
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
        // The last place of the row; it is kept free.
        site("bank", "example", 6)?;
        let clients = vec![
            client(&wiki, "Wiki", &[], true),
            client(&notes, "Notes", &[&wiki, &specs], true),
            client(&specs, "Specs", &[], false),
        ];
        Ok(Self { accounts, wiki, notes, specs, clients })
    }

    /// Every site, the accounts server first.
    pub(super) fn all(&self) -> [&Site; 4] {
        [&self.accounts, &self.wiki, &self.notes, &self.specs]
    }

    /// What the kit of that site has to be told. Calls between servers go to the loopback address,
    /// since not every resolver knows `*.localhost`.
    pub(super) fn relying(&self, site: &Site) -> RelyingConfig {
        let client = self.clients.iter().find(|client| client.id == site.name);
        let secret = client.map_or("", |client| &client.secret);
        let config = RelyingConfig::new(&self.accounts.origin, site.name, secret, &site.origin);
        RelyingConfig {
            accounts_internal: Some(format!("http://127.0.0.1:{}", self.accounts.port)),
            first_party: client.is_some_and(|client| client.first_party),
            ..config
        }
    }
}

fn client(site: &Site, name: &'static str, embedders: &[&Site], first_party: bool) -> Client {
    Client {
        id: site.name,
        name,
        secret: Secret::random().reveal(),
        origins: vec![site.origin.clone()],
        embedders: embedders.iter().map(|site| site.origin.clone()).collect(),
        return_uris: vec![format!("{}/sso/return", site.origin)],
        scope: "openid profile",
        first_party,
        require_nonce: true,
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
                "http://specs.example.localhost:8005",
            ]
        );
    }

    #[test]
    fn a_port_without_room_after_it_is_refused() {
        assert!(Sites::from_port(0).is_err());
        assert!(Sites::from_port(65_529).is_ok());
        assert!(Sites::from_port(65_530).is_err());
    }

    #[test]
    fn notes_may_stand_in_frames_of_wiki_and_specs() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let notes = &sites.clients[1];
        assert_eq!(notes.embedders, [sites.wiki.origin.clone(), sites.specs.origin.clone()]);
        assert_ne!(notes.secret, sites.clients[0].secret);
    }
}
