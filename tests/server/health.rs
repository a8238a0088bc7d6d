//! What whoever watches the server is told, and what people are told when its database is gone.

use crate::support::{Answer, Log, PASSWORD, TestServer, answers_without_database};

#[rocket::async_test]
async fn a_server_that_runs_says_so_without_its_database() {
    let server = TestServer::new().await;
    let before = server.store.queries();
    let answer = server.browser().get("/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["status"], "ok");
    assert_eq!(answer.json()["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(server.store.queries(), before);
    server.store.close().await;
    assert_eq!(server.browser().get("/health").await.status, 200);
}

#[rocket::async_test]
async fn a_server_is_ready_while_its_tables_are_there() {
    let server = TestServer::new().await;
    assert_eq!(server.browser().get("/ready").await.json()["status"], "ready");

    server.database.execute("ALTER TABLE server_secrets RENAME TO away").await;
    let answer = server.browser().get("/ready").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert!(!answer.header("Retry-After").is_empty());
    assert!(!answer.text.contains("server_secrets"), "{}", answer.text);

    server.database.execute("ALTER TABLE away RENAME TO server_secrets").await;
    assert_eq!(server.browser().get("/ready").await.status, 200);

    server.store.close().await;
    assert_eq!(server.browser().get("/ready").await.status, 503);
}

fn hold_no_details(answer: &Answer, place: &str) {
    let details = [
        "database",
        "sqlx",
        "sqlite",
        "postgres",
        "Pool",
        "pool",
        "closed",
        "SELECT",
        "panic",
        "src/",
        ".rs",
        "/tmp",
        "relation",
        "no such table",
        "StoreError",
    ];
    for detail in details {
        assert!(!answer.text.contains(detail), "{place}: {detail} in {}", answer.text);
    }
}

#[rocket::async_test]
async fn people_and_programs_learn_nothing_of_what_went_wrong() {
    let mut failed = 0;
    for seen in answers_without_database().await {
        let (what, answer) = (&seen.what, &seen.answer);
        if answer.status < 500 {
            continue;
        }
        failed += 1;
        if what.contains("/ready") {
            continue;
        }
        hold_no_details(answer, what);
        assert_eq!(answer.status, 500, "{what}");
        if answer.is_html() {
            assert!(answer.text.contains("Something went wrong on our side"), "{what}");
            assert!(answer.text.contains(answer.header("X-Request-Id")), "{what}");
        } else {
            assert_eq!(answer.json()["error"], "server_error", "{what}");
        }
    }
    assert!(failed >= 15, "{failed} endpoints need the database");
}

#[rocket::async_test]
async fn the_operator_finds_what_went_wrong_by_the_request_id() {
    let log = Log::watch();
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    server.store.close().await;
    let nobody = server.browser();
    let answers = [
        alice.get("/account").await,
        nobody.get("/bridge?client_id=wiki").await,
        nobody.sign_in("alice", PASSWORD).await,
        nobody.sign_up("bob").await,
        server.backend("wiki").call("status", &serde_json::json!({ "sid": "ab".repeat(16) })).await,
    ];
    let text = log.text();
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status, 500, "{n}");
        let id = answer.header("X-Request-Id");
        let is_told = |line: &&str| line.contains("ERROR") && line.contains("database:");
        let told = text.lines().filter(|line| line.contains(id)).find(is_told);
        assert!(told.is_some(), "nothing is told of {n}");
    }
}

#[rocket::async_test]
async fn a_lost_table_is_an_error_page_until_it_is_back() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    server.database.execute("ALTER TABLE sessions RENAME TO away").await;
    let lost = alice.get("/account").await;
    assert_eq!(lost.status, 500);
    hold_no_details(&lost, "/account");
    assert!(lost.set_cookies().is_empty(), "the session is not thrown away");
    server.database.execute("ALTER TABLE away RENAME TO sessions").await;
    assert!(alice.is_signed_in().await);
}
