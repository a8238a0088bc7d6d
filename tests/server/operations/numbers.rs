//! The number that the waiting page shows, and that is picked on any other browser.

use serde_json::json;

use crate::support::{Answer, Browser, Operation, Setup, TestServer};
use vestibule::domain::secret::{Secret, SecretHash};

async fn server() -> TestServer {
    Setup::with_operations().await.start().await
}

/// The numbers that a page lets one pick from.
fn offered(page: &Answer) -> Vec<String> {
    let tags = page.text.split('<').filter(|tag| tag.starts_with("input type=\"radio\""));
    let value = |tag: &str| tag.split("value=\"").nth(1)?.split('"').next().map(str::to_owned);
    tags.filter_map(value).collect()
}

/// The mark of a browser that somebody signed in with.
fn device(browser: &Browser) -> SecretHash {
    let cookie = browser.cookie("__Host-device").expect("a known browser");
    Secret::parse(&cookie).expect("a secret").hash()
}

/// A page waits for this operation in a browser with this mark.
async fn waits(server: &TestServer, asked: &Operation, device: Option<&SecretHash>) {
    let page = server.store.register_page(&asked.id, "page-instance-0001", "socket", device);
    assert!(page.await.expect("the database"));
}

/// The column of the result, for the only operation there is.
async fn matched(server: &TestServer) -> String {
    server.database.rows("operations", &["number_matched"]).await.remove(0)
}

#[rocket::async_test]
async fn six_numbers_are_offered_the_same_ones_each_time_and_the_right_one_confirms() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let page = alice.look_at(&asked.id).await;
    let six = offered(&page);
    assert!(six.len() == 6 && six.is_sorted() && six.contains(&asked.number), "{six:?}");
    assert_eq!(offered(&alice.look_at(&asked.id).await), six);
    assert!(page.text.contains("Which number does") && !page.text.contains(" checked"));
    let tile = |number: &String| {
        let from = page.text.split(&format!("id=\"number-{number}\"")).nth(1).expect("a tile");
        from.split("</div>").next().expect("its end").replace(number.as_str(), "##")
    };
    assert!(six.iter().all(|number| tile(number) == tile(&six[0])), "they all look the same");
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "confirmed");
    assert_eq!(matched(&server).await, "1");
}

#[rocket::async_test]
async fn the_other_numbers_do_not_follow_from_what_the_page_shows() {
    let mut offers = Vec::new();
    for _ in 0..2 {
        let server = server().await;
        let alice = server.signed_up("alice").await;
        let asked = server.backend("wiki").asked("alice").await;
        let same = format!("UPDATE operations SET id = '{}', number = 42", "9a".repeat(16));
        server.database.execute(&same).await;
        assert!(!asked.id.starts_with("9a9a"));
        offers.push(offered(&alice.look_at(&"9a".repeat(16)).await));
    }
    assert!(offers.iter().all(|six| six.len() == 6 && six.contains(&"42".to_owned())));
    assert_ne!(offers[0], offers[1], "each server has a key of its own");
}

#[rocket::async_test]
async fn without_a_number_the_page_comes_again_with_a_message() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    for _ in 0..8 {
        let page = alice.answer(&asked.id, "approve", "").await;
        assert_eq!(page.status, 422);
        let text = "Pick the number that the waiting page shows.";
        assert_eq!(page.field_error("number").as_deref(), Some(text));
        assert_eq!(offered(&page).len(), 6);
        assert!(page.text.contains("Pay for your order?"));
    }
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "confirmed");
}

#[rocket::async_test]
async fn a_wrong_number_ends_it_at_once() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    for is_offered in [true, false] {
        let asked = wiki.asked("alice").await;
        let six = offered(&alice.look_at(&asked.id).await);
        let all = (10..100).map(|number: i64| number.to_string());
        let mut wrong = all.filter(|n| *n != asked.number && six.contains(n) == is_offered);
        let said = alice.answer(&asked.id, "approve", &wrong.next().expect("one")).await;
        assert_eq!(said.status, 303, "{}", said.text);
        let page = alice.look_at(&asked.id).await;
        assert!(page.text.contains("Another number was picked"), "{}", page.text);
        assert!(!page.text.contains(&format!(">{}<", asked.number)), "the right one is not told");
        assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
        let told = wiki.operation(&asked.id, "").await.json();
        assert_eq!(told["state"], "failed");
        assert_eq!(told["reason"], "number_failed");
        assert_eq!(told["authResult"], "AUTH_FAILED");
    }
}

