//! A yes to a part of what a client may ask for, and to more of it later.

use serde_json::json;
use vestibule::domain::scope::Scope;

use crate::support::{ISSUER, SPECS, Setup, TestServer, encode, nonce};

const SCOPE: &str = "openid profile email payments https://api.example.org/pay";

async fn server() -> TestServer {
    let mut setup = Setup::new().await;
    let specs = &mut setup.config.clients[2].registration;
    specs.scope = Scope::parse(SCOPE).expect("a scope");
    specs.redirect_uris = vec![format!("{SPECS}/callback")];
    setup.start().await
}

fn ask(fields: &[(&str, &str)]) -> String {
    format!("/consent?client_id=specs&{}", encode(fields))
}

async fn granted(server: &TestServer) -> Vec<String> {
    server.database.rows("consents", &["client_id", "scope"]).await
}

/// The path that authorises specs.
fn authorize(more: &str) -> String {
    let redirect = format!("{SPECS}/callback");
    let fields = [("client_id", "specs"), ("redirect_uri", &redirect), ("scope", "openid")];
    format!("/oauth/authorize?{}{more}", encode(&fields))
}

#[rocket::async_test]
async fn a_yes_is_to_what_was_asked_and_the_next_adds_to_it() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for (asked, sentence, granted_after) in [
        ("openid", "Know that it is you", "openid"),
        ("openid profile:email", "Use “profile:email” for you", "openid profile:email"),
        ("payments", "Pay in your name on its site", "openid payments profile:email"),
        (
            "https://api.example.org/pay/cards#read",
            "Use “https://api.example.org/pay/cards#read” for you",
            "https://api.example.org/pay/cards#read openid payments profile:email",
        ),
    ] {
        let page = alice.get(&ask(&[("scope", asked), ("next", "/account")])).await;
        assert_eq!(page.status, 200, "{asked}");
        let text = crate::support::plain(&page.text);
        assert!(text.contains(sentence) && text.contains("Specs"), "{asked}: {text}");
        assert!(!text.contains("full name</span>"), "nothing else: {text}");
        assert_eq!(page.typed("scope").as_deref(), Some(asked));
        let before = granted(&server).await;
        assert_eq!(alice.get(&ask(&[("scope", asked)])).await.status, 200);
        assert_eq!(granted(&server).await, before, "looking says nothing");
        let fields = [("client_id", "specs"), ("scope", asked), ("answer", "allow")];
        assert_eq!(alice.post("/consent", &fields).await.status, 303);
        assert_eq!(granted(&server).await, [format!("specs|{granted_after}")]);
        assert_eq!(alice.get(&ask(&[("scope", asked)])).await.status, 303, "not asked again");
    }
    let body = alice.ask("specs", SPECS, true, Some(&nonce())).await.json();
    assert_eq!(body["error"], "consent_required", "the bridge tells all that is registered");
    assert_eq!(alice.get(&ask(&[])).await.status, 200);
    alice.consent("specs", "allow").await;
    assert_eq!(alice.ask("specs", SPECS, false, None).await.json()["hasSession"], json!(true));
    let all = granted(&server).await;
    for name in SCOPE.split(' ').chain(["profile:email"]) {
        assert!(all[0].contains(name), "{all:?}");
    }
}

#[rocket::async_test]
async fn nothing_is_asked_that_the_client_is_not_registered_with() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    for asked in [
        "admin",
        "openid admin",
        "profile:write",
        "payments:write",
        "https://api.example.org/",
        "https://api.example.org/payments",
        "https://api.example.org/pay/../admin",
        "https://evil.test/pay",
        "a\"b",
        "ä",
        "openid\nprofile",
    ] {
        let page = alice.get(&ask(&[("scope", asked)])).await;
        assert_eq!(page.status, 400, "{asked}");
        for answer in ["allow", "deny"] {
            let fields = [("client_id", "specs"), ("scope", asked), ("answer", answer)];
            assert_eq!(alice.post("/consent", &fields).await.status, 400, "{asked}");
        }
    }
    for wrong in [
        "scope=openid&scope=profile",
        "prompt=consent&prompt=consent",
        "prompt=none",
        "prompt=login",
        "prompt=CONSENT",
        "prompt=consent%20login",
        "scope=%ff",
    ] {
        assert_eq!(alice.get(&format!("/consent?client_id=specs&{wrong}")).await.status, 400);
    }
    assert_eq!(granted(&server).await, Vec::<String>::new());
    let huge = "a".repeat(33_000);
    let fields = [("client_id", "specs"), ("scope", huge.as_str()), ("answer", "allow")];
    assert_eq!(alice.post("/consent", &fields).await.status, 413);
}

#[rocket::async_test]
async fn a_client_can_have_it_confirmed() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    alice.consent("specs", "allow").await;
    let before = server.database.every_row_but(&[]).await;
    server.clock.advance(60_000);
    for client_id in ["specs", "wiki"] {
        let path = format!("/consent?client_id={client_id}&next=/account");
        assert_eq!(alice.get(&path).await.status, 303);
        let page = alice.get(&format!("{path}&prompt=consent")).await;
        assert_eq!(page.status, 200, "{client_id}");
        assert_eq!(page.typed("prompt").as_deref(), Some("consent"));
        assert!(page.text.contains("asks you to confirm"));
        for answer in ["allow", "deny"] {
            let fields = [
                ("client_id", client_id),
                ("prompt", "consent"),
                ("next", "/account"),
                ("answer", answer),
            ];
            let said = alice.post("/consent", &fields).await;
            assert_eq!((said.status, said.location()), (303, format!("{ISSUER}/account").as_str()));
        }
    }
    assert_eq!(server.database.every_row_but(&[]).await, before, "it was all there already");
    let first = alice.get("/consent?client_id=specs").await;
    assert!(first.status == 303, "and a no takes nothing back");
}

