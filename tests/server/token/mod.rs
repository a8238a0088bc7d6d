//! What clients do with codes and tokens, and what somebody would try with those of others.

mod authentication;
mod bad_input;
mod client_credentials;
mod code;
mod code_binding;
mod code_ends;
mod credentials;
mod exchange;
mod introspection;
mod introspection_answers;
mod logout;
mod logout_asks;
mod nodes;
mod profile;
mod refresh;
mod refresh_ends;
mod refresh_grace;
mod resources;
mod revocation;
mod secrecy;
mod userinfo;

use tokio::task::JoinSet;
use vestibule::config::DeclaredClient;
use vestibule::domain::client::Registration;
use vestibule::domain::scope::Scope;

use crate::support::{
    Answer, Authorize, Backend, Browser, EXCHANGE, PAY, Setup, TestServer, Tokens, declared,
};

const STALL: &str = "https://stall.example.com";
const STALL_CALLBACK: &str = "https://stall.example.com/callback";
const TILL: &str = "http://till.vestibule.localhost:8006";
const API: &str = "https://api.example.org/pay";
const REFUND: &str = "https://api.example.org/refund";
const REFRESH: &str = "refresh_token";
const ALL: &str = "openid profile email payments";

/// A confidential client of another organisation, which knows people by other identifiers.
fn stall() -> DeclaredClient {
    declared(Registration {
        client_name: "Stall".into(),
        redirect_uris: vec![STALL_CALLBACK.into()],
        grant_types: ["authorization_code", REFRESH, "client_credentials", EXCHANGE]
            .map(str::to_owned)
            .into(),
        scope: scope(ALL),
        audiences: vec!["pay".into(), "stall".into()],
        ..Registration::named("stall", STALL)
    })
}

/// A resource server that may exchange tokens by itself: its own.
fn till() -> DeclaredClient {
    declared(Registration {
        client_name: "Till".into(),
        grant_types: vec![EXCHANGE.into(), "client_credentials".into()],
        scope: scope(ALL),
        audiences: vec!["pay".into(), "till".into()],
        first_party: true,
        ..Registration::named("till", TILL)
    })
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

/// The demo's family, the clients `shop`, `pay` and `widget`, and two who would like to have what
/// is not theirs.
async fn setup() -> Setup {
    let mut setup = Setup::new().await.with_openid();
    setup.config.clients.extend([stall(), till()]);
    let more = ["till".to_owned(), format!("{PAY}/charge"), REFUND.to_owned()];
    setup.registration("shop").audiences.extend(more);
    setup
}

async fn server() -> TestServer {
    setup().await.start().await
}

/// A server on which alice is signed in, and what the shop holds of her.
async fn shopping() -> (TestServer, Browser, Tokens) {
    let server = server().await;
    let alice = server.signed_up("alice").await;
    let tokens = server.shop_tokens(&alice, ALL).await;
    (server, alice, tokens)
}

/// What the stall gets, once the person on `browser` has said yes.
async fn stall_tokens(server: &TestServer, browser: &Browser, scope: &str) -> Tokens {
    assert_eq!(browser.consent("stall", "allow").await.status, 303);
    let asked = Authorize::new("stall", STALL_CALLBACK).scope(scope);
    let code = browser.authorize(&asked).await.code(&asked);
    server.backend("stall").redeem(&code, &asked).await
}

/// A fresh code of the shop, and what it was asked for with.
async fn shop_code(browser: &Browser) -> (String, Authorize) {
    let asked = Authorize::shop().scope(ALL);
    (browser.authorize(&asked).await.code(&asked), asked)
}

impl Tokens {
    /// The refresh token, which must be there.
    fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

/// The person takes their yes back, on the account page.
async fn disconnect(browser: &Browser, client_id: &str) {
    let answer = browser.post(&format!("/account/sites/{client_id}/remove"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
}

/// Whether a token lives, as its owner sees it.
async fn lives(owner: &Backend, token: &str) -> bool {
    owner.introspect(token).await["active"] == true
}

/// Whether a token opens userinfo.
async fn opens_userinfo(server: &TestServer, token: &str) -> bool {
    server.with_bearer("/oauth/userinfo", token).await.status == 200
}

/// Holds that nothing of a grant can be used any more: each access token is dead for its owner and
/// at userinfo, and the refresh token is refused.
async fn assert_all_dead(server: &TestServer, owner: &Backend, access: &[&str], refresh: &str) {
    for token in access {
        assert!(!lives(owner, token).await, "an access token lives on");
        assert!(!opens_userinfo(server, token).await, "an access token opens userinfo");
    }
    owner.refresh(refresh).await.assert_error(400, "invalid_grant");
}

/// Fifty at once, in turns over these nodes, swap a code: one succeeds, and its tokens end for the
/// others.
async fn assert_one_of_fifty_redeems(nodes: &[&TestServer], alice: &Browser) {
    let other = nodes[nodes.len() - 1];
    for _ in 0..3 {
        let (code, asked) = shop_code(alice).await;
        let mut calls = JoinSet::new();
        for turn in 0..50 {
            let shop = nodes[turn % nodes.len()].backend("shop");
            let (code, asked) = (code.clone(), asked.clone());
            calls.spawn(async move { shop.token(&asked.redemption(&code)).await });
        }
        let answers = calls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(won.len(), 1);
        for answer in lost {
            answer.assert_error(400, "invalid_grant");
        }
        let tokens = won[0].tokens();
        let shop = other.backend("shop");
        assert_all_dead(other, &shop, &[&tokens.access], tokens.refresh()).await;
    }
}

/// Holds that a request was refused as RFC 6749 §5.2 has it, with one of these codes.
fn assert_refused(answer: &Answer, errors: &[&str], why: &str) {
    assert_eq!(answer.status, 400, "{why}: {}", answer.text);
    let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
    assert!(errors.contains(&error.as_str()), "{why}: {}", answer.text);
    answer.assert_error(400, &error);
}

/// Holds that client authentication failed, and that the answer says how to do it.
fn assert_unauthorized(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    answer.assert_error(401, "invalid_client");
    let wanted = "Basic realm=\"vestibule\", charset=\"UTF-8\"";
    assert_eq!(answer.header("WWW-Authenticate"), wanted, "{why}");
}

/// The uid of an account.
async fn uid(server: &TestServer, login: &str) -> String {
    let found = server.store.account_by_login(login).await.expect("the database answers");
    found.expect("an account").account.uid
}

fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
