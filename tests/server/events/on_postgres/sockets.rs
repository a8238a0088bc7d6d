//! A page whose socket is on one node hears how its operation ended on another.

use std::time::Duration;

use rocket::tokio::time::sleep;
use rustix::process::Signal;

use super::own_postgres::OwnPostgres;
use super::{own, two};
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
