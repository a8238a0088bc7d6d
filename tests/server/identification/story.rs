//! What people and pages do, from the click to the proof.

use serde_json::json;
use vestibule::clock::MINUTE;

use crate::support::identification::{Away, CUSTOMER, Identifying, Says};
use crate::support::{PASSWORD, START};

#[rocket::async_test]
async fn somebody_proves_who_they_are_and_the_page_hears_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let mut waiting = world.waits(&alice).await;
    assert!(waiting.path.starts_with("/identification/start?monitor="), "{}", waiting.path);
    let page = alice.navigate(&waiting.path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for said in ["Shop asks who you are", "shop.vestibule.localhost", "The bank", "alice@"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let away = alice.go_away(&waiting).await;
    let done = world.returns(&alice, &away, CUSTOMER).await;
    assert!(done.status == 200 && done.text.contains("You can close this tab"), "{}", done.text);
    let told = waiting.socket.next_json().await.expect("the outcome");
    let expected = json!({ "state": "completed", "result": "succeeded", "identified_at": START,
        "provider": "bank", "level": "substantial" });
    assert_eq!(told, expected);
    assert_eq!(waiting.socket.next_json().await, Err(Some(1000)));
    assert_eq!(world.outcome(&waiting.secret, &[]).await.json(), expected, "the same by asking");
}

#[rocket::async_test]
async fn a_browser_that_keeps_the_cookie_goes_straight_to_the_provider() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let mut waiting = world.waits_by_cookie(&token, &alice).await;
    let answer = alice.navigate(&waiting.path).await;
    assert_eq!(answer.status, 302, "{}", answer.text);
    assert!(answer.location().starts_with(&format!("{}/authorize?", world.bank.issuer)));
    assert_eq!(answer.header("Cross-Origin-Opener-Policy"), "unsafe-none");
    assert_eq!(answer.header("Referrer-Policy"), "no-referrer", "the bank is not told by whom");
    let [cookie] = &answer.set_cookies()[..] else { panic!("{:?}", answer.set_cookies()) };
    assert!(cookie.starts_with(&format!("{}=", Away::of(&answer).cookie())), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=900"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    world.returns(&alice, &Away::of(&answer), CUSTOMER).await;
    let told = waiting.socket.next_json().await.expect("the outcome");
    assert_eq!(told["result"], "succeeded", "{told}");
    // A cookie is bound once; the next page gets a token.
    let cookie = alice.cookie("__Host-monitor");
    let next = world.waits_with(&token, cookie.as_deref()).await;
    assert!(next.path.contains("monitor="), "{}", next.path);
}

#[rocket::async_test]
async fn whoever_is_not_signed_in_signs_in_first_and_is_asked_then() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let token = world.token(&alice).await;
    let window = world.server.browser();
    let mut waiting = world.waits_by_cookie(&token, &window).await;
    let answer = window.navigate(&waiting.path).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.location(), "/signin?next=%2Fidentification%2Fstart%3Fask%3Don");
    let fields =
        [("login", "alice"), ("password", PASSWORD), ("next", "/identification/start?ask=on")];
    let answer = window.post("/signin", &fields).await;
    assert!(answer.location().ends_with("/identification/start?ask=on"), "{}", answer.location());
    let page = window.navigate("/identification/start?ask=on").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.policy("form-action").is_some_and(|policy| policy.contains("https:")));
    let answer = window.post("/identification/start", &waiting.form("confirm")).await;
    world.returns(&window, &Away::of(&answer), CUSTOMER).await;
    let told = waiting.socket.next_json().await.expect("the outcome");
    assert_eq!(told["result"], "succeeded", "{told}");
}

