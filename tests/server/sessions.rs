//! One's sessions: how long they live, where they are, and ending them.

use crate::support::{Browser, PASSWORD, Setup, TestServer};
use vestibule::clock::{DAY, HOUR, MINUTE, SECOND};
use vestibule::domain::secret::Secret;
use vestibule::store::accounts::MOST_DEVICES;
use vestibule::store::sessions::{MOST_SESSIONS, NewSession};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1";

async fn signed_in(browser: Browser, keep: &str) -> Browser {
    let fields = [("login", "alice"), ("password", PASSWORD), ("keep", keep)];
    assert_eq!(browser.post("/signin", &fields).await.status, 303);
    browser
}

/// The ids of the other sessions, as the page has them in its buttons.
async fn others(browser: &Browser) -> Vec<String> {
    let page = browser.get("/account").await.text;
    let ids = page.split("/account/sessions/").skip(1);
    let ids = ids.filter_map(|rest| rest.split_once("/end\"").map(|(id, _)| id));
    ids.filter(|id| id.len() == 32).map(str::to_owned).collect()
}

#[rocket::async_test]
async fn the_list_names_browser_address_and_time() {
    let server = Setup::new().await.behind_a_proxy().start().await;
    let desk = server.browser_at("203.0.113.7").saying("User-Agent", FIREFOX);
    assert_eq!(desk.sign_up("alice").await.status, 303);
    server.clock.advance(2 * HOUR);
    let phone = server.browser_at("2001:db8::7").saying("User-Agent", PHONE);
    let phone = signed_in(phone, "on").await;
    let page = phone.get("/account").await.text;
    let (first, second) = page
        .split_once("class=\"session\"")
        .and_then(|(_, rest)| rest.split_once("class=\"session\""))
        .expect("two sessions");
    let expected = [
        (first, "Safari on iPhone", "2001:db8::7", "22:37 UTC"),
        (second, "Firefox on Linux", "203.0.113.7", "20:37 UTC"),
    ];
    for (row, browser, address, time) in expected {
        assert!(row.contains(browser) && row.contains(address), "{row}");
        assert!(row.contains(&format!("signed in 21 November 2026, {time}")), "{row}");
        assert_eq!(row.contains("This browser"), browser == "Safari on iPhone");
    }
}

#[rocket::async_test]
async fn an_address_is_taken_from_a_header_of_a_configured_proxy_only() {
    for (believed, address) in [(false, "127.0.0.1"), (true, "203.0.113.7")] {
        let setup = Setup::new().await;
        let setup = if believed { setup.behind_a_proxy() } else { setup };
        let server = setup.start().await;
        let browser = server
            .browser_at("198.51.100.9, 203.0.113.7")
            .saying("X-Real-IP", "192.0.2.1")
            .saying("Forwarded", "for=192.0.2.2");
        browser.sign_up("alice").await;
        let seen = server.database.rows("sessions", &["address"]).await;
        assert_eq!(seen, [address], "believed: {believed}");
        assert!(browser.get("/account").await.text.contains(address));
    }
}

#[rocket::async_test]
async fn rubbish_from_a_proxy_is_the_proxys_own_address() {
    let server = Setup::new().await.behind_a_proxy().start().await;
    for rubbish in ["", "rubbish", "203.0.113.7:443", "<script>", ",,,", "999.1.1.1"] {
        let browser = server.browser_at(rubbish);
        assert_eq!(browser.sign_in("nobody", "x").await.status, 422, "{rubbish}");
    }
    let browser = server.browser_at("<b>");
    browser.sign_up("alice").await;
    assert_eq!(server.database.rows("sessions", &["address"]).await, ["127.0.0.1"]);
}

#[rocket::async_test]
async fn what_a_browser_calls_itself_does_no_harm() {
    let server = TestServer::new().await;
    let long = format!("<script>alert(1)</script>{}", "é".repeat(5_000));
    let browser = server.browser().saying("User-Agent", "<script>alert(1)</script> Firefox/1");
    browser.sign_up("alice").await;
    let page = browser.get("/account").await.text;
    assert!(page.contains("Firefox") && !page.contains("<script>alert"));
    let request = server.browser().request(reqwest::Method::GET, "/signin");
    let odd = crate::support::Answer::of(request.header("User-Agent", long.as_bytes())).await;
    assert_eq!(odd.status, 200);
}

#[rocket::async_test]
async fn one_session_is_ended_from_another() {
    let server = TestServer::new().await;
    let here = server.signed_up("alice").await;
    let there = signed_in(server.browser(), "").await;
    let third = signed_in(server.browser(), "").await;
    let ids = others(&here).await;
    assert_eq!(ids.len(), 2);
    let answer = here.post(&format!("/account/sessions/{}/end", ids[0]), &[]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().ends_with("/account?done=session"));
    assert!(here.is_signed_in().await);
    let alive = [there.is_signed_in().await, third.is_signed_in().await];
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 1);
    let again = here.post(&format!("/account/sessions/{}/end", ids[0]), &[]).await;
    assert_eq!(again.status, 404, "it has ended already");
}

#[rocket::async_test]
async fn all_other_sessions_are_ended_at_once() {
    let server = TestServer::new().await;
    let here = server.signed_up("alice").await;
    let there = signed_in(server.browser(), "").await;
    let bob = server.signed_up("bob").await;
    let answer = here.post("/account/sessions/end-others", &[]).await;
    assert_eq!(answer.status, 303);
    assert!(here.is_signed_in().await && !there.is_signed_in().await);
    assert!(bob.is_signed_in().await);
    assert!(others(&here).await.is_empty());
}

