//! Signing in.

use crate::support::{Answer, PASSWORD, Setup, TestServer, WIKI};
use vestibule::passwords::Cost;

#[rocket::async_test]
async fn username_and_address_both_sign_in_whatever_their_case() {
    let server = TestServer::new().await;
    server.signed_up("Alice").await;
    let logins = ["alice", "ALICE", " Alice ", "alice@example.org", "ALICE@EXAMPLE.ORG "];
    for login in logins {
        let browser = server.browser();
        let answer = browser.sign_in(login, PASSWORD).await;
        assert_eq!(answer.status, 303, "{login}");
        assert!(answer.location().ends_with("/account"), "{login}");
        assert!(browser.is_signed_in().await, "{login}");
    }
}

#[rocket::async_test]
async fn a_page_for_people_who_are_signed_in_comes_back_after_signing_in() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    for path in ["/account", "/account/profile", "/account/password"] {
        let browser = server.browser();
        let sent = browser.get(path).await;
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!((sent.status, sent.location()), (303, format!("/signin?next={next}").as_str()));
        let form = browser.get(sent.location()).await;
        assert_eq!(form.typed("next").as_deref(), Some(path));
        let fields = [("login", "alice"), ("password", PASSWORD), ("next", path)];
        let back = browser.post("/signin", &fields).await;
        assert!(back.location().ends_with(path), "{}", back.location());
    }
}

#[rocket::async_test]
async fn an_unknown_person_and_a_wrong_password_are_told_the_same() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let mut told = Vec::new();
    // Names of one length, so that lengths can be compared as well.
    for login in ["alice", "carol", "alice@example.org", "carol@example.org"] {
        let browser = server.browser();
        let mark = alice.cookie("__Host-device").expect("a mark");
        // With the mark of a known browser there would be one more reason to differ.
        browser.set_cookie("__Host-device", &mark);
        let before = server.passwords.jobs_run();
        let answer = browser.sign_in(login, "not-the-password").await;
        assert_eq!(server.passwords.jobs_run() - before, 1, "one hash job for {login}");
        assert_eq!(answer.typed("login").as_deref(), Some(login));
        told.push(answer.essence().replace("\"carol", "\"alice"));
    }
    assert!(told[0].starts_with("422"), "{}", told[0]);
    assert_eq!(told[0], told[1]);
    assert_eq!(told[2], told[3]);
}

#[rocket::async_test]
async fn the_steps_are_the_same_for_an_unknown_person() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let mut queries = Vec::new();
    for login in ["alice", "nobody"] {
        let before = server.store.queries();
        server.browser().sign_in(login, "not-the-password").await;
        queries.push(server.store.queries() - before);
    }
    assert_eq!(queries[0], queries[1]);
}

#[rocket::async_test]
async fn a_wrong_password_keeps_what_was_typed_but_not_the_password() {
    let server = TestServer::new().await;
    let back = format!("{WIKI}/sso/return");
    let fields = [
        ("login", "ali\"ce<script>"),
        ("password", "an uncommon secret"),
        ("keep", "on"),
        ("next", back.as_str()),
    ];
    let answer = server.browser().post("/signin", &fields).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.typed("login").as_deref(), Some("ali\"ce<script>"));
    assert_eq!(answer.typed("next"), Some(back));
    assert!(answer.is_ticked("keep"));
    assert_eq!(answer.typed("password"), None);
    assert!(!answer.text.contains("uncommon") && !answer.text.contains("ce<script>"));
    let error = answer.form_error().expect("a sentence");
    assert!(error.contains("is not right"), "{error}");
}

#[rocket::async_test]
async fn what_is_missing_is_said_beside_the_field_and_costs_no_hash() {
    let server = TestServer::new().await;
    let cases = [
        (vec![], vec!["login", "password"]),
        (vec![("login", " "), ("password", "x")], vec!["login"]),
        (vec![("login", "alice"), ("password", "")], vec!["password"]),
        (vec![("login", "alice")], vec!["password"]),
    ];
    for (fields, wrong) in cases {
        let answer = server.browser().post("/signin", &fields).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.wrong_fields(), wrong);
    }
    assert_eq!(server.passwords.jobs_run(), 0);
}

#[rocket::async_test]
async fn a_closed_account_is_told_so_only_with_its_password() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let found = server.store.account_by_login("alice").await.expect("the database");
    let uid = found.expect("alice").account.uid;
    let now = server.clock.now();
    assert!(server.store.disable_account(&uid, now).await.expect("the database"));
    assert!(!alice.is_signed_in().await, "her session ended");
    let wrong = server.browser().sign_in("alice", "not-the-password").await;
    let nobody = server.browser().sign_in("carol", "not-the-password").await;
    assert_eq!(wrong.essence().replace("\"alice\"", "\"carol\""), nobody.essence());
    let right = server.browser().sign_in("alice", PASSWORD).await;
    assert_eq!(right.status, 403);
    assert!(right.set_cookies().is_empty());
    assert!(right.form_error().is_some_and(|error| error.contains("closed")));
    assert!(server.store.enable_account(&uid, now).await.expect("the database"));
    assert_eq!(server.browser().sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn an_old_hash_is_made_anew_at_the_next_sign_in() {
    let setup = Setup::new().await;
    let mut config = setup.config.clone();
    let old = setup.start().await;
    old.signed_up("alice").await;
    let stored = || async { old.database.rows("accounts", &["password_hash"]).await[0].clone() };
    assert!(stored().await.starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    config.password_hash.cost = Cost { memory_kib: 16, iterations: 2, parallelism: 1 };
    let new = old.second_node(config).await;
    assert_eq!(new.browser().sign_in("alice", "not-the-password").await.status, 422);
    assert!(stored().await.contains("m=8,"), "a wrong password changes nothing");
    assert_eq!(new.browser().sign_in("alice", PASSWORD).await.status, 303);
    let renewed = stored().await;
    assert!(renewed.starts_with("$argon2id$v=19$m=16,t=2,p=1$"), "{renewed}");
    assert_eq!(new.browser().sign_in("alice", PASSWORD).await.status, 303);
    assert_eq!(stored().await, renewed, "once is enough");
    assert_eq!(old.browser().sign_in("alice", PASSWORD).await.status, 303);
}

#[rocket::async_test]
async fn a_stored_hash_that_cannot_be_read_lets_nobody_in() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    for hash in ["", "*", PASSWORD, "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ"] {
        let sql = format!("UPDATE accounts SET password_hash = '{hash}'");
        server.database.execute(&sql).await;
        for password in [PASSWORD, hash, "*"] {
            let answer: Answer = server.browser().sign_in("alice", password).await;
            assert_eq!(answer.status, 422, "{hash} {password}");
        }
    }
}
