//! What is done around operations: ended in time, each once, and known on every node whatever was
//! lost.

use std::time::Duration;

use futures_util::future::join_all;
use rocket::tokio;
use rocket::tokio::time::sleep;
use serde_json::json;
use vestibule::clock::{DAY, SECOND};
use vestibule::domain::operation::Outcome;
use vestibule::events::{Event, Events};
use vestibule::jobs::{Sweep, end_operations, purge};

use super::{is_hinted, is_left_alone};
use crate::support::{Answer, Operation, START, Setup, TestServer, question};

/// A server at which alice can be asked.
pub async fn server() -> TestServer {
    on(Setup::with_operations().await).await
}

pub async fn on(setup: Setup) -> TestServer {
    let server = setup.start().await;
    server.signed_up("alice").await;
    server
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

pub async fn outcomes(server: &TestServer) -> Vec<String> {
    server.database.texts("SELECT COALESCE(outcome, 'null') FROM operations ORDER BY id").await
}

#[rocket::async_test]
async fn who_waits_hears_that_time_has_run_out() {
    let server = server().await;
    let ids = short(&server, 1).await;
    let mut waiting = server.events.subscribe(Event::Operation(ids[0].clone()));
    server.clock.advance(30 * SECOND);
    // There may be a hint for all before that, which means nothing.
    while outcomes(&server).await != ["expired"] {
        assert!(is_hinted(&mut waiting).await);
    }
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
    let sql = "INSERT INTO operations (id, client_id, wait_secret_hash, \
        request_hash, title, lines, number, failed_sign_ins, created_at, expires_at) \
        VALUES ('0', 'wiki', '0', '0', 'Pay?', '[]', 42, 0, 0, 9000000000000)";
    paused.database.execute(sql).await;
    "0".to_owned()
}

/// 250 operations that are over: every second has expired, the others were left.
async fn many_over(server: &TestServer) {
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) \
        INSERT INTO operations (id, client_id, wait_secret_hash, request_hash, \
        title, lines, number, failed_sign_ins, created_at, expires_at, left_at) SELECT \
        CAST(i AS TEXT), 'wiki', CAST(i AS TEXT), '0', 'Pay?', '[]', 42, 0, 0, \
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
