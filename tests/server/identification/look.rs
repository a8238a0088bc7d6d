//! A `HEAD` does nothing: it sends nobody away, uses nothing up, and gives no cookie.

use reqwest::Method;

use crate::support::identification::{CUSTOMER, Identifying};
use crate::support::{Answer, Browser, SHOP, encode};

async fn look(browser: &Browser, path: &str) {
    let answer = Answer::of(browser.request(Method::HEAD, path).header("Origin", SHOP)).await;
    assert_eq!((answer.status, answer.text.as_str()), (405, ""), "{path}");
    assert!(answer.header("Allow").starts_with("GET"), "{path}");
    assert!(answer.set_cookies().is_empty() && answer.location().is_empty(), "{path}");
}

#[rocket::async_test]
async fn a_window_is_not_used_up_by_a_look() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    look(&alice, "/identification/monitor").await;
    let token = world.token(&alice).await;
    let (by_cookie, by_token) =
        (world.waits_by_cookie(&token, &alice).await, world.waits(&alice).await);
    // Nor is it ended as one of somebody else's.
    let bob = world.server.signed_up("bob").await;
    let before = world.server.database.every_row_but(&[]).await;
    for path in [&by_cookie.path, &by_token.path] {
        look(&alice, path).await;
        look(&bob, path).await;
        look(&world.server.browser(), path).await;
    }
    assert_eq!(world.server.database.every_row_but(&[]).await, before);
    assert_eq!(alice.navigate(&by_cookie.path).await.status, 302);
    let away = alice.go_away(&by_token).await;

    world.gives(&world.claims(&away, CUSTOMER));
    let answer = encode(&[("code", "c0de"), ("state", away.state.as_str())]);
    let before = world.server.database.every_row_but(&[]).await;
    look(&alice, &format!("/identification/return/bank?{answer}")).await;
    assert_eq!(world.server.database.every_row_but(&[]).await, before);
    assert!(world.bank.calls("/token").is_empty());
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
}
