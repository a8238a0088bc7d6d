//! Every kind of answer that the server gives: each route, by somebody and by nobody, used as
//! meant and in all the ways it is not.

use reqwest::Method;
use rocket::tokio::sync::OnceCell;

use super::browser::{Answer, Browser, FORM};
use super::surface::Endpoint;
use super::{ISSUER, PASSWORD, TestServer};

/// An answer, and what it answers.
pub struct Seen {
    pub what: String,
    pub answer: Answer,
}

/// Addresses at which there is nothing, or not in this way.
const WRONG: [&str; 19] = [
    "/nothing",
    "/account/nothing",
    "/v1/nothing",
    "/assets/nothing.css",
    "/assets/",
    "/sdk/nothing.js",
    "/bridge",
    "/bridge?client_id=nobody",
    "/bridge?client_id=wiki&client_id=notes",
    "/bridge/nothing",
    "/callback/nobody/passive",
    "/callback/nobody/popup",
    "/callback/wiki/nothing",
    "/bridge/check",
    "/bridge/check?client_id=nobody&page=%ff",
    "/signin?next=//evil.test",
    "/signin?next=%ff",
    "/consent?client_id=nobody",
    "/account?done=%00",
];

static SEEN: OnceCell<Vec<Seen>> = OnceCell::const_new();
static SEEN_WITHOUT_DATABASE: OnceCell<Vec<Seen>> = OnceCell::const_new();

/// An answer of every kind, asked for once for all tests that look at them.
pub async fn every_answer() -> &'static [Seen] {
    SEEN.get_or_init(async || TestServer::new().await.crawl().await).await
}

/// What each route answers when the database is gone.
pub async fn answers_without_database() -> &'static [Seen] {
    let crawl = async || TestServer::new().await.crawl_without_database().await;
    SEEN_WITHOUT_DATABASE.get_or_init(crawl).await
}

impl TestServer {
    /// Alice, signed in on a browser that was just opened, whatever was done to her account.
    pub async fn alice_again(&self) -> Browser {
        let found = self.store.account_by_login("alice").await;
        let browser = self.browser();
        let answer = match found.expect("the database answers") {
            None => browser.sign_up("alice").await,
            Some(found) => {
                let hash = self.password_hash(PASSWORD).await;
                let set = self.store.set_password(&found.account.uid, &hash, self.clock.now());
                assert!(set.await.expect("the database answers"));
                browser.sign_in("alice", PASSWORD).await
            }
        };
        assert_eq!(answer.status, 303, "{}", answer.text);
        browser
    }

    async fn crawl(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for endpoint in &self.endpoints {
            self.use_well(endpoint, &mut seen).await;
            self.misuse(endpoint, &mut seen).await;
        }
        for path in WRONG {
            let answer = self.browser().get(path).await;
            seen.push(Seen { what: format!("GET {path}"), answer });
        }
        seen
    }

    async fn crawl_without_database(&self) -> Vec<Seen> {
        let alice = self.alice_again().await;
        self.store.close().await;
        let mut seen = Vec::new();
        for endpoint in &self.endpoints {
            let answer = Answer::of(endpoint.request(&alice)).await;
            let what = format!("{} {} without a database", endpoint.method, endpoint.pattern);
            seen.push(Seen { what, answer });
        }
        seen
    }

    async fn use_well(&self, endpoint: &Endpoint, seen: &mut Vec<Seen>) {
        let name = format!("{} {}", endpoint.method, endpoint.pattern);
        let nobody = self.browser();
        let answer = nobody.send(endpoint.request(&nobody)).await;
        seen.push(Seen { what: format!("{name} by nobody"), answer });
        let alice = self.alice_again().await;
        let answer = alice.send(endpoint.request(&alice)).await;
        seen.push(Seen { what: format!("{name} by alice"), answer });
    }

    async fn misuse(&self, endpoint: &Endpoint, seen: &mut Vec<Seen>) {
        let alice = self.alice_again().await;
        let path = endpoint.path();
        let from_us = |request: reqwest::RequestBuilder| {
            request.header("Sec-Fetch-Site", "same-origin").header("Origin", ISSUER)
        };
        let put = || from_us(alice.request(Method::PUT, &path));
        let post = |kind: &str, body: Vec<u8>| {
            let request = from_us(alice.request(Method::POST, &path));
            request.header("Content-Type", kind).body(body)
        };
        let requests = [
            ("in a frame", endpoint.request(&alice).header("Sec-Fetch-Dest", "iframe")),
            (
                "from elsewhere",
                endpoint.bare_request(&alice).header("Sec-Fetch-Site", "cross-site"),
            ),
            ("by HEAD", alice.request(Method::HEAD, &path)),
            ("by OPTIONS", alice.request(Method::OPTIONS, &path)),
            ("by PUT", put()),
            ("by POST of text", post("text/plain", b"hello".to_vec())),
            ("by POST of nothing", post(FORM, Vec::new())),
            ("by POST of too much", post(FORM, vec![b'a'; 40_000])),
            ("by POST of odd bytes", post(FORM, b"next=\xff\xfe".to_vec())),
            ("by POST of no JSON", post("application/json", b"{".to_vec())),
        ];
        for (how, request) in requests {
            let answer = Answer::of(request).await;
            let what = format!("{} {} {how}", endpoint.method, endpoint.pattern);
            seen.push(Seen { what, answer });
        }
    }
}
