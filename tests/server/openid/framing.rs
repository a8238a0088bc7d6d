//! The silent request is answered inside a frame; whatever has something to click is not.

use reqwest::Method;

use super::{hold_page, with_alice};
use crate::support::{Answer, Authorize, Browser};

const FRAMES: [&str; 4] = ["iframe", "frame", "embed", "object"];

async fn framed(browser: &Browser, path: &str, dest: &str, site: &str) -> Answer {
    let request = browser.request(Method::GET, path).header("Sec-Fetch-Dest", dest);
    browser.send(request.header("Sec-Fetch-Site", site)).await
}

#[rocket::async_test]
async fn silently_it_answers_in_a_frame_of_any_site() {
    let (server, alice) = with_alice().await;
    for dest in FRAMES {
        for site in ["same-site", "cross-site", "same-origin"] {
            let asked = Authorize::shop().prompt("none");
            framed(&alice, &asked.path(), dest, site).await.code(&asked);
            let nobody = server.browser();
            let answer = framed(&nobody, &asked.path(), dest, site).await;
            assert_eq!(answer.refusal(&asked), "login_required", "{dest} {site}");
            // In a page with COEP every step of the frame's way is held to this.
            assert_eq!(answer.header("Cross-Origin-Resource-Policy"), "cross-origin");
            let picture = framed(&nobody, &asked.path(), "image", site).await;
            assert_eq!(picture.header("Cross-Origin-Resource-Policy"), "same-origin");
        }
    }
}

#[rocket::async_test]
async fn whatever_could_end_on_a_page_is_refused_in_a_frame() {
    let (server, alice) = with_alice().await;
    let before = server.database.every_row_but(&[]).await;
    for dest in FRAMES {
        for asked in [
            Authorize::shop(),
            Authorize::widget(),
            Authorize::shop().prompt("login"),
            Authorize::shop().prompt("consent"),
            Authorize::shop().prompt("select_account"),
            Authorize::shop().with("max_age", "0"),
            Authorize::shop().with("response_mode", "form_post"),
        ] {
            for browser in [&alice, &server.browser()] {
                for site in ["same-site", "cross-site", "same-origin"] {
                    let answer = framed(browser, &asked.path(), dest, site).await;
                    assert_eq!(answer.status, 403, "{dest} {asked:?}");
                    assert_eq!(answer.location(), "", "{dest} {asked:?}");
                    assert_eq!(answer.policy("frame-ancestors"), Some("'none'"));
                    assert_eq!(answer.header("X-Frame-Options"), "DENY");
                }
            }
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn an_error_page_cannot_be_framed_either() {
    let (_server, alice) = with_alice().await;
    for dest in FRAMES {
        for prompt in ["none", ""] {
            let asked = Authorize::new("shop", "https://evil.test/").prompt(prompt);
            let answer = framed(&alice, &asked.path(), dest, "cross-site").await;
            if answer.status != 403 {
                hold_page(&answer, dest);
            }
            assert_eq!(answer.header("X-Frame-Options"), "DENY");
            assert_eq!(answer.location(), "");
        }
    }
}

#[rocket::async_test]
async fn without_fetch_metadata_it_answers_as_to_a_window() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let old_browser = alice.send(alice.request(Method::GET, &asked.path())).await;
    old_browser.code(&asked);
    let asked = asked.prompt("none");
    alice.send(alice.request(Method::GET, &asked.path())).await.code(&asked);
}

#[rocket::async_test]
async fn a_script_that_fetches_it_can_read_nothing() {
    let (_server, alice) = with_alice().await;
    for prompt in ["", "none"] {
        let path = Authorize::shop().prompt(prompt).path();
        let request = alice.request(Method::GET, &path).header("Sec-Fetch-Dest", "empty");
        let request =
            request.header("Sec-Fetch-Mode", "cors").header("Sec-Fetch-Site", "same-site");
        let answer = alice.send(request.header("Origin", crate::support::SHOP)).await;
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
        assert_eq!(answer.header("Access-Control-Allow-Credentials"), "");
        assert_eq!(answer.header("Cross-Origin-Resource-Policy"), "same-origin");
    }
}
