//! `POST /sso/backchannel-logout`: the accounts server says that a sign-in has ended. The tokens
//! here are signed by keys of the test's, which the wire hands out as the accounts server's.

use rocket::tokio;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vestibule::clock::Clock;
use vestibule::random;

use super::failures::http;
use super::person::{FORM, error};
use super::{Mode, Person, Signer, World, at_each_backend, facts};
use crate::support::{
    Answer, Browser, FORM as FORM_TYPE, ISSUER, PASSWORD, START, encode, http as client, notes,
    specs, wiki,
};

pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

at_each_backend![
    a_token_ends_every_session_of_its_sign_in,
    a_token_without_a_sid_ends_every_session_of_the_account,
    what_is_not_there_has_ended_too,
    it_does_not_matter_who_sends_it,
    a_session_that_is_just_being_opened_ends_too,
    a_sign_out_over_there_is_heard_at_once,
];

/// The wire gives these keys for those of the accounts server.
pub fn publish(world: &World, signers: &[&Signer]) {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    let body = json!({ "keys": keys }).to_string();
    world.wire.set(Mode::SaysAt("GET /oauth/jwks", http("200 OK", "", &body)));
}

pub fn header(signer: &Signer) -> Value {
    json!({ "typ": "logout+jwt", "alg": signer.algorithm(), "kid": signer.kid })
}

/// All claims of a good token that ends the sign-in of this profile.
pub fn claims(world: &World, profile: &Value) -> Value {
    let now = world.now();
    json!({ "iss": ISSUER, "aud": "wiki", "iat": now, "exp": now + 120, "jti": random::id(),
        "events": { EVENT: {} }, "sub": profile["uid"], "sid": profile["sid"] })
}

pub async fn send(world: &World, token: &str) -> Answer {
    send_body(world, FORM_TYPE, &encode(&[("logout_token", token)])).await
}

pub async fn send_body(world: &World, media: &str, body: &str) -> Answer {
    let url = format!("{}/sso/backchannel-logout", world.url());
    let request = client().post(url).header("Content-Type", media).body(body.to_owned());
    Answer::of(request).await
}

/// Holds that the token was taken.
pub fn assert_done(answer: &Answer) {
    assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{answer:?}");
    assert_eq!(answer.header("Cache-Control"), "no-store");
    assert_eq!(answer.set_cookies(), Vec::<&str>::new());
    assert_eq!(answer.header("X-Vestibule-Outcome"), "", "it is not about a browser's session");
}

async fn a_token_ends_every_session_of_its_sign_in(world: &World) {
    let (alice, bob) = (world.member("alice").await, world.member("bob").await);
    // The same sign-in in a window with cookies of its own, and another sign-in of hers.
    let same = alice.accounts.at(&world.accounts.url);
    let window = Person { accounts: same, site: Browser::new(world.url()) };
    let elsewhere = world.signed_in("alice").await;
    for person in [&window, &elsewhere] {
        assert_eq!(facts(&person.arrive().await), (204, "created"));
    }
    let profile = alice.profile().await;
    assert_eq!(window.profile().await["sid"], profile["sid"]);
    assert_ne!(elsewhere.profile().await["sid"], profile["sid"]);

    let signers = ["ES256", "EdDSA", "RS256"].map(|algorithm| Signer::new(algorithm, algorithm));
    publish(world, &signers.each_ref());
    let everybody = async || {
        let mut names = Vec::new();
        for person in [&alice, &window, &elsewhere, &bob] {
            names.push(person.is_known_as().await.unwrap_or_default());
        }
        names
    };
    assert_eq!(everybody().await, ["alice", "alice", "alice", "bob"]);
    let profiles = [profile, bob.profile().await, elsewhere.profile().await];
    let left = [["", "", "alice", "bob"], ["", "", "alice", ""], ["", "", "", ""]];
    for ((signer, profile), left) in signers.iter().zip(&profiles).zip(left) {
        let token = signer.sign(&header(signer), &claims(world, profile));
        assert_done(&send(world, &token).await);
        assert_eq!(everybody().await, left, "{}", signer.kid);
    }
    assert_eq!(facts(&alice.hand_in("").await), (401, "none"), "there is nothing left to close");
}

