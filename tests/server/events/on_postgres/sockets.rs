//! A page whose socket is on one node hears how its operation ended on another.

use std::time::Duration;

use rocket::tokio::time::sleep;
use rustix::process::Signal;

use super::own_postgres::OwnPostgres;
use super::{own, two};
use crate::support::waiting_events::WaitingEvents;
use crate::support::waiting_page::AUTHORIZATION;
use crate::support::{Authorize, SHOP, Setup};

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
async fn a_flow_begun_on_one_and_ended_on_the_other() {
    let (one, other) = two(Setup::new().await.with_openid()).await;
    for (here, there) in [(&one, &other), (&other, &one)] {
        let waits = here.begun_at(SHOP, Authorize::shop()).await;
        let headers = [("Origin", SHOP)];
        let page = WaitingEvents::open(here, "/flow/events", &headers).await;
        let mut page = page.expect("a socket");
        page.present(&waits.secret).await;
        assert_eq!(page.next_json().await.expect("how it stands")["state"], "pending");
        let window = there.alice_again().await;
        crate::flow::finish(&window, &waits).await;
        let told = page.next_json().await.expect("the outcome");
        assert_eq!(told["response"]["code"].as_str().map(str::len), Some(64), "{told}");
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
