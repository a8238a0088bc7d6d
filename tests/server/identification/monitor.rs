//! `/identification/monitor`: who is given the cookie.

use crate::support::identification::Identifying;
use crate::support::{Answer, SHOP, Setup};

#[rocket::async_test]
async fn a_page_of_a_registered_site_gets_the_cookie() {
    let world = Identifying::start().await;
    let browser = world.server.browser();
    let answer = browser.init_monitor(SHOP).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("Access-Control-Allow-Origin"), SHOP);
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), "true");
    assert!(answer.headers.get_all("Vary").iter().any(|value| value == "Origin"));
    let [cookie] = answer.set_cookies()[..] else { panic!("{:?}", answer.set_cookies()) };
    for part in ["__Host-monitor=", "HttpOnly", "SameSite=None", "Secure", "Path=/", "Max-Age=900"]
    {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let first = browser.cookie("__Host-monitor");
    browser.init_monitor(SHOP).await;
    assert_ne!(browser.cookie("__Host-monitor"), first);
}

#[rocket::async_test]
async fn a_page_that_begins_meanwhile_does_not_take_the_cookie_of_one_that_waits() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let waiting = world.waits_by_cookie(&token, &alice).await;
    let first = alice.cookie("__Host-monitor");
    assert!(alice.init_monitor(SHOP).await.set_cookies().is_empty());
    let other = world.waits_with(&token, first.as_deref()).await;
    assert!(other.path.contains("monitor="), "{}", other.path);
    // Once its window is on its way, the cookie has done its work.
    alice.go_away(&waiting).await;
    alice.init_monitor(SHOP).await;
    assert_ne!(alice.cookie("__Host-monitor"), first);
}

#[rocket::async_test]
async fn nobody_else_does() {
    let world = Identifying::start().await;
    let browser = world.server.browser();
    let shops = format!("{SHOP}/");
    for origin in ["null", "https://evil.example", &shops, "*"] {
        let answer = browser.init_monitor(origin).await;
        answer.assert_error(403, "access_denied");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
        assert!(answer.set_cookies().is_empty(), "{origin}");
    }
    let bare = || browser.request(reqwest::Method::GET, "/identification/monitor");
    for request in [bare(), bare().header("Origin", SHOP).header("Origin", SHOP)] {
        Answer::of(request).await.assert_error(403, "access_denied");
    }
}

#[rocket::async_test]
async fn a_browser_that_keeps_it_apart_is_given_none() {
    let world = Identifying::start().await;
    let browser = world.server.browser();
    for (site, access, is_given) in [
        ("cross-site", &["none"][..], false),
        ("cross-site", &["inactive"], false),
        ("cross-site", &["active"], true),
        ("cross-site", &["active", "none"], false),
        // It may keep it apart without a word.
        ("cross-site", &[], false),
        ("same-site", &[], true),
        ("same-site", &["none"], false),
    ] {
        let request = browser.request(reqwest::Method::GET, "/identification/monitor");
        let request = request.header("Origin", SHOP).header("Sec-Fetch-Site", site);
        let add = |request: reqwest::RequestBuilder, value: &&str| {
            request.header("Sec-Fetch-Storage-Access", *value)
        };
        let answer = Answer::of(access.iter().fold(request, add)).await;
        assert_eq!(answer.status, 204);
        assert_eq!(!answer.set_cookies().is_empty(), is_given, "{site} {access:?}");
    }
}

#[rocket::async_test]
async fn a_doubled_cookie_is_refused() {
    let world = Identifying::start().await;
    let browser = world.server.browser();
    let pair = format!("__Host-monitor={}", "ab".repeat(32));
    let request = browser.request(reqwest::Method::GET, "/identification/monitor");
    let request = request.header("Origin", SHOP).header("Cookie", format!("{pair}; {pair}"));
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text.contains("more than once"), "{}", answer.text);
}

#[rocket::async_test]
async fn a_network_gets_so_many() {
    let real = |setup: &mut Setup| setup.config.limits = vestibule::limits::Settings::default();
    let world = Identifying::with(&["bank"], real).await;
    let browser = world.server.browser();
    for _ in 0..30 {
        assert_eq!(browser.init_monitor(SHOP).await.status, 204);
        // Who is no client's page has to be looked up, too.
        assert_eq!(browser.init_monitor("https://evil.example").await.status, 403);
    }
    for origin in [SHOP, "https://evil.example"] {
        browser.init_monitor(origin).await.assert_error(429, "rate_limited");
    }
}
