//! Asking for a code changes nothing but that there is a code, whoever makes a browser ask.

use reqwest::Method;

use super::{Step, is_ours, with_alice};
use crate::support::{Answer, Authorize, Browser, FORM, SPECS, WIKI, encode};

async fn post_from(browser: &Browser, asked: &Authorize, site: &str, origin: &str) -> Answer {
    let request = browser.request(Method::POST, "/oauth/authorize");
    let request = request.header("Content-Type", FORM).header("Sec-Fetch-Site", site);
    let request = request.header("Origin", origin).header("Sec-Fetch-Dest", "document");
    let answer = browser.send(request.body(encode(&asked.fields()))).await;
    if is_ours(&answer) && Step::of(&answer).path == "/oauth/authorize" {
        return browser.get(&Step::of(&answer).whole).await;
    }
    answer
}

#[rocket::async_test]
async fn a_code_is_all_that_is_written() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    let asked = Authorize::shop();
    alice.silently(&asked).await.code(&asked);
    alice.authorize(&asked).await.code(&asked);
    let after = server.database.every_row_but(&[]).await;
    let new: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(before.iter().all(|row| after.contains(row)), "nothing else is touched");
    assert_eq!(new.len(), 2, "{new:?}");
    assert!(new.iter().all(|row| row.starts_with("grants:")), "{new:?}");
}

#[rocket::async_test]
async fn what_does_not_end_in_a_code_writes_nothing() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    for asked in [
        Authorize::widget(),
        Authorize::widget().prompt("none"),
        Authorize::widget().with("vestibule_denied", "on"),
        Authorize::shop().prompt("login"),
        Authorize::shop().prompt("consent"),
        Authorize::shop().prompt("select_account"),
        Authorize::shop().scope("other"),
        Authorize::new("shop", "https://evil.test/"),
    ] {
        for browser in [&alice, &server.browser()] {
            browser.authorize(&asked).await;
            for method in [Method::OPTIONS, Method::PUT, Method::DELETE, Method::HEAD] {
                Answer::of(browser.request(method, &asked.path())).await;
            }
        }
    }
    let nobody = server.browser();
    nobody.authorize(&Authorize::shop()).await;
    for path in ["/.well-known/openid-configuration", "/oauth/jwks", "/oauth/authorize"] {
        alice.get(path).await;
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_post_of_another_site_is_no_more_than_a_link() {
    let (server, alice) = with_alice().await;
    for (site, origin) in [("cross-site", SPECS), ("same-site", WIKI), ("cross-site", "null")] {
        let before = server.database.every_row_but(&[]).await;
        let asked = Authorize::widget();
        let answer = post_from(&alice, &asked, site, origin).await;
        assert_eq!(Step::of(&answer).path, "/consent", "{site}: it does not say yes");
        let answer = post_from(&alice, &asked.clone().prompt("none"), site, origin).await;
        assert_eq!(answer.refusal(&asked), "consent_required", "{site}");
        let answer = post_from(&alice, &Authorize::shop().prompt("login"), site, origin).await;
        assert_eq!(Step::of(&answer).path, "/signin", "{site}");
        let wrong = Authorize::new("shop", "https://evil.test/");
        super::hold_page(&post_from(&alice, &wrong, site, origin).await, site);
        assert_eq!(server.database.every_row_but(&[]).await, before, "{site}");
        assert!(alice.is_signed_in().await);
        let asked = Authorize::shop();
        post_from(&alice, &asked, site, origin).await.code(&asked);
    }
}

#[rocket::async_test]
async fn a_browser_that_keeps_its_cookies_back_gets_there_too() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    // The cookie is `SameSite=Lax`: it does not go with a cross-site POST, but with what follows.
    let without = server.browser();
    let answer = post_from(&without, &asked, "cross-site", SPECS).await;
    let step = Step::of(&answer);
    assert_eq!(step.path, "/signin");
    let answer = alice.get(&step.whole).await;
    alice.get(&Step::of(&answer).whole).await.code(&asked);
}

#[rocket::async_test]
async fn a_post_in_a_frame_is_refused_unless_it_is_silent() {
    let (_server, alice) = with_alice().await;
    let send = async |asked: &Authorize| {
        let request = alice.request(Method::POST, "/oauth/authorize");
        let request = request.header("Content-Type", FORM).header("Sec-Fetch-Site", "cross-site");
        let request = request.header("Sec-Fetch-Dest", "iframe");
        alice.send(request.body(encode(&asked.fields()))).await
    };
    let answer = send(&Authorize::shop()).await;
    assert_eq!((answer.status, answer.location()), (403, ""));
    let silent = Authorize::shop().prompt("none");
    let answer = send(&silent).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}
