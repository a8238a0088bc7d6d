//! Making an account.

use crate::support::{Answer, Browser, PASSWORD, Setup, TestServer, WIKI};
use vestibule::config::SignUp;

async fn sign_up_with(browser: &Browser, changed: (&str, &str)) -> Answer {
    let mut fields = vec![
        ("username", "alice"),
        ("email", "alice@example.org"),
        ("full_name", "Alice Liddell"),
        ("password", PASSWORD),
    ];
    for field in &mut fields {
        if field.0 == changed.0 {
            field.1 = changed.1;
        }
    }
    browser.post("/signup", &fields).await
}

/// The one sentence that a value of one field gets.
async fn complaint(server: &TestServer, field: &str, value: &str) -> String {
    let answer = sign_up_with(&server.browser(), (field, value)).await;
    assert_eq!(answer.status, 422, "{field}={value}");
    assert_eq!(answer.wrong_fields(), [field], "{field}={value}");
    answer.field_error(field).expect("a sentence")
}

#[rocket::async_test]
async fn a_new_person_is_signed_in_at_once() {
    let server = TestServer::new().await;
    let browser = server.browser();
    let answer = browser.sign_up("alice").await;
    assert_eq!(answer.status, 303);
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    for text in ["@alice", "alice@example.org", "Full Name of alice", "Not confirmed"] {
        assert!(page.text.contains(text), "{text}");
    }
    assert!(page.text.contains("21 November 2026"), "the day it was made");
}

#[rocket::async_test]
async fn the_way_back_to_the_site_goes_through_signing_up() {
    let server = TestServer::new().await;
    let back = format!("{WIKI}/sso/return");
    let browser = server.browser();
    let form = browser.get(&format!("/signup?next={back}")).await;
    assert!(form.text.contains("<strong>Wiki</strong>"));
    assert_eq!(form.typed("next"), Some(back.clone()));
    let fields = [
        ("username", "alice"),
        ("email", "alice@example.org"),
        ("full_name", "Alice"),
        ("password", PASSWORD),
        ("next", &back),
    ];
    let answer = browser.post("/signup", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, back.as_str()));
}

#[rocket::async_test]
async fn a_closed_sign_up_makes_no_account() {
    let mut setup = Setup::new().await;
    setup.config.sign_up = SignUp::Closed;
    let server = setup.start().await;
    let browser = server.browser();
    assert_eq!(browser.get("/signup").await.status, 403);
    assert_eq!(browser.sign_up("alice").await.status, 403);
    assert!(!browser.get("/signin").await.text.contains("href=\"/signup"));
    assert!(server.database.rows("accounts", &["uid"]).await.is_empty());
    assert_eq!(server.passwords.jobs_run(), 0, "not even a hash is computed");
}

#[rocket::async_test]
async fn what_was_typed_is_kept_and_the_password_is_not() {
    let server = TestServer::new().await;
    let fields = [
        ("username", "al ice"),
        ("email", "\"><script>alert(1)</script>@"),
        ("full_name", "Älice & 'the' \"Liddell\" <b>"),
        ("password", "an uncommon secret"),
    ];
    let answer = server.browser().post("/signup", &fields).await;
    assert_eq!(answer.status, 422);
    for (name, value) in &fields[..3] {
        assert_eq!(answer.typed(name).as_deref(), Some(*value));
    }
    assert_eq!(answer.typed("password"), None);
    assert!(!answer.text.contains("uncommon"));
    assert!(!answer.text.contains("<script>alert") && !answer.text.contains("<b>"));
    assert_eq!(answer.wrong_fields(), ["username", "email"]);
}

#[rocket::async_test]
async fn every_wrong_field_is_named_at_once() {
    let server = TestServer::new().await;
    let answer = server.browser().post("/signup", &[]).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.wrong_fields(), ["full_name", "username", "email", "password"]);
    assert!(answer.text.contains("4 things need another look"));
    assert_eq!(server.passwords.jobs_run(), 0);
}

#[rocket::async_test]
async fn each_field_says_what_to_do() {
    let server = TestServer::new().await;
    let long = |n: usize| "a".repeat(n);
    let cases = [
        ("username", String::new(), "Choose a username."),
        ("username", "a".into(), "between 2 and 40"),
        ("username", long(41), "between 2 and 40"),
        ("username", "аlice".into(), "without accents"),
        ("username", "alice@example.org".into(), "without accents"),
        ("username", ".alice".into(), "beginning with a letter"),
        ("email", String::new(), "Enter your e-mail address."),
        ("email", "alice".into(), "name@example.org"),
        ("email", "alice@".into(), "name@example.org"),
        ("email", "alice@example.org, bob@example.org".into(), "name@example.org"),
        ("email", format!("{}@example.org", long(250)), "too long"),
        ("full_name", "  ".into(), "Enter the name"),
        ("full_name", long(201), "at most 200"),
        ("full_name", "Alice\r\nBcc: bob".into(), "line breaks"),
        ("password", String::new(), "at least 8"),
        ("password", "seven77".into(), "at least 8"),
        ("password", "x🐇".repeat(513), "at most 1024"),
        ("password", "password123".into(), "first passwords anybody would try"),
        ("password", "12345678".into(), "first passwords anybody would try"),
        ("password", "alice-1871".into(), "Leave out your name"),
        ("password", "Liddell1".into(), "Leave out your name"),
        ("password", "Vestibule!".into(), "Leave out your name"),
    ];
    for (field, value, expected) in cases {
        let sentence = complaint(&server, field, &value).await;
        assert!(sentence.contains(expected), "{field}={value}: {sentence}");
    }
    assert!(server.database.rows("accounts", &["uid"]).await.is_empty());
}

