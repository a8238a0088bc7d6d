//! The calls of the bridge's own script: whose they must be, and signing out by one.

use reqwest::Method;
use serde_json::json;

use crate::support::{ISSUER, NOTES, SPECS, TestServer, WIKI};

#[rocket::async_test]
async fn a_site_of_the_organisation_may_sign_a_person_out() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let before = server.browser();
    before.set_cookie("__Host-session", &alice.cookie("__Host-session").expect("a session"));
    let body = json!({ "clientId": "wiki", "origin": WIKI });
    let answer = alice.bridge_call("/bridge/signout", &body).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("Cache-Control"), "no-store");
    assert_eq!(alice.cookie("__Host-session"), None);
    assert_eq!(alice.cookie("__Host-session-none"), None);
    assert!(!before.is_signed_in().await, "the session itself has ended, not only the cookie");
    // A second time there is nothing to end, and that is no error.
    assert_eq!(alice.bridge_call("/bridge/signout", &body).await.status, 204);
}

#[rocket::async_test]
async fn nobody_else_may_sign_a_person_out() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let refused = [
        json!({ "clientId": "specs", "origin": SPECS }),
        json!({ "clientId": "wiki", "origin": NOTES }),
        json!({ "clientId": "notes", "origin": WIKI }),
        json!({ "clientId": "wiki", "origin": "null" }),
        json!({ "clientId": "nobody", "origin": WIKI }),
    ];
    for body in refused {
        let answer = alice.bridge_call("/bridge/signout", &body).await;
        answer.assert_error(403, "access_denied");
        assert!(answer.set_cookies().is_empty(), "{body}");
    }
    assert!(alice.is_signed_in().await);
}

#[rocket::async_test]
async fn its_calls_are_taken_from_its_own_script_only() {
    let server = TestServer::new().await;
    let alice = server.signed_up("alice").await;
    let ask = json!({ "clientId": "notes", "origin": NOTES, "mint": true });
    let leave = json!({ "clientId": "notes", "origin": NOTES });
    let foreign: [&[(&str, &str)]; 7] = [
        &[],
        &[("Origin", ISSUER)],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", WIKI)],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", ISSUER)],
        &[("Sec-Fetch-Site", "none"), ("Origin", ISSUER)],
        &[("Sec-Fetch-Site", "Same-Origin"), ("Origin", ISSUER)],
        &[("Sec-Fetch-Site", ""), ("Origin", ISSUER)],
    ];
    for headers in foreign {
        let minted = alice.bridge_call_with("/bridge/payload", &ask, headers).await;
        minted.assert_error(403, "access_denied");
        let left = alice.bridge_call_with("/bridge/signout", &leave, headers).await;
        left.assert_error(403, "access_denied");
    }
    let twice = alice.request(Method::POST, "/bridge/payload");
    let twice =
        twice.header("Sec-Fetch-Site", "same-origin").header("Sec-Fetch-Site", "cross-site");
    let twice = twice.header("Content-Type", "application/json").body(ask.to_string());
    alice.send(twice).await.assert_error(403, "access_denied");

    assert_eq!(server.minted().await, 0);
    assert!(alice.is_signed_in().await);
    let own = alice.bridge_call_with("/bridge/payload", &ask, &[("Sec-Fetch-Site", "same-origin")]);
    assert_eq!(own.await.status, 200);
}
