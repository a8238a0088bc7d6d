//! Signing keys: made, used, followed by others, and sealed.

mod at_rest;
mod nodes;
mod rewrap;
mod rotation;

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::domain::seal::SealingKey;
use vestibule::domain::signing::{Algorithm, named_key};
use vestibule::keys::Keys;
use vestibule::store::Store;
use vestibule::store::keys::KeyRow;

use crate::support::{Database, START};

/// The key-encryption key of test servers.
fn sealing() -> Arc<SealingKey> {
    Arc::new(SealingKey::new(&[7; 32]))
}

/// A database with its tables, and what several nodes have of it.
struct World {
    database: Database,
    stores: Vec<Store>,
}

impl World {
    async fn new() -> Self {
        let database = Database::new().await;
        let store = Store::open(&database.url()).await.expect("the database opens");
        store.migrate().await.expect("the tables are made");
        Self { database, stores: vec![store] }
    }

    fn store(&self) -> &Store {
        &self.stores[0]
    }

    /// A node of its own.
    async fn node(&mut self) -> Keys {
        self.node_at(START).await
    }

    async fn node_at(&mut self, now: i64) -> Keys {
        let store = Store::open(&self.database.url()).await.expect("the database opens");
        self.stores.push(store.clone());
        Keys::start(store, sealing(), now).await.expect("it starts")
    }

    async fn rows(&self) -> Vec<KeyRow> {
        self.store().signing_keys().await.expect("the database answers")
    }

    /// The keys of an algorithm, in the order in which they sign.
    async fn kids(&self, algorithm: Algorithm) -> Vec<String> {
        let rows = self.rows().await.into_iter();
        rows.filter(|row| row.alg == algorithm.as_str()).map(|row| row.kid).collect()
    }

    /// Closes every connection.
    async fn end(self) {
        for store in self.stores {
            store.close().await;
        }
    }
}

fn claims() -> Value {
    json!({ "iss": "https://accounts.example.org", "sub": "alice" })
}

async fn sign(keys: &Keys, algorithm: Algorithm, now: i64) -> String {
    keys.sign(algorithm, "JWT", &claims(), now).await.expect("it is signed")
}

/// The key that a node signs with.
async fn signer(keys: &Keys, algorithm: Algorithm, now: i64) -> String {
    named_key(&sign(keys, algorithm, now).await).expect("it names its key")
}

async fn is_recognised(keys: &Keys, jwt: &str, now: i64) -> bool {
    let read = keys.verify(jwt, "JWT", now).await.expect("the database answers");
    read.is_some_and(|read| Value::Object(read) == claims())
}

/// What a node publishes.
async fn published(keys: &Keys, now: i64) -> Vec<String> {
    let set = keys.published(now).await.expect("the database answers");
    let keys = set["keys"].as_array().expect("a list").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned()).collect()
}
