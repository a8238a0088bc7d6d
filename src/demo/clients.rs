//! How the sites are registered at the accounts server, and that one at the bank.

use super::sites::{PERSON, Site};
use crate::domain::secret::Secret;
use serde::Serialize;

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
    pub(super) contacts: Vec<&'static str>,
}

/// What clients with tokens may use: codes, refreshing, and narrowing for others.
const TOKENS: [&str; 3] =
    ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"];

impl Client {
    pub(super) fn secret(&self) -> &str {
        self.secret.as_deref().unwrap_or_default()
    }
}

/// A site with the kit: signed in by the bridge. Whoever starts the demo looks after all of them.
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
        contacts: vec![PERSON.username],
    }
}

/// The same for a site with the kit.
fn hearing_of_logouts(client: Client) -> Client {
    let uri = client.origins.first().map(|origin| format!("{origin}/sso/backchannel-logout"));
    Client { backchannel_logout_uri: uri, ..client }
}

/// A site with the kit that is an OAuth client as well: it may narrow its tokens for the notes.
pub(super) fn wiki(site: &Site) -> Client {
    Client {
        redirect_uris: vec![format!("{}/oidc/callback", site.origin)],
        grant_types: TOKENS.to_vec(),
        scope: "openid profile notes",
        audiences: vec!["notes"],
        ..hearing_of_logouts(client(site, "Wiki", &[], true))
    }
}

/// A site with the kit that stands in frames of others as well.
pub(super) fn notes(site: &Site, embedders: &[&Site]) -> Client {
    hearing_of_logouts(client(site, "Notes", embedders, true))
}

/// A site with the kit, of another family.
pub(super) fn specs(site: &Site) -> Client {
    client(site, "Specs", &[], false)
}

/// A site that signs people in by OpenID Connect, and may narrow its tokens: for pay, and for its own
/// pages, on which people prove who they are.
pub(super) fn shop(site: &Site) -> Client {
    Client {
        return_uris: Vec::new(),
        redirect_uris: vec![format!("{}/oidc/callback", site.origin)],
        post_logout_redirect_uris: vec![format!("{}/signed-out", site.origin)],
        backchannel_logout_uri: Some(format!("{}/oidc/backchannel-logout", site.origin)),
        grant_types: TOKENS.to_vec(),
        scope: "openid profile payments identification",
        audiences: vec!["pay"],
        ..client(site, "Shop", &[], true)
    }
}

/// A site that signs nobody in: it is handed tokens, and asks what they are good for. Its scope
/// lets it hear the name of whoever pays, and ask them to confirm it.
pub(super) fn pay(site: &Site) -> Client {
    let scope = "openid profile operations";
    Client { return_uris: Vec::new(), scope, ..client(site, "Pay", &[], true) }
}

/// The notes as a widget on any page: a public client, which lives in the browser and has no
/// secret. People are asked once whether it may know them. The first redirect URI decides by which
/// identifier it does.
pub(super) fn widget(notes: &Site, accounts: &Site, embedders: &[&Site]) -> Client {
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

/// A server that asks another one who somebody is: it signs people in there, and does nothing else.
/// They are asked once whether it may know them, since it is somebody else's.
pub(super) fn asking(site: &Site, name: &'static str, redirect_uri: String) -> Client {
    Client {
        origins: Vec::new(),
        return_uris: Vec::new(),
        redirect_uris: vec![redirect_uri],
        grant_types: vec!["authorization_code"],
        ..client(site, name, &[], false)
    }
}

#[cfg(test)]
mod tests {
    use crate::demo::sites::Sites;

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
        assert!(shop.scope.contains(" payments") && shop.return_uris.is_empty());
        let pay = sites.clients.iter().find(|c| c.id == "pay").expect("is registered");
        assert!(pay.grant_types.is_empty() && pay.redirect_uris.is_empty());
        let asks: Vec<_> =
            sites.clients.iter().filter(|c| c.scope.contains("operations")).collect();
        assert_eq!((asks.len(), asks[0].id), (1, "pay"), "and pay alone asks people anything");
        let identifies = sites.clients.iter().filter(|c| c.scope.contains("identification"));
        assert!(identifies.map(|client| client.id).eq(["shop"]));
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
