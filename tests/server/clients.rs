//! Clients: synchronised with the configuration, known by their secrets.

use vestibule::config::{Config, DeclaredClient};
use vestibule::domain::client::Registration;
use vestibule::domain::origin::Origin;

use crate::support::{
    NOTES, SPECS, Setup, TestServer, declared, hash, nonce, notes, secret_of, specs, wiki,
};

/// What a backend with the right secret gets for a payload that never was.
const KNOWN: u16 = 410;

/// The server, and the configuration with which it would be started again.
async fn started_with(clients: Vec<DeclaredClient>) -> (TestServer, Config) {
    let mut setup = Setup::new().await;
    setup.config.clients = clients;
    let config = setup.config.clone();
    (setup.start().await, config)
}

/// Starts the server again on the same database, with other clients in its configuration.
async fn restarted(
    server: &TestServer,
    config: &Config,
    clients: Vec<DeclaredClient>,
) -> TestServer {
    server.second_node(Config { clients, ..config.clone() }).await
}

async fn bridge(server: &TestServer, client_id: &str) -> u16 {
    server.browser().get(&format!("/bridge?client_id={client_id}")).await.status
}

/// The status of a call with this secret.
async fn knows(server: &TestServer, client_id: &str, secret: &str) -> u16 {
    let backend = server.backend(client_id).with_secret(secret);
    backend.recover(&nonce(), None).await.status
}

#[rocket::async_test]
async fn declared_clients_are_there_from_the_start() {
    let (server, _) = started_with(vec![wiki(), notes()]).await;
    assert_eq!(bridge(&server, "wiki").await, 200);
    assert_eq!(bridge(&server, "notes").await, 200);
    assert_eq!(bridge(&server, "specs").await, 404);
    assert_eq!(knows(&server, "wiki", &secret_of("wiki")).await, KNOWN);
}

#[rocket::async_test]
async fn an_added_client_is_there_after_a_restart() {
    let (server, config) = started_with(vec![wiki()]).await;
    let server = restarted(&server, &config, vec![wiki(), notes()]).await;
    assert_eq!((bridge(&server, "wiki").await, bridge(&server, "notes").await), (200, 200));
    assert_eq!(knows(&server, "notes", &secret_of("notes")).await, KNOWN);
}

#[rocket::async_test]
async fn a_changed_client_is_as_declared() {
    let (server, config) = started_with(vec![notes()]).await;
    let alice = server.signed_up("alice").await;
    let mut changed = notes();
    changed.registration.origins = vec![Origin::parse(SPECS).expect("an origin")];
    changed.registration.return_uris.clear();
    changed.registration.require_nonce = true;
    let server = restarted(&server, &config, vec![changed]).await;
    let alice = alice.at(&server.url);
    alice.ask("notes", NOTES, true, None).await.assert_error(403, "access_denied");
    let body = alice.ask("notes", SPECS, true, None).await.json();
    assert_eq!(body["error"], "nonce_required");
    assert_eq!(knows(&server, "notes", &secret_of("notes")).await, KNOWN, "its secret stays");
}

#[rocket::async_test]
async fn a_changed_secret_replaces_the_one_before() {
    let (server, config) = started_with(vec![notes()]).await;
    let secret = nonce();
    let changed = DeclaredClient { secret_hash: Some(hash(&secret)), ..notes() };
    let server = restarted(&server, &config, vec![changed]).await;
    assert_eq!(knows(&server, "notes", &secret).await, KNOWN);
    assert_eq!(knows(&server, "notes", &secret_of("notes")).await, 401);
}

#[rocket::async_test]
async fn a_removed_client_is_disabled_and_comes_back_when_declared_again() {
    let (server, config) = started_with(vec![wiki(), notes()]).await;
    let alice = server.signed_up("alice").await;
    let payload = alice.mint("notes", NOTES, None).await;
    let without = restarted(&server, &config, vec![wiki()]).await;
    for node in [&server, &without] {
        assert_eq!(bridge(node, "notes").await, 404);
        assert_eq!(knows(node, "notes", &secret_of("notes")).await, 401);
        alice
            .at(&node.url)
            .ask("notes", NOTES, true, None)
            .await
            .assert_error(403, "access_denied");
        assert_eq!(bridge(node, "wiki").await, 200);
    }
    let client = server.store.client("notes").await.expect("the database answers");
    assert!(client.expect("it is kept").disabled_at.is_some());

    let again = restarted(&server, &config, vec![wiki(), notes()]).await;
    assert_eq!(bridge(&again, "notes").await, 200);
    assert_eq!(knows(&again, "notes", &secret_of("notes")).await, KNOWN);
    let old = again.backend("notes").recover(&payload, None).await;
    old.assert_error(410, "invalid_grant");
}

#[rocket::async_test]
async fn a_client_added_by_hand_stays() {
    let (server, config) = started_with(vec![wiki()]).await;
    let by_hand = Registration { first_party: true, ..Registration::named("byhand", SPECS) };
    let secret = nonce();
    let now = server.clock.now();
    let added = server.store.add_client(&by_hand, Some(&hash(&secret)), now).await;
    assert!(added.expect("the database answers"));
    let server = restarted(&server, &config, vec![notes()]).await;
    assert_eq!((bridge(&server, "byhand").await, bridge(&server, "wiki").await), (200, 404));
    assert_eq!(knows(&server, "byhand", &secret).await, KNOWN);

    // Once it is declared the declaration wins, and it goes with it.
    let server = restarted(&server, &config, vec![declared(by_hand)]).await;
    assert_eq!(knows(&server, "byhand", &secret).await, 401);
    assert_eq!(knows(&server, "byhand", &secret_of("byhand")).await, KNOWN);
    let server = restarted(&server, &config, Vec::new()).await;
    assert_eq!(bridge(&server, "byhand").await, 404);
}

#[rocket::async_test]
async fn synchronising_says_what_it_changed() {
    let (server, _) = started_with(vec![wiki(), notes()]).await;
    let pair = |client: DeclaredClient| (client.registration, client.secret_hash);
    let sync = async |clients: Vec<DeclaredClient>| {
        let clients: Vec<_> = clients.into_iter().map(pair).collect();
        let synced = server.store.sync_declared_clients(&clients, server.clock.now()).await;
        let synced = synced.expect("the database answers");
        [synced.added, synced.changed, synced.disabled]
    };
    let ids =
        |ids: [&str; 3]| ids.map(|id| if id.is_empty() { Vec::new() } else { vec![id.to_owned()] });
    assert_eq!(sync(vec![wiki(), notes()]).await, ids(["", "", ""]));
    let mut renamed = wiki();
    renamed.registration.client_name = "The wiki".into();
    assert_eq!(sync(vec![renamed, specs()]).await, ids(["specs", "wiki", "notes"]));
    assert_eq!(sync(vec![wiki(), specs()]).await, ids(["", "wiki", ""]));
    assert_eq!(sync(vec![wiki(), notes(), specs()]).await, ids(["", "notes", ""]));
}
