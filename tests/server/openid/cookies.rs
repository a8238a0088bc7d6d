//! Which cookies say who is there: `__Host-session`, and `__Host-session-none` for silent requests
//! alone.

use reqwest::Method;

use super::{Step, uid, with_alice};
use crate::support::{Answer, Authorize, Browser, TestServer};

const FIRST: &str = "__Host-session";
const SECOND: &str = "__Host-session-none";

fn with_only(server: &TestServer, name: &str, value: &str) -> Browser {
    let browser = server.browser();
    browser.set_cookie(name, value);
    browser
}

fn secret(browser: &Browser, name: &str) -> String {
    browser.cookie(name).expect("a cookie")
}

async fn whose(server: &TestServer, asked: &Authorize, answer: &Answer) -> String {
    let tokens = server.backend("shop").redeem(&answer.code(asked), asked).await;
    let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
    claims["sub"].as_str().expect("a subject").to_owned()
}

#[rocket::async_test]
async fn the_second_secret_opens_silent_requests() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    let frame = with_only(&server, SECOND, &secret(&alice, SECOND));
    let answer = frame.silently(&asked).await;
    assert_eq!(whose(&server, &asked, &answer).await, uid(&server, "alice").await);
    let widget = Authorize::widget();
    assert_eq!(frame.silently(&widget).await.refusal(&widget), "consent_required");
    let (sent, same) = (alice.silently(&asked).await, frame.silently(&asked).await);
    assert!(sent.set_cookies().is_empty() && same.set_cookies().is_empty());
    alice.sign_out().await;
    assert_eq!(frame.silently(&asked).await.refusal(&asked), "login_required");
}

#[rocket::async_test]
async fn and_nothing_that_is_not_silent() {
    let (server, alice) = with_alice().await;
    alice.consent("widget", "allow").await;
    let before = server.database.every_row_but(&[]).await;
    for prompt in ["", "login", "consent", "select_account"] {
        for asked in [Authorize::shop().prompt(prompt), Authorize::widget().prompt(prompt)] {
            let frame = with_only(&server, SECOND, &secret(&alice, SECOND));
            let step = Step::of(&frame.authorize(&asked).await);
            let is_sign_in = ["/signin", "/signin/choose"].contains(&step.path.as_str());
            assert!(is_sign_in, "{prompt}: {}", step.whole);
            let page = frame.get(&step.whole).await;
            assert!(!page.text.contains("Full Name of alice"), "{prompt}");
        }
    }
    for odd in ["none login", "None", "none "] {
        let asked = Authorize::shop().prompt(odd);
        let frame = with_only(&server, SECOND, &secret(&alice, SECOND));
        let answer = frame.authorize(&asked).await;
        assert!(odd == "none " || !answer.location().contains("code="), "{odd}");
    }
    let after = server.database.every_row_but(&[]).await;
    let grants = |rows: &[String]| rows.iter().filter(|row| row.starts_with("grants:")).count();
    assert!(grants(&after) <= grants(&before) + 1);
}

#[rocket::async_test]
async fn the_two_secrets_cannot_stand_for_each_other() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::shop();
    for (name, from) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let swapped = with_only(&server, name, &secret(&alice, from));
        assert_eq!(swapped.silently(&asked).await.refusal(&asked), "login_required", "{name}");
        assert_eq!(Step::of(&swapped.authorize(&asked).await).path, "/signin", "{name}");
    }
}

#[rocket::async_test]
async fn where_both_are_there_the_first_counts() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    let asked = Authorize::shop();
    let mixed = with_only(&server, FIRST, &secret(&alice, FIRST));
    mixed.set_cookie(SECOND, &secret(&bob, SECOND));
    let answer = mixed.silently(&asked).await;
    assert_eq!(whose(&server, &asked, &answer).await, uid(&server, "alice").await);
    let answer = mixed.authorize(&asked).await;
    assert_eq!(whose(&server, &asked, &answer).await, uid(&server, "alice").await);
}

#[rocket::async_test]
async fn doubled_and_tossed_cookies_bring_nobody_in() {
    let (server, alice) = with_alice().await;
    let bob = server.signed_up("bob").await;
    let asked = Authorize::shop().prompt("none");
    let send = async |cookie: String| {
        let request = server.plain_request(Method::GET, &asked.path()).header("Cookie", cookie);
        Answer::of(request.header("Sec-Fetch-Dest", "iframe")).await
    };
    for name in [FIRST, SECOND] {
        let (hers, his) = (secret(&alice, name), secret(&bob, name));
        for doubled in
            [format!("{name}={hers}; {name}={his}"), format!("{name}={hers}; {name}={hers}")]
        {
            let answer = send(doubled).await;
            assert!(!answer.location().contains("code="), "{name}: {}", answer.location());
            assert!([303, 400].contains(&answer.status), "{name}: {}", answer.status);
        }
        let bare = name.trim_start_matches("__Host-");
        let tossed = format!("{bare}={his}; __Secure-{bare}={his}; \u{2000}{name}={his}");
        let answer = send(tossed.clone()).await;
        assert_eq!(answer.refusal(&asked), "login_required", "{name}");
        let answer = send(format!("{tossed}; {name}={hers}")).await;
        assert_eq!(whose(&server, &asked, &answer).await, uid(&server, "alice").await, "{name}");
    }
}

#[rocket::async_test]
async fn a_session_is_neither_made_nor_renewed_by_asking() {
    let (server, alice) = with_alice().await;
    let sessions = server.database.rows("sessions", &["id"]).await;
    for asked in [Authorize::shop(), Authorize::widget(), Authorize::shop().prompt("none")] {
        for browser in [&alice, &server.browser()] {
            assert!(browser.authorize(&asked).await.set_cookies().is_empty());
        }
    }
    assert_eq!(server.database.rows("sessions", &["id"]).await, sessions);
}
