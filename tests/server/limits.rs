//! Limits that slow guessing and cannot be used to lock a person out. Here they are as people
//! have them; every network is an address that the proxy in front of the server names.

use crate::support::{Answer, Backend, Browser, PASSWORD, Setup, TestServer};
use vestibule::clock::{MINUTE, SECOND};

const WRONG: &str = "not-the-password";

async fn server() -> TestServer {
    Setup::new().await.behind_a_proxy().with_real_limits().start().await
}

/// A stranger's try from an address.
async fn guess(server: &TestServer, login: &str, address: &str) -> Answer {
    server.browser_at(address).sign_in(login, WRONG).await
}

fn hold_slow_down(answer: &Answer, at_most: u64) {
    assert_eq!(answer.status, 429);
    let seconds: u64 = answer.header("Retry-After").parse().expect("Retry-After in seconds");
    assert!((1..=at_most).contains(&seconds), "{seconds}");
    let error = answer.form_error().expect("a sentence");
    assert!(error.contains("Too many tries. Try again in"), "{error}");
}

#[rocket::async_test]
async fn ten_guesses_at_one_name_from_one_network_are_all() {
    let server = server().await;
    server.signed_up("alice").await;
    for _ in 0..10 {
        assert_eq!(guess(&server, "alice", "192.0.2.1").await.status, 422);
    }
    let jobs = server.passwords.jobs_run();
    let eleventh = guess(&server, "Alice", "192.0.2.1").await;
    hold_slow_down(&eleventh, 60);
    assert_eq!(eleventh.typed("login").as_deref(), Some("Alice"), "what was typed is kept");
    assert_eq!(server.passwords.jobs_run(), jobs, "and no hash is computed");
    let right = server.browser_at("192.0.2.1").sign_in("alice", PASSWORD).await;
    hold_slow_down(&right, 60);
    assert!(right.set_cookies().is_empty());

    server.clock.advance(MINUTE);
    let right = server.browser_at("192.0.2.1").sign_in("alice", PASSWORD).await;
    assert_eq!(right.status, 303, "a minute later there is one more");
}

#[rocket::async_test]
async fn a_name_that_nobody_has_is_limited_in_the_same_way() {
    let server = server().await;
    server.signed_up("alice").await;
    for _ in 0..13 {
        let known = guess(&server, "alice", "192.0.2.1").await;
        let unknown = guess(&server, "carol", "192.0.2.1").await;
        assert_eq!(known.essence(), unknown.essence().replace("\"carol\"", "\"alice\""));
    }
}

#[rocket::async_test]
async fn a_header_from_nowhere_makes_no_new_network() {
    let server = Setup::new().await.with_real_limits().start().await;
    for n in 0..11 {
        let answer = guess(&server, "alice", &format!("192.0.2.{n}")).await;
        assert_eq!(answer.status, if n < 10 { 422 } else { 429 }, "{n}");
    }
}

#[rocket::async_test]
async fn a_network_that_tries_many_names_is_slowed_and_its_known_browsers_are_not() {
    let server = server().await;
    let alice = server.browser_at("192.0.2.1");
    alice.sign_up("alice").await;
    alice.sign_out().await;
    for n in 0..60 {
        assert_eq!(guess(&server, &format!("name-{n}"), "192.0.2.1").await.status, 422, "{n}");
    }
    hold_slow_down(&guess(&server, "name-60", "192.0.2.1").await, 2);
    assert_eq!(guess(&server, "name-60", "192.0.2.2").await.status, 422, "others are not slowed");
    assert_eq!(alice.sign_in("alice", PASSWORD).await.status, 303);
    server.clock.advance(2 * SECOND);
    assert_eq!(guess(&server, "name-60", "192.0.2.1").await.status, 422);
}

#[rocket::async_test]
async fn neighbours_in_ipv6_are_one_network() {
    let server = server().await;
    for n in 0..11 {
        let answer = guess(&server, "alice", &format!("2001:db8:0:12{n:02x}::1")).await;
        assert_eq!(answer.status, if n < 10 { 422 } else { 429 }, "{n}");
    }
    assert_eq!(guess(&server, "alice", "2001:db8:0:1300::1").await.status, 422);
}

/// Many networks try all they can.
async fn besiege(server: &TestServer, login: &str) {
    let mut refused = 0;
    for n in 0..14 {
        for _ in 0..10 {
            let answer = guess(server, login, &format!("198.51.100.{n}")).await;
            assert!([422, 429].contains(&answer.status));
            refused += u32::from(answer.status == 429);
        }
    }
    // A hundred and one slow one from each network: the rest was refused.
    assert!(refused > 20, "{refused}");
}

#[rocket::async_test]
async fn nobody_can_lock_a_person_out_of_a_browser_that_is_known() {
    let server = server().await;
    let alice = server.browser_at("192.0.2.1");
    alice.sign_up("alice").await;
    alice.sign_out().await;
    for login in ["alice", "alice@example.org"] {
        besiege(&server, login).await;
        // From her own network too: somebody in the same house.
        for _ in 0..10 {
            guess(&server, login, "192.0.2.1").await;
        }
        assert_eq!(guess(&server, login, "192.0.2.1").await.status, 429);
    }
    for _ in 0..3 {
        assert_eq!(alice.sign_in("alice", PASSWORD).await.status, 303);
        assert_eq!(alice.sign_in("alice@example.org", PASSWORD).await.status, 303);
        alice.sign_out().await;
    }
    assert_eq!(alice.sign_in("alice", WRONG).await.status, 422, "and has tries of her own");
}