async fn a_token_without_a_sid_ends_every_session_of_the_account(world: &World) {
    let (alice, bob) = (world.member("alice").await, world.member("bob").await);
    let elsewhere = world.signed_in("alice").await;
    assert_eq!(facts(&elsewhere.arrive().await), (204, "created"));
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let mut claims = claims(world, &alice.profile().await);
    claims.as_object_mut().expect("claims").remove("sid");
    assert_done(&send(world, &signer.sign(&header(&signer), &claims)).await);
    assert_eq!((alice.is_known_as().await, elsewhere.is_known_as().await), (None, None));
    assert_eq!(bob.is_known_as().await.as_deref(), Some("bob"));
}

async fn what_is_not_there_has_ended_too(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("EdDSA", "key");
    publish(world, &[&signer]);
    let nobody = json!({ "uid": "0".repeat(32), "sid": "1".repeat(32) });
    assert_done(&send(world, &signer.sign(&header(&signer), &claims(world, &nobody))).await);
    let of_sub = json!({ "uid": "0".repeat(32) });
    let mut claims = claims(world, &of_sub);
    claims.as_object_mut().expect("claims").remove("sid");
    assert_done(&send(world, &signer.sign(&header(&signer), &claims)).await);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

async fn it_does_not_matter_who_sends_it(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let token = signer.sign(&header(&signer), &claims(world, &alice.profile().await));
    let page = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Origin", "https://evil.test"),
        ("Cookie", "__Host-sso-tx=1; __Host-sso-tx=2"),
        FORM,
    ];
    let stranger = world.stranger();
    let body = encode(&[("logout_token", &token)]);
    assert_done(&stranger.post("/sso/backchannel-logout", &page, &body).await);
    assert_eq!(alice.is_known_as().await, None);
    let looked = stranger.site.get("/sso/backchannel-logout").await;
    assert!([404, 405].contains(&looked.status), "{}", looked.status);
}

/// The accounts server tells of the end before the site has stored what it was about to open.
async fn a_session_that_is_just_being_opened_ends_too(world: &World) {
    let alice = world.member("alice").await;
    let signer = Signer::new("ES256", "key");
    publish(world, &[&signer]);
    let token = signer.sign(&header(&signer), &claims(world, &alice.profile().await));
    assert_done(&send(world, &token).await);
    // A payload of the same sign-in, as if it had been on its way.
    let answer = alice.arrive().await;
    assert_eq!(error(&answer), (410, "payload_gone".into()));
    assert_eq!((answer.set_cookies().len(), alice.is_known_as().await), (0, None));
    alice.accounts.sign_out().await;
    alice.accounts.sign_in("alice", PASSWORD).await;
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
}

/// The whole way: the accounts server's own token, by its own keys, over HTTP.
async fn a_sign_out_over_there_is_heard_at_once(world: &World) {
    // Both sides tell the same time.
    world.accounts.clock.advance(Clock::system().now() - START);
    let (alice, bob) = (world.member("alice").await, world.member("bob").await);
    let mut wiki = wiki();
    let uri = format!("{}/sso/backchannel-logout", world.url());
    wiki.registration.backchannel_logout_uri = Some(uri);
    let declared = [wiki, notes(), specs()].map(|client| (client.registration, client.secret_hash));
    let now = world.accounts.clock.now();
    let synced = world.accounts.store.sync_declared_clients(&declared, now).await;
    assert_eq!(synced.expect("the database answers").changed, ["wiki"]);
    alice.accounts.sign_out().await;
    let begun = Instant::now();
    while alice.is_known_as().await.is_some() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not heard");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(bob.is_known_as().await.as_deref(), Some("bob"));
    assert_eq!(world.wire.calls("status"), 0, "nobody had to ask");
}
