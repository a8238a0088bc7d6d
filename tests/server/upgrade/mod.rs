//! A database of an earlier version is opened by this one, and nobody loses anything. The files
//! are in `tests/fixtures/`, where it is told how they are made. They are SQLite's; the migrations
//! are the same texts for both databases.

mod flows;
mod identifications;

use std::path::{Path, PathBuf};

use crate::support::{
    Browser, Database, NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, secret_of,
};
use vestibule::clock::{Clock, HOUR, MINUTE, SECOND};
use vestibule::domain::audience::Audience;
use vestibule::domain::client::Registration;
use vestibule::domain::operation::{Line, Question};
use vestibule::domain::recovery_payload::Binding;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::secret::{Secret, SecretHash};
use vestibule::store::Store;
use vestibule::store::grants::{Fresh, NewGrant, Presented};
use vestibule::store::operations::{Added, NewOperation};
use vestibule::store::sessions::NewSession;

const LIBRARY: &str = "http://library.vestibule.localhost:8009";

fn secret(letters: &str) -> Secret {
    Secret::parse(&letters.repeat(32)).expect("64 hex")
}

/// One row of everything.
async fn fill(server: &TestServer) {
    let (store, now) = (&server.store, server.clock.now());
    assert_eq!(server.browser().sign_up("alice").await.status, 303);
    let alice = store.account_by_login("alice").await.expect("the database").expect("alice");
    let uid = &alice.account.uid;
    let new = NewSession {
        secret: secret("ab").hash(),
        none_secret: Some(secret("cd").hash()),
        kept: true,
        user_agent: "Firefox/153.0 Linux".into(),
        address: "192.0.2.1".into(),
    };
    let opened = store.add_session(uid, &alice.password_hash, &new, None, now).await;
    let session = opened.expect("the database").expect("a session");
    store.remember_device(uid, &secret("de").hash(), now).await.expect("the database");
    let specs = store.client("specs").await.expect("the database").expect("specs");
    let scope = &specs.registration.scope;
    store.add_consent(uid, "specs", scope, now).await.expect("the database");
    let library = Registration { first_party: true, ..Registration::named("library", LIBRARY) };
    let library_secret = SecretHash::of(secret_of("library").as_bytes());
    let added = store.add_client(&library, Some(library_secret.as_str()), now).await;
    assert!(added.expect("the database"));
    let to_notes = Binding { client_id: "notes".into(), origin: NOTES.into(), nonce_hash: None };
    let minted = store.add_payload(&secret("ef").hash(), &session.id, &to_notes, now).await;
    minted.expect("the database");
    fill_openid(server, uid, &session.id).await;
    fill_operations(server, uid).await;
    flows::fill(server).await;
    identifications::fill(server, uid).await;
}

/// A code that was swapped for tokens, and one on its way.
async fn fill_openid(server: &TestServer, uid: &str, session_id: &str) {
    let (store, now) = (&server.store, server.clock.now());
    let wiki = store.client("wiki").await.expect("the database").expect("wiki");
    let (redirect_uri, audience) = (format!("{WIKI}/oidc/callback"), Audience::default());
    for code in ["12", "34"] {
        let grant = NewGrant {
            code: &secret(code).hash(),
            client_id: "wiki",
            account_uid: uid,
            session_id,
            auth_time: now,
            scope: &wiki.registration.scope,
            audience: &audience,
            nonce: Some("a nonce"),
            redirect_uri: &redirect_uri,
            code_challenge: None,
        };
        store.add_grant(&grant, now).await.expect("the database");
    }
    let code = &secret("12").hash();
    let presented =
        Presented { code, redirect_uri: &redirect_uri, verifier: None, audience: &audience };
    let (access, refresh) = (secret("56").hash(), secret("78").hash());
    let fresh = Fresh { access: &access, refresh: Some(&refresh) };
    let granted = store.redeem_code(presented, &wiki, fresh, now).await;
    granted.expect("the database").expect("the code is good");
}

