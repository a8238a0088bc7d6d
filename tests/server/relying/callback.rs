//! `POST /sso`: who may hand in a payload, in which form, and in which order that is checked.

use super::person::{FORM, JSON, OWN_PAGE, error};
use super::{TRANSACTION, World, at_each_backend, facts};
use crate::support::{WIKI, encode};

at_each_backend![
    a_page_of_the_site_hands_in_a_payload,
    a_page_of_somebody_else_may_not_hand_it_in,
    an_old_browser_is_known_by_its_origin,
    without_any_sign_of_where_it_comes_from_it_is_refused,
    json_and_forms_are_read,
    other_bodies_are_not_read,
    a_malformed_payload_never_leaves_the_site,
    a_long_body_is_refused,
    the_checks_come_in_their_order,
    a_refusal_says_why_and_is_not_stored,
];

async fn a_page_of_the_site_hands_in_a_payload(world: &World) {
    let alice = world.signed_up("alice").await;
    let answer = alice.arrive().await;
    assert_eq!(facts(&answer), (204, "created"));
    assert_eq!((answer.text.as_str(), answer.header("Cache-Control")), ("", "no-store"));
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(world.wire.calls("recover"), 1);
    let profile = alice.profile().await;
    assert_eq!(profile["fullName"], "Full Name of alice");
    assert_eq!(profile["authTime"], crate::support::START / 1_000);
}

async fn a_page_of_somebody_else_may_not_hand_it_in(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    for site in ["same-site", "cross-site", "none", "", "Same-Origin", "same-origin, same-origin"] {
        // The right Origin changes nothing: the header that is there decides.
        let page = [("Sec-Fetch-Site", site), ("Origin", WIKI)];
        let answer = alice.hand_in_from(&page, &payload).await;
        assert_eq!(facts(&answer), (403, "none"), "{site}");
        assert_eq!(error(&answer), (403, "foreign_origin".into()), "{site}");
    }
    let twice = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(facts(&alice.hand_in_from(&twice, &payload).await), (403, "none"));
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    assert_eq!(facts(&alice.hand_in(&payload).await), (204, "created"), "nothing was used up");
}

async fn an_old_browser_is_known_by_its_origin(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let foreign = [
        "null",
        "",
        "http://notes.vestibule.localhost:8002",
        "http://wiki.vestibule.localhost",
        "https://wiki.vestibule.localhost:8001",
        "http://wiki.vestibule.localhost:80010",
        "http://wiki.vestibule.localhost:8001/",
        "http://WIKI.vestibule.localhost:8001",
        "http://wiki.vestibule.localhost:8001.evil.test",
        "http://wiki.vestibule.localhost:8001, http://wiki.vestibule.localhost:8001",
    ];
    for origin in foreign {
        let answer = alice.hand_in_from(&[("Origin", origin)], &payload).await;
        assert_eq!(facts(&answer), (403, "none"), "{origin}");
    }
    let twice = [("Origin", WIKI), ("Origin", "http://evil.test")];
    assert_eq!(facts(&alice.hand_in_from(&twice, &payload).await), (403, "none"));
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    let own = alice.hand_in_from(&[("Origin", WIKI)], &payload).await;
    assert_eq!(facts(&own), (204, "created"));
}

async fn without_any_sign_of_where_it_comes_from_it_is_refused(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    assert_eq!(facts(&alice.hand_in_from(&[], &payload).await), (403, "none"));
    // What others believe of a page is nothing here.
    let referer = format!("{WIKI}/page");
    let host = WIKI.strip_prefix("http://").expect("plain http");
    let hints = [("Referer", referer.as_str()), ("Host", host), ("Sec-Fetch-Mode", "same-origin")];
    assert_eq!(facts(&alice.hand_in_from(&hints, &payload).await), (403, "none"));
    assert_eq!(facts(&alice.hand_in_from(&[], "").await), (403, "none"));
}

