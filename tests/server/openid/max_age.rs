//! `max_age`: how long ago the person may have signed in, and `login_hint`: as whom.

use vestibule::clock::{HOUR, SECOND};

use super::{Step, provider, sign_in, with_alice};
use crate::support::{Authorize, START};

#[rocket::async_test]
async fn a_sign_in_that_is_young_enough_is_enough() {
    let (server, alice) = with_alice().await;
    server.clock.advance(HOUR);
    for max_age in ["3600", "3601", "86400", "999999999999"] {
        let asked = Authorize::shop().with("max_age", max_age);
        let code = alice.authorize(&asked).await.code(&asked);
        let tokens = server.backend("shop").redeem(&code, &asked).await;
        let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
        assert_eq!(claims["auth_time"], START / 1_000, "{max_age}");
    }
}

#[rocket::async_test]
async fn an_older_one_is_renewed_once_and_not_for_ever() {
    let (server, alice) = with_alice().await;
    for max_age in ["3599", "1", "0", "00"] {
        server.clock.advance(HOUR);
        let asked = Authorize::shop().with("max_age", max_age);
        let answer = alice.authorize(&asked).await;
        let step = Step::of(&answer);
        assert_eq!((step.path.as_str(), step.get("again")), ("/signin", "on"), "{max_age}");
        assert_eq!(alice.get(&step.whole).await.status, 200, "{max_age}");
        let skipped = alice.get(&step.next().whole).await;
        assert_eq!(Step::of(&skipped).path, "/signin", "{max_age}");
        // Typing takes a while, and so does the way back.
        server.clock.advance(20 * SECOND);
        let done = sign_in(&alice, &answer, "alice").await;
        server.clock.advance(5 * SECOND);
        let back = alice.get(&step.next().whole).await;
        for answer in [done, back] {
            let code = answer.code(&asked);
            let tokens = server.backend("shop").redeem(&code, &asked).await;
            let claims = server.verify(&tokens.id.expect("an id token"), "shop").await.claims;
            assert_eq!(claims["auth_time"], (server.clock.now() - 5 * SECOND) / 1_000);
        }
    }
}

#[rocket::async_test]
async fn what_is_no_number_of_seconds_is_refused() {
    let (_server, alice) = with_alice().await;
    for max_age in
        ["-1", "1.5", "1e3", "x", "0x10", "1 000", " 1", "１", "NaN", "3600s", "--1", "+5"]
    {
        let asked = Authorize::shop().with("max_age", max_age);
        let error = alice.authorize(&asked).await.refusal(&asked);
        assert_eq!(error, "invalid_request", "{max_age:?}");
    }
    for max_age in ["9".repeat(16), "9".repeat(20), "9".repeat(500), "9223372036854775807".into()] {
        let asked = Authorize::shop().with("max_age", &max_age);
        let answer = alice.authorize(&asked).await;
        let error = answer.sent().get("error").to_owned();
        assert!(error.is_empty() || error == "invalid_request", "{max_age}: {error}");
    }
}

#[rocket::async_test]
async fn a_hint_stands_in_the_form_and_nothing_more() {
    let server = provider().await;
    server.signed_up("alice").await;
    for hint in
        ["alice", "nobody@example.org", "\"><script>alert(1)</script>", "a&next=//evil.test"]
    {
        let asked = Authorize::shop().with("login_hint", hint);
        let browser = server.browser();
        let answer = browser.authorize(&asked).await;
        let step = Step::of(&answer);
        assert_eq!(step.get("login_hint"), hint);
        let page = browser.get(&step.whole).await;
        assert_eq!((page.status, page.typed("login").as_deref()), (200, Some(hint)));
        assert!(!page.text.contains("<script>alert"), "{hint}");
        sign_in(&browser, &answer, "alice").await.code(&asked);
    }
    let plain = Step::of(&server.browser().authorize(&Authorize::shop()).await);
    assert_eq!(plain.get("login_hint"), "");
}

#[rocket::async_test]
async fn a_hint_tells_nobody_who_has_an_account() {
    let server = provider().await;
    server.signed_up("alice").await;
    let shown = async |hint: &str| {
        let asked = Authorize::shop().with("login_hint", hint).with("state", "x");
        let asked = asked.with("nonce", "x").with("code_challenge", &"A".repeat(43));
        let browser = server.browser();
        let step = Step::of(&browser.authorize(&asked).await);
        browser.get(&step.whole).await.essence().replace(hint, "…")
    };
    assert_eq!(shown("alice").await, shown("carol").await);
}
