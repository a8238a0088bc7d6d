//! `/identification/return/{id}`: answers of a provider.

use reqwest::Method;

use super::ODD;
use crate::support::Answer;
use crate::support::identification::{CUSTOMER, Identifying};

/// Answers that are nearly good.
fn bad_answers(state: &str) -> Vec<String> {
    let good = format!("code=c0de&state={state}");
    let mut bad = vec![
        String::new(),
        "code=c0de".into(),
        "code=c0de&state=".into(),
        format!("code=c0de&state={}", state.to_uppercase()),
        format!("code=c0de&state={}", &state[1..]),
        format!("code=c0de&state={}", "a".repeat(10_000)),
        format!("{good}&code=c0de"),
        format!("{good}&state={state}"),
        format!("{good}&error=a&error=b"),
        format!("{good}&iss=a&iss=b"),
    ];
    bad.extend(ODD.map(|odd| format!("code={odd}&state={state}")));
    bad.extend(ODD.map(|odd| format!("{good}&error={odd}")));
    bad.extend(ODD.map(|odd| format!("{good}&iss={odd}")));
    bad.extend(ODD.map(|odd| format!("code=c0de&state={odd}")));
    bad
}

#[rocket::async_test]
async fn the_answer_of_a_provider_is_read_strictly() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let mut waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    world.gives(&world.claims(&away, CUSTOMER));
    let state = away.state.as_str();
    let good = format!("code=c0de&state={state}");
    let bank = "/identification/return/bank";
    for query in bad_answers(state) {
        let page = alice.navigate(&format!("{bank}?{query}")).await;
        assert_eq!(page.status, 400, "{query:.99}: {}", page.text);
        assert!(page.is_html(), "{query:.99}");
    }
    for provider in ["BANK", "bank%20", "%2e%2e", "..%2fbank", "none", &"a".repeat(5_000)] {
        let page = alice.navigate(&format!("/identification/return/{provider}?{good}")).await;
        assert_eq!(page.status, 404, "{provider:.99}");
    }
    let framed = alice.request(Method::GET, &format!("{bank}?{good}"));
    assert_eq!(Answer::of(framed.header("Sec-Fetch-Dest", "iframe")).await.status, 403);
    let cookie = alice.cookie(&away.cookie()).expect("a cookie");
    let doubled = format!("{name}={cookie}; {name}={cookie}", name = away.cookie());
    let doubled = world
        .server
        .browser()
        .request(Method::GET, &format!("{bank}?{good}"))
        .header("Cookie", doubled);
    assert_eq!(Answer::of(doubled).await.status, 400);
    assert_eq!(alice.post(&format!("{bank}?{good}"), &[]).await.status, 404, "it is no form");
    assert!(world.bank.calls("/token").is_empty(), "the code went nowhere");
    assert_eq!(alice.navigate(&format!("{bank}?{good}&more=1")).await.status, 200);
    assert_eq!(waiting.socket.next_json().await.expect("the outcome")["result"], "succeeded");
}

#[rocket::async_test]
async fn an_answer_without_a_code_or_with_an_error_beside_it_proves_nothing() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let long = "c".repeat(20_000);
    for more in [
        &[][..],
        &[("code", "")],
        &[("code", &long)],
        &[("code", "c0de\n")],
        &[("code", "c0de"), ("error", "access_denied")],
    ] {
        let waiting = world.waits(&alice).await;
        let away = alice.go_away(&waiting).await;
        world.gives(&world.claims(&away, CUSTOMER));
        let fields = [&[("state", away.state.as_str())], more].concat();
        let page = alice.come_back("bank", &fields).await;
        assert_eq!(page.status, 502, "{}", page.text);
        waiting.hold_failed("provider_unreachable").await;
    }
    assert!(world.bank.calls("/token").is_empty() && world.kept().await.is_empty());
}
