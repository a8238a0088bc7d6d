//! What ends between the answer and its collection: the code opens nothing then.

use super::{done, finish, walk, with_alice};
use crate::openid::Step;
use crate::support::{Answer, Browser, FORM, SPECS, TestServer, Waits, encode, http};
use vestibule::domain::scope::Scope;

async fn redeem(server: &TestServer, waits: &Waits, code: &str) -> Answer {
    let fields = [waits.asked.redemption(code), vec![("client_id", "widget")]].concat();
    let request = http().post(format!("{}/oauth/token", server.url)).header("Content-Type", FORM);
    Answer::of(request.body(encode(&fields))).await
}

async fn ended(server: &TestServer, alice: &Browser) -> Waits {
    let waits = server.begun().await;
    finish(alice, &waits).await;
    waits
}

#[rocket::async_test]
async fn whoever_signed_out_before_the_page_looked_is_not_signed_in_there() {
    let (server, alice) = with_alice().await;
    let (fetched, waiting) = (ended(&server, &alice).await, ended(&server, &alice).await);
    let code = server.code_of(&fetched).await;
    alice.sign_out().await;
    redeem(&server, &fetched, &code).await.assert_error(400, "invalid_grant");
    let code = server.code_of(&waiting).await;
    redeem(&server, &waiting, &code).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn a_yes_that_was_taken_back_before_the_page_looked_is_none() {
    let (server, alice) = with_alice().await;
    let waits = ended(&server, &alice).await;
    let removed = alice.post("/account/sites/widget/remove", &[]).await;
    assert_eq!(removed.status, 303, "{}", removed.text);
    let code = server.code_of(&waits).await;
    redeem(&server, &waits, &code).await.assert_error(400, "invalid_grant");
}

#[rocket::async_test]
async fn a_client_that_was_switched_off_before_its_page_looked_gets_nothing() {
    let (server, alice) = with_alice().await;
    let waits = ended(&server, &alice).await;
    let code = server.code_of(&waits).await;
    server.store.disable_client("widget", server.clock.now()).await.expect("the database");
    let answer = server.outcome_with(&[("waiting_secret", &waits.secret)], &[]).await;
    answer.assert_error(404, "not_found");
    assert!(redeem(&server, &waits, &code).await.status >= 400);
}

#[rocket::async_test]
async fn an_answer_to_a_flow_that_was_given_up_goes_nowhere() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    alice.answer_window(&waits, "cancel", "").await;
    let by_hand = waits.asked.clone().with("vestibule_flow", &waits.id).path();
    assert_eq!(Step::of(&alice.get(&by_hand).await).path, waits.path());
    assert_eq!(server.error_of(&waits).await, "access_denied");
    assert!(server.database.rows("grants", &["id"]).await.is_empty());
}

#[rocket::async_test]
async fn whoever_signs_out_in_the_middle_signs_in_again() {
    let (server, alice) = with_alice().await;
    let waits = server.begun().await;
    let onward = alice.confirm(&waits).await;
    alice.sign_out().await;
    let visited = walk(&alice, onward).await;
    assert!(visited.contains(&"/signin".to_owned()), "{visited:?}");
    assert_eq!(visited.last(), Some(&done(&waits)));
    let code = server.code_of(&waits).await;
    assert_eq!(redeem(&server, &waits, &code).await.status, 200);
}

#[rocket::async_test]
async fn a_client_that_may_no_longer_ask_for_this_is_told_so() {
    let (server, alice) = with_alice().await;
    let asked = crate::support::Authorize::widget().scope("openid profile");
    let waits = server.begun_at(SPECS, asked).await;
    let onward = alice.confirm(&waits).await;
    let client = server.store.client("widget").await.expect("the database").expect("a client");
    let mut registration = (*client.registration).clone();
    registration.scope = Scope::parse("openid").expect("a scope");
    let json = serde_json::to_string(&registration).expect("JSON").replace('\'', "''");
    let change = format!("UPDATE clients SET registration = '{json}' WHERE client_id = 'widget'");
    server.database.execute(&change).await;
    assert_eq!(walk(&alice, onward).await.last(), Some(&done(&waits)));
    assert_eq!(server.error_of(&waits).await, "invalid_scope");
}
