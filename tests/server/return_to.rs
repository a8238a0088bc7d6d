//! Where `next=` may lead: a path of ours, or a registered return URI of a first-party client.

use crate::support::{
    Answer, ISSUER, NOTES, PASSWORD, SPECS, Seen, Setup, TestServer, WIKI, encode, every_answer,
    specs, wiki,
};
use vestibule::config::DeclaredClient;

const EVIL: [&str; 43] = [
    "//evil.test",
    "///evil.test",
    "////evil.test/",
    "/\\evil.test",
    "\\/evil.test",
    "\\\\evil.test",
    "/%5cevil.test",
    "/%5Cevil.test",
    "/%2f%2fevil.test",
    "/.//evil.test",
    "/account//evil.test",
    "/account/..//evil.test",
    "https://evil.test",
    "http://evil.test",
    "HTTPS://EVIL.TEST",
    "https:evil.test",
    "https:/evil.test",
    "https:\\\\evil.test",
    "ftp://evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.test",
    "account",
    "?next=x",
    "#x",
    "/\tevil.test",
    "/\nevil.test",
    "/\r\nLocation:https://evil.test",
    "/%0d%0aLocation:https://evil.test",
    "\u{0}/account",
    " /account",
    "/account ",
    "http://accounts.vestibule.localhost:8000@evil.test/",
    "http://accounts.vestibule.localhost:8000.evil.test/",
    "http://wiki.vestibule.localhost:8001@evil.test/sso/return",
    "http://wiki.vestibule.localhost:8001/sso/return/",
    "http://wiki.vestibule.localhost:8001/sso/return?x=1",
    "http://wiki.vestibule.localhost:8001/",
    "https://wiki.vestibule.localhost:8001/sso/return",
    "http://WIKI.vestibule.localhost:8001/sso/return",
];

fn hold_refused(answer: &Answer, place: &str) {
    assert_eq!(answer.status, 400, "{place}");
    assert_eq!(answer.location(), "", "{place}");
    let policy = answer.header("Content-Security-Policy");
    assert!(!policy.contains("evil"), "{place}: {policy}");
    assert!(!answer.text.contains("evil.test"), "{place}");
}

#[rocket::async_test]
async fn no_page_leads_to_a_place_that_is_not_registered() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for next in EVIL {
        let query = encode(&[("next", next), ("client_id", "specs")]);
        for page in ["/signin", "/signin/choose", "/signup", "/signout", "/consent"] {
            for browser in [&alice, &server.browser()] {
                let answer = browser.get(&format!("{page}?{query}")).await;
                hold_refused(&answer, &format!("GET {page} {next:?}"));
            }
        }
    }
}

