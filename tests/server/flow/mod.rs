//! Flows: a window of ours that a client's page has opened, and the page that waits for it.

mod attacks;
mod begin;
mod ends;
mod meanwhile;
mod outcome;
mod popup;
mod proof;
mod secrets;
mod socket;
mod story;
mod window;

use crate::openid::{Step, say, sign_in};
use crate::support::{Answer, Browser, Setup, TestServer, Waits};

/// A server with `shop`, `pay` and `widget`.
async fn provider() -> TestServer {
    Setup::new().await.with_openid().start().await
}

/// The same, and a browser on which alice is signed in and has agreed to the widget.
async fn with_alice() -> (TestServer, Browser) {
    let server = provider().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(alice.consent("widget", "allow").await.status, 303);
    (server, alice)
}

/// Goes where the window is sent, doing what alice is asked for, until it is at a page of the flow;
/// which pages these were.
async fn walk(browser: &Browser, mut answer: Answer) -> Vec<String> {
    let mut visited = Vec::new();
    loop {
        let step = Step::of(&answer);
        visited.push(step.path.clone());
        assert!(visited.len() < 9, "it comes to an end: {visited:?}");
        answer = match step.path.as_str() {
            "/signin" => sign_in(browser, &answer, "alice").await,
            "/consent" => say(browser, &answer, "allow").await,
            "/signin/choose" => browser.get(step.get("next")).await,
            "/oauth/authorize" => browser.get(&step.whole).await,
            _ => return visited,
        };
    }
}

/// Confirms by the number and goes on to the end.
pub async fn finish(browser: &Browser, waits: &Waits) {
    let visited = walk(browser, browser.confirm(waits).await).await;
    assert_eq!(visited.last(), Some(&done(waits)), "{visited:?}");
}

/// The path of the end.
fn done(waits: &Waits) -> String {
    format!("{}/done", waits.path())
}

/// Holds that the window asks for the number, and nothing was released.
async fn hold_asked(server: &TestServer, waits: &Waits, page: &Answer) {
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("name=\"number\""), "{}", page.text);
    server.hold_pending(waits).await;
}
