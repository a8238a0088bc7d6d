//! `/sso/start` and `/sso/return`: by way of sign-in, back to the page one came from.

use super::{RETURN, World, at_each_backend, facts};
use crate::support::{ISSUER, PASSWORD, WIKI, encode};

at_each_backend![
    sign_in_brings_a_person_back_to_the_page,
    pages_of_the_site_are_remembered,
    what_is_no_page_of_the_site_is_refused,
    a_planted_page_is_not_gone_to,
    coming_back_opens_no_session,
];

fn start(to: &str) -> String {
    format!("/sso/start?{}", encode(&[("to", to)]))
}

async fn sign_in_brings_a_person_back_to_the_page(world: &World) {
    let alice = world.signed_up("alice").await;
    alice.accounts.sign_out().await;
    let to = "/page/a%20b?c=d%26e#f";
    let started = alice.site.get(&start(to)).await;
    assert_eq!(started.status, 303);
    let home = format!("{WIKI}/sso/return");
    let sign_in = format!("/signin?{}", encode(&[("next", &home)]));
    assert_eq!(started.location(), format!("{ISSUER}{sign_in}"));

    assert_eq!(alice.accounts.get(&sign_in).await.status, 200);
    let fields = [("login", "alice"), ("password", PASSWORD), ("next", home.as_str())];
    let signed_in = alice.accounts.post("/signin", &fields).await;
    assert_eq!((signed_in.status, signed_in.location()), (303, home.as_str()));

    let returned = alice.site.get("/sso/return").await;
    assert_eq!((returned.status, returned.location()), (303, format!("{WIKI}{to}").as_str()));
    assert_eq!(alice.site.cookie(RETURN), None, "remembered once");
    let again = alice.site.get("/sso/return").await;
    assert_eq!(again.location(), format!("{WIKI}/"));
}

async fn pages_of_the_site_are_remembered(world: &World) {
    let visitor = world.stranger();
    let longest = format!("/{}", "x".repeat(1_023));
    for to in [
        "/",
        "/a",
        "/a/b?c=//d&e=https://f",
        "/?next=/sso",
        "/ssot",
        "/a%2Fb%3f",
        "/a;b=c",
        &longest,
    ] {
        assert_eq!(visitor.site.get(&start(to)).await.status, 303, "{to}");
        let returned = visitor.site.get("/sso/return").await;
        assert_eq!(returned.location(), format!("{WIKI}{to}"));
    }
    assert_eq!(visitor.site.get("/sso/start").await.status, 303);
    assert_eq!(visitor.site.get("/sso/return").await.location(), format!("{WIKI}/"));
}

/// What a page of the site never looks like.
fn no_pages() -> Vec<String> {
    let mut pages: Vec<String> = [
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/a//b",
        "/..//evil.test",
        "https://evil.test/",
        "http://wiki.vestibule.localhost:8001/page",
        "javascript:alert(1)",
        "page",
        "?page",
        "@evil.test",
        ".evil.test",
        ":80/",
        "/%5cevil.test",
        "/%5Cevil.test",
        "/%09/evil.test",
        "/a%00",
        "/a%0d%0aSet-Cookie:b=c",
        "/a%7f",
        "/%",
        "/%4",
        "/%zz",
        "/a b",
        "/a\tb",
        "/a\r\nLocation: https://evil.test",
        "/\u{e9}",
        "/\u{202e}",
        "/sso",
        "/sso/",
        "/sso/return",
        "/sso/start?to=/",
        "/sso?a",
        "/sso#a",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/{}", "x".repeat(1_024)));
    pages
}

async fn what_is_no_page_of_the_site_is_refused(world: &World) {
    let visitor = world.stranger();
    let queries = no_pages().into_iter().map(|page| start(&page));
    let raw = ["/sso/start?to=", "/sso/start?to=%ff", "/sso/start?to=/%c3%28"].map(str::to_owned);
    for query in queries.chain(raw) {
        let answer = visitor.site.get(&query).await;
        assert_eq!(facts(&answer), (400, "none"), "{query}");
        assert_eq!((answer.location(), answer.set_cookies().len()), ("", 0), "{query}");
    }
}

async fn a_planted_page_is_not_gone_to(world: &World) {
    let visitor = world.stranger();
    let escape = |page: &String| {
        percent_encoding::utf8_percent_encode(page, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let planted = no_pages().iter().map(escape).collect::<Vec<_>>().into_iter();
    let raw = ["//evil.test", "/%255cevil.test", "%ff", "%", "%E0%A4%A", ""].map(str::to_owned);
    for page in planted.chain(raw) {
        visitor.site.set_cookie(RETURN, &page);
        let answer = visitor.site.get("/sso/return").await;
        assert_eq!(
            (answer.status, answer.location()),
            (303, format!("{WIKI}/").as_str()),
            "{page}"
        );
    }
}

async fn coming_back_opens_no_session(world: &World) {
    let alice = world.signed_up("alice").await;
    let payload = alice.payload().await;
    let query = format!("/sso/return?{}", encode(&[("recoveryPayload", &payload)]));
    assert_eq!(alice.site.get(&query).await.status, 303);
    assert_eq!(alice.is_known_as().await, None);
    assert!(world.wire.is_quiet());
    assert_eq!(facts(&alice.hand_in(&payload).await), (204, "created"));
}

#[rocket::async_test]
async fn a_client_of_another_organisation_goes_by_way_of_consent() {
    let world = World::kit_with(|config| config.first_party = false).await;
    let started = world.stranger().site.get(&start("/page")).await;
    let query = encode(&[("client_id", "wiki"), ("next", &format!("{WIKI}/sso/return"))]);
    assert_eq!(started.location(), format!("{ISSUER}/consent?{query}"));
}

#[rocket::async_test]
async fn the_kit_may_be_mounted_elsewhere() {
    let world = World::kit_with(|config| config.callback = "/in/here".to_owned()).await;
    let visitor = world.stranger();
    assert_eq!(visitor.site.get("/sso").await.status, 404);
    assert_eq!(visitor.site.get("/in/here").await.status, 200);
    let started = visitor.site.get("/in/here/start?to=/sso").await;
    let next = encode(&[("next", &format!("{WIKI}/in/here/return"))]);
    assert_eq!(started.location(), format!("{ISSUER}/signin?{next}"));
    assert_eq!(visitor.site.get("/in/here/return").await.location(), format!("{WIKI}/sso"));
    assert_eq!(visitor.site.get("/in/here/start?to=/in/here/return").await.status, 400);
}
