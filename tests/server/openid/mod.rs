//! The authorization side of the OpenID provider: what browsers are answered, and what is refused.

mod answers;
mod anything;
mod consent;
mod cookies;
mod cors;
mod discovery;
mod encodings;
mod foreign_hints;
mod framing;
mod hints;
mod jwks;
mod max_age;
mod meanwhile;
mod mix_up;
mod often;
mod parameters;
mod pkce;
mod prompt;
mod redirect_uris;
mod refused;
mod resource;
mod response_modes;
mod safe;
mod secrets;
mod silent;
mod storage_access;

use crate::support::{Answer, Browser, ISSUER, PASSWORD, Setup, TestServer, plain};

/// A server with `shop`, `pay` and `widget`.
async fn provider() -> TestServer {
    Setup::new().await.with_openid().start().await
}

/// The same, and a browser on which alice is signed in.
async fn with_alice() -> (TestServer, Browser) {
    let server = provider().await;
    let alice = server.signed_up("alice").await;
    (server, alice)
}

/// The account's own identifier.
async fn uid(server: &TestServer, login: &str) -> String {
    let found = server.store.account_by_login(login).await.expect("the database answers");
    found.expect("an account").account.uid
}

/// A redirect to a page of ours.
#[derive(Debug)]
pub struct Step {
    /// Without its query.
    pub path: String,
    /// With it.
    pub whole: String,
    query: Vec<(String, String)>,
}

impl Step {
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 303, "{}", answer.text);
        let location = answer.location();
        let whole = location.strip_prefix(ISSUER).unwrap_or(location);
        assert!(whole.starts_with('/') && !whole.starts_with("//"), "not one of ours: {location}");
        Self::parse(whole)
    }

    fn parse(whole: &str) -> Self {
        let (path, query) = whole.split_once('?').unwrap_or((whole, ""));
        let query = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { path: path.to_owned(), whole: whole.to_owned(), query }
    }

    /// The value of a field of the query, `""` when it is missing.
    pub fn get(&self, name: &str) -> &str {
        let mut values = self.query.iter().filter(|(known, _)| known == name);
        let value = values.next().map_or("", |(_, value)| value.as_str());
        assert!(values.next().is_none(), "`{name}` is there once: {}", self.whole);
        value
    }

    /// The authorization request to which the page goes on.
    fn next(&self) -> Self {
        let next = self.get("next");
        assert!(next.starts_with("/oauth/authorize?"), "{}", self.whole);
        Self::parse(next)
    }
}

/// Holds that it is an error page, from which nobody is sent anywhere.
fn hold_page(answer: &Answer, place: &str) {
    assert!([400, 413].contains(&answer.status), "{place}: {} {}", answer.status, answer.text);
    assert_eq!(answer.location(), "", "{place}");
    assert!(answer.is_html(), "{place}");
    assert!(!answer.text.contains("evil"), "{place}: {}", answer.text);
    assert!(!answer.header("Content-Security-Policy").contains("evil"), "{place}");
    assert_eq!(answer.policy("frame-ancestors"), Some("'none'"), "{place}");
    assert!(answer.headers.get("Refresh").is_none(), "{place}");
}

/// Sends the form of a page as it stands, with what a person adds, and goes where it leads.
async fn submit(browser: &Browser, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
    assert_eq!(page.status, 200, "{}", page.text);
    let start = format!("action=\"{action}\"");
    let form = page.text.split_once(&start).unwrap_or_else(|| panic!("no form: {}", page.text)).1;
    let form = form.split("</form>").next().unwrap_or_default();
    let attribute = |tag: &str, name: &str| {
        Some(plain(tag.split_once(&format!(" {name}=\""))?.1.split_once('"')?.0))
    };
    let hidden = form.split('<').filter(|tag| tag.contains("type=\"hidden\""));
    let hidden: Vec<(String, String)> = hidden
        .map(|tag| {
            let name = attribute(tag, "name").expect("a name");
            (name, attribute(tag, "value").unwrap_or_default())
        })
        .collect();
    let hidden = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<(&str, &str)> = hidden.chain(typed.iter().copied()).collect();
    let answer = browser.post(action, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    browser.get(&Step::of(&answer).whole).await
}

/// Signs in where the provider asks for it, and goes on.
pub async fn sign_in(browser: &Browser, asked: &Answer, login: &str) -> Answer {
    let step = Step::of(asked);
    assert_eq!(step.path, "/signin", "{}", step.whole);
    let page = browser.get(&step.whole).await;
    submit(browser, &page, "/signin", &[("login", login), ("password", PASSWORD)]).await
}

/// Says `allow` or `deny` where the provider asks for it, and goes on.
pub async fn say(browser: &Browser, asked: &Answer, word: &str) -> Answer {
    let step = Step::of(asked);
    assert_eq!(step.path, "/consent", "{}", step.whole);
    let page = browser.get(&step.whole).await;
    submit(browser, &page, "/consent", &[("answer", word)]).await
}

/// Does all that alice is asked for, and tells on which pages.
async fn walk(browser: &Browser, mut answer: Answer) -> (Vec<String>, Answer) {
    let mut visited = Vec::new();
    while answer.status == 303 && is_ours(&answer) {
        let step = Step::of(&answer);
        answer = match step.path.as_str() {
            "/signin" => sign_in(browser, &answer, "alice").await,
            "/consent" => say(browser, &answer, "allow").await,
            "/signin/choose" => browser.get(&step.next().whole).await,
            "/oauth/authorize" => browser.get(&step.whole).await,
            other => panic!("sent to {other}"),
        };
        visited.push(step.path);
        assert!(visited.len() < 8, "it comes to an end: {visited:?}");
    }
    (visited, answer)
}

pub fn is_ours(answer: &Answer) -> bool {
    let location = answer.location();
    location.starts_with('/') || location.starts_with(&format!("{ISSUER}/"))
}
