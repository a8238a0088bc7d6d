//! A page of the client as one that others frame: its own headers must let them.

use url::Url;

use super::csp::{ANCESTORS, Directive, Policy};
use super::finding::{Finding, Level, list};
use super::headers::{Headers, shown};
use super::policies::{CSP, refused};
use super::{Case, Page};
use crate::domain::origin::{Embedder, Origin};

/// What the headers of a page of the client say about who may frame it. Of a page that nobody
/// named it is not known whether it is a widget at all.
pub(super) fn findings(case: &Case<'_>, page: &Page, headers: &Headers) -> Vec<Finding> {
    let level = if page.is_asked_for { Level::Error } else { Level::Note };
    let policies = headers.policies();
    let ancestors: Vec<&Directive> =
        policies.iter().filter_map(|policy: &Policy| policy.deciding(ANCESTORS)).collect();
    let mut found: Vec<Finding> =
        ancestors.iter().filter_map(|directive| shut_out(case, page, directive, level)).collect();
    // Where there is a `frame-ancestors`, browsers do not look at the older header.
    if ancestors.is_empty() && !case.client.embedders.is_empty() {
        found.extend(older_header(case, headers, level));
    }
    found.extend(ancestors.iter().filter_map(|directive| not_registered(case, page, directive)));
    found.into_iter().map(|finding| finding.on(page.url.as_str())).collect()
}

/// The embedders that the page itself turns away.
fn shut_out(case: &Case<'_>, page: &Page, directive: &Directive, level: Level) -> Option<Finding> {
    let is_out =
        |origin: &&str| Url::parse(origin).is_ok_and(|url| !directive.allows(&url, &page.url));
    let mut missing: Vec<&str> = case.embedders().map(Origin::as_str).filter(is_out).collect();
    // No name stands for any page; this one stands for those that nobody thought of.
    if case.may_be_framed_anywhere() && is_out(&"https://anybody.invalid") {
        missing.push("https:");
    }
    if missing.is_empty() {
        return None;
    }
    let (them, guess) = (missing.join(", "), guess(page));
    let what =
        format!("The page does not let {them} frame it, though registered as embedder.{guess}");
    Some(refused(level, directive, "frame-ancestors", &missing, what))
}

fn older_header(case: &Case<'_>, headers: &Headers, level: Level) -> Option<Finding> {
    const NAME: &str = "X-Frame-Options";
    let value = headers.joined(NAME)?;
    let words: Vec<String> =
        value.split(',').map(|word| word.trim().to_ascii_lowercase()).collect();
    // A word that browsers do not know, such as ALLOW-FROM, has no effect.
    if !words.iter().any(|word| word == "deny" || word == "sameorigin") {
        return None;
    }
    let embedders: Vec<&str> = case.client.embedders.iter().map(Embedder::as_str).collect();
    let what = "The page does not let its embedders frame it. (Nothing is wrong if it is no widget.) \
                The header cannot name other sites: replace it.";
    let mend = format!("{CSP}: frame-ancestors 'self' {}", embedders.join(" "));
    Some(Finding::new(level, NAME, what).with(shown(&value)).mend(mend))
}

/// Those that the page lets in, and that the bridge within it will turn away.
fn not_registered(case: &Case<'_>, page: &Page, directive: &Directive) -> Option<Finding> {
    let own = page.url.origin().ascii_serialization();
    let named = directive.values.iter().filter_map(|text| {
        let text = text.trim_end_matches('/').to_ascii_lowercase();
        Origin::parse(&text).ok().filter(|origin| origin.as_str() != own)
    });
    let is_known = |origin: &Origin| {
        case.client.has_origin(origin.as_str())
            || case.embedders().any(|embedder| embedder == origin)
            || (case.may_be_framed_anywhere() && origin.as_str().starts_with("https:"))
    };
    let unknown: Vec<Origin> = named.filter(|origin| !is_known(origin)).collect();
    if unknown.is_empty() {
        return None;
    }
    let them: Vec<&str> = unknown.iter().map(Origin::as_str).collect();
    let what = format!(
        "{} may frame the page, but not the bridge in it, which must have a say about every page \
         above: `blocked_by_policy`.",
        them.join(", ")
    );
    let present = case.client.embedders.iter().map(Embedder::as_str);
    let mend = list("embedders", present.clone().chain(them.iter().copied()));
    let finding = Finding::new(Level::Warning, "embedders", shown(&what));
    Some(finding.with(list("embedders", present)).mend(mend))
}

fn guess(page: &Page) -> &'static str {
    if page.is_asked_for { "" } else { " (Nothing is wrong if it is no widget.)" }
}
