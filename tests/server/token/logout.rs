//! A client sends the person away (OpenID Connect RP-Initiated Logout 1.0): silently only with an
//! id token of the very session, and back only to where it is registered for.

use reqwest::Method;

use super::{assert_all_dead, lives, server, shopping, stall_tokens};
use crate::support::{
    Answer, Browser, FORM, ISSUER, SHOP, Sent, TestServer, Tokens, WIDGET_CALLBACK, encode,
};

pub(super) const SIGNED_OUT: &str = "http://shop.vestibule.localhost:8003/signed-out";

/// A navigation of a client's page to the end of the session.
pub(super) async fn leave(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    browser.navigate(&format!("/oauth/logout?{}", encode(fields))).await
}

/// Where a redirect leads that stays with us.
pub(super) fn path_of_ours(answer: &Answer) -> &str {
    let location = answer.location();
    location.strip_prefix(ISSUER).unwrap_or(location)
}

pub(super) fn hint(tokens: &Tokens) -> (&'static str, &str) {
    ("id_token_hint", tokens.id.as_deref().expect("an id token"))
}

/// Holds that the person was signed out at once and sent here.
async fn assert_left(browser: &Browser, answer: &Answer, to: &str, fields: &[(&str, &str)]) {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let Sent { to: sent_to, fields: sent, .. } = answer.sent();
    assert_eq!(sent_to, to);
    let wanted: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(sent, wanted);
    assert!(!browser.is_signed_in().await);
}

#[rocket::async_test]
async fn an_id_token_of_this_session_ends_it_without_a_question() {
    let (server, alice, tokens) = shopping().await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    let answer = leave(&alice, &[hint(&tokens), back]).await;
    assert_left(&alice, &answer, SIGNED_OUT, &[]).await;
    let shop = server.backend("shop");
    assert_all_dead(&server, &shop, &[&tokens.access], tokens.refresh()).await;
}

#[rocket::async_test]
async fn the_cookie_is_taken_away_and_opens_nothing() {
    let (server, alice, tokens) = shopping().await;
    let cookie = alice.cookie("__Host-session").expect("a session");
    leave(&alice, &[hint(&tokens)]).await;
    assert_eq!(alice.cookie("__Host-session"), None);
    let thief = server.browser();
    thief.set_cookie("__Host-session", &cookie);
    assert!(!thief.is_signed_in().await);
}

#[rocket::async_test]
async fn the_state_comes_back_as_it_was() {
    for state in ["plain", "a b+c&d=e#f%20", "ümlaut 🦀", "<script>", "&iss=x"] {
        let (_server, alice, tokens) = shopping().await;
        let back = ("post_logout_redirect_uri", SIGNED_OUT);
        let answer = leave(&alice, &[hint(&tokens), back, ("state", state)]).await;
        assert_left(&alice, &answer, SIGNED_OUT, &[("state", state)]).await;
    }
}

