//! Ending sessions together, in each kind of store.

use futures_util::future::join_all;
use vestibule::relying::SessionStore;

use super::stores::{Place, session, sqlx_store};
use crate::support::Database;

#[rocket::async_test]
async fn in_memory_sessions_of_a_sign_in_or_an_account_end_together() {
    sessions_of_a_sign_in_or_an_account_end_together(&Place::memory()).await;
}

#[rocket::async_test]
async fn in_a_table_sessions_of_a_sign_in_or_an_account_end_together() {
    sessions_of_a_sign_in_or_an_account_end_together(&Place::table().await).await;
}

async fn sessions_of_a_sign_in_or_an_account_end_together(place: &Place) {
    let store = &place.store;
    let of = |uid: &str, sid: &str| {
        let mut session = session();
        (session.person.uid, session.person.sid) = (uid.to_owned(), sid.to_owned());
        session
    };
    for (id, uid, sid) in [("1", "a", "x"), ("2", "a", "x"), ("3", "a", "y"), ("4", "b", "z")] {
        store.add(id, &of(uid, sid)).await.expect("works");
    }
    let left = async || {
        let found = ["1", "2", "3", "4"].map(async |id| match store.find(id).await {
            Ok(Some(_)) => id,
            found => found.map(|_| "").expect("works"),
        });
        join_all(found).await.concat()
    };
    for nobody in ["", "X", "x ", "%", "a"] {
        store.remove_sign_in(nobody).await.expect("works");
    }
    store.remove_account("x").await.expect("works");
    assert_eq!(left().await, "1234");
    store.remove_sign_in("x").await.expect("works");
    assert_eq!(left().await, "34");
    store.remove_account("a").await.expect("works");
    assert_eq!(left().await, "4");
}

/// A table as it was made before there was back-channel logout.
#[rocket::async_test]
async fn a_table_of_an_earlier_version_gets_what_it_lacks() {
    let database = Database::new().await;
    let store = sqlx_store(&database).await.expect("it makes its table");
    store.add("one", &session()).await.expect("works");
    drop(store);
    let indexes = async || {
        let named = if database.is_postgres() {
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() \
             AND indexname LIKE 'relying_sessions_%id' ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'index' \
             AND name LIKE 'relying_sessions_%id' ORDER BY 1"
        };
        database.texts(named).await
    };
    let both = ["relying_sessions_sid", "relying_sessions_uid"];
    assert_eq!(indexes().await, both);
    for index in both {
        database.execute(&format!("DROP INDEX {index}")).await;
    }
    let store = sqlx_store(&database).await.expect("it finds its table");
    assert_eq!(indexes().await, both);
    store.remove_sign_in(&session().person.sid).await.expect("works");
    assert_eq!(store.find("one").await.expect("works"), None);
}
