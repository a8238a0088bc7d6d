//! The shop without an accounts server: what strangers can see, and what they cannot do.

use crate::demo::Place;
use crate::demo::sites::Sites;
use rocket::http::{ContentType, Header, Status};
use rocket::local::asynchronous::{Client, LocalRequest, LocalResponse};

async fn shop() -> (Client, Sites, Place) {
    let sites = Sites::from_port(8_000).expect("in range");
    let place = Place::open(None).expect("a temporary folder");
    let shop = super::site(&sites, &place).await.expect("builds");
    (Client::untracked(shop).await.expect("ignites"), sites, place)
}

fn from<'c>(request: LocalRequest<'c>, site: &'static str) -> LocalRequest<'c> {
    request.header(Header::new("Sec-Fetch-Site", site)).header(ContentType::Form)
}

fn header<'r>(answer: &'r LocalResponse<'_>, name: &str) -> &'r str {
    answer.headers().get_one(name).unwrap_or_default()
}

/// Buys an atlas as a stranger; gives the order's path and the browser's cookie.
async fn buy(shop: &Client) -> (String, String) {
    let answer = from(shop.post("/orders"), "same-origin").body("good=atlas").dispatch().await;
    assert_eq!(answer.status(), Status::SeeOther);
    let to = header(&answer, "Location").strip_prefix("/signin?to=").expect("sign-in is next");
    let cookie = header(&answer, "Set-Cookie");
    assert!(cookie.starts_with("__Host-shop-visit="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{cookie}");
    (to.to_owned(), cookie.split(';').next().expect("a pair").to_owned())
}

#[rocket::async_test]
async fn everybody_looks_at_the_shelf() {
    let (shop, _, _place) = shop().await;
    let page = shop.get("/").dispatch().await.into_string().await.unwrap_or_default();
    for text in ["A Pocket Atlas of Corridors", "€24.50", "/signin?to=%2F"] {
        assert!(page.contains(text), "{text}");
    }
    for path in ["/orders", "/signed-out", "/assets/demo/shop/atlas.svg", "/assets/demo/shop.js"] {
        assert_eq!(shop.get(path).dispatch().await.status(), Status::Ok, "{path}");
    }
    assert_eq!(shop.get("/sso").dispatch().await.status(), Status::NotFound, "there is no kit");
}

#[rocket::async_test]
async fn a_strangers_order_is_for_their_browser_alone() {
    let (shop, _, _place) = shop().await;
    let (order, cookie) = buy(&shop).await;
    let seen = shop.get(&order).header(Header::new("Cookie", cookie.clone())).dispatch().await;
    let page = seen.into_string().await.unwrap_or_default();
    assert!(page.contains("Sign in to pay") && !page.contains("<iframe"), "{page}");
    for other in ["", "__Host-shop-visit=", &format!("{cookie}; {cookie}")] {
        let header = Header::new("Cookie", other.to_owned());
        let seen = shop.get(&order).header(header).dispatch().await;
        assert_eq!(seen.status(), Status::Unauthorized, "{other}");
    }
    let change = from(shop.post(&order), "same-origin").header(Header::new("Cookie", cookie));
    let answer = change.body("quantity=10").dispatch().await;
    assert_eq!(answer.status(), Status::UnprocessableEntity);
}

#[rocket::async_test]
async fn only_the_shops_own_pages_may_ask_for_something() {
    let (shop, _, _place) = shop().await;
    for site in ["same-site", "cross-site", "none"] {
        for (path, body) in
            [("/orders", "good=atlas"), ("/orders/x", "quantity=1"), ("/signout", "")]
        {
            let answer = from(shop.post(path), site).body(body).dispatch().await;
            assert_eq!(answer.status(), Status::Forbidden, "{path} {site}");
        }
        for (path, body) in
            [("/orders/x/token", r#"{"kind":"narrow"}"#), ("/orders/x/identified", "{}")]
        {
            let request = shop.post(path).header(ContentType::JSON);
            let request = request.header(Header::new("Sec-Fetch-Site", site));
            let answer = request.body(body).dispatch().await;
            assert_eq!(answer.status(), Status::Forbidden, "{path} {site}");
        }
    }
}

#[rocket::async_test]
async fn nobody_is_handed_a_token_without_being_signed_in() {
    let (shop, _, _place) = shop().await;
    let (order, cookie) = buy(&shop).await;
    for kind in ["wide", "identification"] {
        let request = shop.post(format!("{order}/token")).header(ContentType::JSON);
        let request = request.header(Header::new("Sec-Fetch-Site", "same-origin"));
        let request = request.header(Header::new("Cookie", cookie.clone()));
        let answer = request.body(format!(r#"{{"kind":"{kind}"}}"#)).dispatch().await;
        assert_eq!(answer.status(), Status::Unauthorized, "{kind}");
    }
}

#[rocket::async_test]
async fn nobody_gets_an_invoice_without_being_signed_in() {
    let (shop, _, _place) = shop().await;
    let (order, cookie) = buy(&shop).await;
    let page = shop.get(format!("{order}/invoice")).header(Header::new("Cookie", cookie.clone()));
    let answer = page.dispatch().await;
    assert_eq!((answer.status(), header(&answer, "Location")), (Status::SeeOther, order.as_str()));
    let stranger = shop.get(format!("{order}/invoice")).dispatch().await;
    assert_eq!(stranger.status(), Status::Unauthorized);
    let request = shop.post(format!("{order}/identified")).header(ContentType::JSON);
    let request = request.header(Header::new("Sec-Fetch-Site", "same-origin"));
    let request = request.header(Header::new("Cookie", cookie)).body("{}");
    assert_eq!(request.dispatch().await.status(), Status::Unauthorized);
}

#[rocket::async_test]
async fn the_till_is_for_pay_alone() {
    let (shop, sites, _place) = shop().await;
    let (order, _) = buy(&shop).await;
    let basic = |secret: &str| {
        use base64::Engine;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("pay:{secret}"));
        Header::new("Authorization", format!("Basic {pair}"))
    };
    let (own, wrong) = (basic(&sites.till.reveal()), basic("x"));
    let bill = format!("{order}/bill");
    let answer = shop.get(&bill).header(wrong.clone()).dispatch().await;
    assert_eq!(answer.status(), Status::Unauthorized);
    let answer = shop.get(&bill).header(own.clone()).dispatch().await;
    let text = answer.into_string().await.unwrap_or_default();
    assert!(text.contains(r#""cents":2450"#) && text.contains(r#""sub":null"#), "{text}");
    let pay = |authorization: Header<'static>| {
        let request = shop.post(format!("{order}/paid")).header(ContentType::Form);
        request.header(authorization).body("cents=2450&receipt=R")
    };
    assert_eq!(pay(wrong).dispatch().await.status(), Status::Unauthorized);
    assert_eq!(pay(own).dispatch().await.status(), Status::Conflict, "it is nobody's yet");
}

#[rocket::async_test]
async fn an_answer_to_no_sign_in_of_this_browser_signs_nobody_in() {
    let (shop, _, _place) = shop().await;
    for query in ["", "?code=a&state=b&iss=c", "?state=a&state=b", "?error=access_denied&state=x"] {
        let answer = shop.get(format!("/oidc/callback{query}")).dispatch().await;
        assert_eq!(answer.status(), Status::BadRequest, "{query}");
        assert_eq!(header(&answer, "Set-Cookie"), "");
    }
}

#[rocket::async_test]
async fn what_is_no_logout_token_ends_nothing() {
    let (shop, _, _place) = shop().await;
    for body in ["", "logout_token=", "logout_token=a.b.c", "x=1"] {
        let request = shop.post("/oidc/backchannel-logout").header(ContentType::Form);
        let answer = request.body(body).dispatch().await;
        assert_eq!(answer.status(), Status::BadRequest, "{body}");
        assert_eq!(header(&answer, "Cache-Control"), "no-store");
        let text = answer.into_string().await.unwrap_or_default();
        assert!(text.contains(r#""error":"invalid_request""#), "{text}");
    }
}
