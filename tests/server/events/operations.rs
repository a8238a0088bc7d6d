//! What is done around operations: ended in time, each once, and known on every node whatever was
//! lost.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rocket::tokio;
use rocket::tokio::time::sleep;
use rustix::process::Signal;
use serde_json::json;
use vestibule::clock::{DAY, SECOND};
use vestibule::domain::operation::Outcome;
use vestibule::events::{Event, Events};
use vestibule::jobs::{Sweep, end_operations, purge};

use super::own_postgres::OwnPostgres;
use super::{hears, is_hinted, is_left_alone};
use crate::support::{Answer, Database, Operation, START, Setup, TestServer, question};

/// A server at which alice can be asked.
pub async fn server() -> TestServer {
    on(Setup::with_operations().await).await
}

async fn on(setup: Setup) -> TestServer {
    let server = setup.start().await;
    server.signed_up("alice").await;
    server
}

/// Two nodes on one PostgreSQL that hear each other.
pub async fn two(setup: Setup) -> (TestServer, TestServer) {
    let config = setup.config.clone();
    let one = on(setup).await;
    let other = one.second_node(config).await;
    for node in [&one, &other] {
        hears(&node.events, &node.store).await;
    }
    (one, other)
}

/// A setup on a PostgreSQL of its own.
pub async fn own(postgres: &OwnPostgres) -> Setup {
    let mut setup = Setup::on(Database::Postgres { url: postgres.url("postgres") });
    setup.config.clients = Setup::with_operations().await.config.clients;
    setup
}

/// A server that does nothing by itself any more; the database stays.
pub async fn paused() -> TestServer {
    let server = server().await;
    server.shutdown().notify();
    sleep(Duration::from_millis(100)).await;
    server
}

/// So many questions to alice that nobody answers for 30 seconds.
async fn short(server: &TestServer, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..count {
        let mut question = question("alice");
        question["expiresIn"] = json!(30);
        ids.push(Operation::of(&server.backend("wiki").ask(&question).await).id);
    }
    ids
}

/// A client's backend that waits for an end.
pub fn waits(server: &TestServer, id: &str) -> tokio::task::JoinHandle<Answer> {
    let (wiki, id) = (server.backend("wiki"), id.to_owned());
    tokio::spawn(async move { wiki.operation(&id, "?wait=30").await })
}

