//! A client of another organisation gets what the person said yes to, and no more.

use super::{Step, say, sign_in, submit, uid, with_alice};
use crate::support::{Answer, Authorize, ISSUER, SPECS, encode};

#[rocket::async_test]
async fn the_first_time_the_person_is_asked_and_then_never_again() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget().scope("openid profile");
    let answer = alice.authorize(&asked).await;
    let step = Step::of(&answer);
    assert_eq!((step.path.as_str(), step.get("client_id")), ("/consent", "widget"));
    let mut names: Vec<&str> = step.get("scope").split(' ').collect();
    names.sort_unstable();
    assert_eq!(names, ["openid", "profile"]);
    assert_eq!(step.get("prompt"), "");
    let page = alice.get(&step.whole).await;
    assert!(page.text.contains("Widget"), "{}", page.text);
    assert!(page.text.contains("username"), "it says what is asked for: {}", page.text);
    assert!(alice.authorize(&asked).await.location().contains("/consent"), "looking is no yes");

    let code = say(&alice, &answer, "allow").await.code(&asked);
    let tokens = server.public("widget").redeem(&code, &asked).await;
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert_eq!(told["preferred_username"], "alice");
    for asked in [asked, Authorize::widget(), Authorize::widget().scope("profile")] {
        alice.authorize(&asked).await.code(&asked);
        alice.silently(&asked).await.code(&asked);
    }
    let bob = server.signed_up("bob").await;
    let step = Step::of(&bob.authorize(&Authorize::widget()).await);
    assert_eq!(step.path, "/consent", "it was her yes, not his");
}

#[rocket::async_test]
async fn a_new_scope_is_asked_for_again() {
    let (server, alice) = with_alice().await;
    let less = Authorize::widget();
    let answer = alice.authorize(&less).await;
    assert_eq!(Step::of(&answer).get("scope"), "openid");
    let page = alice.get(&Step::of(&answer).whole).await;
    assert!(!page.text.contains("full name"), "it names what is asked for and no more");
    let code = say(&alice, &answer, "allow").await.code(&less);
    let tokens = server.public("widget").redeem(&code, &less).await;
    assert_eq!(tokens.scope, "openid");
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await.json();
    assert!(told.get("preferred_username").is_none() && told.get("name").is_none(), "{told}");

    let more = Authorize::widget().scope("openid profile");
    assert_eq!(alice.silently(&more).await.refusal(&more), "consent_required");
    let answer = alice.authorize(&more).await;
    assert_eq!(Step::of(&answer).path, "/consent");
    say(&alice, &answer, "allow").await.code(&more);
    for asked in [less, more] {
        alice.silently(&asked).await.code(&asked);
    }
}

#[rocket::async_test]
async fn a_no_is_told_to_the_client_and_remembered_by_nobody() {
    let (server, alice) = with_alice().await;
    for mode in ["", "query"] {
        let asked = Authorize::widget().with("response_mode", mode);
        let answer = alice.authorize(&asked).await;
        let next = Step::of(&answer).next().whole;
        let fields = [("client_id", "widget"), ("answer", "deny"), ("next", next.as_str())];
        let said = alice.post("/consent", &fields).await;
        assert_eq!(said.location(), format!("{ISSUER}{next}&vestibule_denied=on"));
        let refused = alice.get(&Step::of(&said).whole).await;
        assert_eq!(refused.refusal(&asked), "access_denied");
    }
    let asked = Authorize::widget();
    assert_eq!(Step::of(&alice.authorize(&asked).await).path, "/consent");
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn a_yes_that_is_taken_back_ends_what_came_of_it() {
    let (server, alice) = with_alice().await;
    let asked = Authorize::widget();
    let tokens = server.widget_tokens(&alice, "openid").await;
    let unused = alice.authorize(&asked).await.code(&asked);
    let hers = uid(&server, "alice").await;
    let taken = server.store.disconnect(&hers, "widget", server.clock.now()).await;
    assert!(taken.expect("the database answers").is_some());
    let widget = server.public("widget");
    let redeemed = widget.token(&asked.redemption(&unused)).await;
    redeemed.assert_error(400, "invalid_grant");
    assert_eq!(server.with_bearer("/oauth/userinfo", &tokens.access).await.status, 401);
    let refreshed = widget.refresh(&tokens.refresh.expect("a refresh token")).await;
    refreshed.assert_error(400, "invalid_grant");
    let answer = alice.authorize(&asked).await;
    assert_eq!(Step::of(&answer).path, "/consent");
    say(&alice, &answer, "allow").await.code(&asked);
    let told = server.with_bearer("/oauth/userinfo", &tokens.access).await;
    assert_eq!(told.status, 401, "another yes is for another token");
}

#[rocket::async_test]
async fn a_yes_to_something_else_is_not_a_yes_to_what_is_asked() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::widget().scope("openid profile");
    let step = Step::of(&alice.authorize(&asked).await);
    // The page for less, which goes on to the request for more.
    let less = encode(&[("client_id", "widget"), ("scope", "openid"), ("next", step.get("next"))]);
    let page = alice.get(&format!("/consent?{less}")).await;
    let answer = submit(&alice, &page, "/consent", &[("answer", "allow")]).await;
    assert_eq!(Step::of(&answer).path, "/consent");
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");

    for scope in ["openid email", "payments", "\"", "openid\u{0}"] {
        let fields = [("client_id", "widget"), ("scope", scope), ("answer", "allow")];
        let said = alice.post("/consent", &fields).await;
        assert!([400, 422].contains(&said.status), "{scope:?}: {}", said.status);
        let query = encode(&fields[..2]);
        assert_eq!(alice.get(&format!("/consent?{query}")).await.status, 400, "{scope:?}");
    }
    assert_eq!(alice.silently(&asked).await.refusal(&asked), "consent_required");
    let other = Authorize::shop();
    let path = other.path();
    let fields = [("client_id", "widget"), ("answer", "deny"), ("next", path.as_str())];
    let said = alice.post("/consent", &fields).await;
    assert!([303, 400].contains(&said.status), "{}", said.status);
}