#[rocket::async_test]
async fn what_is_no_number_from_10_to_99_is_refused_and_fails_nothing() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    let odd =
        ["0", "7", "09", "042", "100", "-42", "+42", " 42", "42 ", "4 2", "4.2", "0x2a", "٤٢"];
    for number in odd.into_iter().chain(["４２", "1e1", "on", "42\n"]) {
        for answer in ["approve", "refuse"] {
            let said = alice.answer(&asked.id, answer, number).await;
            assert_eq!(said.status, 400, "{answer} {number:?}");
        }
    }
    let long = "4".repeat(20_000);
    assert_eq!(alice.answer(&asked.id, "approve", &long).await.status, 400);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "pending");
}

#[rocket::async_test]
async fn on_the_waiting_browser_no_number_is_picked() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let asked = server.backend("wiki").asked("alice").await;
    waits(&server, &asked, Some(&device(&alice))).await;
    let page = alice.look_at(&asked.id).await;
    assert_eq!(offered(&page), Vec::<String>::new());
    assert!(page.text.contains("is open in this browser"), "{}", page.text);
    assert_eq!(alice.answer(&asked.id, "approve", "").await.status, 303);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "confirmed");
    assert_eq!(matched(&server).await, "0", "she was not asked for it");
}

#[rocket::async_test]
async fn a_number_that_is_given_on_the_waiting_browser_is_looked_at() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let wiki = server.backend("wiki");
    let asked = wiki.asked("alice").await;
    waits(&server, &asked, Some(&device(&alice))).await;
    assert_eq!(alice.answer(&asked.id, "approve", &asked.number).await.status, 303);
    assert_eq!(matched(&server).await, "0", "the right one, but nobody had asked for it");
    let asked = wiki.asked("alice").await;
    waits(&server, &asked, Some(&device(&alice))).await;
    let wrong = if asked.number == "10" { "11" } else { "10" };
    assert_eq!(alice.answer(&asked.id, "approve", wrong).await.status, 303);
    assert_eq!(wiki.operation(&asked.id, "").await.json()["reason"], json!("number_failed"));
}

#[rocket::async_test]
async fn every_other_browser_is_asked_for_the_number() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let bob = server.signed_up("bob").await;
    let asked = server.backend("wiki").asked("alice").await;
    let own = alice.cookie("__Host-device").expect("a mark");
    // Nobody waits; a page of bob waits; a page of a browser without a mark does.
    for device in [None, Some(device(&bob)), Some(Secret::random().hash())] {
        waits(&server, &asked, device.as_ref()).await;
        assert_eq!(offered(&alice.look_at(&asked.id).await).len(), 6);
        assert_eq!(alice.answer(&asked.id, "approve", "").await.status, 422);
    }
    // A page of alice waits, in another browser than the one that she answers on.
    waits(&server, &asked, Some(&device(&alice))).await;
    let upper = own.to_uppercase();
    let others = [bob.cookie("__Host-device").expect("a mark"), Secret::random().reveal(), upper];
    for other in others.iter().map(String::as_str).chain(["", "x", device(&alice).as_str()]) {
        alice.set_cookie("__Host-device", other);
        assert_eq!(offered(&alice.look_at(&asked.id).await).len(), 6, "{other}");
        assert_eq!(alice.answer(&asked.id, "approve", "").await.status, 422, "{other}");
    }
    alice.forget("__Host-device");
    assert_eq!(alice.answer(&asked.id, "approve", "").await.status, 422);
    alice.set_cookie("__Host-device", &own);
    assert_eq!(alice.answer(&asked.id, "approve", "").await.status, 303);
    assert_eq!(server.backend("wiki").state(&asked.id).await, "confirmed");
}
