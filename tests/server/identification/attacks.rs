//! What somebody might try to bind another one's identity to an account of theirs.

use rocket::tokio::join;
use vestibule::config::Conflict;

use crate::support::PASSWORD;
use crate::support::identification::{Away, CUSTOMER, Identifying};

#[rocket::async_test]
async fn an_attackers_link_ends_with_the_victim_who_opens_it() {
    let world = Identifying::start().await;
    let mallory = world.server.signed_up("mallory").await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&mallory).await;
    let page = alice.navigate(&waiting.path).await;
    assert_eq!(page.status, 403, "{}", page.text);
    assert!(page.text.contains("begun for another account"), "{}", page.text);
    let page = alice.post("/identification/start", &waiting.form("confirm")).await;
    assert_eq!(page.status, 410, "it is over");
    waiting.hold_failed("wrong_account").await;
    // The form alone does no more than the page.
    let waiting = world.waits(&mallory).await;
    let page = alice.post("/identification/start", &waiting.form("confirm")).await;
    assert_eq!(page.status, 403, "{}", page.text);
    waiting.hold_failed("wrong_account").await;
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn so_does_an_attackers_page_that_waits_in_the_victims_browser_with_its_own_token() {
    let world = Identifying::start().await;
    let mallory = world.server.signed_up("mallory").await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&mallory).await;
    let waiting = world.waits_by_cookie(&token, &alice).await;
    let page = alice.navigate(&waiting.path).await;
    assert_eq!(page.status, 403, "{}", page.text);
    waiting.hold_failed("wrong_account").await;
    // Nor does it help that nobody is signed in at first.
    let victim = world.server.browser();
    let waiting = world.waits_by_cookie(&token, &victim).await;
    assert_eq!(victim.navigate(&waiting.path).await.status, 303);
    victim.sign_in("alice", PASSWORD).await;
    assert_eq!(victim.navigate("/identification/start?ask=on").await.status, 403);
    waiting.hold_failed("wrong_account").await;
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn whoever_signs_in_meanwhile_gets_no_proof_of_another() {
    let world = Identifying::start().await;
    world.server.signed_up("bob").await;
    let alice = world.server.signed_up("alice").await;
    for sign_in_again in [true, false] {
        alice.sign_in("alice", PASSWORD).await;
        let waiting = world.waits(&alice).await;
        let away = alice.go_away(&waiting).await;
        alice.sign_out().await;
        if sign_in_again {
            alice.sign_in("bob", PASSWORD).await;
        }
        let page = world.returns(&alice, &away, CUSTOMER).await;
        assert_eq!(page.status, 403, "{}", page.text);
        waiting.hold_failed("wrong_account").await;
    }
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn a_monitor_is_used_once() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    assert_eq!(alice.navigate(&waiting.path).await.status, 410, "while it is under way");
    world.returns(&alice, &away, CUSTOMER).await;
    assert_eq!(alice.navigate(&waiting.path).await.status, 410, "when it is over");
    let again = world.returns(&alice, &away, CUSTOMER).await;
    assert_eq!(again.status, 400, "a state is used once");
    assert_eq!(world.kept().await.len(), 1);
    for odd in ["/identification/start", "/identification/start?monitor=abc"] {
        assert_eq!(alice.navigate(odd).await.status, 410, "{odd}");
    }
    let unknown = format!("/identification/start?monitor={}", "ab".repeat(32));
    assert_eq!(alice.navigate(&unknown).await.status, 410);
}

#[rocket::async_test]
async fn of_two_windows_at_once_one_goes_on() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let waiting = world.waits_by_cookie(&token, &alice).await;
    let (one, other) = join!(alice.navigate(&waiting.path), alice.navigate(&waiting.path));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [302, 410]);

    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    let (one, other) =
        join!(world.returns(&alice, &away, CUSTOMER), world.returns(&alice, &away, CUSTOMER));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(world.kept().await.len(), 1);
}

#[rocket::async_test]
async fn nothing_but_a_window_opens_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let waiting = world.waits_by_cookie(&token, &alice).await;
    let quietly = async |path: &str| {
        for (name, value) in [
            ("Sec-Fetch-Dest", "image"),
            ("Sec-Fetch-Dest", "empty"),
            ("Sec-Fetch-Dest", "iframe"),
            ("Sec-Purpose", "prefetch"),
        ] {
            let request = alice.request(reqwest::Method::GET, path).header(name, value);
            let answer = alice.send(request).await;
            assert_eq!((answer.status, answer.set_cookies().len()), (403, 0), "{name}: {value}");
        }
    };
    quietly(&waiting.path).await;
    let away = alice.go_away(&waiting).await;
    quietly(&format!("/identification/return/bank?code=c0de&state={}", away.state)).await;
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
}

