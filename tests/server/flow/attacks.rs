//! Somebody else's flow. Nothing is released but to the page whose number the person compared, or
//! whose secret the window has shown, and in no other browser than that one.

use rocket::futures::future::join_all;

use super::{done, finish, hold_asked, walk, with_alice};
use crate::openid::Step;
use crate::support::{Authorize, SHOP, SPECS, TestServer, Waits, encode, nonce};

async fn codes(server: &TestServer) -> usize {
    server.database.rows("grants", &["id"]).await.len()
}

/// The authorization request of a flow, written by hand.
fn by_hand(waits: &Waits) -> String {
    waits.asked.clone().with("vestibule_flow", &waits.id).path()
}

#[rocket::async_test]
async fn a_link_of_somebody_else_releases_nothing_without_the_number() {
    let (server, alice) = with_alice().await;
    for waits in [server.begun().await, server.begun_at(SHOP, Authorize::shop()).await] {
        hold_asked(&server, &waits, &alice.open_window(&waits).await).await;
        let empty = alice.answer_window(&waits, "confirm", "").await;
        assert_eq!(empty.status, 422, "{}", empty.text);
        server.hold_pending(&waits).await;
        let wrong = alice.answer_window(&waits, "confirm", waits.other_number()).await;
        assert_eq!(Step::of(&wrong).path, waits.path());
        assert!(alice.open_window(&waits).await.text.contains("That was another number"));
        assert_eq!(server.error_of(&waits).await, "access_denied");
        let late = alice.confirm(&waits).await;
        assert_eq!(Step::of(&late).path, waits.path(), "there is one try");
        assert_eq!(server.error_of(&waits).await, "access_denied");
    }
    assert_eq!(codes(&server).await, 0);
}

#[rocket::async_test]
async fn the_request_written_by_hand_leads_to_the_page_that_asks() {
    let (server, alice) = with_alice().await;
    for waits in [server.begun().await, server.begun_at(SHOP, Authorize::shop()).await] {
        let answer = alice.navigate(&by_hand(&waits)).await;
        assert_eq!(Step::of(&answer).path, waits.path());
        let denied = format!("{}&vestibule_denied=on", by_hand(&waits));
        assert_eq!(Step::of(&alice.navigate(&denied).await).path, waits.path());
        let broken = by_hand(&waits).replace("scope=openid", "scope=other");
        assert_eq!(Step::of(&alice.navigate(&broken).await).path, waits.path());
        hold_asked(&server, &waits, &alice.open_window(&waits).await).await;
    }
    assert_eq!(codes(&server).await, 0);
}

#[rocket::async_test]
async fn a_flow_that_its_maker_has_confirmed_ends_in_his_browser_only() {
    let (server, alice) = with_alice().await;
    let (waits, eve) = (server.begun().await, server.browser());
    let onward = Step::of(&eve.confirm(&waits).await).whole;
    let own = server.begun().await;
    alice.confirm(&own).await;
    for path in [onward.clone(), by_hand(&waits)] {
        assert_eq!(Step::of(&alice.navigate(&path).await).path, waits.path());
    }
    let page = alice.open_window(&waits).await;
    assert!(page.text.contains("goes on in another browser"), "{}", page.text);
    assert!(!page.text.contains("name=\"number\""));
    assert_eq!(Step::of(&alice.confirm(&waits).await).path, waits.path());
    assert_eq!(alice.prove(&waits, &waits.secret).await.status, 403);
    for number in [waits.other_number(), ""] {
        alice.answer_window(&waits, "confirm", number).await;
        alice.answer_window(&waits, "cancel", number).await;
    }
    server.hold_pending(&waits).await;
    assert_eq!(codes(&server).await, 0);
}

#[rocket::async_test]
async fn the_cookie_of_another_browser_or_another_flow_is_none() {
    let (server, alice) = with_alice().await;
    let (waits, other) = (server.begun().await, server.begun().await);
    let onward = Step::of(&alice.confirm(&waits).await).whole;
    let cookie = alice.cookie(&waits.cookie()).expect("the cookie");
    let eve = server.browser();
    eve.confirm(&other).await;
    let foreign = eve.cookie(&other.cookie()).expect("the cookie");
    for wrong in [foreign, nonce(), String::new(), cookie.to_uppercase()] {
        alice.set_cookie(&waits.cookie(), &wrong);
        assert_eq!(Step::of(&alice.get(&onward).await).path, waits.path());
        server.hold_pending(&waits).await;
    }
    alice.forget(&waits.cookie());
    assert_eq!(Step::of(&alice.get(&onward).await).path, waits.path());
    assert_eq!(codes(&server).await, 0);
    alice.set_cookie(&waits.cookie(), &cookie);
    assert_eq!(Step::of(&alice.get(&onward).await).path, done(&waits));
}

#[rocket::async_test]
async fn a_planted_cookie_is_not_taken_over() {
    let (server, alice) = with_alice().await;
    let (planted, waits) = (nonce(), server.begun().await);
    alice.set_cookie(&waits.cookie(), &planted);
    alice.confirm(&waits).await;
    assert_ne!(alice.cookie(&waits.cookie()), Some(planted));
}

