//! When keys are made, and what the database has of them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use vestibule::domain::client::Registration;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::signing::{Algorithm, SigningKey};
use vestibule::keys::{Keys, Rotation};
use vestibule::store::keys::KeyRow;

use super::{World, claims, is_recognised, sealing, sign};
use crate::support::{START, Setup, declared};

fn algorithms(rows: &[KeyRow]) -> Vec<&str> {
    rows.iter().map(|row| row.alg.as_str()).collect()
}

fn with_algorithm(client_id: &str, algorithm: &str) -> Registration {
    Registration {
        id_token_signed_response_alg: algorithm.into(),
        ..Registration::named(client_id, "https://books.example.org")
    }
}

#[rocket::async_test]
async fn a_first_start_makes_the_default_key_and_a_second_makes_none() {
    let setup = Setup::new().await;
    let config = setup.config.clone();
    let server = setup.start().await;
    let made = server.store.signing_keys().await.expect("the database");
    assert_eq!(algorithms(&made), ["ES256"]);
    assert_eq!((made[0].created_at, made[0].signs_from), (START, START));
    let second = server.second_node(config).await;
    let there = second.store.signing_keys().await.expect("the database");
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].kid, made[0].kid);
}

#[rocket::async_test]
async fn a_start_makes_a_key_for_each_algorithm_that_an_active_client_registered() {
    let mut setup = Setup::new().await;
    setup.config.clients.push(declared(with_algorithm("books", "RS256")));
    let mut config = setup.config.clone();
    let server = setup.start().await;
    let rows = server.store.signing_keys().await.expect("the database");
    assert_eq!(algorithms(&rows), ["ES256", "RS256"]);

    let films = with_algorithm("films", "EdDSA");
    server.store.add_client(&films, None, START).await.expect("the database");
    server.store.disable_client("films", START).await.expect("the database");
    config.clients.clear();
    let second = server.second_node(config.clone()).await;
    let rows = second.store.signing_keys().await.expect("the database");
    assert_eq!(algorithms(&rows), ["ES256", "RS256"], "nobody may ask for the third");
    second.store.enable_client("films", START).await.expect("the database");
    let third = server.second_node(config).await;
    let rows = third.store.signing_keys().await.expect("the database");
    assert_eq!(algorithms(&rows), ["ES256", "EdDSA", "RS256"]);
}

#[rocket::async_test]
async fn a_key_that_is_missing_is_made_when_it_is_needed_and_signs_at_once() {
    let mut world = World::new().await;
    let keys = world.node().await;
    for algorithm in Algorithm::ALL {
        let jwt = sign(&keys, algorithm, START).await;
        assert!(is_recognised(&keys, &jwt, START).await);
        assert_eq!(world.kids(algorithm).await.len(), 1);
    }
    world.end().await;
}

#[rocket::async_test]
async fn only_tokens_of_the_type_and_of_these_keys_are_recognised() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let logout = keys.sign(Algorithm::Es256, "logout+jwt", &claims(), START).await;
    let logout = logout.expect("it is signed");
    assert!(!is_recognised(&keys, &logout, START).await);
    let read = keys.verify(&logout, "logout+jwt", START).await.expect("the database");
    assert!(read.is_some());

    let foreign = SigningKey::generate(Algorithm::Es256);
    let foreign = foreign.sign("JWT", &claims()).expect("it is signed");
    for jwt in [foreign.as_str(), "", ".", "..", "a.b.c", "alice"] {
        assert!(!is_recognised(&keys, jwt, START).await, "{jwt}");
    }
    world.end().await;
}

/// The bytes that must be nowhere: the last field of an Ed25519 key in PKCS #8 is its seed.
fn seed(key: &SigningKey) -> Vec<u8> {
    let private = key.private();
    private[private.len() - 32..].to_vec()
}

#[rocket::async_test]
async fn the_private_half_is_nowhere_in_the_database() {
    let mut world = World::new().await;
    let keys = world.node().await;
    sign(&keys, Algorithm::EdDsa, START).await;
    keys.rotate(Algorithm::EdDsa, Rotation::Now, START).await.expect("rotated");
    let everything = world.database.everything().await;
    let files = world.database.file().map(|file| [file.clone(), file.with_extension("db-wal")]);
    let raw: Vec<u8> =
        files.iter().flatten().flat_map(|f| std::fs::read(f).unwrap_or_default()).collect();
    let rows = world.rows().await;
    let rows = rows.iter().filter(|row| row.alg == "EdDSA");
    assert_eq!(rows.clone().count(), 2);
    for row in rows {
        assert!(everything.contains(&row.sealed) && everything.contains(&row.kid));
        let seed = seed(&row.open(&sealing()).expect("it opens"));
        let texts =
            [hex::encode(&seed), URL_SAFE_NO_PAD.encode(&seed), STANDARD_NO_PAD.encode(&seed)];
        for text in texts {
            assert!(!everything.contains(&text));
        }
        assert!(!raw.windows(seed.len()).any(|window| window == seed));

        assert!(row.open(&SealingKey::new(&[8; 32])).is_none());
        let moved = KeyRow { kid: "another".into(), ..row.clone() };
        assert!(moved.open(&sealing()).is_none(), "it is sealed for its row");
    }
    world.end().await;
}

#[rocket::async_test]
async fn keys_of_another_key_encryption_key_are_refused_with_the_cure() {
    let mut world = World::new().await;
    world.node().await;
    let other = SealingKey::new(&[8; 32]).into();
    let refused = Keys::start(world.store().clone(), other, START).await;
    let error = refused.expect_err("it cannot be opened").to_string();
    assert!(error.contains("put the right file at key_encryption_key_file"), "{error}");
    assert_eq!(world.rows().await.len(), 1);
    world.end().await;
}
