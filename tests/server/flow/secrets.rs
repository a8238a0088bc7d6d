//! No secret of a flow is where it does not belong.

use super::{done, walk, with_alice};
use crate::support::Log;
use crate::support::waiting_events::WaitingEvents;

#[rocket::async_test]
async fn no_secret_of_a_flow_is_in_the_log_in_an_address_or_in_the_database() {
    let log = Log::watch();
    let (server, alice) = with_alice().await;
    let (waits, other) = (server.begun().await, server.begun().await);
    let mut socket = WaitingEvents::waiting(&server, &waits.secret).await;
    let mut seen = Vec::new();
    seen.push(alice.open_window(&waits).await);
    seen.push(alice.prove(&waits, &waits.secret).await);
    alice.prove(&other, &waits.secret).await;
    let onward = alice.open_window(&waits).await;
    let addresses = walk(&alice, onward).await;
    let cookie = alice.cookie(&waits.cookie()).expect("the cookie");
    seen.push(alice.get(&done(&waits)).await);
    let told = socket.next_json().await.expect("the outcome");
    let code = server.code_of(&waits).await;
    assert_eq!(told["response"]["code"].as_str(), Some(code.as_str()));
    server.outcome_with(&[("waiting_secret", &code)], &[]).await.assert_error(404, "not_found");

    let (text, database) = (log.text(), server.database.everything().await);
    assert!(text.contains("/flow/outcome") && database.contains(&waits.id));
    for (what, secret) in [("waiting secret", &waits.secret), ("code", &code), ("cookie", &cookie)]
    {
        assert!(!text.contains(secret.as_str()), "the {what} is in the log");
        assert!(!database.contains(secret.as_str()), "the {what} is in the database");
        assert!(addresses.iter().all(|address| !address.contains(secret.as_str())), "{what}");
        for answer in &seen {
            assert!(!answer.text.contains(secret.as_str()), "the {what} is in a page");
            assert!(!answer.location().contains(secret.as_str()), "the {what} is in an address");
        }
    }
}
