//! What sites are told, held against the specification by other means than those it was made with.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::World;
use crate::relying::decoded;
use crate::support::{ISSUER, START};

/// Whether this published key has signed it.
fn is_signed_by(token: &str, key: &Value) -> bool {
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let (message, signature) = (message.as_bytes(), decoded(signature));
    let part = |name: &str| decoded(key[name].as_str().expect("a part of the key"));
    let verified = match key["alg"].as_str().expect("its algorithm") {
        "ES256" => {
            let point = [vec![4], part("x"), part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
        }
        "EdDSA" => UnparsedPublicKey::new(&ED25519, part("x")).verify(message, &signature),
        _ => {
            let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        }
    };
    verified.is_ok()
}

#[rocket::async_test]
async fn it_is_signed_as_the_site_registered_and_says_all_that_it_must() {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let world = World::with(|setup| {
            setup.config.clients[0].registration.id_token_signed_response_alg = algorithm.into();
        })
        .await;
        let alice = world.server.signed_up("alice").await;
        let sid = world.known_to(&alice, "wiki").await;
        let uid = world.uid_of("alice").await;
        alice.sign_out().await;
        let heard = world.wiki.hears(1).await.remove(0);

        let (header, claims) = heard.parts();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &json!(algorithm)));
        let keys = world.logouts().await.keys.published(world.server.clock.now()).await;
        let keys = keys.expect("the database answers")["keys"].clone();
        let keys = keys.as_array().expect("a list");
        let signers: Vec<_> = keys.iter().filter(|key| is_signed_by(&heard.token, key)).collect();
        assert_eq!(signers.len(), 1);
        assert_eq!((&signers[0]["kid"], &signers[0]["alg"]), (&header["kid"], &json!(algorithm)));

        let jti = claims["jti"].as_str().expect("an id");
        assert!(jti.len() >= 22, "{jti}");
        let event = "http://schemas.openid.net/event/backchannel-logout";
        let expected = json!({ "iss": ISSUER, "aud": "wiki", "iat": START / 1_000,
            "exp": START / 1_000 + 120, "jti": jti, "sub": uid, "sid": sid,
            "events": { event: {} } });
        assert_eq!(claims, expected, "and no nonce, nor anything else");
    }
}

#[rocket::async_test]
async fn it_comes_as_a_form_with_nothing_else() {
    let world = World::new().await;
    let alice = world.server.signed_up("alice").await;
    world.known_to(&alice, "wiki").await;
    alice.sign_out().await;
    let head = world.wiki.hears(1).await.remove(0).head.to_lowercase();
    assert!(head.starts_with("post /logout?of=all http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
    for none in ["authorization", "cookie", "referer", "origin:"] {
        assert!(!head.contains(none), "{head}");
    }
}

#[rocket::async_test]
async fn a_site_of_another_organisation_is_told_by_the_name_it_knows() {
    let receiver = super::Receiver::open().await;
    let uri = receiver.uri.clone();
    let world = World::with(|setup| {
        setup.config.clients[2].registration.backchannel_logout_uri = Some(uri);
    })
    .await;
    let alice = world.server.signed_up("alice").await;
    alice.consent("specs", "allow").await;
    let nonce = crate::support::nonce();
    let payload = alice.mint("specs", crate::support::SPECS, Some(&nonce)).await;
    let profile = world.server.backend("specs").recover(&payload, Some(&nonce)).await.json();
    alice.sign_out().await;
    let claims = receiver.hears(1).await[0].parts().1;
    assert_eq!((&claims["sub"], &claims["sid"]), (&profile["uid"], &profile["sid"]));
    assert_ne!(claims["sub"], world.uid_of("alice").await.as_str());
}

#[rocket::async_test]
async fn no_two_are_the_same() {
    let (world, logouts) = World::by_hand().await;
    world.ended("alice", 3).await;
    world.wiki.reply(super::Reply::Status(500));
    for _ in 0..2 {
        logouts.deliver().await.expect("the database answers");
        world.server.clock.advance(10_000);
    }
    let ids: BTreeSet<String> = world.wiki.heard().iter().map(|h| h.claim("jti")).collect();
    assert_eq!((ids.len(), world.wiki.heard().len()), (6, 6));
}