#[rocket::async_test]
async fn ending_ones_own_session_signs_out() {
    let server = TestServer::new().await;
    let here = server.signed_up("alice").await;
    let there = signed_in(server.browser(), "").await;
    let own = others(&there).await.remove(0);
    let answer = here.post(&format!("/account/sessions/{own}/end"), &[]).await;
    assert!(answer.location().ends_with("/signin"));
    assert_eq!(here.cookie("__Host-session"), None);
    assert!(there.is_signed_in().await);
}

#[rocket::async_test]
async fn nobody_ends_another_persons_session() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    signed_in(server.browser(), "").await;
    let bob = server.signed_up("bob").await;
    let before = server.database.every_row_but(&[]).await;
    let alices = others(&alice).await;
    for id in alices.iter().map(String::as_str).chain([
        "0123456789abcdef0123456789abcdef",
        "x",
        "%00",
        "%27%20OR%201=1",
        "..%2f..",
    ]) {
        let answer = bob.post(&format!("/account/sessions/{id}/end"), &[]).await;
        assert!([404, 400].contains(&answer.status), "{id}: {}", answer.status);
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    let nobody = server.browser();
    let answer = nobody.post(&format!("/account/sessions/{}/end", alices[0]), &[]).await;
    assert!(answer.location().starts_with("/signin"));
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn a_brief_session_ends_after_8_idle_hours() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    server.clock.advance(8 * HOUR - 1);
    assert!(alice.is_signed_in().await);
    server.clock.advance(8 * HOUR - 1);
    assert!(alice.is_signed_in().await, "it was used in between");
    server.clock.advance(8 * HOUR);
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_brief_session_ends_after_a_day_however_much_it_is_used() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for hour in 1..24 {
        server.clock.advance(HOUR);
        assert!(alice.is_signed_in().await, "after {hour} hours");
    }
    server.clock.advance(HOUR - 1);
    assert!(alice.is_signed_in().await);
    server.clock.advance(1);
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn a_kept_session_ends_after_14_idle_days_and_after_30_in_any_case() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let idle = signed_in(server.browser(), "on").await;
    let used = signed_in(server.browser(), "on").await;
    for day in 1..30 {
        server.clock.advance(DAY);
        assert!(used.is_signed_in().await, "after {day} days");
        if day == 13 {
            let left_alone = server
                .database
                .texts("SELECT CAST(COUNT(*) AS TEXT) FROM sessions WHERE finished_at IS NULL");
            assert!(left_alone.await[0].parse::<u32>().is_ok_and(|n| n >= 2));
        }
    }
    assert!(!idle.is_signed_in().await);
    server.clock.advance(DAY);
    assert!(!used.is_signed_in().await);
}

#[rocket::async_test]
async fn an_expired_session_is_not_listed_and_gives_nothing_to_the_bridge() {
    let server = TestServer::new().await;
    let old = server.signed_up("alice").await;
    server.clock.advance(8 * HOUR);
    let new = signed_in(server.browser(), "").await;
    assert!(others(&new).await.is_empty());
    let asked = old.ask("notes", crate::support::NOTES, true, None).await.json();
    assert_eq!(asked["error"], "login_required");
}

#[rocket::async_test]
async fn the_time_of_last_use_is_written_now_and_then() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let last_seen = || async { server.database.rows("sessions", &["last_seen_at"]).await };
    let first = last_seen().await;
    server.clock.advance(5 * MINUTE - 1);
    alice.get("/account").await;
    assert_eq!(last_seen().await, first, "not with every request");
    server.clock.advance(1);
    alice.get("/account").await;
    assert_ne!(last_seen().await, first);
}

#[rocket::async_test]
async fn an_account_has_at_most_a_hundred_sessions_and_the_oldest_ends() {
    let server = TestServer::new().await;
    let first = server.signed_up("alice").await;
    let mut last = None;
    for _ in 0..MOST_SESSIONS {
        server.clock.advance(SECOND);
        let browser = server.browser();
        assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
        last = Some(browser);
    }
    assert!(!first.is_signed_in().await, "one more than a hundred");
    assert!(last.expect("signed in").is_signed_in().await);
    let uid = server.database.texts("SELECT uid FROM accounts").await.remove(0);
    let open = server.store.sessions_of(&uid, server.clock.now()).await.expect("the list");
    assert_eq!(i64::try_from(open.len()), Ok(MOST_SESSIONS));
    let devices = server.database.rows("devices", &["id"]).await.len();
    assert_eq!(i64::try_from(devices), Ok(MOST_DEVICES));
}

#[rocket::async_test]
async fn no_session_outlives_a_change_of_the_password_under_way() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let now = server.clock.now();
    for round in 0..50 {
        let found = server.store.account_by_login("alice").await.expect("it is read");
        let found = found.expect("alice is there");
        let uid = &found.account.uid;
        let new = NewSession {
            secret: Secret::random().hash(),
            none_secret: None,
            kept: false,
            user_agent: String::new(),
            address: String::new(),
        };
        let next = format!("hash of round {round}");
        let (changed, opened) = rocket::tokio::join!(
            server.store.set_password(uid, &next, now),
            server.store.add_session(uid, &found.password_hash, &new, None, now),
        );
        assert!(changed.expect("it is changed"));
        opened.expect("it is opened, or not");
        let open = server.store.sessions_of(uid, now).await.expect("the list");
        assert!(open.is_empty(), "round {round}: a session of the old password lives");
    }
}
