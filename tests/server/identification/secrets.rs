//! Nothing of the identity, and no secret, is where it does not belong.

use crate::support::Log;
use crate::support::identification::{BIRTHDATE, CUSTOMER, Identifying, NAME};

#[rocket::async_test]
async fn the_identity_is_in_no_log_no_address_no_page_of_the_window_and_not_readable_at_rest() {
    let log = Log::watch();
    let world = Identifying::start().await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    let mut waiting = world.waits(&alice).await;
    let mut seen = vec![alice.navigate(&waiting.path).await];
    let away = alice.go_away(&waiting).await;
    let id_token = world.gives(&world.claims(&away, CUSTOMER));
    seen.push(world.returns(&alice, &away, CUSTOMER).await);
    let told = waiting.socket.next_json().await.expect("the outcome");
    let other = world.waits(&bob).await;
    let away_too = bob.go_away(&other).await;
    seen.push(world.returns(&bob, &away_too, CUSTOMER).await);
    let broken = world.waits(&alice).await;
    let away_again = alice.go_away(&broken).await;
    let cookie = alice.cookie(&away_again.cookie()).expect("the cookie");
    let mut claims = world.claims(&away_again, CUSTOMER);
    claims["name"] = serde_json::json!([NAME]);
    world.gives(&claims);
    let fields = [("code", "c0de"), ("state", away_again.state.as_str())];
    seen.push(alice.come_back("bank", &fields).await);
    assert_eq!(seen.iter().map(|it| it.status).collect::<Vec<_>>(), [200, 200, 409, 502]);
    let window = waiting.path.split("monitor=").nth(1).expect("a token").to_owned();

    let (text, database) = (log.text(), world.server.database.everything().await);
    assert!(text.contains("/identification/return/<provider>") && database.contains("substantial"));
    let evidence = id_token.split('.').nth(1).expect("claims");
    for identity in [NAME, BIRTHDATE, CUSTOMER, evidence] {
        assert!(!text.contains(identity), "{identity} is in the log");
        assert!(!database.contains(identity), "{identity} is in the database");
        assert!(!told.to_string().contains(identity), "{identity} is told");
        assert!(seen.iter().all(|answer| !answer.text.contains(identity)), "{identity}");
        assert!(seen.iter().all(|answer| !answer.location().contains(identity)), "{identity}");
    }
    for secret in [&window, &waiting.secret, &cookie, &away.state, &away.nonce] {
        assert!(!text.contains(secret.as_str()), "a secret is in the log");
        assert!(!database.contains(secret.as_str()), "a secret is in the database");
    }
}
