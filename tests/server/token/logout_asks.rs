//! Whoever brings no id token of the very session only makes us ask: anybody can make a browser
//! open an address.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use vestibule::clock::SECOND;
use vestibule::domain::seal::SealingKey;
use vestibule::domain::signing::Algorithm;
use vestibule::keys::{Keys, Rotation};

use super::logout::{SIGNED_OUT, hint, leave, path_of_ours};
use super::{server, shopping, stall_tokens};
use crate::support::{Answer, Browser, PASSWORD, encode};

/// Holds that the person is asked, and is signed in until they answer; gives the path that the
/// question leads on to.
async fn assert_asks(browser: &Browser, answer: &Answer, why: &str) -> String {
    assert_eq!(answer.status, 303, "{why}: {}", answer.text);
    let location = path_of_ours(answer);
    let next = location.strip_prefix("/signout?next=");
    let next = next.unwrap_or_else(|| panic!("{why}: {location}"));
    let next = next.split('&').next().expect("a value");
    let next = percent_encoding::percent_decode_str(&next.replace('+', " "))
        .decode_utf8()
        .expect("UTF-8")
        .into_owned();
    assert!(next.is_empty() || next.starts_with("/oauth/logout?"), "{why}: {next}");
    assert!(!location.contains("id_token_hint"), "{why}: tokens stay out of addresses of ours");
    assert!(browser.is_signed_in().await, "{why}");
    next
}

#[rocket::async_test]
async fn without_a_hint_one_is_asked_wherever_it_comes_from() {
    let (_server, alice, _) = shopping().await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    for site in ["cross-site", "same-site", "same-origin", "none"] {
        for fields in [&[][..], &[("client_id", "shop")], &[("client_id", "shop"), back]] {
            let path = format!("/oauth/logout?{}", encode(fields));
            let request = alice.request(Method::GET, &path).header("Sec-Fetch-Site", site);
            let answer = alice.send(request.header("Sec-Fetch-Dest", "document")).await;
            assert_asks(&alice, &answer, &format!("{site} {fields:?}")).await;
        }
    }
}

#[rocket::async_test]
async fn a_picture_or_a_frame_signs_nobody_out() {
    let (_server, alice, _) = shopping().await;
    for dest in ["image", "iframe", "script", "empty"] {
        let request = alice.request(Method::GET, "/oauth/logout?client_id=shop");
        let request = request.header("Sec-Fetch-Site", "same-site");
        let answer = alice.send(request.header("Sec-Fetch-Dest", dest)).await;
        assert!(answer.status < 500, "{dest}");
        assert!(alice.is_signed_in().await, "{dest}");
    }
}

#[rocket::async_test]
async fn the_question_leads_on_to_the_client() {
    let (_server, alice, _) = shopping().await;
    let fields =
        [("client_id", "shop"), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s & t")];
    let answer = leave(&alice, &fields).await;
    let next = assert_asks(&alice, &answer, "no hint").await;
    let query = next.split_once('?').expect("a query").1;
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    for (name, value) in fields {
        assert!(pairs.contains(&(name.to_owned(), value.to_owned())), "{name}: {pairs:?}");
    }
    let page = alice.get(path_of_ours(&answer)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.header("X-Frame-Options"), "DENY");
    let mut answer = alice.post("/signout", &[("next", &next)]).await;
    for _ in 0..3 {
        assert_eq!(answer.status, 303, "{}", answer.text);
        let path = path_of_ours(&answer).to_owned();
        if !path.starts_with('/') {
            break;
        }
        answer = alice.get(&path).await;
    }
    let sent = answer.sent();
    assert_eq!((sent.to.as_str(), sent.get("state")), (SIGNED_OUT, "s & t"));
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn the_question_leads_nowhere_else() {
    let (_server, alice, _) = shopping().await;
    for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let answer = alice.post("/signout", &[("next", next)]).await;
        assert!(!answer.location().contains("evil"), "{}", answer.location());
        alice.sign_in("alice", PASSWORD).await;
    }
}

/// The parts of a JWT, with another payload or header.
fn forged(id_token: &str, change: impl Fn(&mut Value, &mut Value)) -> String {
    let parts: Vec<&str> = id_token.split('.').collect();
    let read = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
        serde_json::from_slice::<Value>(&bytes).expect("JSON")
    };
    let (mut header, mut claims) = (read(parts[0]), read(parts[1]));
    change(&mut header, &mut claims);
    let write = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", write(&header), write(&claims), parts[2])
}

