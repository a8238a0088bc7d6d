//! Requests put together by chance: a browser is only ever sent to a page of ours or to the
//! redirect URI of the client that asks.

use crate::support::{Answer, Authorize, Browser, ISSUER, SHOP_CALLBACK, WIDGET_CALLBACK};

const NAMES: [&str; 20] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "resource",
    "request",
    "request_uri",
    "claims",
    "vestibule_since",
    "vestibule_denied",
    "anything",
];

const VALUES: [&str; 31] = [
    "",
    "code",
    "token",
    "shop",
    "widget",
    "pay",
    "nobody",
    SHOP_CALLBACK,
    WIDGET_CALLBACK,
    "http://127.0.0.1:4000/callback",
    "https://evil.test/",
    "//evil.test/",
    "openid",
    "openid profile",
    "S256",
    "plain",
    "query",
    "fragment",
    "form_post",
    "none",
    "login",
    "consent",
    "select_account",
    "0",
    "-1",
    "on",
    "99999999999999",
    "\r\nLocation: https://evil.test/",
    "\0",
    "é",
    "<script>alert(1)</script>",
];

/// A generator that gives the same every time (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll<T: Copy>(&mut self, of: &[T]) -> T {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let index = usize::try_from(self.0 >> 33).unwrap_or_default() % of.len();
        of[index]
    }
}

fn hold(answer: &Answer, asked: &Authorize) {
    assert!([200, 303, 400].contains(&answer.status), "{}: {asked:?}", answer.status);
    assert!(answer.set_cookies().is_empty(), "{asked:?}");
    assert!(!answer.text.contains("<script>alert"), "{asked:?}");
    let location = answer.location();
    let ours = ["/signin?", "/signin/choose?", "/consent?"];
    let is_ours = ours
        .iter()
        .any(|path| location.starts_with(path) || location.starts_with(&format!("{ISSUER}{path}")));
    if answer.status == 200 || answer.status == 303 && !is_ours {
        let sent = answer.sent();
        assert_eq!(sent.to, asked.value("redirect_uri"), "{asked:?}");
        let right = match asked.value("client_id") {
            "shop" => sent.to == SHOP_CALLBACK,
            "widget" => sent.to != SHOP_CALLBACK,
            _ => false,
        };
        assert!(right && !sent.to.contains("evil"), "{asked:?}");
        assert_eq!(sent.get("iss"), ISSUER, "{asked:?}");
        assert_ne!(sent.get("code").is_empty(), sent.get("error").is_empty(), "{asked:?}");
        let names: Vec<&str> = asked.fields().iter().map(|(name, _)| *name).collect();
        let once = |name: &str| names.iter().filter(|known| **known == name).count() == 1;
        let is_good = asked.value("response_type") == "code" && once("response_type");
        assert!(is_good || sent.get("code").is_empty(), "{asked:?}");
        assert!(!asked.value("prompt").contains("login") || sent.get("code").is_empty());
    }
}

async fn try_all(browser: &Browser, seed: u64) -> usize {
    let mut dice = Dice(seed);
    let mut codes = 0;
    for _ in 0..300 {
        let shops = dice.roll(&[true, false]);
        let mut asked = if shops { Authorize::shop() } else { Authorize::widget() };
        for _ in 0..dice.roll(&[0, 1, 2, 3, 4]) {
            let (name, value) = (dice.roll(&NAMES), dice.roll(&VALUES));
            asked = match dice.roll(&["with", "with", "and", "without"]) {
                "with" => asked.with(name, value),
                "and" => asked.and(name, value),
                _ => asked.without(name),
            };
        }
        let answer = browser.authorize(&asked).await;
        hold(&answer, &asked);
        let sent_one = answer.location().contains("code=") || answer.text.contains("name=\"code\"");
        codes += usize::from(sent_one);
    }
    codes
}

#[rocket::async_test]
async fn whatever_is_asked_the_browser_goes_to_us_or_to_the_client() {
    let (server, alice) = super::with_alice().await;
    alice.consent("widget", "allow").await;
    let codes = try_all(&alice, 1).await;
    assert!((30..270).contains(&codes), "some are good and some are not: {codes}");
    assert_eq!(server.database.rows("grants", &["id"]).await.len(), codes);
    assert_eq!(try_all(&server.browser(), 2).await, 0, "nobody gets nothing");
    assert!(alice.is_signed_in().await);
}
