//! The kit's request guards, in the hands of an application.

use reqwest::Method;

use super::person::OWN_PAGE;
use super::{SESSION, World};
use crate::support::WIKI;

#[rocket::async_test]
async fn a_page_for_members_is_for_members() {
    let world = World::kit().await;
    let (alice, visitor) = (world.member("alice").await, world.stranger());
    let uid = alice.profile().await["uid"].as_str().expect("a uid").to_owned();
    assert_eq!(alice.site.get("/members").await.text, uid);
    assert_eq!(visitor.site.get("/members").await.text, "strangers");
    for wrong in
        ["", "alice", &"0".repeat(64), &alice.session().to_uppercase(), &alice.session()[1..]]
    {
        visitor.site.set_cookie(SESSION, wrong);
        assert_eq!(visitor.site.get("/members").await.text, "strangers", "{wrong}");
    }
}

#[rocket::async_test]
async fn a_session_cookie_that_comes_twice_opens_nothing() {
    let world = World::kit().await;
    let alice = world.member("alice").await;
    let twice = format!("{SESSION}={}", "0".repeat(64));
    let request = alice.site.request(Method::GET, "/members").header("Cookie", &twice);
    assert_eq!(alice.site.send(request).await.status, 400);
    let request = alice.site.request(Method::GET, "/").header("Cookie", &twice);
    assert!(alice.site.send(request).await.json()["person"].is_null());
}

#[rocket::async_test]
async fn a_change_takes_a_page_of_the_site() {
    let world = World::kit().await;
    let alice = world.member("alice").await;
    for site in ["same-site", "cross-site", "none", ""] {
        let headers = [("Sec-Fetch-Site", site), ("Origin", WIKI)];
        assert_eq!(alice.post("/change", &headers, "").await.status, 403, "{site}");
    }
    for origin in ["null", "http://notes.vestibule.localhost:8002"] {
        assert_eq!(alice.post("/change", &[("Origin", origin)], "").await.status, 403, "{origin}");
    }
    assert_eq!(alice.post("/change", &[], "").await.status, 403);
    assert_eq!(alice.post("/change", &OWN_PAGE, "").await.status, 204);
    assert_eq!(alice.post("/change", &[("Origin", WIKI)], "").await.status, 204);
    assert_eq!(world.stranger().post("/change", &OWN_PAGE, "").await.status, 401);
}
