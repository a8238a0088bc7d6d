//! `kill -9` in the middle of everything: what was acknowledged is there afterwards.

use futures_util::future::join_all;
use rocket::tokio;
use std::sync::Mutex;
use std::time::Duration;
use vestibule::random;

use super::{Node, Place, form};
use crate::support::{Browser, PASSWORD};

const ROUNDS: usize = 20;
/// How many browsers are busy when it happens.
const BROWSERS: usize = 4;

/// What the server said yes to.
#[derive(Default)]
struct Acknowledged {
    /// Who signed up.
    accounts: Vec<String>,
    /// The cookies of sign-ups and sign-ins.
    sessions: Vec<String>,
    /// The cookies of those who signed out.
    ended: Vec<String>,
}

/// What a round came to.
#[derive(Default)]
struct Round {
    yes: Mutex<Acknowledged>,
    /// Sign-ups that were never answered.
    unanswered: Mutex<Vec<String>>,
}

#[rocket::async_test]
async fn what_was_acknowledged_survives_kill_9() {
    let place = Place::new().await;
    let (mut all, mut last, mut unanswered) = (Acknowledged::default(), Round::default(), 0);
    for number in 0..ROUNDS {
        let mut node = place.serve().await;
        let (yes, left) = last.into_inner();
        check(&node, &yes).await;
        join_all(left.iter().map(|name| is_whole_or_not_there(&node, name))).await;
        all.add(yes);
        unanswered += left.len();

        last = Round::default();
        let url = node.url.clone();
        let busy = (0..BROWSERS).map(|b| be_busy(&url, &last, format!("r{number}b{b}")));
        let ((), _) = tokio::join!(strike(&mut node, &last), join_all(busy));
    }
    let node = place.serve().await;
    let (yes, left) = last.into_inner();
    check(&node, &yes).await;
    all.add(yes);
    // Nothing was taken back in a later round either.
    all.accounts.clear();
    check(&node, &all).await;
    assert!(!all.ended.is_empty() && unanswered + left.len() > 0, "too little was going on");
}

/// When everybody is busy, at any moment of a sign-up or sign-in.
async fn strike(node: &mut Node, round: &Round) {
    while round.yes.lock().expect("a ledger").accounts.len() < BROWSERS {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let [moment] = random::bytes::<1>();
    tokio::time::sleep(Duration::from_millis(u64::from(moment))).await;
    node.program.kill();
}

/// Signs up, in, and out again and again, until there is no answer.
async fn be_busy(url: &str, round: &Round, name: String) {
    for n in 0.. {
        let name = format!("{name}n{n}");
        let browser = Browser::new(url);
        let Some(session) = sign_up(&browser, &name).await else {
            return round.unanswered.lock().expect("a ledger").push(name);
        };
        {
            let mut yes = round.yes.lock().expect("a ledger");
            yes.accounts.push(name.clone());
            yes.sessions.push(session);
        }
        let other = Browser::new(url);
        let fields = [("login", name.as_str()), ("password", PASSWORD)];
        let Some(session) = submit(&other, "/signin", &fields).await else { return };
        round.yes.lock().expect("a ledger").sessions.push(session.clone());
        if n % 2 == 1 {
            continue;
        }
        // Neither open nor ended for certain, until it was answered.
        round.yes.lock().expect("a ledger").sessions.retain(|s| *s != session);
        if form(&other, "/signout", &[]).send().await.is_ok_and(|a| a.status().as_u16() == 303) {
            round.yes.lock().expect("a ledger").ended.push(session);
        }
    }
}

async fn sign_up(browser: &Browser, name: &str) -> Option<String> {
    let email = format!("{name}@example.org");
    let fields =
        [("username", name), ("email", &email), ("full_name", name), ("password", PASSWORD)];
    submit(browser, "/signup", &fields).await
}

/// The session that was opened; `None` when there was no answer.
async fn submit(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Option<String> {
    let answer = form(browser, path, fields).send().await.ok()?;
    assert_eq!(answer.status().as_u16(), 303, "{path}");
    let mut cookies = answer.headers().get_all("Set-Cookie").iter().filter_map(|c| c.to_str().ok());
    let session = cookies.find_map(|cookie| cookie.strip_prefix("__Host-session="));
    let session = session.and_then(|value| value.split(';').next()).expect("a session").to_owned();
    browser.set_cookie("__Host-session", &session);
    Some(session)
}

async fn check(node: &Node, expected: &Acknowledged) {
    for session in &expected.sessions {
        assert!(node.knows(session).await, "a session is lost");
    }
    for session in &expected.ended {
        assert!(!node.knows(session).await, "a session is open again");
    }
    let sign_ins = expected.accounts.iter().map(async |name| {
        let answer = node.browser().sign_in(name, PASSWORD).await;
        assert_eq!(answer.status, 303, "{name} is lost");
    });
    join_all(sign_ins).await;
}

/// A sign-up that was not answered has made the account, or nothing that is in the way.
async fn is_whole_or_not_there(node: &Node, name: &str) {
    if node.browser().sign_in(name, PASSWORD).await.status != 303 {
        assert_eq!(node.browser().sign_up(name).await.status, 303, "{name} is half made");
    }
}

impl Acknowledged {
    fn add(&mut self, more: Self) {
        self.accounts.extend(more.accounts);
        self.sessions.extend(more.sessions);
        self.ended.extend(more.ended);
    }
}

impl Round {
    fn into_inner(self) -> (Acknowledged, Vec<String>) {
        let yes = self.yes.into_inner().expect("a ledger");
        (yes, self.unanswered.into_inner().expect("a ledger"))
    }
}