#[rocket::async_test]
async fn without_a_way_back_one_stays_with_us() {
    let (_server, alice, tokens) = shopping().await;
    let answer = leave(&alice, &[hint(&tokens), ("state", "x")]).await;
    assert!([200, 303].contains(&answer.status), "{}", answer.text);
    let stays = answer.status == 200 || path_of_ours(&answer).starts_with('/');
    assert!(stays, "{}", answer.location());
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn an_id_token_that_has_expired_is_still_of_this_session() {
    // RP-Initiated Logout §2: the session counts, not `exp`.
    let (server, alice, tokens) = shopping().await;
    server.clock.advance(3_600_000);
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    let answer = leave(&alice, &[hint(&tokens), back]).await;
    assert_left(&alice, &answer, SIGNED_OUT, &[]).await;
}

#[rocket::async_test]
async fn one_that_came_with_a_refresh_will_do() {
    let (server, alice, tokens) = shopping().await;
    let next = server.backend("shop").refresh(tokens.refresh()).await.tokens();
    if next.id.is_none() {
        return;
    }
    let answer = leave(&alice, &[hint(&next), ("client_id", "shop")]).await;
    assert!([200, 303].contains(&answer.status), "{}", answer.text);
    assert!(!alice.is_signed_in().await);
}

#[rocket::async_test]
async fn the_fields_may_come_in_a_form() {
    for site in ["cross-site", "same-site", "same-origin"] {
        let (_server, alice, tokens) = shopping().await;
        let fields = [hint(&tokens), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
        let headers = [("Sec-Fetch-Site", site), ("Origin", SHOP)];
        let answer = alice.post_with("/oauth/logout", &fields, &headers).await;
        assert_left(&alice, &answer, SIGNED_OUT, &[("state", "s")]).await;
    }
}

/// Browsers keep a `SameSite=Lax` cookie from a form that another site sends.
#[rocket::async_test]
async fn a_form_that_came_without_the_cookie_is_looked_at_again_as_a_link() {
    let (server, alice, tokens) = shopping().await;
    let fields = [hint(&tokens), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
    let headers = [("Sec-Fetch-Site", "cross-site"), ("Origin", SHOP)];
    let stranger = server.browser();
    let answer = stranger.post_with("/oauth/logout", &fields, &headers).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let again = answer.location().strip_prefix(ISSUER).expect("an address of ours").to_owned();
    assert!(again.starts_with("/oauth/logout?"), "{again}");
    assert!(alice.is_signed_in().await);
    let answer = alice.navigate(&again).await;
    assert_left(&alice, &answer, SIGNED_OUT, &[("state", "s")]).await;
}

#[rocket::async_test]
async fn a_form_from_elsewhere_without_a_hint_signs_nobody_out() {
    let (_server, alice, tokens) = shopping().await;
    let id_token = tokens.id.as_deref().expect("an id token");
    for site in ["cross-site", "same-site", "same-origin", "none"] {
        for fields in [
            &[][..],
            &[("client_id", "shop")],
            &[("client_id", "shop"), ("post_logout_redirect_uri", SIGNED_OUT)],
            &[("id_token_hint", "")],
            &[("client_id", "widget"), ("id_token_hint", id_token)],
        ] {
            let headers = [("Sec-Fetch-Site", site)];
            let answer = alice.post_with("/oauth/logout", fields, &headers).await;
            assert!(answer.status < 500, "{}", answer.text);
            assert!(alice.is_signed_in().await, "{site} {fields:?}");
        }
    }
}

#[rocket::async_test]
async fn the_way_back_is_registered_exactly() {
    let (server, alice, tokens) = shopping().await;
    let look_alikes = [
        "https://evil.example/".to_owned(),
        format!("{SIGNED_OUT}/"),
        format!("{SIGNED_OUT}?"),
        format!("{SIGNED_OUT}?next=https://evil.example"),
        format!("{SIGNED_OUT}#"),
        format!("{SIGNED_OUT}/../signed-out"),
        format!("{SIGNED_OUT}.evil.example"),
        format!(" {SIGNED_OUT}"),
        format!("{SIGNED_OUT} "),
        format!("{SIGNED_OUT}\r\nSet-Cookie: a=b"),
        SIGNED_OUT[..SIGNED_OUT.len() - 1].to_owned(),
        SIGNED_OUT.replace("http:", "https:"),
        SIGNED_OUT.replace("shop.", "SHOP."),
        SIGNED_OUT.replace(":8003", ":80"),
        SIGNED_OUT.replace("http://", "http://evil@"),
        SIGNED_OUT.replace("http:", ""),
        SIGNED_OUT.replace("/signed-out", "/signed%2Dout"),
        SIGNED_OUT.replace("/signed-out", "\\signed-out"),
        crate::support::SHOP_CALLBACK.to_owned(),
        WIDGET_CALLBACK.to_owned(),
        "/account".into(),
        "//evil.example/".into(),
        "javascript:alert(1)".into(),
        "data:text/html,x".into(),
    ];
    for uri in look_alikes {
        let uri = ("post_logout_redirect_uri", uri.as_str());
        for fields in [
            vec![hint(&tokens), uri],
            vec![("client_id", "shop"), uri],
            vec![uri],
            vec![hint(&tokens), uri, ("client_id", "shop")],
        ] {
            let answer = leave(&alice, &fields).await;
            assert_eq!(answer.status, 400, "{uri:?}: {}", answer.location());
            assert!(answer.is_html() && answer.location().is_empty(), "{uri:?}");
        }
        let nobody = server.browser();
        let answer = leave(&nobody, &[("client_id", "shop"), uri]).await;
        assert_eq!(answer.status, 400, "{uri:?}, and nobody is signed in");
    }
    assert!(alice.is_signed_in().await, "none of these signed her out");
    assert!(lives(&server.backend("shop"), &tokens.access).await);
}

#[rocket::async_test]
async fn another_clients_way_back_is_not_ones_own() {
    let mut setup = super::setup().await;
    let own = "https://stall.example.com/bye";
    setup.registration("stall").post_logout_redirect_uris = vec![own.into()];
    let server = setup.start().await;
    let alice = server.signed_up("alice").await;
    let shops = server.shop_tokens(&alice, "openid").await;
    let stalls = stall_tokens(&server, &alice, "openid").await;
    for (tokens, uri) in [(&shops, own), (&stalls, SIGNED_OUT)] {
        let answer = leave(&alice, &[hint(tokens), ("post_logout_redirect_uri", uri)]).await;
        assert_eq!(answer.status, 400, "{uri}: {}", answer.location());
    }
    assert!(alice.is_signed_in().await);
    let answer = leave(&alice, &[hint(&stalls), ("post_logout_redirect_uri", own)]).await;
    assert_left(&alice, &answer, own, &[]).await;
}

#[rocket::async_test]
async fn nobody_signed_in_is_sent_back_all_the_same() {
    let server: TestServer = server().await;
    let nobody = server.browser();
    let (client, back) = (("client_id", "shop"), ("post_logout_redirect_uri", SIGNED_OUT));
    let answer = leave(&nobody, &[client, back, ("state", "s 1")]).await;
    assert_left(&nobody, &answer, SIGNED_OUT, &[("state", "s 1")]).await;
    for fields in [&[][..], &[client], &[("state", "x")]] {
        let answer = leave(&nobody, fields).await;
        assert_eq!(answer.status, 303, "{fields:?}: {}", answer.text);
        assert!(path_of_ours(&answer).starts_with("/signin"), "{}", answer.location());
    }
}

#[rocket::async_test]
async fn a_session_that_has_ended_meanwhile_is_no_obstacle() {
    let (_server, alice, tokens) = shopping().await;
    alice.sign_out().await;
    let back = ("post_logout_redirect_uri", SIGNED_OUT);
    let answer = leave(&alice, &[hint(&tokens), back, ("state", "s")]).await;
    assert_left(&alice, &answer, SIGNED_OUT, &[("state", "s")]).await;
}

#[rocket::async_test]
async fn odd_requests_are_refused_and_sign_nobody_out() {
    let (server, alice, tokens) = shopping().await;
    let (name, id_token) = hint(&tokens);
    let good = encode(&[(name, id_token), ("post_logout_redirect_uri", SIGNED_OUT)]);
    let back = encode(&[("post_logout_redirect_uri", SIGNED_OUT)]);
    let queries = [
        format!("{good}&{back}"),
        format!("{good}&id_token_hint={id_token}"),
        format!("{good}&state=1&state=2"),
        format!("{good}&client_id=shop&client_id=shop"),
        format!("{good}&client_id=stall"),
        format!("{good}&client_id=nobody"),
        format!("{good}&client_id=%ff"),
        format!("{good}&state=%ff"),
        format!("{good}&state=%00"),
        format!("{good}&state={}", "a".repeat(10_000)),
        format!("client_id=nobody&{back}"),
        back.clone(),
    ];
    for query in &queries {
        let answer = alice.navigate(&format!("/oauth/logout?{query}")).await;
        let shown: String = query.chars().rev().take(60).collect();
        assert!([400, 413, 414].contains(&answer.status), "{shown}: {}", answer.status);
        assert!(answer.is_html(), "{shown}");
        assert!(alice.is_signed_in().await, "{shown}");
    }
    for query in &queries {
        let request = alice.request(Method::POST, "/oauth/logout").header("Content-Type", FORM);
        let answer = alice.send(request.body(query.clone())).await;
        assert!([400, 413].contains(&answer.status), "{}: {query:.80}", answer.status);
    }
    let json = alice.request(Method::POST, "/oauth/logout");
    let json = json.header("Content-Type", "application/json").body("{}");
    let answer = alice.send(json).await;
    assert!([400, 415].contains(&answer.status), "{}", answer.status);
    assert!(alice.is_signed_in().await);
    server.store.disable_client("shop", server.clock.now()).await.expect("the database answers");
    let answer = alice.navigate(&format!("/oauth/logout?{good}")).await;
    assert_eq!(answer.status, 400, "the client is disabled");
}
