//! What a discovery document may say, and how long it is believed.

use super::*;
use crate::outgoing::MOST_JSON;

const DOCUMENT: &str = "/.well-known/openid-configuration";

/// What comes of the document that the bank has now.
async fn begin(scene: &Scene) -> Result<Begun, Failure> {
    scene.upstream().begin(RETURN).await
}

#[tokio::test]
async fn a_document_is_the_issuers_own_and_complete() {
    let scene = Scene::new().await;
    let issuer = scene.bank.issuer.clone();
    let another = "the discovery document is another issuer's";
    let wrong = "the discovery document misses something, or has it wrong";
    for (key, value, what) in [
        ("issuer", json!(format!("{issuer}/")), another),
        ("issuer", json!(issuer.to_uppercase()), another),
        ("issuer", json!("https://evil.example"), another),
        ("issuer", Value::Null, wrong),
        ("issuer", json!([issuer]), wrong),
        ("authorization_endpoint", Value::Null, wrong),
        ("token_endpoint", Value::Null, wrong),
        ("jwks_uri", Value::Null, wrong),
        ("token_endpoint", json!(7), wrong),
        ("userinfo_endpoint", json!(["x"]), wrong),
        ("token_endpoint_auth_methods_supported", json!("client_secret_basic"), wrong),
        ("authorization_response_iss_parameter_supported", json!("yes"), wrong),
    ] {
        scene.bank.with_document(key, value.clone());
        let failure = begin(&scene).await.expect_err("refused");
        assert_eq!(failure, Failure::Misbehaves(what.into()), "{key} {value}");
        scene.clock.advance(HOUR);
    }
    scene.bank.with_document("userinfo_endpoint", Value::Null);
    assert!(begin(&scene).await.is_ok(), "that one is not needed");
}

#[tokio::test]
async fn no_endpoint_is_less_safe_or_nearer_than_the_issuer() {
    use crate::upstream::metadata::Metadata;
    let far = "https://bank.example.org";
    let issuer = Issuer::parse(far).expect("an issuer");
    let document = |key: &str, value: &str| {
        let mut document = bank::document(far);
        document[key] = value.into();
        Metadata::read(&issuer, document)
    };
    for key in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        assert!(document(key, "https://other.example.net/x?y=z").is_ok());
        for bad in [
            "http://bank.example.org/x",
            "http://localhost:8000/v1/session/recover",
            "https://localhost/x",
            "http://127.0.0.1/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "http://169.254.169.254/latest/meta-data",
            "https://alice:x@bank.example.org/x",
            "https://bank.example.org/x#y",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "/x",
            "",
        ] {
            let error = document(key, bad).expect_err(bad);
            assert_eq!(error, format!("its {key} is at an unsafe address"), "{bad}");
        }
    }
}

#[tokio::test]
async fn an_endpoint_on_an_inner_network_is_not_called() {
    let scene = Scene::new().await;
    for inner in ["https://10.0.0.1/x", "https://169.254.169.254/x", "https://[fe80::1]/x"] {
        scene.bank.with_document("jwks_uri", json!(inner));
        let outcome = scene.finish_well().await;
        hold_misbehaving(outcome, "the list of keys is at an address that may not be called");
        scene.bank.with_document("token_endpoint", json!(inner));
        scene.clock.advance(HOUR);
        let outcome = scene.finish_well().await;
        hold_misbehaving(outcome, "the token endpoint is at an address that may not be called");
        scene.clock.advance(HOUR);
    }
}

#[tokio::test]
async fn a_document_is_read_again_after_ten_minutes() {
    let scene = Scene::new().await;
    let reads = || scene.bank.calls(DOCUMENT).len();
    for _ in 0..3 {
        scene.begun().await;
    }
    scene.clock.advance(600_000 - 1);
    scene.begun().await;
    assert_eq!(reads(), 1);
    let moved = format!("{}/elsewhere", scene.bank.issuer);
    scene.bank.with_document("authorization_endpoint", json!(moved));
    scene.clock.advance(1);
    assert!(scene.begun().await.address.starts_with(&moved));
    assert_eq!(reads(), 2);
}

#[tokio::test]
async fn many_at_once_read_it_once() {
    let scene = Scene::new().await;
    let begin = || scene.upstream().begin(RETURN);
    let all = futures_util::future::join_all((0..20).map(|_| begin())).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(scene.bank.calls(DOCUMENT).len(), 1);
}

