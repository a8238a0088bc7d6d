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
    /// A public client has none.
    #[serde(rename = "client_secret", skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    pub(super) token_endpoint_auth_method: &'static str,
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

/// What clients with tokens may use: codes, refreshing, and narrowing for others.
const TOKENS: [&str; 3] =
    ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"];

impl Client {
    fn secret(&self) -> &str {
        self.secret.as_deref().unwrap_or_default()
    }
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
            handing_on(hearing_of_logouts(client(&wiki, "Wiki", &[], true)), &wiki),
            hearing_of_logouts(client(&notes, "Notes", &[&wiki, &specs], true)),
            client(&specs, "Specs", &[], false),
            by_openid(&shop, "Shop"),
            resource_server(&pay, "Pay"),
            widget(&notes, &accounts, &[&wiki, &specs]),
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

/// A site with the kit: signed in by the bridge.
fn client(site: &Site, name: &'static str, embedders: &[&Site], first_party: bool) -> Client {
    Client {
        id: site.name,
        name,
        secret: Some(Secret::random().reveal()),
        token_endpoint_auth_method: "client_secret_basic",
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
        grant_types: TOKENS.to_vec(),
        scope: "openid profile payments",
        audiences: vec!["pay"],
        ..client(site, name, &[], true)
    }
}

/// A site with the kit that is an OAuth client as well: it may narrow its tokens for the notes.
fn handing_on(client: Client, site: &Site) -> Client {
    Client {
        redirect_uris: vec![format!("{}/oidc/callback", site.origin)],
        grant_types: TOKENS.to_vec(),
        scope: "openid profile notes",
        audiences: vec!["notes"],
        ..client
    }
}

/// The notes as a widget on any page: a public client, which lives in the browser and has no
/// secret. People are asked once whether it may know them. The first redirect URI decides by which
/// identifier it does.
fn widget(notes: &Site, accounts: &Site, embedders: &[&Site]) -> Client {
    let own = ["widget/callback", "by-hand/passive", "by-hand/popup"];
    let hosted = ["callback/notes-widget/passive", "callback/notes-widget/popup"];
    let own = own.iter().map(|path| format!("{}/{path}", notes.origin));
    let hosted = hosted.iter().map(|path| format!("{}/{path}", accounts.origin));
    Client {
        id: "notes-widget",
        secret: None,
        token_endpoint_auth_method: "none",
        return_uris: Vec::new(),
        redirect_uris: own.chain(hosted).collect(),
        grant_types: TOKENS.to_vec(),
        scope: "openid profile notes",
        audiences: vec!["notes"],
        ..client(notes, "Notes in the margin", embedders, false)
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
            None,
        ];
        assert!(uris.eq(expected));
    }

    #[test]
    fn each_may_aim_tokens_at_one_other_at_most() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let aims = sites.clients.iter().map(|client| (client.id, client.audiences.as_slice()));
        let aims: Vec<_> = aims.filter(|(_, audiences)| !audiences.is_empty()).collect();
        let (pay, notes) = (&["pay"][..], &["notes"][..]);
        assert_eq!(aims, [("wiki", notes), ("shop", pay), ("notes-widget", notes)]);
        let shop = sites.clients.iter().find(|c| c.id == "shop").expect("is registered");
        assert!(shop.scope.ends_with(" payments") && shop.return_uris.is_empty());
        let pay = sites.clients.iter().find(|c| c.id == "pay").expect("is registered");
        assert!(pay.grant_types.is_empty() && pay.redirect_uris.is_empty());
        let asks: Vec<_> =
            sites.clients.iter().filter(|c| c.scope.contains("operations")).collect();
        assert_eq!((asks.len(), asks[0].id), (1, "pay"), "and pay alone asks people anything");
    }

    #[test]
    fn the_widget_is_a_public_client_that_nobody_trusts_unasked() {
        let sites = Sites::from_port(8_000).expect("free numbers");
        let widget = sites.clients.iter().find(|c| c.id == "notes-widget").expect("is registered");
        assert_eq!((&widget.secret, widget.token_endpoint_auth_method), (&None, "none"));
        assert!(!widget.first_party);
        let first = widget.redirect_uris.first().map(String::as_str);
        assert_eq!(first, Some("http://notes.vestibule.localhost:8002/widget/callback"));
        let others = sites.clients.iter().filter(|client| client.id != "notes-widget");
        assert!(others.into_iter().all(|client| client.secret().len() == 64));
    }
}
