//! A person takes back that a site may have them identified.

use crate::support::Setup;
use crate::support::identification::{CUSTOMER, Identifying};

/// A shop of another organisation.
fn foreign(setup: &mut Setup) {
    setup.registration("shop").first_party = false;
}

#[rocket::async_test]
async fn what_a_site_waits_for_ends_with_its_access() {
    let world = Identifying::with(&["bank"], foreign).await;
    let alice = world.server.signed_up("alice").await;
    alice.consent("shop", "allow").await;
    let (at_window, at_bank) = (world.waits(&alice).await, world.waits(&alice).await);
    let away = alice.go_away(&at_bank).await;
    assert_eq!(alice.post("/account/sites/shop/remove", &[]).await.status, 303);
    assert_eq!(alice.navigate(&at_window.path).await.status, 410);
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 400);
    at_window.hold_failed("canceled").await;
    at_bank.hold_failed("canceled").await;
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn a_site_reads_no_more_that_somebody_proved_it() {
    let world = Identifying::with(&["bank"], foreign).await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    let mut secrets = Vec::new();
    for (browser, customer) in [(&alice, CUSTOMER), (&bob, "customer-8")] {
        browser.consent("shop", "allow").await;
        let waiting = world.waits(browser).await;
        let away = browser.go_away(&waiting).await;
        world.returns(browser, &away, customer).await;
        assert_eq!(world.outcome(&waiting.secret, &[]).await.json()["result"], "succeeded");
        secrets.push(waiting.secret);
    }
    alice.post("/account/sites/shop/remove", &[]).await;
    world.outcome(&secrets[0], &[]).await.assert_error(404, "not_found");
    assert_eq!(world.outcome(&secrets[1], &[]).await.json()["result"], "succeeded", "bob's stays");
    assert_eq!(world.kept().await.len(), 2, "the proofs are the account's");
}