async fn json_and_forms_are_read(world: &World) {
    let alice = world.signed_up("alice").await;
    for media in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        let payload = alice.payload().await;
        // What the bridge answered may be passed on as it came.
        let body =
            format!(r#" {{"hasSession": true, "recoveryPayload": "{payload}", "expiresIn": 60}}"#);
        let answer = alice.post("/sso", &[OWN_PAGE[0], ("Content-Type", media)], &body).await;
        assert_eq!(answer.status, 204, "{media}: {}", answer.text);
    }
    for media in [FORM.1, "application/x-www-form-urlencoded; charset=UTF-8"] {
        let payload = alice.payload().await;
        let body = encode(&[("hasSession", "true"), ("recoveryPayload", &payload)]);
        let answer = alice.post("/sso", &[OWN_PAGE[0], ("Content-Type", media)], &body).await;
        assert_eq!(answer.status, 204, "{media}: {}", answer.text);
    }
}

async fn other_bodies_are_not_read(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let form = encode(&[("recoveryPayload", &payload)]);
    let json = format!(r#"{{"recoveryPayload":"{payload}"}}"#);
    for media in [
        "text/plain",
        "text/plain; application/json",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch+json",
        "text/json",
        "application/json; charset=iso-8859-1",
        "application/x-www-form-urlencoded; charset=utf-16",
        "*/*",
        "",
    ] {
        for body in [&form, &json] {
            let answer = alice.post("/sso", &[OWN_PAGE[0], ("Content-Type", media)], body).await;
            assert_eq!(facts(&answer), (415, "none"), "{media}");
        }
    }
    for body in [&form, &json] {
        assert_eq!(facts(&alice.post("/sso", &[OWN_PAGE[0]], body).await), (415, "none"));
    }
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    assert_eq!(facts(&alice.hand_in(&payload).await), (204, "created"), "nothing was used up");
}

async fn a_malformed_payload_never_leaves_the_site(world: &World) {
    let alice = world.signed_up("alice").await;
    let good = alice.payload().await;
    let asked = world.accounts.store.queries();
    let texts = [
        good[1..].to_owned(),
        format!("{good}0"),
        good.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
        format!("g{}", &good[1..]),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("é{}", &good[2..]),
        format!("{}{}", "１", &good[3..]),
        "0".to_owned(),
        " ".to_owned(),
        "null".to_owned(),
    ];
    for text in texts {
        let answer = alice.hand_in(&text).await;
        assert_eq!(facts(&answer), (400, "none"), "{text:?}");
        let body = serde_json::json!({ "recoveryPayload": text }).to_string();
        let answer = alice.post("/sso", &[OWN_PAGE[0], JSON], &body).await;
        assert_eq!(facts(&answer), (400, "none"), "{body}");
    }
    let bodies = [
        format!(r#"["{good}"]"#),
        format!(r#""{good}""#),
        format!(r#"{{"recoveryPayload":["{good}"]}}"#),
        format!(r#"{{"recoveryPayload":{{"0":"{good}"}}}}"#),
        format!(r#"{{"recoveryPayload":"{good}","recoveryPayload":"{good}"}}"#),
        format!(r#"{{"recoveryPayload":"","recoveryPayload":"{good}"}}"#),
        format!(r#"{{"recoverypayload":"{good}"}}"#),
        format!(r#"{{"recoveryPayload":"{good}""#),
        format!(r#"{{"recoveryPayload":"{good}"}} {{}}"#),
        r#"{"recoveryPayload":null}"#.to_owned(),
        r#"{"recoveryPayload":0}"#.to_owned(),
        r#"{"recoveryPayload":false}"#.to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        String::new(),
    ];
    for body in bodies {
        let answer = alice.post("/sso", &[OWN_PAGE[0], JSON], &body).await;
        assert_eq!(facts(&answer), (400, "none"), "{body}");
    }
    for body in [
        String::new(),
        "recoverypayload=".to_owned(),
        format!("payload={good}"),
        format!("recoveryPayload={good}&recoveryPayload={good}"),
        format!("recoveryPayload=&recoveryPayload={good}"),
        format!("recoveryPayload[]={good}"),
        good.clone(),
    ] {
        let answer = alice.post("/sso", &[OWN_PAGE[0], FORM], &body).await;
        assert_eq!(facts(&answer), (400, "none"), "{body}");
    }
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    assert_eq!(world.accounts.store.queries(), asked);
    assert_eq!(facts(&alice.hand_in(&good).await), (204, "created"), "nothing was used up");
}

async fn a_long_body_is_refused(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let padded = |length: usize| {
        let body = format!(r#"{{"recoveryPayload":"{payload}","padding":""}}"#);
        body.replace("\"\"", &format!("\"{}\"", "x".repeat(length - body.len())))
    };
    for length in [4_097, 5_000, 60_000] {
        let answer = alice.post("/sso", &[OWN_PAGE[0], JSON], &padded(length)).await;
        assert_eq!(facts(&answer), (413, "none"), "{length}");
        let body = format!("recoveryPayload={}", "0".repeat(length));
        let answer = alice.post("/sso", &[OWN_PAGE[0], FORM], &body).await;
        assert_eq!(facts(&answer), (413, "none"), "{length}");
    }
    assert!(world.wire.is_quiet(), "the accounts server was not asked");
    let longest = alice.post("/sso", &[OWN_PAGE[0], JSON], &padded(4_096)).await;
    assert_eq!(facts(&longest), (204, "created"));
}

async fn the_checks_come_in_their_order(world: &World) {
    let alice = world.signed_up("alice").await;
    let (burnt, payload) = (alice.payload().await, alice.payload().await);
    let transaction = alice.site.cookie(TRANSACTION).expect("a cookie");
    let sibling = ("Sec-Fetch-Site", "same-site");
    let doubled = ("Cookie", "__Host-sso-to=1; __Host-sso-to=2");
    let plain = ("Content-Type", "text/plain");
    let (long, wrong) = ("x".repeat(5_000), "recoveryPayload=wrong");
    let right = |payload: &str| format!("recoveryPayload={payload}");

    let visitor = world.stranger();
    // Everything is wrong; then one thing after the other is not.
    let steps = [
        (vec![sibling, doubled, plain], long.clone(), (403, "foreign_origin")),
        (vec![OWN_PAGE[0], doubled, plain], long.clone(), (400, "invalid_request")),
        (vec![OWN_PAGE[0], plain], long, (413, "invalid_request")),
        (vec![OWN_PAGE[0], plain], wrong.to_owned(), (415, "invalid_request")),
        (vec![OWN_PAGE[0], FORM], wrong.to_owned(), (400, "invalid_request")),
        (vec![OWN_PAGE[0], FORM], right(&burnt), (403, "invalid_nonce")),
    ];
    for (headers, body, expected) in steps {
        let answer = visitor.post("/sso", &headers, &body).await;
        assert_eq!(error(&answer), (expected.0, expected.1.to_owned()), "{headers:?}");
    }
    assert!(world.wire.is_quiet(), "all of that is checked before the accounts server is asked");
    visitor.nonce().await;
    let refused = visitor.hand_in(&burnt).await;
    assert_eq!(error(&refused), (403, "payload_refused".into()));
    visitor.site.set_cookie(TRANSACTION, &transaction);
    assert_eq!(error(&visitor.hand_in(&burnt).await), (410, "payload_gone".into()));
    assert_eq!(facts(&visitor.hand_in(&payload).await), (204, "created"));
    assert_eq!(world.wire.calls("recover"), 3);
}

async fn a_refusal_says_why_and_is_not_stored(world: &World) {
    let visitor = world.stranger();
    let answers = [
        visitor.hand_in_from(&[], "").await,
        visitor.hand_in("wrong").await,
        visitor.hand_in(&"0".repeat(64)).await,
        visitor.hand_in("").await,
        visitor.site.get("/sso/start?to=wrong").await,
    ];
    for (answer, status) in answers.iter().zip([403, 400, 403, 401, 400]) {
        assert_eq!(facts(answer), (status, "none"));
        assert!(answer.json()["error"].is_string(), "{}", answer.text);
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert!(answer.header("Content-Type").starts_with("application/json"));
        assert_eq!(answer.set_cookies(), Vec::<&str>::new());
    }
}
