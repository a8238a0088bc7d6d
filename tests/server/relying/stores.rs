//! Where the kit keeps sessions: in memory, or in the application's database (this run's engine).
//! One suite over both.

use futures_util::future::join_all;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::sync::Arc;
use vestibule::clock::{HOUR, MINUTE};
use vestibule::relying::{
    MemoryStore, Session, SessionStore, SqlxStore, StoreError, StoredSession,
};

use super::{KitSite, Person, SESSION, Wire, facts};
use crate::support::{Browser, Database, START, TestServer};

/// A store, and what it is in.
pub struct Place {
    pub store: Shared,
    database: Option<Database>,
}

/// A store that several sites share.
#[derive(Clone)]
pub struct Shared(Arc<dyn SessionStore>);

#[rocket::async_trait]
impl SessionStore for Shared {
    async fn add(&self, id: &str, session: &StoredSession) -> Result<(), StoreError> {
        self.0.add(id, session).await
    }
    async fn find(&self, id: &str) -> Result<Option<StoredSession>, StoreError> {
        self.0.find(id).await
    }
    async fn touch(&self, id: &str, seen_at: i64, checked_at: i64) -> Result<(), StoreError> {
        self.0.touch(id, seen_at, checked_at).await
    }
    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.0.remove(id).await
    }
    async fn remove_sign_in(&self, sid: &str) -> Result<(), StoreError> {
        self.0.remove_sign_in(sid).await
    }
    async fn remove_account(&self, uid: &str) -> Result<(), StoreError> {
        self.0.remove_account(uid).await
    }
    async fn purge(&self, now: i64, seen_before: i64) -> Result<(), StoreError> {
        self.0.purge(now, seen_before).await
    }
}

impl Place {
    pub fn memory() -> Self {
        Self { store: Shared(Arc::new(MemoryStore::default())), database: None }
    }

    pub async fn table() -> Self {
        let database = Database::new().await;
        let store = sqlx_store(&database).await.expect("it makes its table");
        Self { store: Shared(Arc::new(store)), database: Some(database) }
    }
}

pub async fn sqlx_store(database: &Database) -> Result<SqlxStore, StoreError> {
    let url = database.url();
    if database.is_postgres() {
        let pool = PgPoolOptions::new().max_connections(4).connect(&url).await;
        return SqlxStore::postgres(pool.expect("PostgreSQL answers")).await;
    }
    let options: SqliteConnectOptions = url.parse().expect("a URL");
    let pool = SqlitePoolOptions::new().connect_with(options.create_if_missing(true)).await;
    SqlxStore::sqlite(pool.expect("the file opens")).await
}

macro_rules! in_each_store {
    ($($story:ident),+ $(,)?) => {
        mod in_memory {
            $(#[rocket::async_test]
            async fn $story() {
                super::$story(&super::Place::memory()).await;
            })+
        }
        mod in_a_table {
            $(#[rocket::async_test]
            async fn $story() {
                super::$story(&super::Place::table().await).await;
            })+
        }
    };
}

in_each_store![
    what_was_added_is_found_as_it_was,
    what_is_not_there_is_no_error,
    a_touch_changes_two_instants_and_nothing_else,
    a_purge_takes_what_ended_and_leaves_the_rest,
    many_at_once_do_not_lose_each_other,
    sites_that_share_a_store_know_the_same_people,
    sessions_that_ended_are_thrown_away,
];

/// A session with something in every member.
pub fn session() -> StoredSession {
    StoredSession {
        person: Session {
            uid: "a1".repeat(16),
            sid: "5d".repeat(16),
            username: Some("alice".to_owned()),
            full_name: Some(
                "Alice \u{1f407} O'Hara; \"--\" \\ \u{5d0}\u{5dc}\u{5d9}\u{5e1}".to_owned(),
            ),
            email: Some("alice@example.org".to_owned()),
            email_verified: true,
            auth_time: START / 1_000,
        },
        created_at: START,
        ends_at: START + 24 * HOUR,
        seen_at: START + 1,
        checked_at: START + 2,
    }
}

async fn what_was_added_is_found_as_it_was(place: &Place) {
    let full = session();
    let mut bare = session();
    bare.person = Session {
        username: None,
        full_name: None,
        email: None,
        email_verified: false,
        auth_time: -1,
        ..bare.person
    };
    (bare.created_at, bare.ends_at) = (0, i64::MAX);
    for (id, session) in [("full", &full), ("bare", &bare)] {
        place.store.add(id, session).await.expect("works");
    }
    for (id, session) in [("full", full), ("bare", bare)] {
        assert_eq!(place.store.find(id).await.expect("works"), Some(session));
    }
}

async fn what_is_not_there_is_no_error(place: &Place) {
    let store = &place.store;
    assert_eq!(store.find("none").await.expect("works"), None);
    store.touch("none", 1, 2).await.expect("works");
    store.remove("none").await.expect("works");
    store.purge(i64::MAX, i64::MAX).await.expect("works");
    assert_eq!(store.find("none").await.expect("works"), None, "nothing came of it");
    store.add("one", &session()).await.expect("works");
    store.remove("one").await.expect("works");
    store.remove("one").await.expect("works");
    assert_eq!(store.find("one").await.expect("works"), None);
    assert_eq!(store.find("' OR 1=1 --").await.expect("works"), None);
}

