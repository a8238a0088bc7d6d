//! Whatever opens or ends a session is said to those who wait for it, on every node.

use std::process::Command;

use vestibule::clock::Clock;
use vestibule::events::{Event, Events, Subscription};

use super::{hears, is_hinted, is_left_alone};
use crate::support::{Browser, PASSWORD, Program, Setup, TestServer};

/// A server on which alice and bob are signed in; on PostgreSQL another node waits as well.
struct World {
    server: TestServer,
    other: Option<TestServer>,
    alice: Browser,
}

/// Who waits for something to happen to the sessions of alice, and to those of bob.
struct Waiting {
    alice: Vec<Subscription>,
    bob: Vec<Subscription>,
}

impl World {
    async fn new() -> Self {
        let mut setup = Setup::new().await;
        // The command line has no other.
        setup.clock = Clock::system();
        let config = setup.config.clone();
        let server = setup.start().await;
        let alice = server.signed_up("alice").await;
        server.signed_up("bob").await;
        let mut other = None;
        if server.database.is_postgres() {
            other = Some(server.second_node(config).await);
            for node in [Some(&server), other.as_ref()].into_iter().flatten() {
                hears(&node.events, &node.store).await;
            }
        }
        Self { server, other, alice }
    }

    async fn waiting(&self) -> Waiting {
        let nodes = [Some(&self.server), self.other.as_ref()];
        let buses: Vec<&Events> = nodes.iter().flatten().map(|node| &node.events).collect();
        let of = async |username| {
            let found = self.server.store.account_by_login(username).await;
            let uid = found.expect("the database answers").expect("it is there").account.uid;
            let waiting = buses.iter().map(|bus| bus.subscribe(Event::Sessions(uid.clone())));
            waiting.collect()
        };
        Waiting { alice: of("alice").await, bob: of("bob").await }
    }
}

impl Waiting {
    /// Holds that all who wait for alice hear something, and nobody else.
    async fn hear_of_alice(&mut self) {
        for waiting in &mut self.alice {
            assert!(is_hinted(waiting).await);
        }
        for waiting in &mut self.bob {
            assert!(is_left_alone(waiting).await);
        }
    }

    /// Waits until nothing more comes of what was done.
    async fn calm_down(&mut self) {
        for waiting in self.alice.iter_mut().chain(&mut self.bob) {
            while !is_left_alone(waiting).await {}
        }
    }
}

#[rocket::async_test]
async fn signing_in_is_said() {
    let world = World::new().await;
    let mut waiting = world.waiting().await;
    let browser = world.server.browser();
    assert_eq!(browser.sign_in("alice", "not-her-password").await.status, 422);
    for one in waiting.alice.iter_mut().chain(&mut waiting.bob) {
        assert!(is_left_alone(one).await, "nothing has happened");
    }
    assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
    waiting.hear_of_alice().await;
}

#[rocket::async_test]
async fn signing_out_is_said() {
    let world = World::new().await;
    let mut waiting = world.waiting().await;
    assert_eq!(world.alice.sign_out().await.status, 303);
    waiting.hear_of_alice().await;
}

#[rocket::async_test]
async fn that_a_session_is_ended_from_the_account_page_is_said() {
    let world = World::new().await;
    let browser = world.server.browser();
    assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
    let mut waiting = world.waiting().await;
    waiting.calm_down().await;
    assert_eq!(world.alice.post("/account/sessions/end-others", &[]).await.status, 303);
    waiting.hear_of_alice().await;
    assert!(!browser.is_signed_in().await);
}

#[rocket::async_test]
async fn a_changed_password_is_said_for_the_end_and_for_the_new_session() {
    let world = World::new().await;
    let mut waiting = world.waiting().await;
    assert_eq!(world.alice.change_password("another-glass-1872").await.status, 303);
    waiting.hear_of_alice().await;
    let sql = "SELECT CAST(COUNT(*) AS TEXT) FROM sessions \
        WHERE finished_at IS NOT NULL AND announced_at IS NULL";
    waiting.calm_down().await;
    assert_eq!(world.server.database.texts(sql).await, ["0"], "the end was announced as well");
}

#[rocket::async_test]
async fn an_account_that_is_disabled_by_the_command_line_is_said() {
    let world = World::new().await;
    let mut waiting = world.waiting().await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .args(["account", "disable", "alice"])
        .current_dir(folder.path())
        .env("VESTIBULE_DATABASE_URL", world.server.database.url());
    let mut program = Program::start(&mut command);
    assert!(program.ended().await.success(), "{}", program.output());
    waiting.hear_of_alice().await;
    assert!(!world.alice.is_signed_in().await);
}
