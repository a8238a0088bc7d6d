//! Which sites there are, where they are, and how they are registered.

use super::error::DemoError;
use super::off_band::Credentials;
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
    pub(super) clients: Vec<Client>,
    /// By this the backends of shop and pay know each other.
    pub(super) till: Secret,
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
    pub(super) redirect_uris: Vec<String>,
    pub(super) post_logout_redirect_uris: Vec<String>,
    /// Where its backend hears of a sign-out, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) backchannel_logout_uri: Option<String>,
    pub(super) grant_types: Vec<&'static str>,
    pub(super) scope: &'static str,
    pub(super) audiences: Vec<&'static str>,
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
        let (shop, pay) = (site("shop", "vestibule", 3)?, site("pay", "vestibule", 4)?);
        // The last place of the row; it is kept free.
        site("bank", "example", 6)?;
        let clients = vec![
            hearing_of_logouts(client(&wiki, "Wiki", &[], true)),
            hearing_of_logouts(client(&notes, "Notes", &[&wiki, &specs], true)),
            client(&specs, "Specs", &[], false),
            by_openid(&shop, "Shop"),
            resource_server(&pay, "Pay"),
        ];
        Ok(Self { accounts, wiki, notes, shop, pay, specs, clients, till: Secret::random() })
    }

    /// Every site, the accounts server first.
    pub(super) fn all(&self) -> [&Site; 6] {
        [&self.accounts, &self.wiki, &self.notes, &self.shop, &self.pay, &self.specs]
    }

    /// By what a site's backend authenticates at the accounts server.
    pub(super) fn credentials(&self, site: &Site) -> Credentials {
        let client = self.clients.iter().find(|client| client.id == site.name);
        Credentials::new(site.name, client.map_or("", |client| &client.secret))
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

/// A site with the kit: signed in by the bridge.
fn client(site: &Site, name: &'static str, embedders: &[&Site], first_party: bool) -> Client {
    Client {
        id: site.name,
        name,
        secret: Secret::random().reveal(),
        origins: vec![site.origin.clone()],
        embedders: embedders.iter().map(|site| site.origin.clone()).collect(),
        return_uris: vec![format!("{}/sso/return", site.origin)],
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grant_types: Vec::new(),
        scope: "openid profile",
        audiences: Vec::new(),
        first_party,
        require_nonce: true,
    }
}

/// The same for a site with the kit.
fn hearing_of_logouts(client: Client) -> Client {
    let uri = client.origins.first().map(|origin| format!("{origin}/sso/backchannel-logout"));
    Client { backchannel_logout_uri: uri, ..client }
}

/// A site that signs people in by OpenID Connect, and may narrow its tokens for pay.
fn by_openid(site: &Site, name: &'static str) -> Client {
    Client {
        return_uris: Vec::new(),
        redirect_uris: vec![format!("{}/oidc/callback", site.origin)],
        post_logout_redirect_uris: vec![format!("{}/signed-out", site.origin)],
        backchannel_logout_uri: Some(format!("{}/oidc/backchannel-logout", site.origin)),
        grant_types: vec![
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        scope: "openid profile payments",
        audiences: vec!["pay"],
        ..client(site, name, &[], true)
    }
}

/// A site that signs nobody in: it is handed tokens, and asks what they are good for. Its scope
/// lets it hear the name of whoever pays, and ask them to confirm it.
fn resource_server(site: &Site, name: &'static str) -> Client {
    let scope = "openid profile operations";
    Client { return_uris: Vec::new(), scope, ..client(site, name, &[], true) }
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

    #[test]
    fn sites_hear_of_sign_outs() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let uris = sites.clients.iter().map(|client| client.backchannel_logout_uri.as_deref());
        let expected = [
            Some("http://wiki.vestibule.localhost:8001/sso/backchannel-logout"),
            Some("http://notes.vestibule.localhost:8002/sso/backchannel-logout"),
            None,
            Some("http://shop.vestibule.localhost:8003/oidc/backchannel-logout"),
            None,
        ];
        assert!(uris.eq(expected));
    }

    #[test]
    fn shop_may_aim_tokens_at_pay_and_nobody_else_may_aim_any() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let aims: Vec<_> = sites.clients.iter().filter(|c| !c.audiences.is_empty()).collect();
        assert_eq!(
            (aims.len(), aims[0].id, aims[0].audiences.as_slice()),
            (1, "shop", &["pay"][..])
        );
        assert!(aims[0].scope.ends_with(" payments") && aims[0].return_uris.is_empty());
        let pay = sites.clients.iter().find(|c| c.id == "pay").expect("is registered");
        assert!(pay.grant_types.is_empty() && pay.redirect_uris.is_empty());
        let asks: Vec<_> =
            sites.clients.iter().filter(|c| c.scope.contains("operations")).collect();
        assert_eq!((asks.len(), asks[0].id), (1, "pay"), "and pay alone asks people anything");
    }
}
