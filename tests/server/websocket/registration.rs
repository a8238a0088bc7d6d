//! Who is registered, and what is heard then.

use rocket::tokio;
use vestibule::domain::operation::Outcome;
use vestibule::stomp::Command;

use super::asked;
use crate::support::waiting_page::{AUTHORIZATION, REGISTRATION, registration, subscribe};

#[rocket::async_test]
async fn a_page_registers_and_hears_that_the_person_has_confirmed() {
    let (server, _, operation) = asked().await;
    let mut page = server.waiting(&operation).await;
    server.confirms(&operation.id, "alice").await;
    let message = page.message(AUTHORIZATION).await;
    assert_eq!(message["webSocketId"], operation.web_socket_id.as_str());
    assert_eq!(message["authResult"], "CONFIRMED");
    assert_eq!(message.as_object().map(serde_json::Map::len), Some(2));
}