#[rocket::async_test]
async fn a_request_that_was_changed_on_the_way_begins_again() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget().scope("openid profile");
    let waits = server.begun_at(SPECS, asked).await;
    let onward = Step::of(&alice.confirm(&waits).await).whole;
    let changed = |from: &str, to: &str| {
        let changed = onward.replacen(from, to, 1);
        assert_ne!(changed, onward, "{from}");
        changed
    };
    let state = encode(&[("state", waits.asked.value("state"))]);
    let nonce_field = encode(&[("nonce", waits.asked.value("nonce"))]);
    let challenge = format!("code_challenge={}", waits.asked.value("code_challenge"));
    let other = format!("code_challenge={}", "A".repeat(43));
    let elsewhere = encode(&[("redirect_uri", "http://127.0.0.1:7/callback")]);
    let redirect_uri = encode(&[("redirect_uri", waits.asked.value("redirect_uri"))]);
    for path in [
        changed(&state, "state=mine"),
        changed(&nonce_field, "nonce=mine"),
        changed(&challenge, &other),
        changed("openid+profile", "openid"),
        changed(&redirect_uri, &elsewhere),
        changed("response_type=code", "response_type=token"),
        format!("{onward}&prompt=none"),
        Authorize::shop().with("vestibule_flow", &waits.id).path(),
    ] {
        let answer = alice.navigate(&path).await;
        assert_eq!(Step::of(&answer).path, waits.path(), "{path}");
        server.hold_pending(&waits).await;
    }
    assert_eq!(codes(&server).await, 0);
    let again = alice.open_window(&waits).await;
    assert_eq!(walk(&alice, again).await.last(), Some(&done(&waits)));
    server.code_of(&waits).await;
}

#[rocket::async_test]
async fn a_new_sign_in_that_was_asked_for_cannot_be_left_out() {
    let (server, alice) = with_alice().await;
    server.clock.advance(10 * vestibule::clock::MINUTE);
    for (name, value) in [("prompt", "login"), ("max_age", "60")] {
        let waits = server.begun_at(SPECS, Authorize::widget().with(name, value)).await;
        let onward = Step::of(&alice.confirm(&waits).await).whole;
        let without = onward.replace(&format!("&{name}={value}"), "");
        assert_ne!(without, onward);
        for path in [without.clone(), format!("{without}&vestibule_since=1")] {
            assert_eq!(Step::of(&alice.get(&path).await).path, waits.path(), "{name}");
            server.hold_pending(&waits).await;
        }
        let visited = walk(&alice, alice.get(&onward).await).await;
        assert_eq!(visited, ["/signin".to_owned(), done(&waits)], "{name}");
        server.code_of(&waits).await;
        server.clock.advance(10 * vestibule::clock::MINUTE);
    }
}

#[rocket::async_test]
async fn fifty_confirmations_at_once_let_one_browser_go_on() {
    let (server, _alice) = with_alice().await;
    let waits = server.begun().await;
    let browsers: Vec<_> = (0..50).map(|_| server.browser()).collect();
    let answers = join_all(browsers.iter().map(|browser| browser.confirm(&waits))).await;
    let goes_on = |answer: &&crate::support::Answer| Step::of(answer).path == "/oauth/authorize";
    assert_eq!(answers.iter().filter(goes_on).count(), 1);
    let has_cookie = browsers.iter().filter(|b| b.cookie(&waits.cookie()).is_some());
    assert_eq!(has_cookie.count(), 1);
    server.hold_pending(&waits).await;
}

#[rocket::async_test]
async fn fifty_ends_at_once_are_one_code() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let onward = Step::of(&alice.confirm(&waits).await).whole;
    let answers = join_all((0..50).map(|_| alice.get(&onward))).await;
    let ended = answers.iter().filter(|answer| Step::of(answer).path == done(&waits)).count();
    assert_eq!((ended, codes(&server).await), (1, 1));
    assert_eq!(Step::of(&alice.get(&onward).await).path, waits.path(), "a replay is nothing");
    assert_eq!(codes(&server).await, 1);
}

#[rocket::async_test]
async fn a_right_and_a_wrong_number_at_once_are_one_answer() {
    let (server, alice) = with_alice().await;
    for _ in 0..10 {
        let waits = server.begun().await;
        let (wrong, eve) = (waits.other_number(), server.browser());
        let (_, _) = rocket::tokio::join!(
            alice.confirm(&waits),
            eve.answer_window(&waits, "confirm", wrong)
        );
        let told = server.outcome(&waits).await;
        let row = format!(
            "SELECT CASE WHEN browser_hash IS NULL THEN 'no' ELSE 'yes' END \
            FROM flows WHERE id = '{}'",
            waits.id
        );
        let confirmed = server.database.texts(&row).await == ["yes"];
        assert_eq!(told["state"] == "pending", confirmed, "{told}");
    }
}

#[rocket::async_test]
async fn the_id_alone_opens_nothing() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    finish(&alice, &waits).await;
    let by_id = server.outcome_with(&[("waiting_secret", &waits.id)], &[]).await;
    by_id.assert_error(404, "not_found");
    let page = server.browser().open_window(&waits).await;
    let code = server.code_of(&waits).await;
    let end = server.browser().get(&done(&waits)).await;
    for text in [page.text, end.text] {
        assert!(!text.contains(&code) && !text.contains(&waits.secret));
    }
}
