//! What pay asks, and what it believes.

mod world;

use crate::demo::pay::asking::{self, Due};
use crate::demo::pay::rules::{Bill, Payer, Refusal, Shop};
use crate::demo::signing_key::Key;
use serde_json::{Value, json};
use world::World;

const SHOP: Shop = Shop { client_id: "shop", name: "Shop", origin: String::new() };
const ALICE: Payer<'static> = Payer { sub: "u1", name: "alice", shop: &SHOP };

fn bill(cents: i64) -> Bill {
    let bill =
        json!({ "title": "Atlas", "quantity": 1, "cents": cents, "sub": "u1", "paid": false });
    serde_json::from_value(bill).expect("a bill")
}

fn due(bill: &Bill) -> Due<'_> {
    Due { payer: &ALICE, bill, order: "o" }
}

#[rocket::async_test]
async fn what_is_asked_names_payer_amount_shop_and_order() {
    let world = World::new().await;
    let bill = bill(2_450);
    asking::ask(&world.pay, &due(&bill), false).await.expect("is asked");
    let line = |label: &str, value: &str| json!({ "label": label, "value": value });
    let expected = json!({ "account": { "uid": "u1" }, "title": "Pay €24.50 to Shop",
        "expiresIn": 300, "lines": [line("Amount", "€24.50"), line("To", "Shop"),
            line("For", "Atlas"), line("Order", "o")] });
    assert_eq!(world.orders(|orders| orders.asked.clone()), [expected]);
}

#[rocket::async_test]
async fn an_order_has_one_question_until_that_has_ended() {
    let world = World::new().await;
    let (pay, bill) = (&world.pay, bill(100));
    assert!(asking::open(pay, &due(&bill)).await.expect("works").is_none());
    for _ in 0..2 {
        let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
        assert_eq!(asked.operation_id, "o-1");
    }
    let open = asking::open(pay, &due(&bill)).await.expect("works");
    assert!(open.is_some_and(|asked| asked.operation_id == "o-1"), "a page loaded again");

    world.orders(|orders| orders.states.insert("o-1".to_owned(), "expired"));
    assert!(asking::open(pay, &due(&bill)).await.expect("works").is_none());
    let asked = asking::ask(pay, &due(&bill), true).await.expect("is asked");
    assert_eq!(asked.operation_id, "o-2");
    let seconds = world.orders(|orders| orders.asked.last().map(|one| one["expiresIn"].clone()));
    assert_eq!(seconds, Some(json!(30)));
}

#[rocket::async_test]
async fn keys_that_were_used_before_the_database_was_lost_are_passed_over() {
    let world = World::new().await;
    world.orders(|orders| orders.states.insert("o-1".to_owned(), "canceled"));
    let bill = bill(100);
    let asked = asking::ask(&world.pay, &due(&bill), false).await.expect("is asked");
    assert_eq!(asked.operation_id, "o-2");
}

#[rocket::async_test]
async fn another_price_is_another_question() {
    let world = World::new().await;
    let (pay, first, second) = (&world.pay, bill(100), bill(200));
    let asked = asking::ask(pay, &due(&first), false).await.expect("is asked");
    world.confirm(&asked, &world.signed(&world.claims(&asked, &due(&first))));
    assert_eq!(asking::confirmed(pay, &due(&second)).await, Err(Refusal::NotConfirmed));
    assert!(asking::open(pay, &due(&second)).await.expect("works").is_none());
    let asked = asking::ask(pay, &due(&second), false).await.expect("is asked");
    assert_eq!(asked.operation_id, "o-2");
    assert_eq!(world.orders(|orders| orders.canceled.clone()), ["o-1"]);
}

#[rocket::async_test]
async fn nothing_is_confirmed_before_the_accounts_server_has_signed_it() {
    let world = World::new().await;
    let (pay, bill) = (&world.pay, bill(100));
    assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::NotConfirmed));
    let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
    assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::NotConfirmed));
    world.confirm(&asked, &world.signed(&world.claims(&asked, &due(&bill))));
    let due = due(&bill);
    let both = tokio::join!(asking::confirmed(pay, &due), asking::confirmed(pay, &due));
    assert_eq!(both, (Ok(()), Ok(())), "one fetched the result, and the other found it kept");
    assert_eq!(asking::confirmed(pay, &due).await, Ok(()));
}

#[rocket::async_test]
async fn a_result_of_anybody_or_anything_else_is_not_believed_and_used_up() {
    let world = World::new().await;
    let (pay, bill) = (&world.pay, bill(100));
    let id_token = |claims: &Value| world.key.sign("JWT", claims);
    let stranger = |claims: &Value| Key::new("k1").sign("operation-result+jwt", claims);
    let other = |claims: &Value| {
        let mut claims = claims.clone();
        claims["jti"] = json!("o-99");
        world.signed(&claims)
    };
    let results: [&dyn Fn(&Value) -> String; 4] =
        [&id_token, &stranger, &other, &|_: &Value| "no token".to_owned()];
    for result in results {
        let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
        world.confirm(&asked, &result(&world.claims(&asked, &due(&bill))));
        assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::NotBelieved));
        assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::NotConfirmed));
        assert!(asking::open(pay, &due(&bill)).await.expect("works").is_none());
    }
}

#[rocket::async_test]
async fn a_result_that_was_given_and_lost_is_asked_for_anew() {
    let world = World::new().await;
    let (pay, bill) = (&world.pay, bill(100));
    let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
    world.confirm(&asked, "x");
    world.orders(|orders| orders.completed = true);
    assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::UsedUp));
    let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
    assert_eq!(asked.operation_id, "o-2");
}

#[rocket::async_test]
async fn what_was_taken_back_here_is_worth_nothing_even_if_it_is_confirmed_meanwhile() {
    let world = World::new().await;
    let (pay, bill) = (&world.pay, bill(100));
    let asked = asking::ask(pay, &due(&bill), false).await.expect("is asked");
    let standing = asking::take_back(pay, &due(&bill)).await.expect("works");
    assert_eq!(standing.state, "canceled");
    assert_eq!(world.orders(|orders| orders.canceled.clone()), ["o-1"]);
    world.confirm(&asked, &world.signed(&world.claims(&asked, &due(&bill))));
    assert_eq!(asking::confirmed(pay, &due(&bill)).await, Err(Refusal::NotConfirmed));
    let standing = asking::standing(pay, &due(&bill)).await.expect("works");
    assert_eq!(standing.state, "canceled", "for another page of this order");
}