#[tokio::test]
async fn what_was_read_is_used_for_an_hour_while_the_provider_is_down() {
    let scene = Scene::new().await;
    scene.begun().await;
    scene.bank.world().discovery = Says::Text(503, "down".into());
    scene.clock.advance(HOUR - 1);
    let tries = scene.bank.calls(DOCUMENT).len();
    for _ in 0..5 {
        scene.begun().await;
    }
    assert_eq!(scene.bank.calls(DOCUMENT).len(), tries + 1, "tried once, not by each");
    scene.clock.advance(1);
    let failure = begin(&scene).await.expect_err("too old");
    assert_eq!(failure, Failure::Unreachable("the discovery document answered 503".into()));
    scene.bank.world().discovery = Says::json(&bank::document(&scene.bank.issuer));
    scene.clock.advance(30_000);
    scene.begun().await;
}

#[tokio::test]
async fn who_misbehaves_is_not_excused_by_what_was_read_before() {
    let scene = Scene::new().await;
    scene.begun().await;
    scene.bank.with_document("issuer", json!("https://evil.example"));
    scene.clock.advance(600_000);
    for _ in 0..2 {
        let failure = begin(&scene).await.expect_err("another issuer's");
        assert!(matches!(failure, Failure::Misbehaves(_)), "{failure}");
    }
}

#[tokio::test]
async fn a_provider_that_was_never_reached_is_tried_every_five_seconds() {
    let scene = Scene::new().await;
    let good = std::mem::replace(&mut scene.bank.world().discovery, Says::Text(500, String::new()));
    for _ in 0..3 {
        assert!(matches!(begin(&scene).await, Err(Failure::Unreachable(_))));
    }
    scene.bank.world().discovery = good;
    scene.clock.advance(5_000 - 1);
    assert!(begin(&scene).await.is_err());
    assert_eq!(scene.bank.calls(DOCUMENT).len(), 1);
    scene.clock.advance(1);
    scene.begun().await;
}

#[tokio::test]
async fn a_document_that_is_none_is_told_from_a_provider_that_is_down() {
    let scene = Scene::new().await;
    let elsewhere = Bank::open().await;
    let to = format!("{}{DOCUMENT}", elsewhere.issuer);
    let unreachable = |what: &str| Failure::Unreachable(format!("the discovery document {what}"));
    let misbehaves = |what: &str| Failure::Misbehaves(format!("the discovery document {what}"));
    let huge = format!("\"{}\"", "x".repeat(MOST_JSON));
    for (says, expected) in [
        (Says::Text(200, "<html>".into()), misbehaves("answered something that is no object")),
        (Says::Text(200, "[]".into()), misbehaves("answered something that is no object")),
        (Says::Text(200, String::new()), misbehaves("answered something that is no object")),
        (Says::Text(404, "{}".into()), misbehaves("answered 404")),
        (Says::Text(201, "{}".into()), misbehaves("answered 201")),
        (Says::Redirect(to), misbehaves("answered 302")),
        (Says::Text(200, huge), misbehaves("answers more than is read")),
        (Says::Text(500, String::new()), unreachable("answered 500")),
        (Says::Text(503, "{}".into()), unreachable("answered 503")),
        (Says::Text(429, "{}".into()), unreachable("answered 429")),
    ] {
        scene.bank.world().discovery = says;
        assert_eq!(begin(&scene).await.expect_err("no document"), expected);
        scene.clock.advance(HOUR);
    }
    assert!(elsewhere.calls(DOCUMENT).is_empty(), "nobody followed");
}

#[tokio::test]
async fn a_provider_that_nobody_answers_for_is_unreachable() {
    let scene = Scene::new().await;
    let Scene { bank, upstreams, clock, .. } = scene;
    let issuer = bank.issuer.clone();
    drop(bank);
    // Until the port is closed, the listener's queue may still take a connection.
    while tokio::net::TcpStream::connect(issuer.trim_start_matches("http://bank.example."))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    clock.advance(HOUR);
    let upstream = upstreams.named("bank").expect("it is configured");
    let failure = upstream.begin(RETURN).await.expect_err("nobody is there");
    assert_eq!(failure, Failure::Unreachable("the discovery document: refused".into()));
}

#[tokio::test]
async fn a_provider_that_begins_and_does_not_end_is_given_up() {
    let scene = Scene::new().await;
    scene.bank.world().discovery = Says::Silence;
    let all = futures_util::future::join_all((0..5).map(|_| begin(&scene))).await;
    for outcome in all {
        let expected = Failure::Unreachable("the discovery document: timed out".into());
        assert_eq!(outcome.expect_err("no end"), expected, "for all at once");
    }
    assert_eq!(scene.bank.calls(DOCUMENT).len(), 1);
}