#[rocket::async_test]
async fn a_no_is_told_here_and_at_the_provider() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let page = alice.post("/identification/start", &waiting.form("cancel")).await;
    assert!(page.text.contains("You canceled"), "{}", page.text);
    waiting.hold_failed("canceled").await;
    for (error, reason) in [
        ("access_denied", "denied_by_provider"),
        ("login_required", "denied_by_provider"),
        ("unmet_authentication_requirements", "denied_by_provider"),
        ("temporarily_unavailable", "provider_unreachable"),
        ("invalid_scope", "provider_unreachable"),
        ("<script>", "provider_unreachable"),
    ] {
        let waiting = world.waits(&alice).await;
        let away = alice.go_away(&waiting).await;
        let page = alice.come_back("bank", &[("error", error), ("state", &away.state)]).await;
        assert!(page.text.contains("You can close this tab"), "{}", page.text);
        assert!(!page.text.contains(error) && !page.text.contains("&lt;script"), "{}", page.text);
        waiting.hold_failed(reason).await;
    }
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn a_provider_that_is_down_or_lies_proves_nothing() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let away = alice.go_away(&waiting).await;
    world.bank.world().token = Says::Text(503, String::new());
    let page = alice.come_back("bank", &[("code", "c0de"), ("state", &away.state)]).await;
    assert_eq!(page.status, 502, "{}", page.text);
    waiting.hold_failed("provider_unreachable").await;
    for (claim, value) in
        [("nonce", "another"), ("iss", "https://evil.example"), ("aud", "somebody")]
    {
        let waiting = world.waits(&alice).await;
        let away = alice.go_away(&waiting).await;
        let mut claims = world.claims(&away, CUSTOMER);
        claims[claim] = value.into();
        world.gives(&claims);
        alice.come_back("bank", &[("code", "c0de"), ("state", &away.state)]).await;
        waiting.hold_failed("provider_unreachable").await;
    }
    assert!(world.kept().await.is_empty());

    let down = Identifying::start().await;
    let alice = down.server.signed_up("alice").await;
    down.bank.world().discovery = Says::Text(503, String::new());
    let waiting = down.waits(&alice).await;
    let page = alice.post("/identification/start", &waiting.form("confirm")).await;
    assert_eq!(page.status, 502, "{}", page.text);
    waiting.hold_failed("provider_unreachable").await;
}

#[rocket::async_test]
async fn what_takes_too_long_has_ended() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let (first, second) = (world.waits(&alice).await, world.waits(&alice).await);
    let away = alice.go_away(&first).await;
    world.server.clock.advance(15 * MINUTE);
    assert_eq!(world.returns(&alice, &away, CUSTOMER).await.status, 400);
    assert_eq!(alice.navigate(&second.path).await.status, 410);
    first.hold_failed("expired").await;
    second.hold_failed("expired").await;
    assert!(world.kept().await.is_empty());
}

#[rocket::async_test]
async fn of_several_providers_the_person_chooses_one_unless_the_page_has() {
    let world = Identifying::with(&["bank", "other"], |_| ()).await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let page = alice.navigate(&waiting.path).await;
    assert!(page.text.contains("The bank") && page.text.contains("The other"), "{}", page.text);
    let chosen = format!("{}&provider=other", waiting.path);
    assert!(alice.navigate(&chosen).await.text.contains("Continue to The other"));
    assert_eq!(alice.navigate(&format!("{}&provider=none", waiting.path)).await.status, 404);
    let [(_, token), _] = waiting.form("cancel")[..] else { panic!("a token and an answer") };
    assert!(page.text.contains(&format!(r#"name="monitor" value="{token}""#)), "{}", page.text);
    assert!(page.text.contains(r#"name="provider" value="other""#), "{}", page.text);
    let none = alice.post("/identification/start", &waiting.form("confirm")).await;
    assert!(none.status == 200 && none.text.contains("Choose where"), "{}", none.text);
    let strange = [waiting.form("confirm"), vec![("provider", "none")]].concat();
    assert_eq!(alice.post("/identification/start", &strange).await.status, 404);
    let canceled = alice.post("/identification/start", &waiting.form("cancel")).await;
    assert_eq!(canceled.status, 200, "{}", canceled.text);
    waiting.hold_failed("canceled").await;
}

#[rocket::async_test]
async fn asking_for_the_outcome_waits_for_it() {
    let world = Identifying::start().await;
    let alice = world.server.signed_up("alice").await;
    let waiting = world.waits(&alice).await;
    let now = world.outcome(&waiting.secret, &[]).await.json();
    assert_eq!((&now["state"], &now["expires_in"]), (&json!("waiting"), &json!(900)), "{now}");
    assert!(now["start_uri"].as_str().is_some_and(|uri| uri.ends_with(&waiting.path)), "{now}");
    let fields = waiting.form("cancel");
    let (told, _) = rocket::tokio::join!(
        world.outcome(&waiting.secret, &[("wait", "20")]),
        alice.post("/identification/start", &fields)
    );
    assert_eq!(told.json()["reason"], "canceled", "{}", told.text);
    world.outcome("abc", &[]).await.assert_error(400, "invalid_request");
    world.outcome(&waiting.secret, &[("wait", "26")]).await.assert_error(400, "invalid_request");
    world.outcome(&"ab".repeat(32), &[]).await.assert_error(404, "not_found");
}
