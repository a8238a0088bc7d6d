//! What is kept of a person.

use super::*;

/// A scene in which three of our members are mapped.
async fn mapped() -> Scene {
    let mapping =
        [("name", "name"), ("birthdate", "https://bank.example/born"), ("personal_id", "pid")];
    Scene::with(|provider| {
        provider.claims =
            mapping.into_iter().map(|(to, from)| (to.to_owned(), from.to_owned())).collect();
    })
    .await
}

fn born(date: &str) -> (&'static str, Value) {
    ("https://bank.example/born", json!(date))
}

fn told(proof: &Proof) -> Vec<(&str, &str)> {
    proof.claims.iter().map(|(member, text)| (member.as_str(), text.as_str())).collect()
}

#[tokio::test]
async fn only_what_is_mapped_is_kept() {
    let scene = mapped().await;
    let claims = [
        ("name", json!("Alice Liddell")),
        born("1852-05-04"),
        ("pid", json!("520504-123")),
        ("email", json!("alice@example.org")),
        ("birthdate", json!("1900-01-01")),
    ];
    let proof = scene.finish_with(&claims).await.expect("a proof");
    let expected =
        [("birthdate", "1852-05-04"), ("name", "Alice Liddell"), ("personal_id", "520504-123")];
    assert_eq!(told(&proof), expected);
    assert!(scene.bank.calls("/userinfo").is_empty(), "nothing was missing");
}

#[tokio::test]
async fn what_is_missing_is_asked_for_and_the_id_token_is_believed_first() {
    let scene = mapped().await;
    scene.bank.world().userinfo = Says::json(&json!({
        "sub": "customer-7",
        "name": "Somebody Else",
        "https://bank.example/born": "1852-05-04",
        "email": "alice@example.org",
        "pid": null,
    }));
    let proof = scene.finish_with(&[("name", json!("Alice Liddell"))]).await.expect("a proof");
    assert_eq!(told(&proof), [("birthdate", "1852-05-04"), ("name", "Alice Liddell")]);
    let [call] = &scene.bank.calls("/userinfo")[..] else { panic!("one call") };
    assert_eq!(call.method, "GET");
    assert_eq!(call.authorization.as_deref(), Some("Bearer acc3ss-t0ken"));
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_refused() {
    let scene = mapped().await;
    for sub in [Value::Null, json!("customer-8"), json!(""), json!(7), json!("Customer-7")] {
        let mut userinfo = json!({ "name": "Bob" });
        change(&mut userinfo, "sub", &sub);
        scene.bank.world().userinfo = Says::json(&userinfo);
        hold_misbehaving(scene.finish_well().await, "about somebody else");
    }
}

#[tokio::test]
async fn a_userinfo_endpoint_that_fails_fails_the_whole() {
    let scene = mapped().await;
    for (says, what) in [
        (Says::Text(401, "{}".into()), "the userinfo endpoint answered 401"),
        (Says::Text(200, "eyJhbGciOiJFUzI1NiJ9.e30.AA".into()), "something that is no object"),
        (Says::Redirect(format!("{}/jwks", scene.bank.issuer)), "answered 302"),
    ] {
        scene.bank.world().userinfo = says;
        hold_misbehaving(scene.finish_well().await, what);
    }
    scene.bank.world().userinfo = Says::Text(503, String::new());
    hold_unreachable(scene.finish_well().await, "the userinfo endpoint answered 503");
}

#[tokio::test]
async fn without_a_userinfo_endpoint_there_is_what_the_id_token_tells() {
    let scene = mapped().await;
    scene.bank.with_document("userinfo_endpoint", Value::Null);
    let proof = scene.finish_with(&[("name", json!("Alice Liddell"))]).await.expect("a proof");
    assert_eq!(told(&proof), [("name", "Alice Liddell")]);
}

#[tokio::test]
async fn a_claim_is_a_short_text_or_nothing() {
    let scene = mapped().await;
    scene.bank.with_document("userinfo_endpoint", Value::Null);
    for nothing in [Value::Null, json!("")] {
        let proof = scene.finish_with(&[("name", nothing)]).await.expect("a proof");
        assert!(proof.claims.is_empty());
    }
    let longest = "é".repeat(500);
    let proof = scene.finish_with(&[("name", json!(longest))]).await.expect("a proof");
    assert_eq!(proof.claims["name"], longest);
    for wrong in [
        json!(7),
        json!(true),
        json!(["Alice"]),
        json!({ "formatted": "Alice" }),
        json!("Alice\nLiddell"),
        json!("\u{0}"),
        json!("é".repeat(501)),
    ] {
        let outcome = scene.finish_with(&[("name", wrong)]).await;
        hold_misbehaving(outcome, "the claim for `name` is no short text");
    }
}