#[rocket::async_test]
async fn a_program_that_authorises_hears_of_a_no() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let next = authorize("&state=a%2Bb");
    let page = alice.get(&ask(&[("scope", "openid"), ("next", &next)])).await;
    assert_eq!(page.policy("form-action"), Some(format!("'self' {SPECS}").as_str()));
    assert_eq!(page.typed("next").as_deref(), Some(next.as_str()));
    let say = async |answer: &str, next: &str| {
        let fields =
            [("client_id", "specs"), ("scope", "openid"), ("next", next), ("answer", answer)];
        let said = alice.post("/consent", &fields).await;
        assert_eq!(said.status, 303, "{}", said.text);
        said.location().to_owned()
    };
    assert_eq!(say("deny", &next).await, format!("{ISSUER}{next}&vestibule_denied=on"));
    assert_eq!(granted(&server).await, Vec::<String>::new());
    assert_eq!(say("deny", "/account").await, format!("{ISSUER}/account"));
    assert_eq!(say("allow", &next).await, format!("{ISSUER}{next}"));
    assert_eq!(granted(&server).await, ["specs|openid"]);
    let done = say("allow", "").await;
    assert_eq!(done, format!("{ISSUER}/consent/done?client_id=specs&scope=openid"));
    let page = alice.get(done.trim_start_matches(ISSUER)).await;
    assert!(page.text.contains("Specs knows you now"), "{}", page.text);
    let rest = alice.get("/consent/done?client_id=specs").await;
    assert!(rest.text.contains("Nothing was passed on"));
}

#[rocket::async_test]
async fn a_page_about_a_client_authorises_no_other() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let own = authorize("");
    for next in [
        own.replace("client_id=specs", "client_id=wiki"),
        own.replace("client_id=specs", "client_id=nobody"),
        own.replace("client_id=specs", "client_id=Specs"),
        own.replace("client_id=specs", "client_id="),
        own.replace("client_id=specs", "x=y"),
        authorize("&client_id=specs"),
        authorize("&client_id=wiki"),
        authorize("&client%5Fid=wiki"),
        "/oauth/authorize?".to_owned(),
        format!("{ISSUER}{own}"),
        format!("/{own}"),
        format!("{own}#x"),
        format!("{own}&x=\\evil.test"),
        authorize(&format!("&x={}", "a".repeat(8_192))),
    ] {
        let page = alice.get(&ask(&[("next", &next)])).await;
        assert_eq!((page.status, page.location()), (400, ""), "{next}");
        for answer in ["allow", "deny"] {
            let fields = [("client_id", "specs"), ("next", next.as_str()), ("answer", answer)];
            let said = alice.post("/consent", &fields).await;
            assert_eq!((said.status, said.location()), (400, ""), "{next}");
        }
    }
    assert_eq!(granted(&server).await, Vec::<String>::new());
}

#[rocket::async_test]
async fn who_is_signed_out_meanwhile_is_asked_the_same_after_signing_in() {
    let server = server().await;
    let next = authorize("");
    let prompted = authorize("&prompt=").replacen('?', "?prompt=x&", 1);
    let long = authorize(&format!("&x={}", "a".repeat(7_000)));
    let here = "/consent?client_id=specs&scope=openid&prompt=consent&next=%2Faccount";
    for (fields, then) in [
        (vec![("scope", "openid"), ("next", next.as_str())], next.clone()),
        (vec![("scope", "openid"), ("next", long.as_str())], long.clone()),
        (
            vec![("prompt", "consent"), ("next", prompted.as_str())],
            format!("{next}&prompt=consent"),
        ),
        (vec![("scope", "openid"), ("prompt", "consent"), ("next", "/account")], here.to_owned()),
    ] {
        let nobody = server.browser();
        let sent = nobody.get(&ask(&fields)).await;
        assert_eq!(sent.status, 303);
        assert_eq!(sent.location(), format!("/signin?{}", encode(&[("next", &then)])));
        assert_eq!(nobody.get(sent.location()).await.typed("next"), Some(then));
        let posted = [&fields[..], &[("client_id", "specs"), ("answer", "allow")]].concat();
        assert_eq!(nobody.post("/consent", &posted).await.location(), sent.location());
    }
    assert_eq!(granted(&server).await, Vec::<String>::new());
}

#[rocket::async_test]
async fn two_answers_at_the_same_time_are_both_kept() {
    let server = server().await;
    server.signed_up("alice").await;
    let uid = server.database.texts("SELECT uid FROM accounts").await.remove(0);
    let names = ["openid", "profile", "email", "payments"];
    let now = server.clock.now();
    let add = async |name: &str| {
        let scope = Scope::parse(name).expect("a scope");
        server.store.add_consent(&uid, "specs", &scope, now).await.expect("the database answers");
    };
    rocket::tokio::join!(add(names[0]), add(names[1]), add(names[2]), add(names[3]));
    assert_eq!(granted(&server).await, ["specs|email openid payments profile"]);
}
