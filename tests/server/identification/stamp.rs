//! `GET /v1/accounts/{uid}/identification`: other backends ask for the time.

use serde_json::json;
use vestibule::domain::scope::Scope;

use crate::support::identification::{CUSTOMER, Identifying, NAME, reader};
use crate::support::{Answer, Browser, NOTES, SPECS, START, Setup, nonce};

#[rocket::async_test]
async fn a_backend_hears_whether_it_was_later_than_its_order() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    let none = json!({ "identified_at": null, "later": false });
    let plain = json!({ "identified_at": null });
    assert_eq!(world.stamp("shop", &uid, "").await.json(), plain);
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
    // The last one but one is in seconds.
    for odd in [
        "?since=x",
        "?since=-1",
        "?since=1.5",
        "?since=0&since=0",
        "?since=1795293420",
        "?since=9999999999999999",
    ] {
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
    for shown in ["The bank", "substantial", NAME, "1852-05-04", "Customer there", CUSTOMER, "Shop"]
    {
        assert!(page.contains(shown), "{shown}");
    }
    let bob = world.server.signed_up("bob").await;
    bob.post("/account/identification/remove", &[]).await;
    assert_eq!(world.kept().await.len(), 1, "that of somebody else stays");
    let answer = alice.post("/account/identification/remove", &[]).await;
    assert_eq!(answer.status, 303);
    assert!(world.kept().await.is_empty());
    assert!(world.server.database.rows("monitors", &["level"]).await.is_empty());
    let page = alice.get("/account").await.text;
    assert!(!page.contains("Pleasance") && page.contains("Who has asked"));
    let none = json!({ "identified_at": null, "later": false });
    assert_eq!(world.stamp("shop", &uid, "?since=0").await.json(), none);
    assert_eq!(world.identified(&bob, CUSTOMER).await["result"], "succeeded", "nobody has it now");
}

#[rocket::async_test]
async fn the_last_fifty_questions_of_each_client_are_shown() {
    let world = Identifying::with(&["bank"], notes_may_read).await;
    let alice = world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    assert_eq!(world.stamp("notes", &uid, "").await.status, 200);
    for _ in 0..53 {
        world.server.clock.advance(1_000);
        world.stamp("shop", &uid, "").await;
    }
    let reads = world.server.store.identification_reads(&uid).await.expect("the database");
    let of = |client: &str| reads.iter().filter(|read| read.client_id == client).count();
    assert_eq!((of("shop"), of("notes"), reads.len()), (50, 1, 51));
    let page = alice.get("/account").await.text;
    for shown in ["<bdi>Shop</bdi>, 50 times, last", "<bdi>Notes</bdi>, "] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[rocket::async_test]
async fn a_client_may_ask_so_often() {
    let once = |setup: &mut Setup| {
        setup.config.limits.identification_reads = vestibule::limits::Rate::new(2, 60_000);
        notes_may_read(setup);
    };
    let world = Identifying::with(&["bank"], once).await;
    world.server.signed_up("alice").await;
    let uid = world.server.uid_of("alice").await;
    for _ in 0..2 {
        assert_eq!(world.stamp("shop", &uid, "").await.status, 200);
    }
    world.stamp("shop", &uid, "").await.assert_error(429, "rate_limited");
    assert_eq!(world.stamp("notes", &uid, "").await.status, 200, "another has its own");
}

fn notes_may_read(setup: &mut Setup) {
    let scope = "openid profile email identification:read";
    setup.registration("notes").scope = Scope::parse(scope).expect("a scope");
}

/// All of an answer but what differs for every request.
fn essence(answer: &Answer) -> String {
    let mut headers: Vec<String> =
        answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.retain(|line| !line.starts_with("date:") && !line.starts_with("x-request-id:"));
    format!("{} {headers:?} {}", answer.status, answer.text)
}

#[rocket::async_test]
async fn somebody_whom_a_backend_does_not_know_is_answered_as_nobody_is_with_the_same_work() {
    let read = |setup: &mut Setup| {
        setup.config.clients.retain(|client| client.registration.client_id != "specs");
        setup.config.clients.push(reader());
        setup.registration("notes").subject_type = Some("pairwise".into());
    };
    let world = Identifying::with(&["bank"], read).await;
    let (alice, bob) = (world.server.signed_up("alice").await, world.server.signed_up("bob").await);
    world.identified(&alice, CUSTOMER).await;
    world.identified(&bob, "customer-8").await;
    let (hers, his) = (world.server.uid_of("alice").await, world.server.uid_of("bob").await);
    // Specs knows alice, by its own identifier. It has nothing to know bob by.
    alice.consent("specs", "allow").await;
    let nobody = "0".repeat(32);
    let at_notes = sub_of(&world, &bob, "notes", NOTES).await;
    assert_ne!(at_notes, his, "it is pairwise");
    let long = "a".repeat(3_000);
    let unknown = [&nobody, &hers, &his, &at_notes, &nobody.replace('0', "F"), "abc", "%00", &long];
    let reads = || world.server.database.rows("identification_reads", &["id"]);
    for client in ["specs", "wiki"] {
        let mut seen = std::collections::BTreeSet::new();
        for id in unknown {
            let before = world.server.store.queries();
            let answer = world.stamp(client, id, "?since=0").await;
            answer.assert_error(404, "not_found");
            seen.insert((essence(&answer), world.server.store.queries() - before));
        }
        assert_eq!(seen.len(), 1, "{client}: {seen:#?}");
    }
    assert!(reads().await.is_empty(), "nobody has learnt anything");
    let known = sub_of(&world, &alice, "specs", SPECS).await;
    assert_eq!(world.stamp("specs", &known, "?since=0").await.json()["later"], true);
    assert_eq!(reads().await.len(), 1);
}

/// The identifier by which a site knows somebody.
async fn sub_of(world: &Identifying, browser: &Browser, client: &str, origin: &str) -> String {
    let nonce = nonce();
    let payload = browser.mint(client, origin, Some(&nonce)).await;
    let profile = world.server.backend(client).recover(&payload, Some(&nonce)).await.json();
    profile["uid"].as_str().expect("a subject").to_owned()
}