#[rocket::async_test]
async fn nobody_can_lock_a_person_out_of_a_browser_that_is_new() {
    let server = server().await;
    server.browser_at("192.0.2.1").sign_up("alice").await;
    besiege(&server, "alice").await;
    let elsewhere = server.browser_at("192.0.2.77");
    assert_eq!(elsewhere.sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn a_mark_from_another_account_is_no_known_browser() {
    let server = server().await;
    server.signed_up("alice").await;
    let bob = server.browser_at("192.0.2.1");
    bob.sign_up("bob").await;
    for n in 0..11 {
        let answer = bob.sign_in("alice", WRONG).await;
        assert_eq!(answer.status, if n < 10 { 422 } else { 429 }, "{n}");
    }
    assert_eq!(guess(&server, "alice", "192.0.2.1").await.status, 429, "it is the network's");
}

#[rocket::async_test]
async fn a_stolen_mark_has_ten_tries_as_well() {
    let server = server().await;
    let alice = server.browser_at("192.0.2.1");
    alice.sign_up("alice").await;
    let mark = alice.cookie("__Host-device").expect("a mark");
    for n in 0..11 {
        let thief = server.browser_at(&format!("198.51.100.{n}"));
        thief.set_cookie("__Host-device", &mark);
        let answer = thief.sign_in("alice", WRONG).await;
        assert_eq!(answer.status, if n < 10 { 422 } else { 429 }, "{n}");
    }
}

#[rocket::async_test]
async fn a_whole_office_signs_in_at_nine() {
    let server = server().await;
    server.browser_at("192.0.2.1").sign_up("alice").await;
    for _ in 0..70 {
        let browser = server.browser_at("192.0.2.2");
        assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
    }
}

#[rocket::async_test]
async fn guesses_at_once_are_counted_one_by_one() {
    let server = server().await;
    server.signed_up("alice").await;
    let guesses = (0..50).map(|_| guess(&server, "alice", "192.0.2.1"));
    let answers = rocket::futures::future::join_all(guesses).await;
    let tried = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!(tried, 10);
    assert!(answers.iter().all(|answer| [422, 429].contains(&answer.status)));
}

#[rocket::async_test]
async fn twenty_accounts_from_one_network_are_enough_for_a_while() {
    let server = server().await;
    for _ in 0..25 {
        let wrong = server.browser_at("192.0.2.1").post("/signup", &[("username", "alice")]).await;
        assert_eq!(wrong.status, 422, "a wrong form costs nothing");
    }
    for n in 0..20 {
        let answer = server.browser_at("192.0.2.1").sign_up(&format!("person-{n}")).await;
        assert_eq!(answer.status, 303, "{n}");
    }
    let late = server.browser_at("192.0.2.1").sign_up("alice").await;
    hold_slow_down(&late, 180);
    assert_eq!(late.typed("username").as_deref(), Some("alice"));
    assert_eq!(late.typed("email").as_deref(), Some("alice@example.org"));
    assert_eq!(server.browser_at("192.0.2.2").sign_up("alice").await.status, 303);
    server.clock.advance(3 * MINUTE);
    assert_eq!(server.browser_at("192.0.2.1").sign_up("bob").await.status, 303);
}

async fn check_present(browser: &Browser, path: &str, password: &str) -> Answer {
    let fields = [
        ("current", password),
        ("new", "curiouser and curiouser"),
        ("full_name", "Alice"),
        ("username", "alicia"),
        ("email", "alice@example.org"),
        ("password", password),
    ];
    browser.post(path, &fields).await
}

#[rocket::async_test]
async fn who_sits_at_an_open_session_cannot_guess_its_password() {
    for path in ["/account/password", "/account/profile"] {
        let server = server().await;
        let alice = server.signed_up("alice").await;
        for _ in 0..10 {
            assert_eq!(check_present(&alice, path, WRONG).await.status, 422);
        }
        let other = if path == "/account/password" { "/account/profile" } else { path };
        for path in [path, other] {
            for password in [WRONG, PASSWORD] {
                let answer = check_present(&alice, path, password).await;
                hold_slow_down(&answer, 60);
                assert!(!answer.text.contains(WRONG) && !answer.text.contains(PASSWORD));
            }
        }
        assert!(alice.is_signed_in().await, "the session itself stays");
        server.clock.advance(MINUTE);
        assert_eq!(check_present(&alice, path, PASSWORD).await.status, 303);
    }
}

#[rocket::async_test]
async fn wrong_client_secrets_are_slowed_and_right_ones_never() {
    let server = server().await;
    let wrong = Backend::new(&server.url, "wiki", "not-the-secret");
    let body = serde_json::json!({ "sid": "ab".repeat(16) });
    for _ in 0..300 {
        assert_eq!(wrong.call("status", &body).await.status, 401);
    }
    let slowed = wrong.call("status", &body).await;
    assert_eq!(slowed.status, 429);
    assert_eq!(slowed.json()["error"], "rate_limited");
    assert_eq!(slowed.header("Retry-After"), "1");
    assert_eq!(server.backend("wiki").call("status", &body).await.status, 200);
}