#[rocket::async_test]
async fn names_and_addresses_are_taken_whatever_their_case() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    for username in ["alice", "ALICE", " Alice "] {
        let fields = [
            ("username", username),
            ("email", "else@example.org"),
            ("full_name", "Somebody"),
            ("password", PASSWORD),
        ];
        let answer = server.browser().post("/signup", &fields).await;
        let sentence = answer.field_error("username").expect("a sentence");
        assert!(sentence.contains("Somebody has this username"), "{username}");
    }
    for email in ["alice@example.org", "Alice@Example.ORG", " alice@example.org"] {
        let fields = [
            ("username", "someone"),
            ("email", email),
            ("full_name", "Somebody"),
            ("password", PASSWORD),
        ];
        let answer = server.browser().post("/signup", &fields).await;
        let sentence = answer.field_error("email").expect("a sentence");
        assert!(sentence.contains("There is an account with this address"), "{email}");
        assert!(answer.set_cookies().is_empty());
    }
    assert_eq!(server.database.rows("accounts", &["uid"]).await.len(), 1);
}

#[rocket::async_test]
async fn of_two_who_want_a_name_at_once_one_gets_it() {
    let server = TestServer::new().await;
    let browsers: Vec<Browser> = (0..8).map(|_| server.browser()).collect();
    let all = rocket::futures::future::join_all(browsers.iter().map(|b| b.sign_up("alice"))).await;
    let statuses: Vec<u16> = all.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [303, 422].contains(status)), "{statuses:?}");
}

#[rocket::async_test]
async fn long_passwords_of_every_script_are_taken_whole() {
    let server = TestServer::new().await;
    let passwords = [
        "tortoiseandmock".to_owned(),
        "teapot-x".repeat(8),
        "ab".repeat(512),
        "🐇🕳".repeat(512),
        "пароль и чай".to_owned(),
        "  spaces around  ".to_owned(),
    ];
    for (n, password) in passwords.iter().enumerate() {
        let (username, email) = (format!("person-{n}"), format!("person-{n}@example.com"));
        let fields = [
            ("username", username.as_str()),
            ("email", &email),
            ("full_name", "Somebody"),
            ("password", password),
        ];
        let answer = server.browser().post("/signup", &fields).await;
        assert_eq!(answer.status, 303, "{n}: {:?}", answer.field_error("password"));
        assert_eq!(server.browser().sign_in(&username, password).await.status, 303, "{n}");
        let shorter: String = password.chars().skip(1).collect();
        assert_eq!(server.browser().sign_in(&username, &shorter).await.status, 422, "{n}");
        let but_last = &password[..password.char_indices().last().map_or(0, |(at, _)| at)];
        assert_eq!(server.browser().sign_in(&username, but_last).await.status, 422, "{n}");
        assert_eq!(server.browser().sign_in(&username, &format!("{password} ")).await.status, 422);
    }
}

#[rocket::async_test]
async fn passwords_that_differ_after_72_or_128_bytes_differ() {
    let server = TestServer::new().await;
    for length in [72, 128, 255, 512] {
        let username = format!("twin-{length}");
        let same = "wonder".repeat(200)[..length].to_owned();
        let email = format!("{username}@example.com");
        let password = format!("{same}a");
        let fields = [
            ("username", username.as_str()),
            ("email", &email),
            ("full_name", "Somebody"),
            ("password", &password),
        ];
        assert_eq!(server.browser().post("/signup", &fields).await.status, 303);
        for (password, status) in [(format!("{same}b"), 422), (same.clone(), 422), (password, 303)]
        {
            let answer = server.browser().sign_in(&username, &password).await;
            assert_eq!(answer.status, status, "{length} bytes the same");
        }
    }
}

#[rocket::async_test]
async fn a_password_is_the_same_however_a_keyboard_composes_it() {
    let server = TestServer::new().await;
    let browser = server.browser();
    let composed = sign_up_with(&browser, ("password", "pr\u{e9}lude-im-Caf\u{e9}")).await;
    assert_eq!(composed.status, 303);
    let decomposed = "pre\u{301}lude-im-Cafe\u{301}";
    assert_eq!(server.browser().sign_in("alice", decomposed).await.status, 303);
    assert_eq!(server.browser().sign_in("alice", "prelude-im-Cafe").await.status, 422);
}

#[rocket::async_test]
async fn what_is_stored_of_a_password_has_the_cost_that_is_recommended() {
    let mut setup = Setup::new().await;
    setup.config.password_hash.cost = vestibule::passwords::Cost::default();
    let server = setup.start().await;
    server.signed_up("alice").await;
    let stored = server.database.rows("accounts", &["password_hash"]).await;
    let fields: Vec<&str> = stored[0].split('$').collect();
    assert_eq!(fields[..4], ["", "argon2id", "v=19", "m=47104,t=1,p=1"]);
    assert_eq!((fields[4].len(), fields[5].len()), (22, 43), "16 bytes of salt, 32 of hash");
}

#[rocket::async_test]
async fn a_person_who_is_signed_in_is_sent_on() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for path in ["/signup", "/signin"] {
        let answer = alice.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().ends_with("/account"), "{path}");
    }
}
