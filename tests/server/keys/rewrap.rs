//! The key-encryption key is changed for another.

use std::sync::Arc;

use vestibule::domain::seal::SealingKey;
use vestibule::domain::signing::Algorithm::{EdDsa, Es256};
use vestibule::keys::{Keys, LEAD, LIFETIME, Rotation};
use vestibule::store::secrets::Rewrapped;

use super::{World, is_recognised, sealing, sign, signer};
use crate::support::START;

fn other() -> Arc<SealingKey> {
    Arc::new(SealingKey::new(&[8; 32]))
}

impl World {
    /// Every value that is sealed, whatever its table.
    async fn seals(&self) -> Vec<String> {
        let mut seals = Vec::new();
        for table in self.database.tables().await {
            if self.database.columns(&table).await.iter().any(|column| column == "sealed") {
                seals.extend(self.database.rows(&table, &["sealed"]).await);
            }
        }
        seals
    }

    async fn rewrap(&self) -> Option<Rewrapped> {
        self.store().rewrap(&sealing(), &other()).await.expect("the database answers")
    }

    async fn node_with_the_new_key(&self) -> Keys {
        Keys::start(self.store().clone(), other(), START).await.expect("it starts")
    }
}

#[rocket::async_test]
async fn everything_that_is_sealed_is_sealed_anew_and_nothing_else_changes() {
    let mut world = World::new().await;
    let keys = world.node().await;
    let jwt = sign(&keys, EdDsa, START).await;
    let salt = world.store().server_secret("pairwise", &sealing(), START).await.expect("made");
    let (before, rest) = (world.seals().await, world.database.every_row_but(&["sealed"]).await);
    assert_eq!(before.len(), 4, "two keys and two secrets");
    assert_eq!(world.rewrap().await, Some(Rewrapped { resealed: 4, already: 0 }));
    let after = world.seals().await;
    assert!(after.len() == 4 && !after.iter().any(|seal| before.contains(seal)));
    assert_eq!(world.database.every_row_but(&["sealed"]).await, rest);

    let new = world.node_with_the_new_key().await;
    assert!(is_recognised(&new, &jwt, START).await);
    assert_eq!(signer(&new, EdDsa, START).await, signer(&keys, EdDsa, START).await);
    let again = world.store().server_secret("pairwise", &other(), START).await;
    assert_eq!(again.expect("it opens"), salt);
    let refused = Keys::start(world.store().clone(), sealing(), START).await;
    assert!(refused.expect_err("the old key").to_string().contains("key_encryption_key_file"));
    world.end().await;
}

#[rocket::async_test]
async fn a_second_time_nothing_is_left_to_do() {
    let mut world = World::new().await;
    world.node().await;
    assert!(world.rewrap().await.is_some());
    let seals = world.seals().await;
    assert_eq!(world.rewrap().await, Some(Rewrapped { resealed: 0, already: 2 }));
    assert_eq!(world.seals().await, seals);
    world.end().await;
}

#[rocket::async_test]
async fn nothing_is_changed_when_one_value_opens_with_neither_key() {
    for table in ["signing_keys", "server_secrets"] {
        let mut world = World::new().await;
        sign(&world.node().await, EdDsa, START).await;
        world.store().server_secret("pairwise", &sealing(), START).await.expect("made");
        let last = match table {
            "signing_keys" => "kid = (SELECT MAX(kid) FROM signing_keys)",
            _ => "name = 'sealed_with'",
        };
        let damage = format!("UPDATE {table} SET sealed = 'ab' || sealed WHERE {last}");
        world.database.execute(&damage).await;
        let seals = world.seals().await;
        assert_eq!(world.rewrap().await, None);
        assert_eq!(world.seals().await, seals, "{table}");
        world.end().await;
    }
}

#[rocket::async_test]
async fn nothing_is_changed_when_it_ends_in_the_middle() {
    let mut world = World::new().await;
    let keys = world.node().await;
    sign(&keys, EdDsa, START).await;
    let stop = if world.database.is_postgres() {
        "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION 'stop'; END $$; \
         CREATE TRIGGER stop BEFORE UPDATE OR DELETE ON signing_keys \
         FOR EACH ROW WHEN (OLD.alg = 'EdDSA') EXECUTE FUNCTION stop()"
    } else {
        "CREATE TRIGGER stop BEFORE UPDATE ON signing_keys WHEN OLD.alg = 'EdDSA' \
         BEGIN SELECT RAISE(ABORT, 'stop'); END; \
         CREATE TRIGGER stop_too BEFORE DELETE ON signing_keys WHEN OLD.alg = 'EdDSA' \
         BEGIN SELECT RAISE(ABORT, 'stop'); END"
    };
    world.database.execute(stop).await;
    let before = world.database.every_row_but(&[]).await;
    assert!(world.store().rewrap(&sealing(), &other()).await.is_err());
    assert_eq!(world.database.every_row_but(&[]).await, before);
    assert!(keys.rotate(EdDsa, Rotation::Compromised, START).await.is_err());
    assert_eq!(world.database.every_row_but(&[]).await, before);
    world.end().await;
}

#[rocket::async_test]
async fn a_node_that_runs_goes_on_with_what_it_has_opened_and_makes_no_new_keys() {
    let mut world = World::new().await;
    let old = world.node().await;
    let first = signer(&old, Es256, START).await;
    let (second, from) = old.rotate(Es256, Rotation::InTime, START).await.expect("rotated");
    world.rewrap().await.expect("it is done");
    assert_eq!(signer(&old, Es256, from - 1).await, first);
    assert_eq!(signer(&old, Es256, from).await, second, "it waited, opened, to sign");

    let rows = world.rows().await.len();
    let refused = old.sign(EdDsa, "JWT", &super::claims(), from).await;
    let error = refused.expect_err("the others could not open it").to_string();
    assert!(error.contains("key_encryption_key_file"), "{error}");
    assert!(old.rotate(Es256, Rotation::Now, from).await.is_err());
    assert!(old.renew(from).await.is_ok(), "nothing is due");
    assert!(old.renew(START + LIFETIME).await.is_err());
    assert_eq!(world.rows().await.len(), rows);

    let new = world.node_with_the_new_key().await;
    let (third, later) = new.rotate(Es256, Rotation::InTime, from).await.expect("rotated");
    assert_eq!(later, from + LEAD);
    assert_eq!(signer(&old, Es256, later - 1).await, second);
    let jwt = sign(&new, Es256, later).await;
    assert!(is_recognised(&old, &jwt, later).await);
    let refused = old.sign(Es256, "JWT", &super::claims(), later).await;
    let error = refused.expect_err("it cannot open it").to_string();
    assert!(error.contains("start this server again"), "{error}");
    assert_eq!(signer(&new, Es256, later).await, third);
    world.end().await;
}
