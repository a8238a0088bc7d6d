//! `/identification/start`: the address and the form of the window.

use reqwest::Method;
use serde_json::json;

use super::socket::socket;
use super::{ODD, START, hold_nothing_is_lost, token_of};
use crate::support::identification::{Away, CUSTOMER, Identifying};
use crate::support::{Answer, FORM, ISSUER, PASSWORD, SHOP, WIKI, nonce};

#[rocket::async_test]
async fn the_address_of_the_window_is_read_strictly() {
    let world = Identifying::with(&["bank", "other"], |_| ()).await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let token = token_of(&waiting);
    let mut bad = vec![
        format!("monitor={token}&monitor={token}"),
        format!("monitor={token}&provider=bank&provider=bank"),
        format!("monitor={token}&ask=on&ask=on"),
    ];
    for odd in ODD {
        bad.push(format!("monitor={odd}"));
        bad.push(format!("monitor={token}&provider={odd}"));
        bad.push(format!("monitor={token}&ask={odd}"));
    }
    let upper = token.to_uppercase();
    let long = "a".repeat(10_000);
    let gone = [&token[1..], &format!("{token}0"), &upper, &long, &nonce(), "0", "%20", "null"];
    let unknown = ["none", "BANK", "bank%20", "..%2fbank", "bank%2f", &long];
    let bad = bad.into_iter().map(|query| (query, 400));
    let gone = gone.iter().map(|text| (format!("monitor={text}"), 410));
    let unknown = unknown.iter().map(|id| (format!("monitor={token}&provider={id}"), 404));
    for (query, status) in bad.chain(gone).chain(unknown) {
        let page = alice.navigate(&format!("{START}?{query}")).await;
        assert_eq!(page.status, status, "{query}: {}", page.text);
        assert!(page.is_html() && page.set_cookies().is_empty(), "{query}");
    }
    let framed = alice.request(Method::GET, &waiting.path).header("Sec-Fetch-Dest", "iframe");
    assert_eq!(Answer::of(framed).await.status, 403);
    let page = alice.navigate(&format!("{}&provider=bank", waiting.path)).await;
    assert!(page.text.contains("Continue to The bank"), "{}", page.text);
    let fields = [("monitor", token), ("provider", "bank"), ("answer", "confirm")];
    let away = Away::of(&alice.post(START, &fields).await);
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
}

#[rocket::async_test]
async fn the_form_of_the_window_is_read_strictly_and_is_ours() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let token = token_of(&waiting);
    let good = format!("monitor={token}&answer=confirm");
    let mut bad = vec![
        (FORM, String::new(), 400),
        (FORM, format!("monitor={token}"), 400),
        (FORM, format!("monitor={token}&answer=yes"), 400),
        (FORM, format!("{good}&answer=confirm"), 400),
        (FORM, format!("{good}&answer=cancel"), 400),
        (FORM, format!("{good}&monitor={token}"), 400),
        (FORM, format!("{good}&provider=bank&provider=bank"), 400),
        (FORM, format!("{good}&provider=none"), 404),
        (FORM, "answer=confirm".to_owned(), 410),
        (FORM, format!("monitor={}&answer=confirm", nonce()), 410),
        (FORM, format!("{good}&more={}", "a".repeat(33_000)), 413),
        ("text/plain", good.clone(), 415),
        ("application/json", json!({ "monitor": token, "answer": "confirm" }).to_string(), 415),
        ("", good.clone(), 415),
    ];
    bad.extend(ODD.map(|odd| (FORM, format!("monitor={token}&answer={odd}"), 400)));
    for (media_type, body, status) in bad {
        let request = alice.request(Method::POST, START).header("Content-Type", media_type);
        let request = request.header("Origin", ISSUER).header("Sec-Fetch-Site", "same-origin");
        let page = alice.send(request.body(body.clone())).await;
        assert_eq!(page.status, status, "{media_type} {body:.99}: {}", page.text);
        assert!(page.is_html() && page.set_cookies().is_empty(), "{body:.99}");
    }
    for (origin, site) in [(SHOP, "cross-site"), (WIKI, "same-site"), ("null", "none")] {
        let headers = [("Origin", origin), ("Sec-Fetch-Site", site)];
        for answer in ["confirm", "cancel"] {
            let page = alice.post_with(START, &waiting.form(answer), &headers).await;
            assert_eq!(page.status, 403, "{origin}");
        }
    }
    hold_nothing_is_lost(&world, &alice, waiting).await;
}

#[rocket::async_test]
async fn the_page_has_chosen_the_provider_and_the_window_cannot_take_another() {
    let world = Identifying::with(&["bank", "other"], |_| ()).await;
    let alice = world.server.signed_up("alice").await;
    let mut page = socket(&world).await;
    let token = world.token(&alice).await;
    page.send_json(&json!({ "access_token": token, "provider": "bank" })).await;
    let told = page.next_json().await.expect("it waits");
    let path = told["start_uri"].as_str().and_then(|uri| uri.strip_prefix(ISSUER));
    let path = path.expect("one of ours").to_owned();
    let other = path.replace("provider=bank", "provider=other");
    assert_eq!(alice.navigate(&other).await.status, 400);
    let monitor = path.split("monitor=").nth(1).expect("a token");
    let fields = [("monitor", monitor), ("provider", "other"), ("answer", "confirm")];
    assert_eq!(alice.post(START, &fields).await.status, 400);
    let fields = [("monitor", monitor), ("answer", "confirm")];
    let away = Away::of(&alice.post(START, &fields).await);
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 200);
    assert_eq!(page.next_json().await.expect("the outcome")["provider"], "bank");
}

#[rocket::async_test]
async fn the_window_of_a_cookie_has_no_address_and_that_of_an_address_no_cookie() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let by_cookie = world.waits_by_cookie(&token, &alice).await;
    let cookie = alice.cookie("__Host-monitor").expect("a cookie");
    let by_token = world.waits_with(&token, None).await;
    let elsewhere = world.server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    assert_eq!(elsewhere.navigate(&format!("{START}?monitor={cookie}")).await.status, 410);
    elsewhere.set_cookie("__Host-monitor", token_of(&by_token));
    assert_eq!(elsewhere.navigate(START).await.status, 410);
    assert_eq!(alice.navigate(&by_cookie.path).await.status, 302);
    hold_nothing_is_lost(&world, &alice, by_token).await;
}
