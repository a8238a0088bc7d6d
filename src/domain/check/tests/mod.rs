//! The rules, on registrations and headers as people write them.

mod pages;
mod registrations;

use super::*;

const ISSUER: &str = "https://accounts.example.org";
const WIKI: &str = "https://wiki.example.org";
const NOTES: &str = "https://notes.example.org";
const SPECS: &str = "https://specs.example.net";

fn origin(text: &str) -> Origin {
    Origin::parse(text).expect("an origin")
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

/// A sibling with a backend, registered as it should be.
fn wiki() -> Registration {
    Registration {
        return_uris: texts(&["https://wiki.example.org/sso/return"]),
        first_party: true,
        contacts: texts(&["alice"]),
        ..Registration::named("wiki", WIKI)
    }
}

/// A public client with a widget on the wiki and on specs, registered as it should be.
fn widget() -> Registration {
    Registration {
        embedders: [WIKI, SPECS].map(|text| Embedder::Origin(origin(text))).to_vec(),
        redirect_uris: texts(&[
            "https://accounts.example.org/callback/notes-widget/passive",
            "https://accounts.example.org/callback/notes-widget/popup",
            "https://notes.example.org/widget/callback",
        ]),
        grant_types: texts(&["authorization_code", "refresh_token"]),
        token_endpoint_auth_method: "none".into(),
        contacts: texts(&["alice"]),
        ..Registration::named("notes-widget", NOTES)
    }
}

fn page(url: &str, headers: &[(&str, &str)]) -> Page {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let seen = Seen::Answer(200, Headers::new(headers));
    Page { url: Url::parse(url).expect("a URL"), is_asked_for: true, seen }
}

fn found(client: &Registration, pages: &[Page]) -> Vec<Finding> {
    check(&origin(ISSUER), client, pages).findings
}

/// Level, subject and mend of each finding.
fn brief(client: &Registration, pages: &[Page]) -> Vec<(Level, String, String)> {
    let brief = |f: Finding| (f.level, f.subject, f.mend.unwrap_or_default());
    found(client, pages).into_iter().map(brief).collect()
}

/// The one finding there is.
#[track_caller]
fn only(client: &Registration, pages: &[Page]) -> Finding {
    let mut all = found(client, pages);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn with(mut client: Registration, change: impl FnOnce(&mut Registration)) -> Registration {
    change(&mut client);
    client
}

#[track_caller]
fn assert_mend(finding: &Finding, level: Level, subject: &str, mend: &str) {
    let is = (finding.level, finding.subject.as_str(), finding.mend.as_deref());
    assert_eq!(is, (level, subject, Some(mend)));
    assert!(!finding.what.is_empty());
}