#[rocket::async_test]
async fn a_forged_id_token_is_none() {
    let (server, alice, tokens) = shopping().await;
    let other = server.browser();
    other.sign_in("alice", PASSWORD).await;
    let here = hint(&tokens).1.to_owned();
    let there = server.shop_tokens(&other, "openid").await.id.expect("an id token");
    let sid = server.verify(&here, "shop").await.claims["sid"].clone();
    let (start, signature) = here.rsplit_once('.').expect("a signature");
    let unsigned = forged(&here, |header, _| header["alg"] = json!("none"));
    let flipped: String = signature.chars().rev().collect();
    let forgeries = [
        ("this session's sid in another's", forged(&there, |_, c| c["sid"] = sid.clone())),
        ("one claim more", forged(&here, |_, c| c["x"] = json!(1))),
        ("another client", forged(&here, |_, c| c["aud"] = json!("stall"))),
        ("another key", forged(&here, |h, _| h["kid"] = json!("nobodys"))),
        ("HMAC", forged(&here, |h, _| h["alg"] = json!("HS256"))),
        ("no algorithm", unsigned.clone()),
        ("no algorithm, no signature", format!("{}.", unsigned.rsplit_once('.').expect("one").0)),
        ("no signature", format!("{start}.")),
        ("another signature", format!("{start}.{flipped}")),
        ("half of it", start.to_owned()),
        ("with a space", format!("{here} ")),
        ("a word", "token".into()),
        ("an access token", tokens.access.clone()),
    ];
    for (why, forgery) in forgeries {
        let fields = [("id_token_hint", forgery.as_str()), ("client_id", "shop")];
        let answer = leave(&alice, &fields).await;
        assert!(alice.is_signed_in().await, "{why}");
        // A hint that is none of ours may be refused, too.
        if answer.status != 400 {
            assert_asks(&alice, &answer, why).await;
        }
    }
}

#[rocket::async_test]
async fn an_id_token_of_a_key_that_was_given_up_only_asks() {
    let (server, alice, tokens) = shopping().await;
    // As `vestibule key rotate --compromised` does it.
    let (sealing, now) = (Arc::new(SealingKey::new(&[7; 32])), server.clock.now());
    let keys = Keys::open(server.store.clone(), sealing, now).await.expect("the same keys");
    keys.rotate(Algorithm::Es256, Rotation::Compromised, now).await.expect("rotated");
    server.clock.advance(10 * SECOND);
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    for fields in [&[hint(&tokens)][..], &[hint(&tokens), ("client_id", "shop"), back]] {
        let answer = leave(&alice, fields).await;
        assert_asks(&alice, &answer, "nobody can say who signed it").await;
    }
}

#[rocket::async_test]
async fn an_id_token_of_another_session_only_asks() {
    let (server, alice, _) = shopping().await;
    let elsewhere = server.browser();
    elsewhere.sign_in("alice", PASSWORD).await;
    let her_other = server.shop_tokens(&elsewhere, "openid").await;
    let bobs = server.shop_tokens(&server.signed_up("bob").await, "openid").await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    for (why, tokens) in [("her other browser's", &her_other), ("bob's", &bobs)] {
        let answer = leave(&alice, &[hint(tokens), back]).await;
        assert_asks(&alice, &answer, why).await;
    }
    assert!(elsewhere.is_signed_in().await, "nor is that one ended");
}

#[rocket::async_test]
async fn an_id_token_of_a_session_that_is_over_only_asks() {
    let (_server, alice, tokens) = shopping().await;
    alice.sign_out().await;
    alice.sign_in("alice", PASSWORD).await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    let answer = leave(&alice, &[hint(&tokens), back]).await;
    assert_asks(&alice, &answer, "she has signed in again since").await;
}

#[rocket::async_test]
async fn an_id_token_of_another_client_only_asks_or_is_refused() {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let stalls = stall_tokens(&server, &alice, "openid").await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    let fields = [hint(&stalls), ("client_id", "shop"), back];
    let answer = leave(&alice, &fields).await;
    assert!([303, 400].contains(&answer.status), "{}", answer.text);
    assert!(!path_of_ours(&answer).starts_with("http"), "{}", answer.location());
    assert!(alice.is_signed_in().await);
}
