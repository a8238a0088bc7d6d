//! Redirect URIs are compared letter for letter (RFC 9700 §2.1), but for the ports of loopback
//! addresses (RFC 8252 §7.3). Whatever is wrong with one is said on a page and never redirected.

use super::{hold_page, with_alice};
use crate::support::{Authorize, NOTES, PAY, SHOP, SHOP_CALLBACK, SPECS, Setup, WIDGET_CALLBACK};

/// Like `SHOP_CALLBACK`, and not it.
const LOOK_ALIKES: [&str; 62] = [
    "HTTP://shop.vestibule.localhost:8003/oidc/callback",
    "http://SHOP.vestibule.localhost:8003/oidc/callback",
    "http://shop.vestibule.localhost:8003/OIDC/callback",
    "http://shop.vestibule.localhost:8003/oidc/Callback",
    "http://shop.vestibule.localhost:8004/oidc/callback",
    "http://shop.vestibule.localhost:08003/oidc/callback",
    "http://shop.vestibule.localhost/oidc/callback",
    "http://shop.vestibule.localhost:/oidc/callback",
    "http://shop.vestibule.localhost:8003:8003/oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc/callback/",
    "http://shop.vestibule.localhost:8003/oidc/callback//",
    "http://shop.vestibule.localhost:8003//oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc//callback",
    "http://shop.vestibule.localhost:8003/oidc/callback?",
    "http://shop.vestibule.localhost:8003/oidc/callback?x=1",
    "http://shop.vestibule.localhost:8003/oidc/callback?code=evil",
    "http://shop.vestibule.localhost:8003/oidc/callback&x=1",
    "http://shop.vestibule.localhost:8003/oidc/callback;x",
    "http://shop.vestibule.localhost:8003/oidc/callback#",
    "http://shop.vestibule.localhost:8003/oidc/callback#evil",
    "http://shop.vestibule.localhost:8003/oidc/callback\\",
    "http://shop.vestibule.localhost:8003/oidc/callback.evil",
    "http://shop.vestibule.localhost:8003/oidc/callback ",
    " http://shop.vestibule.localhost:8003/oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc/call\tback",
    "http://shop.vestibule.localhost:8003/oidc/callback\n",
    "http://shop.vestibule.localhost:8003/oidc/callback\r\nLocation: https://evil.test",
    "http://shop.vestibule.localhost:8003/oidc/callback\u{a0}",
    "http://shop.vestibule.localhost:8003/oidc/%63allback",
    "http://shop.vestibule.localhost:8003/oidc%2fcallback",
    "http://shop.vestibule.localhost:8003/oidc%2Fcallback",
    "http://shop.vestibule.localhost:8003/%2e/oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc/x/%2e%2e/callback",
    "http://shop.vestibule.localhost:8003/./oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc/../oidc/callback",
    "http://shop.vestibule.localhost:8003/oidc/callback/../../evil",
    "http://shop.vestibule.localhost:8003/oidc/callback/..;/evil",
    "http://shop.vestibule.localhost:8003/oidc/callback%00",
    "http://shop.vestibule.localhost:8003/oidc/callback%0d%0aevil",
    "http://shop.vestibule.localhost:8003/oidc/c\u{430}llback",
    "http://sh\u{43e}p.vestibule.localhost:8003/oidc/callback",
    "http://shop\u{3002}vestibule.localhost:8003/oidc/callback",
    "http://shop.vestibule.localhost.:8003/oidc/callback",
    "http://evil@shop.vestibule.localhost:8003/oidc/callback",
    "http://shop.vestibule.localhost:8003@evil.test/oidc/callback",
    "http://shop.vestibule.localhost:8003\\@evil.test/oidc/callback",
    "http://evil.test#@shop.vestibule.localhost:8003/oidc/callback",
    "http://evil.test/?http://shop.vestibule.localhost:8003/oidc/callback",
    "http://evil.test\\http://shop.vestibule.localhost:8003/oidc/callback",
    "http://shop.vestibule.localhost:8003.evil.test/oidc/callback",
    "http://evil.shop.vestibule.localhost:8003/oidc/callback",
    "http://evilshop.vestibule.localhost:8003/oidc/callback",
    "http://vestibule.localhost:8003/oidc/callback",
    "https://shop.vestibule.localhost:8003/oidc/callback",
    "ws://shop.vestibule.localhost:8003/oidc/callback",
    "shop.vestibule.localhost:8003/oidc/callback",
    "//shop.vestibule.localhost:8003/oidc/callback",
    "http:shop.vestibule.localhost:8003/oidc/callback",
    "http:\\\\shop.vestibule.localhost:8003\\oidc\\callback",
    "/oidc/callback",
    "javascript:alert('evil')",
    "data:text/html,evil",
];

