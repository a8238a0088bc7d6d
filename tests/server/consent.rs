//! A client of another organisation learns who somebody is after a yes.

use serde_json::json;
use vestibule::domain::scope::Scope;

use crate::support::{ISSUER, NOTES, SPECS, Setup, TestServer, WIKI, hash, nonce, secret_of};

const PAGE: &str = "/consent?client_id=specs";

#[rocket::async_test]
async fn a_foreign_client_is_answered_after_one_yes() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    for mint in [true, false] {
        let body = alice.ask("specs", SPECS, mint, Some(&nonce())).await.json();
        assert_eq!(body["hasSession"], json!(false));
        assert_eq!(body["recoveryPayload"], json!(null));
        assert_eq!(body["error"], "consent_required");
    }
    let page = alice.get(PAGE).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Specs"), "{}", page.text);

    let said = alice.consent("specs", "allow").await;
    assert_eq!(said.status, 303, "{}", said.text);
    let nonce = nonce();
    let payload = alice.mint("specs", SPECS, Some(&nonce)).await;
    let profile = server.backend("specs").recover(&payload, Some(&nonce)).await;
    assert_eq!(profile.json()["username"], "alice");
    assert_eq!(alice.get(PAGE).await.status, 303, "she is not asked again");

    let body = bob.ask("specs", SPECS, false, None).await.json();
    assert_eq!(body["error"], "consent_required", "it was her yes, not his");
}

#[rocket::async_test]
async fn a_no_and_silence_give_nothing() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    assert_eq!(alice.consent("specs", "deny").await.status, 303);
    for answer in ["", "ALLOW", "yes", "allow "] {
        assert_eq!(alice.consent("specs", answer).await.status, 400, "{answer:?}");
    }
    let twice = [("client_id", "specs"), ("answer", "deny"), ("answer", "allow")];
    assert_eq!(alice.post("/consent", &twice).await.status, 400);
    assert_eq!(alice.get(PAGE).await.status, 200, "looking at the page says nothing");
    let body = alice.ask("specs", SPECS, true, Some(&nonce())).await.json();
    assert_eq!(body["error"], "consent_required");
}

#[rocket::async_test]
async fn a_site_of_the_organisation_needs_no_yes() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for (client_id, origin) in [("wiki", WIKI), ("notes", NOTES)] {
        let body = alice.ask(client_id, origin, false, None).await.json();
        assert_eq!(body["hasSession"], json!(true), "{client_id}");
        let page = alice.get(&format!("/consent?client_id={client_id}")).await;
        assert_eq!(page.status, 303, "there is nothing to ask");
    }
}

#[rocket::async_test]
async fn a_yes_covers_what_was_asked_for_and_no_more() {
    let mut setup = Setup::new().await;
    let scope = |text: &str| Scope::parse(text).expect("a scope");
    setup.config.clients[2].registration.scope = scope("openid profile");
    let mut wider = setup.config.clone();
    wider.clients[2].registration.scope = scope("openid profile email");
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    alice.consent("specs", "allow").await;
    let (first, second) = (nonce(), nonce());
    let payload = alice.mint("specs", SPECS, Some(&first)).await;
    let early = alice.mint("specs", SPECS, Some(&second)).await;
    let profile = server.backend("specs").recover(&payload, Some(&first)).await.json();
    let sid = profile["sid"].as_str().expect("a sid");
    assert!(profile.get("email").is_none());

    let _restarted = server.second_node(wider).await;
    let body = alice.ask("specs", SPECS, true, Some(&nonce())).await.json();
    assert_eq!(body["error"], "consent_required", "it wants to know more now");
    let late = server.backend("specs").recover(&early, Some(&second)).await;
    late.assert_error(410, "invalid_grant");
    assert!(!server.backend("specs").is_active(sid).await);
    assert_eq!(alice.get(PAGE).await.status, 200);
    alice.consent("specs", "allow").await;
    let payload = alice.mint("specs", SPECS, Some(&first)).await;
    let profile = server.backend("specs").recover(&payload, Some(&first)).await.json();
    assert_eq!(profile["email"], "alice@example.org");
}

#[rocket::async_test]
async fn a_yes_can_be_taken_back() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    alice.consent("specs", "allow").await;
    let (first, second) = (nonce(), nonce());
    let used = alice.mint("specs", SPECS, Some(&first)).await;
    let unused = alice.mint("specs", SPECS, Some(&second)).await;
    let specs = server.backend("specs");
    let profile = specs.recover(&used, Some(&first)).await.json();
    let sid = profile["sid"].as_str().expect("a sid");
    assert!(specs.is_active(sid).await);

    let accounts = server.store.list_accounts(None, 1).await.expect("the database answers");
    let taken = server.store.disconnect(&accounts[0].uid, "specs", server.clock.now()).await;
    assert!(taken.expect("the database answers").is_some());
    assert!(!specs.is_active(sid).await);
    specs.validate(&unused, Some(&second)).await.assert_error(410, "invalid_grant");
    specs.recover(&unused, Some(&second)).await.assert_error(410, "invalid_grant");
    let body = alice.ask("specs", SPECS, true, Some(&first)).await.json();
    assert_eq!(body["error"], "consent_required");
}

