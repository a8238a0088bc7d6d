//! Pay without an accounts server: what it takes from whom.

use crate::demo::Place;
use crate::demo::sites::Sites;
use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::Client;

/// Nobody listens on the ports after the first.
async fn pay() -> (Client, Place) {
    let sites = Sites::from_port(1).expect("in range");
    let place = Place::open(None).expect("a temporary folder");
    let pay = super::site(&sites, &place).await.expect("builds");
    (Client::untracked(pay).await.expect("ignites"), place)
}

const PATHS: [&str; 5] =
    ["/checkout/look", "/checkout/ask", "/checkout/state", "/checkout/cancel", "/checkout/pay"];
const HANDED: &str = r#"{"token":"t","order":"o","cents":1}"#;

#[rocket::async_test]
async fn only_its_own_page_asks_and_only_in_json() {
    let (pay, _place) = pay().await;
    for path in PATHS {
        let post = |site: &'static str, kind: ContentType, body: &'static str| {
            let request = pay.post(path).header(Header::new("Sec-Fetch-Site", site));
            request.header(kind).body(body).dispatch()
        };
        for site in ["same-site", "cross-site", "none"] {
            let answer = post(site, ContentType::JSON, HANDED).await;
            assert_eq!(answer.status(), Status::Forbidden, "{path} {site}");
        }
        for (kind, body) in [
            (ContentType::Form, "token=t&order=o"),
            (ContentType::JSON, "{}"),
            (ContentType::JSON, ""),
        ] {
            let status = post("same-origin", kind, body).await.status();
            assert!(status.class().is_client_error(), "{path} {status}");
        }
    }
}

#[rocket::async_test]
async fn without_the_accounts_server_nothing_is_paid() {
    let (pay, _place) = pay().await;
    for path in PATHS {
        let request = pay.post(path).header(Header::new("Sec-Fetch-Site", "same-origin"));
        let answer = request.header(ContentType::JSON).body(HANDED).dispatch().await;
        assert_eq!(answer.status(), Status::BadGateway);
        let text = answer.into_string().await.unwrap_or_default();
        assert!(text.contains(r#""code":"unreachable""#), "{text}");
    }
}

#[rocket::async_test]
async fn what_can_be_no_token_is_not_even_asked_about() {
    let (pay, _place) = pay().await;
    for token in [String::new(), "a".repeat(1_025)] {
        let request =
            pay.post("/checkout/look").header(Header::new("Sec-Fetch-Site", "same-origin"));
        let body = serde_json::json!({ "token": token, "order": "o" }).to_string();
        let answer = request.header(ContentType::JSON).body(body).dispatch().await;
        assert_eq!(answer.status(), Status::Forbidden);
        let text = answer.into_string().await.unwrap_or_default();
        assert!(text.contains(r#""code":"not_for_pay""#), "{text}");
    }
}
