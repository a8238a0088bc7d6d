//! A page whose socket is on one node hears how its operation ended on another.

use std::time::{Duration, Instant};

use rocket::tokio::time::sleep;
use rustix::process::Signal;
use vestibule::domain::operation::Outcome;

use super::operations::{own, server, two};
use super::own_postgres::OwnPostgres;
use crate::support::Setup;
use crate::support::waiting_page::AUTHORIZATION;

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn registered_on_one_and_confirmed_on_the_other() {
    let (one, other) = two(Setup::with_operations().await).await;
    for (here, there) in [(&one, &other), (&other, &one)] {
        let asked = here.backend("notes").asked("alice").await;
        let mut page = there.waiting(&asked).await;
        here.confirms(&asked.id, "alice").await;
        assert_eq!(page.message(AUTHORIZATION).await["authResult"], "CONFIRMED");
    }
}

#[rocket::async_test]
async fn confirmed_by_a_node_that_was_killed_before_it_could_say_so() {
    let server = server().await;
    let asked = server.backend("notes").asked("alice").await;
    let mut page = server.waiting(&asked).await;
    let (store, now) = (&server.store, server.clock.now());
    assert!(store.finish_operation(&asked.id, Outcome::Refused, now).await.expect("it is written"));
    let begun = Instant::now();
    assert_eq!(page.message(AUTHORIZATION).await["authResult"], "CANCELED");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[rocket::async_test]
#[ignore = "needs PostgreSQL: tests/with-postgres cargo test --test server -- --include-ignored"]
async fn a_page_is_told_after_the_database_was_restarted() {
    let mut postgres = OwnPostgres::start().await;
    let (one, other) = two(own(&postgres).await).await;
    let asked = one.backend("notes").asked("alice").await;
    let mut page = one.waiting(&asked).await;
    // The socket has looked at the row, too.
    sleep(Duration::from_millis(500)).await;
    postgres.stop(Signal::QUIT);
    sleep(Duration::from_secs(1)).await;
    postgres.resume().await;
    other.confirms(&asked.id, "alice").await;
    assert_eq!(page.message(AUTHORIZATION).await["authResult"], "CONFIRMED");
}