#[rocket::async_test]
async fn what_was_given_up_meanwhile_takes_no_answer() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let waiting = world.waits_with(&token, None).await;
    let away = alice.go_away(&waiting).await;
    let mut others = Vec::new();
    for _ in 0..5 {
        world.server.clock.advance(1);
        others.push(world.waits_with(&token, None).await);
    }
    waiting.hold_failed("canceled").await;
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 400);
    assert!(world.bank.calls("/token").is_empty(), "the code went nowhere");
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn two_windows_of_one_browser_that_belong_to_two_pages_both_come_back() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let (first, second) = (world.waits(&alice).await, world.waits(&alice).await);
    let (one, other) = join!(alice.go_away(&first), alice.go_away(&second));
    assert_eq!(world.returns(&alice, &one, CUSTOMER).await.status, 200);
    assert_eq!(alice.cookie(&one.cookie()), None, "it has come back");
    assert_eq!(world.returns(&alice, &other, CUSTOMER).await.status, 200);
    assert_eq!(world.kept().await.len(), 2);
}

#[rocket::async_test]
async fn an_answer_in_another_browser_proves_nothing_and_ends_nothing() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    let (stranger, elsewhere) = (world.server.browser(), world.server.browser());
    elsewhere.sign_in("alice", PASSWORD).await;
    for browser in [&stranger, &elsewhere] {
        assert_eq!(world.returns(browser, &away, CUSTOMER).await.status, 400);
        browser.set_cookie(&away.cookie(), &"ab".repeat(32));
        assert_eq!(world.returns(browser, &away, CUSTOMER).await.status, 400);
    }
    assert!(world.kept().await.is_empty());
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
}

#[rocket::async_test]
async fn state_and_nonce_of_two_flows_cannot_be_swapped() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let (first, second) = (world.waits(&alice).await, world.waits(&alice).await);
    let (one, other) = (alice.go_away(&first).await, alice.go_away(&second).await);
    let swapped = Away { state: one.state, nonce: other.nonce };
    assert_eq!(world.returns(&alice, &swapped, CUSTOMER).await.status, 502);
    first.hold_failed("provider_unreachable").await;
    for state in ["", "abc", &"ab".repeat(32), &other.state.to_uppercase()] {
        let answer = alice.come_back("bank", &[("code", "c0de"), ("state", state)]).await;
        assert_eq!(answer.status, 400, "{state}");
    }
    let doubled = [("code", "c0de"), ("state", other.state.as_str()), ("state", &other.state)];
    assert_eq!(alice.come_back("bank", &doubled).await.status, 400);
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn another_providers_return_uri_takes_no_answer() {
    let world = Identifying::with(&["bank", "other"], |_| ()).await;
    let alice = world.server.signed_up("alice").await;
    let mut waiting = world.waits(&alice).await;
    waiting.path.push_str("&provider=bank");
    let token = waiting.path.split("monitor=").nth(1).and_then(|rest| rest.split('&').next());
    let fields =
        [("monitor", token.expect("a token")), ("provider", "bank"), ("answer", "confirm")];
    let away = Away::of(&alice.post("/identification/start", &fields).await);
    world.gives(&world.claims(&away, CUSTOMER));
    let answer = [("code", "c0de"), ("state", away.state.as_str())];
    assert_eq!(alice.come_back("other", &answer).await.status, 400);
    assert_eq!(alice.come_back("nobody", &answer).await.status, 404);
    assert!(world.bank.calls("/token").is_empty(), "the code went nowhere");
    let foreign = [&answer[..], &[("iss", "https://evil.example")]].concat();
    assert_eq!(alice.come_back("bank", &foreign).await.status, 502);
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn an_identity_belongs_to_one_account() {
    let world = Identifying::start().await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    assert_eq!(world.identified(&alice, CUSTOMER).await["result"], "succeeded");
    let told = world.identified(&bob, CUSTOMER).await;
    assert_eq!(told["reason"], "conflict", "{told}");
    assert_eq!(world.identified(&bob, "customer-8").await["result"], "succeeded");
    assert_eq!(world.identified(&alice, CUSTOMER).await["result"], "succeeded");
    assert_eq!(world.kept().await.len(), 3);
}

#[rocket::async_test]
async fn it_can_be_configured_to_move() {
    let moves = |setup: &mut crate::support::Setup| {
        setup.config.identification.conflict = Conflict::Move;
    };
    let world = Identifying::with(&["bank"], moves).await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    world.identified(&alice, CUSTOMER).await;
    assert_eq!(world.identified(&bob, CUSTOMER).await["result"], "succeeded");
    let uid = world.server.uid_of("bob").await;
    assert_eq!(world.kept().await, [format!("{uid}|bank|substantial")]);
}
