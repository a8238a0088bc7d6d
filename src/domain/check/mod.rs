//! The check of a deployment: what of a client's registration, and of the headers of its pages,
//! keeps people from being signed in there, and the line that mends it. Nothing here asks anybody
//! anything: what the pages answered is given.

pub mod csp;
mod embedder;
mod finding;
mod headers;
mod ladder;
mod own_page;
mod permissions;
mod policies;
mod registration;
#[cfg(test)]
mod tests;
mod tokens_mode;
mod widget;

mod source;

use serde::Serialize;
use url::Url;

pub use finding::{Finding, Level};
pub use headers::Headers;
pub use ladder::{Relation, Rung, Standing, State};

use super::client::Registration;
use super::origin::{Embedder, Origin};

/// A page that was to be looked at.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is.
    pub url: Url,
    /// Whether somebody asked for this page; else it is the first page of an origin, and may be
    /// one that has nothing to do with this.
    pub is_asked_for: bool,
    /// What it answered.
    pub seen: Seen,
}

/// What came of looking at a page.
#[derive(Clone, Debug)]
pub enum Seen {
    /// Status and headers.
    Answer(u16, Headers),
    /// Nothing, and why, in words that follow "the accounts server could not look at it:".
    Nothing(&'static str),
    /// Nothing, since its address is one of an inner network.
    NotAllowed,
}

/// All that a check says.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// What was found, the worst first.
    pub findings: Vec<Finding>,
    /// What each origin, alone and under each embedder, can do.
    pub standings: Vec<Standing>,
}

impl Verdict {
    /// How many findings there are of a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// What the rules are about: this server, and a client of it.
#[derive(Clone, Copy)]
struct Case<'a> {
    issuer: &'a Origin,
    client: &'a Registration,
}

impl Case<'_> {
    /// A page of this server.
    fn here(&self, path: &str) -> Option<Url> {
        Url::parse(&format!("{}{path}", self.issuer)).ok()
    }

    /// Where sockets of this server are: `wss://accounts.example.org`.
    fn sockets(&self) -> String {
        self.issuer.as_str().replacen("http", "ws", 1)
    }

    /// The callback page that this server keeps for the client: `passive` or `popup`.
    fn hosted_callback(&self, kind: &str) -> String {
        format!("{}/callback/{}/{kind}", self.issuer, self.client.client_id)
    }

    /// Its own pages' redirect URIs.
    fn own_callbacks(&self) -> impl Iterator<Item = &String> {
        let own = |uri: &&String| {
            Origin::of_uri(uri).is_ok_and(|origin| self.client.origins.contains(&origin))
        };
        self.client.redirect_uris.iter().filter(own)
    }

    /// Whether its pages hold tokens themselves, having no backend that could.
    fn holds_tokens(&self) -> bool {
        self.client.is_public()
    }

    /// The embedders that are named.
    fn embedders(&self) -> impl Iterator<Item = &Origin> {
        self.client.embedders.iter().filter_map(|embedder| match embedder {
            Embedder::Origin(origin) => Some(origin),
            Embedder::AnyHttps => None,
        })
    }

    fn may_be_framed_anywhere(&self) -> bool {
        self.client.embedders.contains(&Embedder::AnyHttps)
    }
}

/// Whether a client may have this page looked at: it is on one of its origins or named embedders.
#[must_use]
pub fn may_look_at(client: &Registration, url: &Url) -> bool {
    let origin = url.origin().ascii_serialization();
    let is_embedder = |embedder: &Embedder| matches!(embedder, Embedder::Origin(named) if named.as_str() == origin);
    client.has_origin(&origin) || client.embedders.iter().any(is_embedder)
}

/// Holds a registration and the answers of pages against every rule.
#[must_use]
pub fn check(issuer: &Origin, client: &Registration, pages: &[Page]) -> Verdict {
    let case = Case { issuer, client };
    let mut findings = registration::findings(&case);
    for page in pages {
        let Seen::Answer(200..=299, headers) = &page.seen else {
            findings.push(not_seen(page));
            continue;
        };
        let origin = page.url.origin().ascii_serialization();
        if client.has_origin(&origin) {
            findings.extend(own_page::findings(&case, page, headers));
            findings.extend(widget::findings(&case, page, headers));
        }
        if case.embedders().any(|embedder| embedder.as_str() == origin) {
            findings.extend(embedder::findings(&case, page, headers, pages));
        }
    }
    findings.sort_by_key(|finding| finding.level);
    Verdict { findings, standings: ladder::standings(&case) }
}

/// A page whose headers are not those that people's browsers get.
fn not_seen(page: &Page) -> Finding {
    let (subject, value, what, mend) = match &page.seen {
        Seen::Answer(status @ 300..=399, headers) => {
            let to = headers.joined("location").unwrap_or_default();
            let there = page.url.join(&to).map(String::from).unwrap_or_default();
            let what = "The page leads on to another, whose headers are what counts; redirects are \
                        not followed. Check the page where people end up.";
            ("status", format!("{status} {}", headers::shown(&to)), what.to_owned(), Some(there))
        }
        Seen::Answer(status, _) => {
            let what = "The page is not there for somebody who is not signed in, so its headers \
                        were not looked at. Check one that is.";
            ("status", status.to_string(), what.to_owned(), None)
        }
        Seen::Nothing(why) => {
            let what = format!("The accounts server could not look at the page: {why}.");
            ("page", String::new(), what, None)
        }
        Seen::NotAllowed => {
            let what = "The page is in an inner network, which the accounts server calls only \
                        where its configuration names it.";
            let mend = "outgoing_networks = [\"10.0.0.0/8\"]".to_owned();
            ("page", String::new(), what.to_owned(), Some(mend))
        }
    };
    let level = if page.is_asked_for { Level::Warning } else { Level::Note };
    let mut finding = Finding::new(level, subject, what).with(value).on(page.url.as_str());
    finding.mend = mend.filter(|line| !line.is_empty()).map(|line| headers::shown(&line));
    finding
}
