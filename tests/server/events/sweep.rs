//! What no message said is found.

use vestibule::clock::{DAY, SECOND};
use vestibule::domain::operation::Outcome;
use vestibule::events::{Event, Events};
use vestibule::jobs::Sweep;

use super::operations::{asked_by_hand, paused, server};
use super::{is_hinted, is_left_alone};
use crate::support::START;
use crate::support::waiting_page::AUTHORIZATION;

#[rocket::async_test]
async fn an_end_that_nobody_spoke_of_is_found() {
    let server = server().await;
    let asked = server.backend("wiki").asked("alice").await;
    let mut waiting = server.events.subscribe(Event::Operation(asked.id.clone()));
    // As by a node that was killed after the commit and before it could say so.
    let (store, now) = (&server.store, server.clock.now());
    assert!(store.finish_operation(&asked.id, Outcome::Refused, now).await.expect("it is written"));
    assert!(is_hinted(&mut waiting).await);
}

#[rocket::async_test]
async fn a_sweep_hints_each_end_once_however_clocks_differ() {
    let server = paused().await;
    let (store, events) = (&server.store, Events::default());
    let ids = ["early", "late"];
    for id in ids {
        let row = "INSERT INTO operations (id, client_id, wait_secret_hash, \
            request_hash, title, lines, number, failed_sign_ins, created_at, expires_at) \
            VALUES ('$', 'wiki', '$', '0', 'Pay?', '[]', 42, 0, 0, 9000000000000)";
        server.database.execute(&row.replace('$', id)).await;
    }
    let mut waiting = ids.map(|id| events.subscribe(Event::Operation(id.into())));
    let mut sweep = Sweep::default();
    let mut run = async |now| sweep.run(store, &events, now).await.expect("the database answers");
    let finish = async |id, now| {
        let ended = store.finish_operation(id, Outcome::Refused, now).await;
        assert!(ended.expect("the database answers"));
    };
    assert_eq!(run(START).await, 0);
    // The node that wrote these has a clock of its own.
    finish("early", START - 20 * SECOND).await;
    assert_eq!(run(START + 5 * SECOND).await, 1);
    assert!(is_hinted(&mut waiting[0]).await && is_left_alone(&mut waiting[1]).await);
    finish("late", START + 20 * SECOND).await;
    assert_eq!(run(START + 10 * SECOND).await, 1, "each once");
    assert!(is_hinted(&mut waiting[1]).await && is_left_alone(&mut waiting[0]).await);
    assert_eq!(run(START + 10 * SECOND).await, 0);
    assert_eq!(run(START + DAY).await, 0);
}

#[rocket::async_test]
async fn a_sweep_that_failed_is_made_up_for() {
    let server = paused().await;
    let (store, events) = (&server.store, Events::default());
    let id = asked_by_hand(&server).await;
    let mut sweep = Sweep::default();
    sweep.run(store, &events, START).await.expect("the database answers");
    server.database.execute("ALTER TABLE operations RENAME TO elsewhere").await;
    sweep.run(store, &events, START + 5 * SECOND).await.expect_err("there is no such table");
    server.database.execute("ALTER TABLE elsewhere RENAME TO operations").await;
    let ended = store.finish_operation(&id, Outcome::Refused, START + SECOND).await;
    assert!(ended.expect("the database answers"));
    let later = sweep.run(store, &events, START + DAY).await;
    assert_eq!(later.expect("the database answers"), 1, "it looks back to where it was");
}

#[rocket::async_test]
async fn a_page_is_told_what_a_node_could_not_say_that_was_killed() {
    let server = server().await;
    let asked = server.backend("notes").asked("alice").await;
    let mut page = server.waiting(&asked).await;
    let (store, now) = (&server.store, server.clock.now());
    assert!(store.finish_operation(&asked.id, Outcome::Refused, now).await.expect("it is written"));
    assert_eq!(page.message(AUTHORIZATION).await["authResult"], "CANCELED");
}