#[rocket::async_test]
async fn no_form_leads_to_a_place_that_is_not_registered() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.database.every_row_but(&[]).await;
    for next in EVIL {
        for page in ["/signin", "/signup", "/signout", "/consent"] {
            let fields = [
                ("next", next),
                ("login", "alice"),
                ("username", "bob"),
                ("email", "bob@example.org"),
                ("full_name", "Bob"),
                ("password", PASSWORD),
                ("client_id", "specs"),
                ("answer", "allow"),
            ];
            let answer = alice.post(page, &fields).await;
            hold_refused(&answer, &format!("POST {page} {next:?}"));
            assert!(answer.set_cookies().is_empty());
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before, "and nothing is done");
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn every_redirect_stays_on_our_origin_whatever_is_tried() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    // All short texts of the characters that parsers disagree about.
    let letters = ["/", "\\", "%2f", "%5c", ":", "@", "?", "#", ".", "e", "\t"];
    let mut tried = 0;
    for a in letters {
        for b in letters {
            for c in letters {
                let next = format!("/{a}{b}{c}evil.test");
                let answer = alice.get(&format!("/signin?{}", encode(&[("next", &next)]))).await;
                if answer.status == 400 {
                    continue;
                }
                assert_eq!(answer.status, 303, "{next:?}");
                let base = url::Url::parse(ISSUER).expect("an address");
                let to = base.join(answer.location()).expect("an address");
                assert_eq!(to.origin(), base.origin(), "{next:?}");
                assert!(!to.path().starts_with("//"), "{next:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "some of them are paths: {tried}");
}

#[rocket::async_test]
async fn forms_that_worked_are_answered_with_303_and_an_address_of_the_issuer() {
    let server = TestServer::new().await;
    let forms = server
        .endpoints
        .iter()
        .filter(|endpoint| matches!(endpoint.body(), crate::support::Body::Form(_)));
    let mut seen = 0;
    let forms = forms
        .filter(|endpoint| !endpoint.pattern.starts_with("/oauth/") && !endpoint.is_for_backends());
    // Of what these end, or answer, there is none.
    let without = [
        "/account/sessions/<id>/end",
        "/account/sites/<client_id>/remove",
        "/operations/<id>",
        "/flow/<id>",
        "/identification/start",
    ];
    for endpoint in forms.filter(|endpoint| !without.contains(&endpoint.pattern.as_str())) {
        let alice = server.alice_again().await;
        let answer = alice.send(endpoint.request(&alice)).await;
        assert_eq!(answer.status, 303, "{}: {}", endpoint.pattern, answer.text);
        let to = answer.location();
        assert!(to.starts_with(&format!("{ISSUER}/")), "{}: {to}", endpoint.pattern);
        seen += 1;
    }
    assert!(seen >= 6);
}

#[rocket::async_test]
async fn no_answer_keeps_the_method_of_a_form() {
    for Seen { what, answer } in every_answer().await {
        assert!(![301, 302, 307, 308].contains(&answer.status), "{what}: {}", answer.status);
    }
}

/// Ourselves and the sites of the family, one of which may lead on to another.
fn family() -> String {
    format!("'self' {NOTES} {WIKI}")
}

#[rocket::async_test]
async fn forms_may_lead_to_ourselves_and_on_the_way_back_to_sites_of_the_family() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    for page in ["/signin", "/signup", "/signout"] {
        let nobody = server.browser();
        let browser = if page == "/signout" { &alice } else { &nobody };
        let own = browser.get(&format!("{page}?next=/account/profile")).await;
        let plain = browser.get(page).await;
        let away = browser.get(&format!("{page}?next={WIKI}/sso/return")).await;
        assert_eq!(away.status, 200, "{page}");
        assert_eq!(plain.policy("form-action"), Some("'self'"), "{page}");
        assert_eq!(own.policy("form-action"), Some("'self'"), "{page}");
        assert_eq!(away.policy("form-action"), Some(family().as_str()), "{page}");
    }
}

#[rocket::async_test]
async fn consent_leads_back_to_the_client_it_is_for_and_to_no_other() {
    let mut setup = Setup::new().await;
    setup.config.clients = vec![wiki(), with_return_uri()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let back = format!("{SPECS}/sso/return");
    let form = alice.get(&format!("/consent?client_id=specs&next={back}")).await;
    let exactly = format!("'self' {SPECS}");
    assert_eq!(form.policy("form-action"), Some(exactly.as_str()));
    let wikis = format!("{WIKI}/sso/return");
    let foreign = alice.get(&format!("/consent?client_id=specs&next={wikis}")).await;
    assert_eq!((foreign.status, foreign.location()), (400, ""));
    for (answer, next, to) in [
        ("deny", back.as_str(), back.clone()),
        ("allow", "/account", format!("{ISSUER}/account")),
        ("allow", "", format!("{ISSUER}/consent/done?client_id=specs")),
        ("allow", back.as_str(), back.clone()),
    ] {
        let fields = [("client_id", "specs"), ("answer", answer), ("next", next)];
        let sent = alice.post("/consent", &fields).await;
        assert_eq!((sent.status, sent.location()), (303, to.as_str()));
    }
    let fields = [("client_id", "specs"), ("answer", "allow"), ("next", wikis.as_str())];
    assert_eq!(alice.post("/consent", &fields).await.status, 400);
}

/// A client of another organisation that has a page to come back to.
fn with_return_uri() -> DeclaredClient {
    let mut foreign = specs();
    foreign.registration.return_uris = vec![format!("{SPECS}/sso/return")];
    foreign
}

#[rocket::async_test]
async fn the_page_after_wrong_input_may_still_lead_to_the_site() {
    let server = TestServer::new().await;
    let back = format!("{WIKI}/sso/return");
    for page in ["/signin", "/signup"] {
        let answer = server.browser().post(page, &[("next", &back)]).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.policy("form-action"), Some(family().as_str()), "{page}");
        assert!(answer.text.contains("Wiki"), "{page} says where one goes");
    }
}

#[rocket::async_test]
async fn return_uris_of_other_organisations_and_of_disabled_clients_are_not_followed() {
    let mut setup = Setup::new().await;
    setup.config.clients = vec![wiki(), with_return_uri()];
    let server = setup.start().await;
    let to_specs = format!("/signin?next={SPECS}/sso/return");
    assert_eq!(server.browser().get(&to_specs).await.status, 400);
    let to_wiki = format!("/signin?next={WIKI}/sso/return");
    assert_eq!(server.browser().get(&to_wiki).await.status, 200);
    let disabled = server.store.disable_client("wiki", server.clock.now()).await;
    assert!(disabled.expect("the database answers"));
    assert_eq!(server.browser().get(&to_wiki).await.status, 400);
}

#[rocket::async_test]
async fn a_path_with_a_query_comes_back_as_it_was() {
    let server = TestServer::new().await;
    server.signed_up("alice").await;
    let next = "/consent?client_id=specs&next=%2Faccount%3Fdone%3Dprofile";
    let browser = server.browser();
    let fields = [("login", "alice"), ("password", PASSWORD), ("next", next)];
    let answer = browser.post("/signin", &fields).await;
    assert_eq!(answer.location(), format!("{ISSUER}{next}"));
    let long = format!("/{}", "a".repeat(2_047));
    assert_eq!(browser.get(&format!("/signin?next={long}")).await.status, 303);
    assert_eq!(browser.get(&format!("/signin?next={long}a")).await.status, 400);
}
