//! The site's cookies: how they are set, and that none may come twice.

use reqwest::Method;
use std::collections::BTreeSet;

use super::{RETURN, SESSION, TRANSACTION, World, at_each_backend, facts};
use crate::support::Answer;

at_each_backend![
    every_cookie_says_all_that_browsers_ask,
    a_cookie_that_comes_twice_is_refused_everywhere,
    a_cookie_that_is_not_host_bound_is_not_looked_at,
];

/// Name and attributes of the only cookie that was set.
#[track_caller]
fn only_cookie(answer: &Answer) -> (String, BTreeSet<String>) {
    let cookies = answer.set_cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let mut parts = cookies[0].split("; ").map(str::to_owned);
    let name = parts.next().expect("a cookie").split('=').next().expect("a name").to_owned();
    (name, parts.collect())
}

fn attributes(more: &[&str]) -> BTreeSet<String> {
    ["Path=/", "Secure", "HttpOnly"].iter().chain(more).map(|&text| text.to_owned()).collect()
}

/// The answers of the site that set each cookie, and take it away.
async fn answers(world: &World) -> [Answer; 5] {
    let alice = world.signed_up("alice").await;
    let asked = alice.ask().await;
    let opened = alice.arrive().await;
    let closed = alice.hand_in("").await;
    let started = alice.site.get("/sso/start?to=/page").await;
    let returned = alice.site.get("/sso/return").await;
    [asked, opened, closed, started, returned]
}

async fn every_cookie_says_all_that_browsers_ask(world: &World) {
    let answers = answers(world).await;
    let expected: [(&str, &[&str]); 5] = [
        (TRANSACTION, &["SameSite=Strict"]),
        (SESSION, &["SameSite=Lax"]),
        (SESSION, &["SameSite=Lax", "Max-Age=0"]),
        (RETURN, &["SameSite=Lax", "Max-Age=3600"]),
        (RETURN, &["SameSite=Lax", "Max-Age=0"]),
    ];
    for (answer, (name, more)) in answers.iter().zip(expected) {
        assert_eq!(only_cookie(answer), (name.to_owned(), attributes(more)));
    }
}

#[rocket::async_test]
async fn a_site_that_is_framed_elsewhere_sets_partitioned_cookies() {
    let world = World::kit_with(|config| config.embedded = true).await;
    let framed = ["SameSite=None", "Partitioned"];
    let gone = [&framed[..], &["Max-Age=0"]].concat();
    let hour = [&framed[..], &["Max-Age=3600"]].concat();
    let names = [TRANSACTION, SESSION, SESSION, RETURN, RETURN];
    let expected = [&framed[..], &framed, &gone, &hour, &gone];
    let answers = answers(&world).await;
    for (answer, (name, more)) in answers.iter().zip(names.into_iter().zip(expected)) {
        assert_eq!(only_cookie(answer), (name.to_owned(), attributes(more)));
    }
}

async fn a_cookie_that_comes_twice_is_refused_everywhere(world: &World) {
    let alice = world.member("alice").await;
    let payload = alice.payload().await;
    let calls = world.wire.calls("recover");
    let pair = format!("{SESSION}={}", alice.session());
    let bare = world.stranger();
    let twice = [
        vec![format!("{pair}; {pair}")],
        vec![pair.clone(), format!("{SESSION}=")],
        vec![format!("{pair};{SESSION}={};a=b", "0".repeat(64))],
        vec![format!("{pair}; {TRANSACTION}=1; {TRANSACTION}=1")],
        vec![format!("{RETURN}=a; {RETURN}=b")],
    ];
    for cookies in twice {
        let send = |method: Method, path: &str| {
            let mut request = bare.site.request(method, path);
            for cookie in &cookies {
                request = request.header("Cookie", cookie);
            }
            request.header("Sec-Fetch-Site", "same-origin")
        };
        let form = format!("recoveryPayload={payload}");
        let hand_in = send(Method::POST, "/sso").header("Content-Type", crate::support::FORM);
        let answers = [
            bare.site.send(send(Method::GET, "/sso")).await,
            bare.site.send(send(Method::GET, "/sso/return")).await,
            bare.site.send(hand_in.body(form)).await,
        ];
        for answer in answers {
            assert_eq!(facts(&answer), (400, "none"), "{cookies:?}");
        }
    }
    assert_eq!(world.wire.calls("recover"), calls, "the accounts server was not asked");
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

/// A sibling can set cookies for the whole family, but none that begins with `__Host-`.
async fn a_cookie_that_is_not_host_bound_is_not_looked_at(world: &World) {
    let alice = world.member("alice").await;
    let thief = world.stranger();
    let session = alice.session();
    for name in ["sso-session", "__Secure-sso-session", "__host-sso-session", "__Host-SSO-session"]
    {
        thief.site.set_cookie(name, &session);
    }
    let tossed =
        thief.site.request(Method::GET, "/sso").header("Cookie", "a=1; a=2; sso-session=3");
    let answer = thief.site.send(tossed).await;
    assert_eq!((answer.status, &answer.json()["hasSession"]), (200, &false.into()));
}