#[rocket::async_test]
async fn an_identifier_for_foreign_clients_is_stable_and_their_own() {
    let mut setup = Setup::new().await;
    let other = "https://other.example.com";
    let mut elsewhere = setup.config.clients[2].clone();
    elsewhere.registration.client_id = "elsewhere".into();
    elsewhere.registration.origins =
        vec![vestibule::domain::origin::Origin::parse(other).expect("an origin")];
    elsewhere.secret_hash = Some(hash(&secret_of("elsewhere")));
    setup.config.clients.push(elsewhere);
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let uid = async |client_id: &str, origin: &str| {
        let nonce = nonce();
        let payload = alice.mint(client_id, origin, Some(&nonce)).await;
        let profile = server.backend(client_id).recover(&payload, Some(&nonce)).await.json();
        profile["uid"].as_str().expect("a uid").to_owned()
    };
    alice.consent("specs", "allow").await;
    alice.consent("elsewhere", "allow").await;
    let (wiki, notes) = (uid("wiki", WIKI).await, uid("notes", NOTES).await);
    let (specs, elsewhere) = (uid("specs", SPECS).await, uid("elsewhere", other).await);
    assert_eq!(wiki, notes, "the organisation's own sites know one person by one name");
    assert!(specs != wiki && elsewhere != wiki && specs != elsewhere);
    assert_eq!(uid("specs", SPECS).await, specs);
    for id in [&wiki, &specs, &elsewhere] {
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    }
}

#[rocket::async_test]
async fn the_question_is_only_answered_on_our_own_page() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let fields = [("client_id", "specs"), ("answer", "allow")];
    for site in ["same-site", "cross-site", "none"] {
        let headers = [("Sec-Fetch-Site", site), ("Origin", ISSUER)];
        assert_eq!(alice.post_with("/consent", &fields, &headers).await.status, 403, "{site}");
    }
    assert_eq!(alice.post_with("/consent", &fields, &[]).await.status, 403);
    assert_eq!(alice.post_with("/consent", &fields, &[("Origin", "null")]).await.status, 403);
    let body = alice.ask("specs", SPECS, false, None).await.json();
    assert_eq!(body["error"], "consent_required");

    for dest in ["iframe", "frame", "embed", "object"] {
        let request = alice.request(reqwest::Method::GET, PAGE).header("Sec-Fetch-Dest", dest);
        assert_eq!(alice.send(request).await.status, 403, "{dest}");
    }
}

#[rocket::async_test]
async fn the_question_needs_a_person_a_client_and_a_way_back() {
    let own = format!("{SPECS}/sso/return");
    let others = format!("{WIKI}/sso/return");
    let mut setup = Setup::new().await;
    setup.config.clients[2].registration.return_uris = vec![own.clone()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let stranger = server.browser().get(PAGE).await;
    assert_eq!(stranger.status, 303);
    assert!(stranger.location().contains("/signin?next="), "{}", stranger.location());
    assert_eq!(server.browser().consent("specs", "allow").await.status, 303);

    for query in ["?client_id=nobody", "", "?client_id="] {
        assert_eq!(alice.get(&format!("/consent{query}")).await.status, 404, "{query}");
    }
    for next in ["https%3A%2F%2Fevil.test%2F", "%2F%2Fevil.test", "%2F%5Cevil.test"] {
        assert_eq!(alice.get(&format!("{PAGE}&next={next}")).await.status, 400, "{next}");
    }
    let allow = async |next: &str| {
        let fields = [("client_id", "specs"), ("answer", "allow"), ("next", next)];
        alice.post("/consent", &fields).await
    };
    for next in ["https://evil.test/", others.as_str(), SPECS] {
        assert_eq!(allow(next).await.status, 400, "{next}");
    }
    let body = alice.ask("specs", SPECS, false, None).await.json();
    assert_eq!(body["error"], "consent_required", "a wrong way back says nothing");

    let said = allow(&own).await;
    assert_eq!((said.status, said.location()), (303, own.as_str()));
    assert_eq!(alice.ask("specs", SPECS, false, None).await.json()["hasSession"], json!(true));
    server.store.disable_client("specs", server.clock.now()).await.expect("the database answers");
    assert_eq!(alice.get(PAGE).await.status, 404);
}
