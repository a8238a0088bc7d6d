//! `GET /v1/accounts/{uid}/identification`: other backends ask for the time.

use serde_json::json;

use crate::support::identification::{CUSTOMER, Identifying, reader};
use crate::support::{SPECS, START, Setup};

#[rocket::async_test]
async fn a_backend_hears_whether_it_was_later_than_its_order() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    let none = json!({ "identified_at": null, "later": false });
    assert_eq!(world.stamp("shop", &uid, "").await.json(), none);
    assert_eq!(world.stamp("shop", &uid, "?since=0").await.json(), none);
    world.identified(&alice, CUSTOMER).await;
    let told = json!({ "identified_at": START, "provider": "bank", "level": "substantial" });
    assert_eq!(world.stamp("shop", &uid, "").await.json(), told);
    for (since, later) in [(0, true), (START - 1, true), (START, false), (START + 1, false)] {
        let answer = world.stamp("shop", &uid, &format!("?since={since}")).await.json();
        assert_eq!((&answer["identified_at"], &answer["later"]), (&json!(START), &json!(later)));
    }
    world.server.clock.advance(1_000);
    world.identified(&alice, CUSTOMER).await;
    let answer = world.stamp("shop", &uid, &format!("?since={START}")).await.json();
    assert_eq!((&answer["identified_at"], &answer["later"]), (&json!(START + 1_000), &json!(true)));
    for odd in
        ["?since=x", "?since=-1", "?since=1.5", "?since=1&since=2", "?since=9999999999999999"]
    {
        world.stamp("shop", &uid, odd).await.assert_error(400, "invalid_request");
    }
}

#[rocket::async_test]
async fn who_may_not_know_is_told_what_is_told_of_nobody() {
    let read = |setup: &mut Setup| {
        setup.config.clients.retain(|client| client.registration.client_id != "specs");
        setup.config.clients.push(reader());
    };
    let world = Identifying::with(&["bank"], read).await;
    let alice = world.server.signed_up("alice").await;
    world.identified(&alice, CUSTOMER).await;
    let uid = world.server.uid_of("alice").await;
    let nobody = world.stamp("shop", &"0".repeat(32), "").await;
    nobody.assert_error(404, "not_found");
    // The wiki is not registered for it; specs is another organisation's, without consent yet.
    for client in ["wiki", "specs"] {
        for id in [uid.as_str(), &"0".repeat(32), "abc"] {
            let answer = world.stamp(client, id, "").await;
            assert_eq!((answer.status, answer.text.as_str()), (404, nobody.text.as_str()));
        }
    }
    alice.consent("specs", "allow").await;
    let payload = alice.ask("specs", SPECS, true, Some("a-nonce-of-16-characters")).await.json();
    let payload = payload["recoveryPayload"].as_str().expect("a payload").to_owned();
    let backend = world.server.backend("specs");
    let profile = backend.recover(&payload, Some("a-nonce-of-16-characters")).await.json();
    let sub = profile["uid"].as_str().expect("a subject");
    assert_ne!(sub, uid, "it is pairwise");
    assert_eq!(world.stamp("specs", sub, "").await.json()["identified_at"], json!(START));
    assert_eq!(world.stamp("specs", &uid, "").await.status, 404, "not by the other one");
    alice.post("/account/sites/specs/remove", &[]).await;
    assert_eq!(world.stamp("specs", sub, "").await.text, nobody.text);
    let now = world.server.clock.now();
    world.server.store.disable_account(&uid, now).await.expect("the database");
    assert_eq!(world.stamp("shop", &uid, "").await.text, nobody.text);
}

#[rocket::async_test]
async fn the_person_sees_what_is_known_and_who_has_asked_and_can_remove_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    assert!(alice.get("/account").await.text.contains("You have not proved who you are"));
    world.identified(&alice, CUSTOMER).await;
    assert_eq!(world.stamp("shop", &uid, "").await.status, 200);
    let page = alice.get("/account").await.text;
    for shown in ["The bank", "substantial", "Alice Pleasance Liddell", "1852-05-04", "Shop"] {
        assert!(page.contains(shown), "{shown}");
    }
    let bob = world.server.signed_up("bob").await;
    bob.post("/account/identification/remove", &[]).await;
    assert_eq!(world.kept().await.len(), 1, "that of somebody else stays");
    let answer = alice.post("/account/identification/remove", &[]).await;
    assert_eq!(answer.status, 303);
    assert!(world.kept().await.is_empty());
    let page = alice.get("/account").await.text;
    assert!(!page.contains("Pleasance") && page.contains("Who has asked"));
    let none = json!({ "identified_at": null, "later": false });
    assert_eq!(world.stamp("shop", &uid, "?since=0").await.json(), none);
    assert_eq!(world.identified(&bob, CUSTOMER).await["result"], "succeeded", "nobody has it now");
}

#[rocket::async_test]
async fn the_last_fifty_questions_are_shown() {
    let world = Identifying::start().await;
    world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    for _ in 0..53 {
        world.stamp("shop", &uid, "").await;
    }
    let reads = world.server.store.identification_reads(&uid).await.expect("the database");
    assert_eq!(reads.len(), 50);
    assert_eq!(world.server.database.rows("identification_reads", &["id"]).await.len(), 50);
}