/// A question that waits for an answer.
async fn fill_operations(server: &TestServer, uid: &str) {
    let line = Line { label: "Amount".into(), value: "€49.00".into() };
    let now = server.clock.now();
    let new = NewOperation {
        id: &"9a".repeat(16),
        wait_secret: &secret("9b").hash(),
        client_id: "wiki",
        account_uid: Some(uid),
        question: &Question::new("Pay?".into(), vec![line]).expect("a question"),
        number: 42,
        idempotency_key: Some("order-1"),
        request_hash: &secret("9c").hash(),
        expires_at: now + HOUR,
        outcome: None,
    };
    let added = server.store.add_operation(&new, now).await.expect("the database");
    assert!(matches!(added, Added::New(_)), "{added:?}");
}

/// What [`fill_operations`] made can be answered.
async fn hold_operations_wait(server: &TestServer) {
    let (wiki, id) = (server.backend("wiki"), "9a".repeat(16));
    assert_eq!(wiki.operation(&id, "").await.json()["number"], "42");
    let page = server.store.operation_by_wait_secret(&secret("9b").hash()).await;
    assert_eq!(page.expect("the database").expect("an operation").question.title, "Pay?");
    assert_eq!(wiki.cancel(&id).await.status, 200);
}

/// What [`fill_openid`] made is there and works.
async fn hold_tokens_are_good(server: &TestServer) {
    let told = server.with_bearer("/oauth/userinfo", &"56".repeat(32)).await;
    assert_eq!(told.json()["preferred_username"], "alice", "{}", told.text);
    let wiki = server.backend("wiki");
    assert_eq!(wiki.introspect(&"78".repeat(32)).await["active"], true, "the refresh token");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &"34".repeat(32)),
        ("redirect_uri", &format!("{WIKI}/oidc/callback")),
    ];
    let tokens = wiki.token(&fields).await.tokens();
    let id_token = server.verify(tokens.id.as_deref().expect("an id token"), "wiki").await;
    assert_eq!(id_token.claims["nonce"], "a nonce");
}

/// Everybody and everything that [`fill`] made is there and works.
async fn hold_nothing_is_lost(server: &TestServer) {
    let waiting = server.backend("notes").recover(&"ef".repeat(32), None).await;
    assert_eq!(waiting.status, 200, "a payload on its way arrives: {}", waiting.text);
    assert_eq!(waiting.json()["username"], "alice");
    let sid = waiting.json()["sid"].as_str().expect("a sid").to_owned();
    assert!(server.backend("notes").is_active(&sid).await);

    let still = server.browser();
    still.set_cookie("__Host-session", &"ab".repeat(32));
    let page = still.get("/account").await;
    assert!(page.text.contains("@alice") && page.text.contains("Firefox on Linux"));
    assert!(page.text.contains("192.0.2.1"));
    hold_sites_know(server, &still).await;
    let abroad = server.browser();
    abroad.set_cookie("__Host-session-none", &"cd".repeat(32));
    let asked = abroad.ask("specs", SPECS, false, None).await;
    assert_eq!(asked.json()["hasSession"], true, "by the second secret, and with consent");

    let again = server.browser();
    again.set_cookie("__Host-device", &"de".repeat(32));
    assert_eq!(again.sign_in("alice@example.org", PASSWORD).await.status, 303);
    assert_eq!(again.cookie("__Host-device"), Some("de".repeat(32)), "the browser is known");
    hold_sites_know(server, &again).await;
    let body = serde_json::json!({ "sid": "ab".repeat(16) });
    assert_eq!(server.backend("library").call("status", &body).await.status, 200);
    assert_eq!(server.browser().sign_up("bob").await.status, 303);
}

async fn hold_sites_know(server: &TestServer, browser: &Browser) {
    let nonce = crate::support::nonce();
    let payload = browser.mint("wiki", WIKI, Some(&nonce)).await;
    let profile = server.backend("wiki").recover(&payload, Some(&nonce)).await;
    assert_eq!(profile.json()["username"], "alice", "{}", profile.text);
    assert_eq!(profile.json()["email"], "alice@example.org", "{}", profile.text);
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|kind| kind == "sqlite")).collect()
}

/// The tables, indexes and their texts.
async fn schema(database: &Database) -> Vec<String> {
    database.texts("SELECT name || ': ' || COALESCE(sql, '') FROM sqlite_master ORDER BY 1").await
}

