//! The log: a line for each request, and never a secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Backend, Log, NOTES, PASSWORD, TestServer, WIKI, nonce, secret_of};

/// What must not be read in a log, by what it is.
#[derive(Default)]
struct Secrets(Vec<(String, String)>);

impl Secrets {
    fn add(&mut self, what: &str, value: impl Into<String>) {
        let value = value.into();
        assert!(value.len() >= 8, "{what} is long enough to be found: {value}");
        self.0.push((what.to_owned(), value));
    }

    fn add_cookies(&mut self, browser: &crate::support::Browser) {
        for name in ["__Host-session", "__Host-session-none", "__Host-device"] {
            if let Some(value) = browser.cookie(name) {
                self.add(name, value);
            }
        }
    }
}

async fn use_everything(server: &TestServer, secrets: &mut Secrets) {
    let alice = server.browser();
    for wrong in ["short-7", "wrong-password-one", "wrong-password-two"] {
        alice.post("/signup", &[("username", "alice"), ("password", wrong)]).await;
        alice.sign_in("secret-login-name", wrong).await;
    }
    secrets.add("a wrong password", "wrong-password-one");
    secrets.add("a wrong password", "wrong-password-two");
    secrets.add("a password typed as login", "secret-login-name");
    assert_eq!(alice.sign_up("alice").await.status, 303);
    secrets.add("the password", PASSWORD);
    secrets.add("the address", "alice@example.org");
    secrets.add("the name", "Full Name of alice");
    secrets.add_cookies(&alice);
    alice.sign_in("alice@example.org", PASSWORD).await;
    secrets.add_cookies(&alice);

    let asked = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&asked)).await;
    let backend = server.backend("wiki");
    assert_eq!(backend.validate(&payload, Some(&asked)).await.status, 200);
    let profile = backend.recover(&payload, Some(&asked)).await.json();
    let sid = profile["sid"].as_str().expect("a sid").to_owned();
    assert!(backend.is_active(&sid).await);
    assert_eq!(backend.recover(&payload, Some(&asked)).await.status, 410);
    let burnt = alice.mint("notes", NOTES, None).await;
    assert_eq!(backend.recover(&burnt, None).await.status, 403);
    secrets.add("a nonce", asked);
    secrets.add("a payload", payload);
    secrets.add("a burnt payload", burnt);

    let guess = Backend::new(&server.url, "wiki", "a-wrong-client-secret");
    assert_eq!(guess.call("status", &json!({ "sid": sid })).await.status, 401);
    secrets.add("a wrong client secret", "a-wrong-client-secret");
    secrets.add("a client secret", secret_of("wiki"));
    let basic = STANDARD.encode(format!("wiki:{}", secret_of("wiki")));
    secrets.add("Basic credentials", basic);
    secrets.add("a sid", sid);

    let fields = [("current", PASSWORD), ("new", "curiouser and curiouser")];
    assert_eq!(alice.post("/account/password", &fields).await.status, 303);
    secrets.add("the new password", "curiouser and curiouser");
    secrets.add("the new password, encoded", "curiouser+and+curiouser");
    secrets.add_cookies(&alice);
    for hash in server.database.rows("accounts", &["password_hash"]).await {
        secrets.add("a hash", hash);
    }
    let query = "/signin?next=/account%3Fsecret-in-a-query&password=secret-in-a-query";
    alice.get(query).await;
    server.browser().get(query).await;
    secrets.add("a query", "secret-in-a-query");
    alice.post_with("/signin", &[("password", PASSWORD)], &[]).await;
    alice.post("/account/sessions/secret-in-a-path-0123456789/end", &[]).await;
}

#[rocket::async_test]
async fn no_secret_is_written_into_the_log_at_any_level() {
    let log = Log::watch();
    let server = TestServer::new().await;
    let mut secrets = Secrets::default();
    use_everything(&server, &mut secrets).await;
    let alice = server.browser();
    alice.sign_in("alice", "curiouser and curiouser").await;
    secrets.add_cookies(&alice);
    server.store.close().await;
    assert_eq!(alice.get("/account").await.status, 500);
    assert_eq!(alice.sign_in("alice", "curiouser and curiouser").await.status, 500);

    let text = log.text();
    for target in ["vestibule::request", "sqlx", "rocket", "TRACE", "DEBUG", "ERROR"] {
        assert!(text.contains(target), "{target} is in the log, so that this test sees it all");
    }
    for (what, secret) in &secrets.0 {
        let found = text.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(found, None, "{what} is in the log");
    }
}

#[rocket::async_test]
async fn every_request_has_a_line_with_its_id_route_and_status() {
    let log = Log::watch();
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let id = "0123456789abcdef0123456789abcdef";
    let answers = [
        (alice.get("/account?done=profile").await, "GET", "/account", 200),
        (alice.get("/nothing/here").await, "GET", "-", 404),
        (alice.post("/account/profile", &[]).await, "POST", "/account/profile", 422),
        (
            alice.post(&format!("/account/sessions/{id}/end"), &[]).await,
            "POST",
            "/account/sessions/<id>/end",
            404,
        ),
        (server.browser().post_with("/signout", &[], &[]).await, "POST", "/signout", 403),
    ];
    let text = log.text();
    for (answer, method, route, status) in answers {
        let request_id = answer.header("X-Request-Id");
        let mut lines = text
            .lines()
            .filter(|line| line.contains(request_id) && line.contains("vestibule::request"));
        let line = lines.next().expect("a line");
        assert_eq!(lines.next(), None, "one line is enough");
        for part in [
            format!("method={method}"),
            format!("route=\"{route}\""),
            format!("status={status}"),
            "micros=".to_owned(),
        ] {
            assert!(line.contains(&part), "{part}: {line}");
        }
        assert!(!line.contains("done=profile") && !line.contains(id), "{line}");
    }
}