async fn a_touch_changes_two_instants_and_nothing_else(place: &Place) {
    let store = &place.store;
    for id in ["one", "other"] {
        store.add(id, &session()).await.expect("works");
    }
    store.touch("one", START + 7, START + 8).await.expect("works");
    let touched = StoredSession { seen_at: START + 7, checked_at: START + 8, ..session() };
    assert_eq!(store.find("one").await.expect("works"), Some(touched));
    assert_eq!(store.find("other").await.expect("works"), Some(session()));
}

async fn a_purge_takes_what_ended_and_leaves_the_rest(place: &Place) {
    let store = &place.store;
    let with = |ends_at, seen_at| StoredSession { ends_at, seen_at, ..session() };
    for (id, session) in [
        ("ended", with(99, 60)),
        ("ends now", with(100, 60)),
        ("lives", with(101, 60)),
        ("idle", with(101, 49)),
        ("just seen", with(101, 50)),
    ] {
        store.add(id, &session).await.expect("works");
    }
    store.purge(100, 50).await.expect("works");
    for (id, is_there) in [
        ("ended", false),
        ("ends now", false),
        ("lives", true),
        ("idle", false),
        ("just seen", true),
    ] {
        assert_eq!(store.find(id).await.expect("works").is_some(), is_there, "{id}");
    }
}

async fn many_at_once_do_not_lose_each_other(place: &Place) {
    let ids: Vec<String> = (0..50).map(|n| format!("id {n}")).collect();
    let work = ids.iter().map(async |id| {
        place.store.add(id, &session()).await.expect("works");
        place.store.touch(id, START + 9, START + 9).await.expect("works");
        place.store.find(id).await.expect("works").expect("it is there").seen_at
    });
    assert_eq!(join_all(work).await, vec![START + 9; 50]);
    join_all(ids.iter().step_by(2).map(|id| place.store.remove(id))).await;
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(place.store.find(id).await.expect("works").is_some(), n % 2 == 1, "{id}");
    }
}

/// A site on this store, and an accounts server beside it.
async fn site(place: &Place, accounts: &TestServer, wire: &Wire) -> KitSite {
    let config = KitSite::config(&wire.url);
    KitSite::start(config, place.store.clone(), accounts.clock.clone()).await
}

async fn sites_that_share_a_store_know_the_same_people(place: &Place) {
    let accounts = TestServer::new().await;
    let wire = Wire::to(&accounts.url).await;
    let (one, other) = (site(place, &accounts, &wire).await, site(place, &accounts, &wire).await);
    let browser = accounts.signed_up("alice").await;
    let alice = Person { accounts: browser, site: Browser::new(&one.url) };
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
    let there = Person { accounts: accounts.browser(), site: alice.site.at(&other.url) };
    assert_eq!(there.profile().await, alice.profile().await);

    accounts.clock.advance(10 * MINUTE);
    assert_eq!(there.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
    assert_eq!(wire.calls("status"), 1, "what one has asked, the other knows");

    assert_eq!(facts(&there.hand_in("").await), (401, "closed"));
    assert_eq!(alice.is_known_as().await, None);
}

async fn sessions_that_ended_are_thrown_away(place: &Place) {
    let accounts = TestServer::new().await;
    let wire = Wire::to(&accounts.url).await;
    let one = site(place, &accounts, &wire).await;
    place.store.add("old", &session()).await.expect("works");
    let browser = accounts.signed_up("alice").await;
    let alice = Person { accounts: browser, site: Browser::new(&one.url) };
    accounts.clock.advance(2 * HOUR + MINUTE);
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
    assert_eq!(place.store.find("old").await.expect("works"), None);
    assert_eq!(alice.is_known_as().await.as_deref(), Some("alice"));
}

#[rocket::async_test]
async fn a_table_has_nothing_in_it_that_opens_a_session() {
    let place = Place::table().await;
    let accounts = TestServer::new().await;
    let wire = Wire::to(&accounts.url).await;
    let one = site(&place, &accounts, &wire).await;
    let browser = accounts.signed_up("alice").await;
    let alice = Person { accounts: browser, site: Browser::new(&one.url) };
    assert_eq!(facts(&alice.arrive().await), (204, "created"));
    let columns = [
        "id",
        "uid",
        "sid",
        "username",
        "full_name",
        "email",
        "email_verified",
        "auth_time",
        "created_at",
        "ends_at",
        "seen_at",
        "checked_at",
    ];
    let database = place.database.as_ref().expect("it has one");
    let rows = database.rows("relying_sessions", &columns).await;
    assert_eq!(rows.len(), 1);
    let secret = alice.session();
    assert!(!rows[0].contains(&secret), "{}", rows[0]);
    let thief = Browser::new(&one.url);
    thief.set_cookie(SESSION, rows[0].split('|').next().expect("an id"));
    assert!(thief.get("/").await.json()["person"].is_null(), "the id is not the secret");
}

#[rocket::async_test]
async fn a_table_that_is_there_is_used_again() {
    let database = Database::new().await;
    let store = sqlx_store(&database).await.expect("it makes its table");
    store.add("one", &session()).await.expect("works");
    drop(store);
    let store = sqlx_store(&database).await.expect("it finds its table");
    assert_eq!(store.find("one").await.expect("works"), Some(session()));
}

#[rocket::async_test]
async fn first_starts_at_the_same_time_do_not_collide() {
    for _ in 0..5 {
        let database = Database::new().await;
        let stores = join_all((0..8).map(|_| sqlx_store(&database))).await;
        for store in stores {
            store.expect("it makes its table, or finds it");
        }
    }
}
