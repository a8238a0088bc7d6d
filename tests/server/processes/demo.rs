//! `vestibule demo`, from outside.

use reqwest::Method;
use rocket::tokio;
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};
use vestibule::random;

use super::vestibule;
use crate::support::{Browser, PASSWORD, Program};

/// The demo's sites, in the order of their ports.
const SITES: [&str; 7] = ["accounts", "wiki", "notes", "shop", "pay", "specs", "bank"];

/// A port that is free together with those that follow it. Below those that the system lends to
/// whoever asks for any, as the other tests do all the time.
fn first_port() -> u16 {
    let is_free =
        |port: u16| ["127.0.0.1", "::1"].iter().all(|on| TcpListener::bind((*on, port)).is_ok());
    let candidates =
        std::iter::repeat_with(|| 10_000 + u16::from_be_bytes(random::bytes()) % 20_000);
    let mut free = candidates.filter(|first| (0..7).all(|offset| is_free(first + offset)));
    free.next().expect("there is always another one")
}

fn demo(folder: &Path, first_port: u16) -> Program {
    let mut command = vestibule(folder);
    command.args(["demo", "--first-port", &first_port.to_string()]).env("TMPDIR", folder);
    Program::start(&mut command)
}

/// The demo, when all of it listens, and its first port.
async fn running(folder: &Path) -> (Program, u16) {
    loop {
        let first = first_port();
        let mut program = demo(folder, first);
        match program.says("http://accounts.vestibule.localhost:").await {
            Ok(line) => {
                assert!(line.contains(&first.to_string()), "{line}");
                return (program, first);
            }
            // Somebody else was quicker.
            Err(said) => assert!(said.contains("in use"), "{said}"),
        }
    }
}

/// What the wiki says to its own page.
async fn ask(wiki: &Browser) -> Value {
    let request = wiki.request(Method::GET, "/sso").header("Sec-Fetch-Site", "same-origin");
    wiki.send(request).await.json()
}

#[rocket::async_test]
async fn the_wiki_hears_that_one_has_signed_out_on_another_device() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_program, first) = running(folder.path()).await;
    let at = |port: u16| Browser::new(&format!("http://127.0.0.1:{port}"));
    let (here, elsewhere, wiki) = (at(first), at(first), at(first + 1));
    for browser in [&here, &elsewhere] {
        assert_eq!(browser.sign_in("alice", PASSWORD).await.status, 303);
    }
    let origin = format!("http://wiki.vestibule.localhost:{}", first + 1);
    let nonce = ask(&wiki).await["nonce"].as_str().expect("a nonce").to_owned();
    let payload = here.mint("wiki", &origin, Some(&nonce)).await;
    let own_page = [("Sec-Fetch-Site", "same-origin"), ("Origin", &origin)];
    let opened = wiki.post_with("/sso", &[("recoveryPayload", &payload)], &own_page).await;
    assert_eq!(opened.status, 204, "{}", opened.text);
    assert_eq!(ask(&wiki).await["hasSession"], true);

    let everywhere = elsewhere.post("/signout", &[("everywhere", "on")]).await;
    assert_eq!(everywhere.status, 303, "{}", everywhere.text);
    // By itself it would ask again after minutes.
    let begun = Instant::now();
    while ask(&wiki).await["hasSession"] == true {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not heard");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[rocket::async_test]
async fn it_says_where_it_is_and_ends_cleanly_with_ctrl_c() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut program, first) = running(folder.path()).await;
    for (port, name) in (first..).zip(SITES) {
        let site = Browser::new(&format!("http://127.0.0.1:{port}"));
        let path = if ["accounts", "bank"].contains(&name) { "/ready" } else { "/" };
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
