//! The sites of others that a person has agreed to: listed on the account page, and taken back.

use reqwest::Method;
use vestibule::domain::client::Registration;
use vestibule::domain::scope::Scope;

use crate::support::{
    Browser, ISSUER, NOTES, PASSWORD, SPECS, Setup, TestServer, WIKI, declared, nonce, plain,
};

const REMOVE: &str = "/account/sites/specs/remove";
const OTHER: &str = "https://other.example.com";

/// Specs, and another site of others.
async fn server() -> TestServer {
    let mut setup = Setup::new().await;
    let other = Registration {
        client_name: "Other <b>site</b>".into(),
        scope: Scope::parse("openid payments").expect("a scope"),
        ..Registration::named("other", OTHER)
    };
    setup.config.clients.push(declared(other));
    setup.start().await
}

/// What the account page says about connected sites.
async fn listed(browser: &Browser) -> String {
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    let section = page.text.split("id=\"sites\"").nth(1).expect("the section").to_owned();
    plain(section.split("</section>").next().expect("its end"))
}

/// A sid that a client has of a browser's session.
async fn sid(server: &TestServer, browser: &Browser, client_id: &str, origin: &str) -> String {
    let nonce = nonce();
    let payload = browser.mint(client_id, origin, Some(&nonce)).await;
    let profile = server.backend(client_id).recover(&payload, Some(&nonce)).await.json();
    profile["sid"].as_str().expect("a sid").to_owned()
}

/// What an authorization would have let a client have.
async fn add_grant(server: &TestServer, id: &str, client_id: &str, username: &str) {
    let sql = format!(
        "INSERT INTO grants (id, client_id, account_uid, session_id, scope, audience, created_at, \
         expires_at) SELECT '{id}', '{client_id}', a.uid, (SELECT MIN(id) FROM sessions \
         WHERE account_uid = a.uid), 'openid', '', 1, 2 FROM accounts a \
         WHERE a.username = '{username}'"
    );
    server.database.execute(&sql).await;
}

async fn finished_grants(server: &TestServer) -> Vec<String> {
    server.database.rows("grants", &["id", "finished_at"]).await
}

#[rocket::async_test]
async fn the_page_lists_who_knows_one_since_when_and_what() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    assert!(listed(&alice).await.contains("No site of others knows you"));
    alice.consent("specs", "allow").await;
    server.clock.advance(24 * 3_600_000);
    let alice = server.alice_again().await;
    alice.consent("other", "allow").await;
    let sites = listed(&alice).await;
    for text in [
        "Specs",
        "specs.example.localhost:8005 · since 21 November 2026",
        "See your username and your full name",
        "Other <b>site</b>",
        "other.example.com · since 22 November 2026",
        "Pay in your name on its site",
    ] {
        assert!(sites.contains(text), "{text}: {sites}");
    }
    assert!(sites.find("Other") < sites.find("Specs"), "the latest first");
    assert_eq!(sites.matches("Remove access").count(), 2);
    assert!(!alice.get("/account").await.text.contains("<b>site"));
    let bob = bob.get("/account").await;
    assert!(bob.status == 303 || bob.text.contains("No site of others knows you"));
    server.store.disable_client("specs", server.clock.now()).await.expect("the database answers");
    assert_eq!(listed(&alice).await.matches("Remove access").count(), 2, "she may still end it");
}

#[rocket::async_test]
async fn a_site_of_the_organisation_is_not_listed() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let uid = server.database.texts("SELECT uid FROM accounts").await.remove(0);
    let scope = Scope::parse("openid").expect("a scope");
    let added = server.store.add_consent(&uid, "wiki", &scope, server.clock.now()).await;
    added.expect("the database answers");
    assert!(listed(&alice).await.contains("No site of others knows you"));
}