#[rocket::async_test]
async fn nothing_that_looks_like_a_redirect_uri_is_one() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    let prefix = &SHOP_CALLBACK[..SHOP_CALLBACK.len() - 1];
    let others = [
        SHOP.to_owned(),
        format!("{SHOP}/"),
        format!("{SHOP}/signed-out"),
        format!("{PAY}/oidc/callback"),
        format!("{NOTES}/sso/return"),
        WIDGET_CALLBACK.to_owned(),
        "http://127.0.0.1/callback".to_owned(),
        format!("{SHOP_CALLBACK} {SHOP_CALLBACK}"),
        prefix.to_owned(),
        "*".to_owned(),
        "http://*".to_owned(),
    ];
    let all = LOOK_ALIKES.into_iter().chain(others.iter().map(String::as_str));
    for uri in all {
        for mode in ["query", "fragment", "form_post"] {
            let asked = Authorize::new("shop", uri).with("response_mode", mode);
            hold_page(&alice.authorize(&asked).await, uri);
        }
        hold_page(&alice.silently(&Authorize::new("shop", uri)).await, uri);
        let wrong_in_all = Authorize::new("shop", uri).scope("other").with("response_type", "x");
        hold_page(&alice.authorize(&wrong_in_all).await, uri);
        hold_page(&server.browser().authorize(&Authorize::new("shop", uri)).await, uri);
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_client_that_is_wrong_is_told_on_a_page() {
    let mut setup = Setup::new().await.with_openid();
    let pay = setup.registration("pay");
    pay.redirect_uris = vec![format!("{PAY}/callback")];
    pay.grant_types = vec!["client_credentials".into(), "refresh_token".into()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let pay = Authorize::new("pay", &format!("{PAY}/callback"));
    hold_page(&alice.authorize(&pay).await, "without the grant type");
    for id in ["nobody", "SHOP", "shop ", " shop", "shop\u{0}", "'shop'", "shop,pay", "*", "wiki"] {
        let asked = Authorize::shop().with("client_id", id);
        hold_page(&alice.authorize(&asked).await, id);
        hold_page(&alice.silently(&asked).await, id);
    }
    let asked = Authorize::shop();
    for name in ["client_id", "redirect_uri"] {
        let value = asked.value(name);
        for wrong in [
            asked.clone().without(name),
            asked.clone().with(name, ""),
            asked.clone().and(name, value),
            asked.clone().and(name, "https://evil.test/"),
            asked.clone().and(name, ""),
        ] {
            hold_page(&alice.authorize(&wrong).await, name);
            hold_page(&alice.silently(&wrong).await, name);
        }
    }
    let encoded = format!("{}&redirect%5Furi=https://evil.test", asked.path());
    hold_page(&alice.navigate(&encoded).await, "doubled in other letters");
    server.store.disable_client("shop", server.clock.now()).await.expect("the database answers");
    hold_page(&alice.authorize(&asked).await, "disabled");
    hold_page(&alice.silently(&asked).await, "disabled");
}

#[rocket::async_test]
async fn a_page_that_refuses_a_client_names_nothing_of_it() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::new("evil-client", "https://evil.test/<script>alert(1)</script>");
    let answer = alice.authorize(&asked.with("state", "evil-state")).await;
    hold_page(&answer, "a foreign link");
    assert!(!answer.text.contains("alert(1)"));
}

#[rocket::async_test]
async fn a_public_client_on_a_loopback_address_may_have_any_port() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for uri in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:80/callback",
        "http://127.0.0.1:49152/callback",
        "http://127.0.0.1:65535/callback",
    ] {
        let asked = Authorize::new("widget", uri);
        let code = alice.authorize(&asked).await.code(&asked);
        server.public("widget").redeem(&code, &asked).await;
    }
    let asked = Authorize::new("widget", "http://127.0.0.1:4000/callback");
    let code = alice.authorize(&asked).await.code(&asked);
    let mut fields = asked.redemption(&code);
    fields.iter_mut().filter(|field| field.0 == "redirect_uri").for_each(|field| {
        field.1 = "http://127.0.0.1:4001/callback";
    });
    server.public("widget").token(&fields).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn but_nothing_else_than_the_port() {
    let (_server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    for uri in [
        "http://localhost:4000/callback",
        "http://[::1]:4000/callback",
        "http://127.0.0.2:4000/callback",
        "http://127.1:4000/callback",
        "http://2130706433:4000/callback",
        "http://0x7f.0.0.1:4000/callback",
        "http://0177.0.0.1:4000/callback",
        "http://127.0.0.1.evil.test:4000/callback",
        "http://127.0.0.1:4000@evil.test/callback",
        "http://127.0.0.1:4000\\@evil.test/callback",
        "http://evil@127.0.0.1:4000/callback",
        "http://:evil@127.0.0.1:4000/callback",
        "http://127.0.0.1:4000/callback/",
        "http://127.0.0.1:4000/callback?x",
        "http://127.0.0.1:4000/callback#x",
        "http://127.0.0.1:4000/x/../callback",
        "http://127.0.0.1:4000/%63allback",
        "http://127.0.0.1:4000",
        "https://127.0.0.1:4000/callback",
        "HTTP://127.0.0.1:4000/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:-1/callback",
        "http://127.0.0.1:4000:4000/callback",
        "http://127.0.0.1:evil/callback",
        "http://127.0.0.1:4000evil/callback",
        "http://127.0.0.1:\u{ff14}000/callback",
        "http://127.0.0.1:40 00/callback",
        "http:/127.0.0.1:4000/callback",
        "http://specs.example.localhost:4000/callback",
        "http://specs.example.localhost/callback",
    ] {
        hold_page(&alice.authorize(&Authorize::new("widget", uri)).await, uri);
    }
}

#[rocket::async_test]
async fn every_spelling_of_loopback_has_free_ports_and_a_client_with_a_secret_has_none() {
    let registered = [
        "http://127.0.0.1/cb",
        "http://[::1]/cb",
        "http://localhost/cb",
        "http://127.0.0.1:9000/p",
    ];
    let mut setup = Setup::new().await.with_openid();
    for client_id in ["widget", "shop"] {
        let uris = registered.map(str::to_owned).to_vec();
        setup.registration(client_id).redirect_uris = uris;
    }
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    alice.consent("widget", "allow").await;
    for uri in ["http://127.0.0.1:4000/cb", "http://[::1]:4000/cb", "http://localhost:4000/cb"] {
        let asked = Authorize::new("widget", uri);
        alice.authorize(&asked).await.code(&asked);
        hold_page(&alice.authorize(&Authorize::new("shop", uri)).await, uri);
    }
    for uri in registered {
        let asked = Authorize::new("shop", uri);
        alice.authorize(&asked).await.code(&asked);
    }
    let hybrid = Authorize::new("widget", "http://localhost:4000/p");
    hold_page(&alice.authorize(&hybrid).await, "the path of another host's");
}

#[rocket::async_test]
async fn a_client_with_two_uris_gets_the_one_it_asks_for_and_must_ask() {
    let uris = [format!("{SPECS}/a"), format!("{SPECS}/b")];
    let mut setup = Setup::new().await.with_openid();
    setup.registration("widget").redirect_uris = uris.to_vec();
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    alice.consent("widget", "allow").await;
    for uri in &uris {
        let asked = Authorize::new("widget", uri);
        alice.authorize(&asked).await.code(&asked);
        hold_page(&alice.authorize(&asked.without("redirect_uri")).await, "which one?");
    }
    let nobody = server.browser();
    hold_page(&nobody.authorize(&Authorize::widget().without("redirect_uri")).await, "none");
}
