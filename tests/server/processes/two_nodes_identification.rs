//! A page that waits for an identification on a server that is killed.

use serde_json::json;
use vestibule::clock::Clock;

use super::{Place, session};
use crate::support::identification::{
    Bank, CUSTOMER, Says, Signer, Waiting, claims, gives, outcome_at,
};
use crate::support::{Authorize, Backend, SHOP, SHOP_CALLBACK};

/// A provider, and how it is configured.
async fn bank() -> (Bank, Signer, String) {
    let (bank, signer) = (Bank::open().await, Signer::new("ES256", "1"));
    bank.world().keys = Says::json(&json!({ "keys": [signer.jwk()] }));
    let settings = format!(
        "[[default.vestibule.providers]]\nid = \"bank\"\nissuer = \"{}\"\n\
         client_id = \"vestibule\"\nclient_secret = \"a secret of the bank's\"\n",
        bank.issuer
    );
    (bank, signer, settings)
}

#[rocket::async_test]
async fn a_page_whose_server_was_killed_hears_the_outcome_from_the_other() {
    let (bank, signer, settings) = bank().await;
    let place = Place::new().await.with_settings(&settings);
    let (mut one, other) = rocket::tokio::join!(place.serve(), place.serve());
    let add = ["client", "add", "--client-id", "shop", "--origin", SHOP, "--redirect-uri"];
    let more = [SHOP_CALLBACK, "--scope", "openid identification", "--first-party"];
    let added = place.run(&[&add[..], &more[..]].concat()).await;
    let secret = added["client_secret"].as_str().expect("a secret");

    let alice = one.browser();
    session(&alice.sign_up("alice").await);
    let asked = Authorize::shop().scope("openid identification");
    let code = alice.authorize(&asked).await.code(&asked);
    let token = Backend::new(&one.url, "shop", secret).redeem(&code, &asked).await.access;
    let mut waiting = Waiting::at(&one.url, &token, &[("Origin", SHOP)]).await;
    let begun = Waiting::at(&one.url, &token, &[("Origin", SHOP)]).await;
    let away = alice.go_away(&begun).await;
    one.program.kill();
    assert_eq!(waiting.socket.next_json().await, Err(None), "it broke off");

    // Whether the window was at the provider by then, or is opened now.
    let there = alice.at(&other.url);
    for (waiting, away) in [(begun, Some(away)), (waiting, None)] {
        let told = outcome_at(&other.url, &waiting.secret, &[]).await.json();
        assert_eq!(told["state"], "waiting", "{told}");
        let uri = told["start_uri"].as_str().expect("an address");
        let token = waiting.path.split("monitor=").nth(1).expect("a token");
        assert!(uri.ends_with(&format!("monitor={token}")), "{uri}");
        let away = match away {
            Some(away) => away,
            None => there.go_away(&waiting).await,
        };
        gives(&bank, &signer, &claims(&bank, &away, CUSTOMER, Clock::system().now()));
        let fields = [("code", "c0de"), ("state", away.state.as_str())];
        let page = there.come_back("bank", &fields).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let told = outcome_at(&other.url, &waiting.secret, &[("wait", "20")]).await.json();
        assert_eq!(told["result"], "succeeded", "{told}");
    }
}