async fn outcomes(server: &TestServer) -> Vec<String> {
    server.database.texts("SELECT COALESCE(outcome, 'null') FROM operations ORDER BY id").await
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn what_is_confirmed_on_one_node_is_known_to_who_waits_on_the_other() {
    let (one, other) = two(Setup::with_operations().await).await;
    let asked = one.backend("wiki").asked("alice").await;
    let waiting = waits(&one, &asked.id);
    sleep(Duration::from_millis(300)).await;
    other.confirms(&asked.id, "alice").await;
    let answer = waiting.await.expect("it is answered");
    assert_eq!(answer.json()["state"], "confirmed");
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_forged_message_has_the_row_read_and_is_not_believed() {
    let server = server().await;
    hears(&server.events, &server.store).await;
    let asked = server.backend("wiki").asked("alice").await;
    let waiting = waits(&server, &asked.id);
    let mut hinted = server.events.subscribe(Event::Operation(asked.id.clone()));
    let id = &asked.id;
    for forged in [
        format!(r#"{{"node":"x","event":{{"operation":"{id}"}}}}"#),
        format!(r#"{{"node":"x","event":{{"operation":"{id}"}},"outcome":"confirmed"}}"#),
        format!(r#"{{"node":"x","event":{{"confirmed":"{id}"}}}}"#),
        format!(r#"{{"node":"x","event":{{"operation":"{}"}}}}"#, "f".repeat(32)),
        "y".repeat(7_999),
    ] {
        let notify = format!("SELECT pg_notify('vestibule', '{forged}')");
        server.database.execute(&notify).await;
    }
    assert!(is_hinted(&mut hinted).await, "it is a hint like any other");
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "who waits has read that it is pending");
    assert_eq!(outcomes(&server).await, ["null"]);
    server.confirms(id, "alice").await;
    assert_eq!(waiting.await.expect("it is answered").json()["state"], "confirmed");
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn who_waits_is_answered_after_the_database_was_restarted() {
    let mut postgres = OwnPostgres::start().await;
    let (one, other) = two(own(&postgres).await).await;
    let asked = one.backend("wiki").asked("alice").await;
    let waiting = waits(&one, &asked.id);
    sleep(Duration::from_millis(300)).await;
    postgres.stop(Signal::INT);
    sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished(), "a database that is away is no end");
    postgres.resume().await;
    other.confirms(&asked.id, "alice").await;
    assert_eq!(waiting.await.expect("it is answered").json()["state"], "confirmed");
}

#[rocket::async_test]
async fn who_waits_hears_that_time_has_run_out() {
    let server = server().await;
    let ids = short(&server, 1).await;
    let waiting = waits(&server, &ids[0]);
    sleep(Duration::from_millis(300)).await;
    server.clock.advance(30 * SECOND);
    let begun = Instant::now();
    assert_eq!(waiting.await.expect("it is answered").json()["state"], "expired");
    assert!(begun.elapsed() < Duration::from_secs(20), "not only at the end of its wait");
    assert_eq!(outcomes(&server).await, ["expired"]);
}

#[rocket::async_test]
async fn a_page_that_was_left_is_waited_for_and_then_its_operation_is_canceled() {
    let server = paused().await;
    let (store, events) = (&server.store, Events::default());
    let running = TestServer::new().await;
    let mut shutdown = running.shutdown();
    let mut end = async |now| {
        end_operations(store, &events, now, &mut shutdown).await.expect("the database answers")
    };
    let id = &asked_by_hand(&server).await;
    let mut waiting = events.subscribe(Event::Operation(id.clone()));
    let register = async |socket| {
        let page = "page-instance-of-alice";
        store.register_page(id, page, socket, None).await.expect("the database answers")
    };
    assert!(register("first").await);
    store.page_left(id, "first", START).await.expect("the database answers");
    assert_eq!(end(START + 10 * SECOND - 1).await, 0, "it may come back");
    assert!(register("second").await);
    assert_eq!(end(START + 20 * SECOND).await, 0, "it has come back");
    assert!(is_left_alone(&mut waiting).await);
    store.page_left(id, "second", START + 20 * SECOND).await.expect("the database answers");
    assert_eq!(end(START + 30 * SECOND).await, 1);
    assert!(is_hinted(&mut waiting).await);
    assert_eq!(outcomes(&server).await, ["left"]);
    assert_eq!(end(START + DAY).await, 0, "it has one end");
}

/// An operation of a server that takes no requests any more.
pub async fn asked_by_hand(paused: &TestServer) -> String {
    let sql = "INSERT INTO operations (id, client_id, web_socket_id, wait_secret_hash, \
        request_hash, title, lines, number, failed_sign_ins, created_at, expires_at) \
        VALUES ('0', 'wiki', '0', '0', '0', 'Pay?', '[]', 42, 0, 0, 9000000000000)";
    paused.database.execute(sql).await;
    "0".to_owned()
}

/// 250 operations that are over: every second has expired, the others were left.
async fn many_over(server: &TestServer) {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) \
        INSERT INTO operations (id, client_id, web_socket_id, wait_secret_hash, request_hash, \
        title, lines, number, failed_sign_ins, created_at, expires_at, left_at) SELECT \
        CAST(i AS TEXT), 'wiki', CAST(i AS TEXT), CAST(i AS TEXT), '0', 'Pay?', '[]', 42, 0, 0, \
        i % 2 * 9000000000000, CASE i % 2 WHEN 1 THEN 1 END FROM n";
    server.database.execute(rows).await;
}

#[rocket::async_test]
async fn a_server_that_stops_leaves_the_rest_to_others() {
    let server = paused().await;
    many_over(&server).await;
    let (store, mut stopped) = (&server.store, server.shutdown());
    let ended = end_operations(store, &Events::default(), START, &mut stopped).await;
    assert_eq!(ended.expect("the database answers"), 200, "one batch of each");
}

#[rocket::async_test]
async fn of_many_nodes_each_end_is_written_and_told_by_one() {
    let server = paused().await;
    many_over(&server).await;
    let buses: Vec<Events> = (0..4).map(|_| Events::default()).collect();
    let running = TestServer::new().await;
    let shutdown = running.shutdown();
    let node = async |events: &Events| {
        let (store, mut shutdown) = (server.store.clone(), shutdown.clone());
        let mut told = Vec::new();
        for id in 1..=250 {
            told.push(events.subscribe(Event::Operation(id.to_string())));
        }
        let count = end_operations(&store, events, START, &mut shutdown).await;
        let heard =
            told.iter_mut().filter_map(|one| futures_util::FutureExt::now_or_never(one.changed()));
        (count.expect("the database answers"), heard.count())
    };
    let nodes = join_all(buses.iter().map(node)).await;
    assert!(nodes.iter().all(|(count, heard)| count == heard), "{nodes:?}");
    assert_eq!(nodes.iter().map(|(count, _)| count).sum::<usize>(), 250, "{nodes:?}");
    let mut outcomes = outcomes(&server).await;
    outcomes.sort();
    assert_eq!(
        (&*outcomes[0], &*outcomes[124], &*outcomes[125], &*outcomes[249]),
        ("expired", "expired", "left", "left")
    );
}

#[rocket::async_test]
async fn looking_for_nothing_writes_nothing() {
    let server = paused().await;
    let store = server.store.aside();
    let (events, mut sweep) = (Events::new(store.clone()), Sweep::default());
    let running = TestServer::new().await;
    let mut shutdown = running.shutdown();
    let before = server.database.every_row_but(&[]).await;
    end_operations(&store, &events, START, &mut shutdown).await.expect("the database answers");
    sweep.run(&store, &events, START).await.expect("the database answers");
    assert_eq!(store.queries(), 3, "two looks and a sweep");
    assert_eq!(server.database.every_row_but(&[]).await, before);
}

#[rocket::async_test]
async fn operations_are_forgotten_a_day_after_their_end() {
    let server = server().await;
    let id = asked_by_hand(&server).await;
    let mut shutdown = server.shutdown();
    let mut purged = async |now| purge(&server.store, now, &mut shutdown).await.expect("purged");
    assert_eq!(purged(START + DAY + 1).await, 0, "it is pending");
    let ended = server.store.finish_operation(&id, Outcome::Refused, START).await;
    assert!(ended.expect("the database answers"));
    assert_eq!(purged(START + DAY).await, 0);
    assert_eq!(purged(START + DAY + 1).await, 1);
    assert!(outcomes(&server).await.is_empty());
}
