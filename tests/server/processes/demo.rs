//! `vestibule demo`, from outside.

use rustix::process::Signal;
use std::net::TcpListener;
use std::path::Path;
use vestibule::random;

use super::vestibule;
use crate::support::{Browser, Program};

/// The demo's sites, in the order of their ports.
const SITES: [&str; 6] = ["accounts", "wiki", "notes", "shop", "pay", "specs"];

/// A port that is free together with those that follow it. Below those that the system lends to
/// whoever asks for any, as the other tests do all the time.
fn first_port() -> u16 {
    let is_free =
        |port: u16| ["127.0.0.1", "::1"].iter().all(|on| TcpListener::bind((*on, port)).is_ok());
    let candidates =
        std::iter::repeat_with(|| 10_000 + u16::from_be_bytes(random::bytes()) % 20_000);
    let mut free = candidates.filter(|first| (0..6).all(|offset| is_free(first + offset)));
    free.next().expect("there is always another one")
}

fn demo(folder: &Path, first_port: u16) -> Program {
    let mut command = vestibule(folder);
    command.args(["demo", "--first-port", &first_port.to_string()]).env("TMPDIR", folder);
    Program::start(&mut command)
}

#[rocket::async_test]
async fn it_says_where_it_is_and_ends_cleanly_with_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut program, first) = loop {
        let first = first_port();
        let mut program = demo(folder.path(), first);
        match program.says("http://accounts.vestibule.localhost:").await {
            Ok(line) => {
                assert!(line.contains(&first.to_string()), "{line}");
                break (program, first);
            }
            // Somebody else was quicker.
            Err(said) => assert!(said.contains("in use"), "{said}"),
        }
    };
    for (port, name) in (first..).zip(SITES) {
        let site = Browser::new(&format!("http://127.0.0.1:{port}"));
        let path = if name == "accounts" { "/ready" } else { "/" };
        assert_eq!(site.get(path).await.status, 200, "{name}{path}");
    }
    assert!(program.output().contains("looking-glass-1871"), "{}", program.output());

    program.signal(Signal::INT);
    assert_eq!(program.ended().await.code(), Some(0), "{}", program.output());
    assert!(program.output().contains("Stopped."), "{}", program.output());
    let left: Vec<_> = std::fs::read_dir(folder.path()).expect("it is there").collect();
    assert!(left.is_empty(), "all of it is forgotten: {left:?}");
}

#[rocket::async_test]
async fn a_busy_port_is_named_and_nothing_is_begun() {
    let folder = tempfile::tempdir().expect("a folder");
    for (offset, name) in (0..).zip(SITES) {
        let first = first_port();
        let port = first + offset;
        let taken = TcpListener::bind(("127.0.0.1", port)).expect("it is free");
        let mut program = demo(folder.path(), first);
        assert_eq!(program.ended().await.code(), Some(1));
        let said = program.output();
        assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said}");
        assert!(said.contains(&format!("Port {port}, for {name}, is in use")), "{said}");
        assert!(said.contains("--first-port"), "{said}");
        drop(taken);
        assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0);
    }
}
