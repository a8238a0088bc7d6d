//! The check of a deployment: looks at a client's pages and holds what they answer against the
//! rules of `domain::check`. The page and the command are two doors to it.

use futures_util::future::join_all;
use serde::Serialize;
use url::Url;

use crate::domain::check::{Headers, Page, Seen, Verdict, check, may_look_at};
use crate::domain::client::Registration;
use crate::domain::origin::{Embedder, Origin};
use crate::outgoing::{Failure, Outgoing};

/// How many pages are looked at, at most; all at once, each for five seconds at most.
pub const MOST_PAGES: usize = 8;
/// The longest address of a page.
const LONGEST: usize = 2_048;

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    /// Every page that was to be looked at.
    pub pages: Vec<Looked>,
    /// What was found.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A page, and what it answered.
#[derive(Clone, Debug, Serialize)]
pub struct Looked {
    /// Where it is.
    pub url: String,
    /// Its status; none when there was no answer.
    pub status: Option<u16>,
}

/// The origins whose pages may be looked at.
#[must_use]
pub fn places(client: &Registration) -> Vec<&str> {
    let embedders = client.embedders.iter().filter_map(|embedder| match embedder {
        Embedder::Origin(origin) => Some(origin.as_str()),
        Embedder::AnyHttps => None,
    });
    client.origins.iter().map(Origin::as_str).chain(embedders).collect()
}

/// Reads the addresses of pages. Without any, those are looked at that are first on an origin or
/// an embedder. The error is a sentence for whoever asked.
pub fn pages_of(client: &Registration, asked: &[String]) -> Result<Vec<Url>, String> {
    if asked.len() > MOST_PAGES {
        return Err(format!("At most {MOST_PAGES} pages are looked at in one go."));
    }
    asked.iter().map(|page| page_of(client, page)).collect()
}

fn page_of(client: &Registration, text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).ok().filter(|_| text.len() <= LONGEST);
    let Some(mut url) = url.filter(|url| url.username().is_empty() && url.password().is_none())
    else {
        return Err("Write the whole address of a page, beginning with https://.".into());
    };
    if !may_look_at(client, &url) {
        return Err("Only pages on the client's origins and named embedders are looked at.".into());
    }
    url.set_fragment(None);
    Ok(url)
}

/// Looks at the pages, or, where there are none, at the first ones, and says what is wrong.
pub async fn run(
    outgoing: &Outgoing,
    issuer: &Origin,
    client: &Registration,
    asked: Vec<Url>,
) -> Checked {
    let is_asked_for = !asked.is_empty();
    let urls = if is_asked_for { asked } else { first_pages(client) };
    let looks = urls.into_iter().map(|url| async move {
        let seen = look(outgoing, &url).await;
        Page { url, is_asked_for, seen }
    });
    let pages = join_all(looks).await;
    let verdict = check(issuer, client, &pages);
    let looked = pages.iter().map(|page| Looked {
        url: page.url.to_string(),
        status: match page.seen {
            Seen::Answer(status, _) => Some(status),
            Seen::Nothing(_) | Seen::NotAllowed => None,
        },
    });
    Checked { pages: looked.collect(), verdict }
}

/// What can be said without looking at anything.
#[must_use]
pub fn unseen(issuer: &Origin, client: &Registration) -> Checked {
    Checked { pages: Vec::new(), verdict: check(issuer, client, &[]) }
}

fn first_pages(client: &Registration) -> Vec<Url> {
    let places = places(client).into_iter();
    places.filter_map(|place| Url::parse(place).ok()).take(MOST_PAGES).collect()
}

async fn look(outgoing: &Outgoing, url: &Url) -> Seen {
    let looked = match outgoing.look(url.as_str()).await {
        Ok(looked) => looked,
        Err(Failure::NotAllowed) => return Seen::NotAllowed,
        Err(failure) => return Seen::Nothing(in_words(failure)),
    };
    let headers = looked.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    Seen::Answer(looked.status, Headers::new(headers))
}

fn in_words(failure: Failure) -> &'static str {
    match failure {
        Failure::NotAllowed => "its address may not be called",
        Failure::NoAddress => "its name has no address",
        Failure::Refused => "nobody listens there",
        Failure::TimedOut => "there was no answer within five seconds",
        Failure::TooLarge => "its headers are larger than 64 KiB",
        Failure::Broken => "the connection broke, or its certificate is not trusted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_client_and_its_named_embedders_are_looked_at() {
        let mut notes = Registration::named("notes", "https://notes.example.org");
        let wiki = Origin::parse("https://wiki.example.org").expect("an origin");
        notes.embedders = vec![Embedder::Origin(wiki), Embedder::AnyHttps];
        let read = |page: &str| pages_of(&notes, &[page.to_owned()]);
        for good in [
            "https://notes.example.org/widget?a=b#c",
            "https://WIKI.example.org:443/x",
            "https://notes.example.org",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "https://specs.example.net/",
            "http://notes.example.org/",
            "https://notes.example.org:8443/",
            "https://notes.example.org.evil.test/",
            "https://notes.example.org@evil.test/",
            "https://alice@notes.example.org/",
            "https://169.254.169.254/latest",
            "http://127.0.0.1:5432/",
            "file:///etc/passwd",
            "//notes.example.org/",
            "/widget",
            "",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("https://notes.example.org/{}", "a".repeat(LONGEST))).is_err());
        let many = vec!["https://notes.example.org/".to_owned(); MOST_PAGES + 1];
        assert!(pages_of(&notes, &many).is_err() && pages_of(&notes, &many[1..]).is_ok());
        assert_eq!(read("https://notes.example.org/#x").expect("good")[0].fragment(), None);
    }
}
