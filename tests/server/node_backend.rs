//! The backend in plain Node, `examples/relying-node/server.mjs`: what it does beside the stories
//! in [`crate::relying`], every one of which is told at it too.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::process::Signal;
use std::process::Command;

use crate::relying::{World, facts};
use crate::support::{ISSUER, Program, WIKI, secret_of};

const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/relying-node/server.mjs");

/// Lets a test move the clock, from outside the example.
const CLOCK: &str = "
    const now = Date.now;
    let later = 0;
    Date.now = () => now() + later;
    process.on('SIGUSR2', () => { later += 600_000; console.log('ten minutes later'); });
";

/// The example, running as the wiki.
pub struct NodeSite {
    pub url: String,
    pub program: Program,
}

impl NodeSite {
    /// With calls to the accounts server going to that address.
    pub async fn start(accounts: &str) -> Self {
        let mut program = Program::start(command().env("ACCOUNTS_INTERNAL", accounts));
        let line = program.says("listening on ").await.expect("it starts");
        let address = line.rsplit(' ').next().expect("an address");
        Self { url: format!("http://{address}"), program }
    }
}

fn command() -> Command {
    let clock = format!("data:text/javascript,{}", utf8_percent_encode(CLOCK, NON_ALPHANUMERIC));
    let mut command = Command::new("node");
    command
        .args(["--import", &clock, SERVER])
        .env("ACCOUNTS", ISSUER)
        .env("CLIENT_ID", "wiki")
        .env("CLIENT_SECRET", secret_of("wiki"))
        .env("ORIGIN", WIKI)
        .env("PORT", "0");
    command
}

#[rocket::async_test]
async fn it_knows_a_person_from_sign_in_to_sign_out() {
    let world = World::node().await;
    let alice = world.signed_up("alice").await;
    assert_eq!(alice.ask().await.json()["hasSession"], false);
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
    assert_eq!(alice.ask().await.json()["hasSession"], true);
    let profile = alice.profile().await;
    assert_eq!(
        (&profile["username"], &profile["email"]),
        (&"alice".into(), &"alice@example.org".into())
    );

    alice.accounts.sign_out().await;
    assert_eq!(facts(&alice.hand_in("").await), (401, "closed"));
    assert_eq!(alice.is_known_as().await, None);
}

#[rocket::async_test]
async fn it_says_what_is_missing_and_does_not_start() {
    for name in ["ACCOUNTS", "CLIENT_ID", "CLIENT_SECRET", "ORIGIN"] {
        let mut program = Program::start(command().env_remove(name));
        let said = program.says("listening on ").await.expect_err("it cannot start");
        assert!(said.contains(&format!("{name} is not set")), "{said}");
        assert!(!program.ended().await.success());
    }
}

#[rocket::async_test]
async fn it_ends_cleanly_when_it_is_told_to() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut site = NodeSite::start("http://127.0.0.1:1").await;
        site.program.signal(signal);
        assert_eq!(site.program.ended().await.code(), Some(0));
    }
}