#[rocket::async_test]
async fn only_our_own_page_can_say_yes() {
    let (_server, alice) = with_alice().await;
    let asked = Authorize::widget();
    let step = Step::of(&alice.authorize(&asked).await);
    let fields = [("client_id", "widget"), ("answer", "allow"), ("next", step.get("next"))];
    for site in ["same-site", "cross-site", "none"] {
        let headers = [("Sec-Fetch-Site", site), ("Origin", SPECS)];
        assert_eq!(alice.post_with("/consent", &fields, &headers).await.status, 403, "{site}");
    }
    for extra in ["answer=allow", "consent=allow", "vestibule_allowed=on", "vestibule_denied=off"] {
        let answer = alice.navigate(&format!("{}&{extra}", asked.path())).await;
        assert!(!answer.location().contains("code="), "{extra}");
    }
}

#[rocket::async_test]
async fn the_pages_on_the_way_may_lead_to_the_client_and_nowhere_else() {
    let (server, alice) = with_alice().await;
    let loopback = "http://127.0.0.1:49152";
    for (asked, origin) in [
        (Authorize::widget(), SPECS),
        (Authorize::new("widget", &format!("{loopback}/callback")), loopback),
    ] {
        // Browsers hold `form-action` against every redirect that follows a form.
        let hold = |page: &Answer| {
            let policy = page.policy("form-action").expect("a policy");
            let targets: Vec<&str> = policy.split(' ').collect();
            assert!(targets.contains(&"'self'") && targets.contains(&origin), "{policy}");
            assert!(targets.iter().all(|t| ["'self'", SPECS, origin].contains(t)), "{policy}");
        };
        hold(&alice.get(&Step::of(&alice.authorize(&asked).await).whole).await);
        let nobody = server.browser();
        let step = Step::of(&nobody.authorize(&asked).await);
        let signing_in = nobody.get(&step.whole).await;
        hold(&signing_in);
        assert!(signing_in.text.contains("Widget"), "it says where one goes");
        let next = encode(&[("next", step.get("next"))]);
        hold(&nobody.get(&format!("/signup?{next}")).await);
    }
    for asked in [
        Authorize::new("widget", "https://evil.test/callback"),
        Authorize::new("nobody", "https://evil.test/callback"),
        Authorize::widget().and("redirect_uri", "https://evil.test/"),
    ] {
        let next = encode(&[("next", &asked.path()), ("client_id", "widget")]);
        for page in ["/signin", "/signup", "/consent"] {
            let answer = server.browser().get(&format!("{page}?{next}")).await;
            let policy = answer.header("Content-Security-Policy");
            assert!(!policy.contains("evil"), "{page}: {policy}");
            assert!(answer.status < 500, "{page}");
        }
    }
}

#[rocket::async_test]
async fn whoever_must_sign_in_and_agree_does_both_and_arrives() {
    let (server, _) = with_alice().await;
    let asked = Authorize::widget();
    let browser = server.browser();
    let answer = browser.authorize(&asked).await;
    let answer = sign_in(&browser, &answer, "alice").await;
    let code = say(&browser, &answer, "allow").await.code(&asked);
    server.public("widget").redeem(&code, &asked).await;
}