#[rocket::async_test]
async fn removing_a_site_ends_all_that_it_has_and_nothing_else() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let elsewhere = server.browser();
    assert_eq!(elsewhere.sign_in("alice", PASSWORD).await.status, 303);
    let bob = server.signed_up("bob").await;
    for browser in [&alice, &bob] {
        browser.consent("specs", "allow").await;
        browser.consent("other", "allow").await;
    }
    let mut ended = vec![];
    for browser in [&alice, &elsewhere] {
        ended.push(sid(&server, browser, "specs", SPECS).await);
    }
    let others = [
        ("specs", sid(&server, &bob, "specs", SPECS).await),
        ("other", sid(&server, &alice, "other", OTHER).await),
        ("wiki", sid(&server, &alice, "wiki", WIKI).await),
    ];
    let pending = [nonce(), nonce(), nonce(), nonce()];
    let lost = elsewhere.mint("specs", SPECS, Some(&pending[0])).await;
    let kept_back = alice.mint("specs", SPECS, Some(&pending[3])).await;
    let bobs = bob.mint("specs", SPECS, Some(&pending[1])).await;
    let wikis = alice.mint("notes", NOTES, Some(&pending[2])).await;
    add_grant(&server, "a", "specs", "alice").await;
    add_grant(&server, "b", "specs", "bob").await;
    add_grant(&server, "c", "other", "alice").await;

    server.clock.advance(1_000);
    let now = server.clock.now();
    let answer = alice.post(REMOVE, &[]).await;
    let back = format!("{ISSUER}/account?done=site");
    assert_eq!((answer.status, answer.location()), (303, back.as_str()));
    assert!(alice.get("/account?done=site").await.text.contains("no longer has access"));
    let sites = listed(&alice).await;
    assert!(!sites.contains("Specs") && sites.contains("Other"), "{sites}");

    let finished = server.database.rows("client_sessions", &["sid", "finished_at"]).await;
    for sid in &ended {
        assert!(finished.contains(&format!("{sid}|{now}")), "{finished:?}");
        assert!(!server.backend("specs").is_active(sid).await);
    }
    for (client_id, sid) in &others {
        assert!(finished.contains(&format!("{sid}|null")), "{finished:?}");
        assert!(server.backend(client_id).is_active(sid).await, "{client_id}");
    }
    assert_eq!(
        finished_grants(&server).await,
        [format!("a|{now}"), "b|null".into(), "c|null".into()]
    );
    let specs = server.backend("specs");
    specs.recover(&lost, Some(&pending[0])).await.assert_error(410, "invalid_grant");
    assert_eq!(specs.recover(&bobs, Some(&pending[1])).await.status, 200);
    assert_eq!(server.backend("notes").recover(&wikis, Some(&pending[2])).await.status, 200);

    // A new yes opens something new; what has ended stays so.
    alice.consent("specs", "allow").await;
    for sid in &ended {
        assert!(!specs.is_active(sid).await);
    }
    specs.recover(&kept_back, Some(&pending[3])).await.assert_error(410, "invalid_grant");
    let new = sid(&server, &elsewhere, "specs", SPECS).await;
    assert!(!ended.contains(&new) && specs.is_active(&new).await);
    assert!(alice.is_signed_in().await && elsewhere.is_signed_in().await);
}

#[rocket::async_test]
async fn what_is_not_there_cannot_be_removed() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    bob.consent("specs", "allow").await;
    let sid = sid(&server, &bob, "specs", SPECS).await;
    add_grant(&server, "a", "specs", "alice").await;
    let before = server.database.every_row_but(&[]).await;
    let long = "a".repeat(65);
    for id in ["specs", "other", "wiki", "nobody", "SPECS", "%00", "%27%20OR%201=1", ".", &long] {
        let answer = alice.post(&format!("/account/sites/{id}/remove"), &[]).await;
        assert_eq!(answer.status, 404, "{id}");
        assert!(answer.is_html(), "{id}");
    }
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(server.backend("specs").is_active(&sid).await);
    assert_eq!(bob.post(REMOVE, &[]).await.status, 303);
    assert_eq!(bob.post(REMOVE, &[]).await.status, 404, "once");
}

#[rocket::async_test]
async fn a_site_is_removed_from_our_own_page_only_and_by_whom_it_knows() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    alice.consent("specs", "allow").await;
    let before = server.database.every_row_but(&[]).await;
    for headers in [
        vec![],
        vec![("Origin", "null")],
        vec![("Origin", SPECS)],
        vec![("Sec-Fetch-Site", "same-site"), ("Origin", ISSUER)],
        vec![("Sec-Fetch-Site", "cross-site"), ("Origin", ISSUER)],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        assert_eq!(alice.post_with(REMOVE, &[], &headers).await.status, 403, "{headers:?}");
    }
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request = alice.request(method.clone(), REMOVE);
        let request = request.header("Sec-Fetch-Site", "same-origin").header("Origin", ISSUER);
        assert_eq!(alice.send(request).await.status, 404, "{method}");
    }
    let nobody = server.browser().post(REMOVE, &[]).await;
    assert_eq!((nobody.status, nobody.location()), (303, "/signin?next=%2Faccount"));
    assert_eq!(server.database.every_row_but(&[]).await, before);
    assert!(listed(&alice).await.contains("Specs"));
}

#[rocket::async_test]
async fn a_payload_that_is_redeemed_at_that_moment_leaves_nothing_behind() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for round in 0..20 {
        alice.consent("specs", "allow").await;
        let nonce = nonce();
        let payload = alice.mint("specs", SPECS, Some(&nonce)).await;
        let specs = server.backend("specs");
        let (removed, redeemed) =
            rocket::tokio::join!(alice.post(REMOVE, &[]), specs.recover(&payload, Some(&nonce)));
        assert_eq!(removed.status, 303, "round {round}");
        assert!([200, 410].contains(&redeemed.status), "round {round}: {}", redeemed.text);
        let open = "SELECT sid FROM client_sessions WHERE finished_at IS NULL";
        assert_eq!(server.database.texts(open).await, Vec::<String>::new(), "round {round}");
    }
}
