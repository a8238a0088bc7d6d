//! Two servers on one database behave as one.

use futures_util::future::join_all;
use serde_json::json;
use vestibule::store::Store;

use super::{Node, Place, session};
use crate::support::{Backend, Database, PASSWORD, WIKI, nonce};

/// Two servers, and a client that was added by hand.
pub(super) struct Pair {
    place: Place,
    pub(super) one: Node,
    pub(super) other: Node,
    secret: String,
}

impl Pair {
    pub(super) async fn start() -> Self {
        let place = Place::new().await;
        // The first start of both, at the same time, on an empty database.
        let (one, other) = rocket::tokio::join!(place.serve(), place.serve());
        let home = format!("{WIKI}/sso/return");
        let add = [
            "client",
            "add",
            "--client-id",
            "wiki",
            "--origin",
            WIKI,
            "--return-uri",
            &home,
            "--scope",
            "openid profile operations",
            "--first-party",
        ];
        let added = place.run(&add).await;
        let secret = added["client_secret"].as_str().expect("a secret").to_owned();
        Self { place, one, other, secret }
    }

    pub(super) fn backends(&self) -> [Backend; 2] {
        [&self.one, &self.other].map(|node| Backend::new(&node.url, "wiki", &self.secret))
    }
}

#[rocket::async_test]
async fn a_new_database_may_be_opened_by_many_at_once() {
    for _ in 0..10 {
        let database = Database::new().await;
        let open = async |_| {
            let store = Store::open(&database.url()).await.expect("it opens");
            let applied = store.migrate().await.expect("it gets its tables");
            store.ping().await.expect("it has them");
            store.close().await;
            applied.len()
        };
        let applied = join_all((0..8).map(open)).await;
        assert!(applied.iter().any(|&count| count > 0), "{applied:?}");
    }
}

#[rocket::async_test]
async fn a_session_made_on_one_is_known_on_the_other() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    let made = session(&alice.sign_up("alice").await);
    assert!(pair.other.knows(&made).await);
    assert_eq!(pair.other.browser().sign_up("alice").await.status, 422, "the name is taken there");
    let there = pair.other.browser();
    let signed_in = session(&there.sign_in("alice@example.org", PASSWORD).await);
    assert!(pair.one.knows(&signed_in).await);
    let (here, there) =
        (alice.get("/account").await, alice.at(&pair.other.url).get("/account").await);
    assert_eq!(here.text.matches("/end\"").count(), there.text.matches("/end\"").count());
}

#[rocket::async_test]
async fn a_payload_minted_on_one_is_redeemed_on_the_other_once() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let [here, there] = pair.backends();

    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    assert_eq!(there.validate(&payload, Some(&nonce)).await.status, 200);
    let answer = there.recover(&payload, Some(&nonce)).await;
    assert_eq!((answer.status, &answer.json()["username"]), (200, &json!("alice")));
    let sid = answer.json()["sid"].as_str().expect("a sid").to_owned();
    assert!(here.is_active(&sid).await);
    assert_eq!(here.recover(&payload, Some(&nonce)).await.status, 410);
    assert!(!there.is_active(&sid).await, "the second use ends what the first one opened");
}

#[rocket::async_test]
async fn fifty_who_race_for_a_payload_over_both_get_it_once() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let backends = pair.backends();
    for _ in 0..3 {
        let nonce = nonce();
        let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
        let race = (0..50).map(|n| backends[n % 2].recover(&payload, Some(&nonce)));
        let answers = join_all(race).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 49);
        let sid = won[0].json()["sid"].as_str().expect("a sid").to_owned();
        for backend in &backends {
            assert!(!backend.is_active(&sid).await, "so many uses end what the first one opened");
        }
    }
}

#[rocket::async_test]
async fn a_sign_out_on_one_is_final_on_the_other() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    let made = session(&alice.sign_up("alice").await);
    let [here, there] = pair.backends();
    let nonce = nonce();
    let used = alice.mint("wiki", WIKI, Some(&nonce)).await;
    let profile = here.recover(&used, Some(&nonce)).await.json();
    let sid = profile["sid"].as_str().expect("a sid").to_owned();
    let unused = alice.mint("wiki", WIKI, Some(&nonce)).await;

    let elsewhere = alice.at(&pair.other.url);
    assert_eq!(elsewhere.sign_out().await.status, 303);
    for node in [&pair.one, &pair.other] {
        assert!(!node.knows(&made).await);
    }
    assert!(!here.is_active(&sid).await && !there.is_active(&sid).await);
    assert_eq!(here.recover(&unused, Some(&nonce)).await.status, 410);
    let asked = alice.ask("wiki", WIKI, true, Some(&nonce)).await.json();
    assert_eq!(asked["error"], "login_required");
}

#[rocket::async_test]
async fn a_changed_password_on_one_ends_sessions_on_the_other() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    let before = session(&alice.sign_up("alice").await);
    let there = session(&pair.other.browser().sign_in("alice", PASSWORD).await);
    let new = "through-the-other-side-1871";
    let fields = [("current", PASSWORD), ("new", new)];
    let after = session(&alice.post("/account/password", &fields).await);
    for node in [&pair.one, &pair.other] {
        assert!(!node.knows(&before).await && !node.knows(&there).await);
        assert!(node.knows(&after).await);
        assert_eq!(node.browser().sign_in("alice", PASSWORD).await.status, 422);
        session(&node.browser().sign_in("alice", new).await);
    }
}

#[rocket::async_test]
async fn a_client_disabled_by_hand_is_refused_by_both_at_once() {
    let pair = Pair::start().await;
    let alice = pair.one.browser();
    session(&alice.sign_up("alice").await);
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    for node in [&pair.one, &pair.other] {
        assert_eq!(node.browser().get("/bridge?client_id=wiki").await.status, 200);
    }
    pair.place.run(&["client", "disable", "wiki"]).await;
    for (node, backend) in [&pair.one, &pair.other].into_iter().zip(pair.backends()) {
        assert_eq!(node.browser().get("/bridge?client_id=wiki").await.status, 404);
        let asked = alice.at(&node.url).ask("wiki", WIKI, true, Some(&nonce)).await;
        assert_eq!(asked.status, 403);
        assert_eq!(backend.recover(&payload, Some(&nonce)).await.status, 401);
        assert_eq!(backend.call("status", &json!({ "sid": "0".repeat(32) })).await.status, 401);
    }
    pair.place.run(&["client", "enable", "wiki"]).await;
    for backend in pair.backends() {
        assert_eq!(backend.recover(&payload, Some(&nonce)).await.status, 410, "it stays burnt");
    }
}

#[rocket::async_test]
async fn an_account_disabled_by_hand_is_refused_by_both_at_once() {
    let pair = Pair::start().await;
    let made = session(&pair.one.browser().sign_up("alice").await);
    pair.place.run(&["account", "disable", "alice"]).await;
    for node in [&pair.one, &pair.other] {
        assert!(!node.knows(&made).await);
        assert_eq!(node.browser().sign_in("alice", PASSWORD).await.status, 403);
    }
}

#[rocket::async_test]
async fn what_one_was_told_the_other_goes_on_with_when_it_is_gone() {
    let mut pair = Pair::start().await;
    let alice = pair.one.browser();
    let made = session(&alice.sign_up("alice").await);
    let nonce = nonce();
    let payload = alice.mint("wiki", WIKI, Some(&nonce)).await;
    pair.one.program.kill();
    assert!(pair.other.knows(&made).await);
    let [_, there] = pair.backends();
    assert_eq!(there.recover(&payload, Some(&nonce)).await.status, 200);
}