#[rocket::async_test]
async fn what_this_version_keeps_is_there_after_a_restart() {
    let mut setup = identifications::with_reader(Setup::on(Database::new_file()));
    setup.config.clients.retain(|client| client.registration.client_id != "library");
    let config = setup.config.clone();
    let server = setup.start().await;
    fill(&server).await;
    if let Ok(path) = std::env::var("KEEP_DATABASE") {
        server.database.execute(&format!("VACUUM INTO '{path}'")).await;
    }
    server.clock.advance(30 * SECOND);
    let database = server.database.clone();
    let clock = server.clock.clone();
    server.stop().await;
    let again = Setup { config, clock, database }.start().await;
    hold_tokens_are_good(&again).await;
    hold_operations_wait(&again).await;
    flows::hold_wait(&again).await;
    identifications::hold_kept(&again).await;
    hold_nothing_is_lost(&again).await;
}

#[rocket::async_test]
async fn a_database_of_every_released_version_is_opened_and_loses_nothing() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty(), "every released version has its file");
    for file in fixtures {
        let mut setup = identifications::with_reader(Setup::on(Database::copy_of(&file)));
        setup.clock = Clock::manual(crate::support::START + 30 * SECOND);
        let server = setup.start().await;
        let pending = server.store.pending_migrations().await.expect("the database");
        assert!(pending.is_empty(), "{}: {pending:?}", file.display());
        // The first version had no tokens, the second no operations, the third no flows, the fourth
        // no identifications.
        let version = file.file_stem().and_then(|stem| stem.to_str()).expect("a version");
        if version != "0.1.0" {
            hold_tokens_are_good(&server).await;
        }
        if !["0.1.0", "0.2.0"].contains(&version) {
            hold_operations_wait(&server).await;
        }
        if !["0.1.0", "0.2.0", "0.3.0"].contains(&version) {
            flows::hold_wait(&server).await;
        }
        if !["0.1.0", "0.2.0", "0.3.0", "0.4.0"].contains(&version) {
            identifications::hold_kept(&server).await;
        }
        hold_nothing_is_lost(&server).await;

        let fresh = Setup::on(Database::new_file()).start().await;
        let (upgraded, new) = (schema(&server.database).await, schema(&fresh.database).await);
        assert_eq!(upgraded, new, "{}", file.display());
    }
}

#[rocket::async_test]
async fn an_upgrade_that_is_done_is_not_done_again() {
    let database = Database::new().await;
    let store = Store::open(&database.url()).await.expect("the database opens");
    let first = store.migrate().await.expect("the tables are made");
    assert!(!first.is_empty());
    assert!(store.migrate().await.expect("nothing to do").is_empty());
    assert!(store.pending_migrations().await.expect("the database").is_empty());
    store.close().await;
}

#[rocket::async_test]
async fn two_nodes_that_start_at_once_upgrade_once() {
    let setup = Setup::new().await;
    let url = setup.database.url();
    let mut stores = Vec::new();
    for _ in 0..3 {
        stores.push(Store::open(&url).await.expect("the database opens"));
    }
    let all = rocket::futures::future::join_all(stores.iter().map(Store::migrate)).await;
    for result in all {
        result.expect("everyone finds the tables made");
    }
    let server = setup.start().await;
    assert_eq!(server.browser().sign_up("alice").await.status, 303);
    for store in stores {
        store.close().await;
    }
}

#[rocket::async_test]
async fn a_database_of_another_key_is_refused() {
    let setup = Setup::new().await;
    let mut other = setup.config.clone();
    let server = setup.start().await;
    other.key_encryption_key = std::sync::Arc::new(SealingKey::new(&[8; 32]));
    let store = Store::open(&other.database_url).await.expect("the database opens");
    let started =
        vestibule::attach_to(rocket::build(), &other, store.clone(), server.clock.clone()).await;
    let Err(error) = started else { panic!("it starts") };
    let error = error.to_string();
    assert!(error.contains("key_encryption_key_file"), "{error}");
    server.clock.advance(MINUTE);
    assert_eq!(server.browser().get("/ready").await.status, 200, "the first goes on");
    store.close().await;
}
