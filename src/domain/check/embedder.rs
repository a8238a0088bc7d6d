//! A page of somebody else that frames the client's widget.

use url::Url;

use super::csp::FRAMES;
use super::finding::{Finding, Level};
use super::headers::Headers;
use super::own_page::{no_storage_access, opener};
use super::policies::{origin_of, refused, sandbox};
use super::{Case, Page, Seen, permissions};
use crate::domain::origin::Origin;

/// What the headers of an embedder's page say, and what they ask of the widget's.
pub(super) fn findings(
    case: &Case<'_>,
    page: &Page,
    headers: &Headers,
    pages: &[Page],
) -> Vec<Finding> {
    let mut found = Vec::new();
    let widgets = widgets(case, pages);
    for policy in headers.policies() {
        let refusing = widgets.iter().find_map(|widget| {
            let directive = policy.refusing(FRAMES, widget, &page.url)?;
            Some((directive, origin_of(widget)))
        });
        if let Some((directive, origin)) = refusing {
            let what = format!("The page may not frame the widget at {origin}.");
            found.push(refused(Level::Error, directive, "frame-src", &[&origin], what));
        }
        found.extend(sandbox(&policy, true));
    }
    found.extend(opener(headers));
    if let Some(list) = headers.allowed("storage-access") {
        let shut_out = widgets.iter().find(|widget| !permissions::has(&list, widget, &page.url));
        found.extend(shut_out.map(|widget| no_storage_access(&list, &origin_of(widget))));
    }
    let mut found: Vec<Finding> =
        found.into_iter().map(|finding| finding.on(page.url.as_str())).collect();
    found.extend(isolated(case, page, headers, pages));
    found
}

/// Where the widget may be: the pages that were asked for, or any page of the client's origins.
fn widgets(case: &Case<'_>, pages: &[Page]) -> Vec<Url> {
    let own = |url: &Url| case.client.has_origin(&origin_of(url));
    let asked = pages.iter().filter(|page| page.is_asked_for && own(&page.url));
    let asked: Vec<Url> = asked.map(|page| page.url.clone()).collect();
    if asked.is_empty() {
        case.client.origins.iter().filter_map(|origin| Url::parse(origin.as_str()).ok()).collect()
    } else {
        asked
    }
}

const COEP: &str = "Cross-Origin-Embedder-Policy";
const CORP: &str = "Cross-Origin-Resource-Policy";

/// A page with COEP frames only what has COEP and CORP too. The bridge has.
fn isolated(case: &Case<'_>, page: &Page, headers: &Headers, pages: &[Page]) -> Vec<Finding> {
    let Some(word) = isolating(headers) else { return Vec::new() };
    let own = pages.iter().filter_map(|own| match &own.seen {
        Seen::Answer(200..=299, headers) if case.client.has_origin(&origin_of(&own.url)) => {
            Some((own, headers))
        }
        _ => None,
    });
    let own: Vec<(&Page, &Headers)> = own.collect();
    if own.is_empty() {
        let what = "The page frames only what has this header too, and Cross-Origin-Resource-Policy. \
                    The bridge has both; the widget needs them, and was not looked at.";
        let finding = Finding::new(Level::Warning, COEP, what).with(word);
        return vec![finding.mend(format!("{COEP}: require-corp")).on(page.url.as_str())];
    }
    own.iter().flat_map(|(own, headers)| shut_out_by(page, own, headers)).collect()
}

fn isolating(headers: &Headers) -> Option<String> {
    let isolates = |word: &String| ["require-corp", "credentialless"].contains(&word.as_str());
    headers.word(COEP).filter(isolates)
}

/// What the widget lacks under a page with COEP.
fn shut_out_by(page: &Page, widget: &Page, headers: &Headers) -> Vec<Finding> {
    let origin = |url: &Url| Origin::of_uri(url.as_str());
    let is_sibling = match (origin(&page.url), origin(&widget.url)) {
        (Ok(a), Ok(b)) => a.is_same_site(&b),
        _ => false,
    };
    if page.url.origin() == widget.url.origin() {
        return Vec::new();
    }
    let level = if widget.is_asked_for { Level::Error } else { Level::Note };
    let above = origin_of(&page.url);
    let mut found = Vec::new();
    if isolating(headers).is_none() {
        let what = format!("{above} has {COEP}, and frames only pages that have it too.");
        let finding = Finding::new(level, COEP, what).with(headers.word(COEP).unwrap_or_default());
        found.push(finding.mend(format!("{COEP}: require-corp")));
    }
    let value = headers.joined(CORP).unwrap_or_default();
    let is_open = value == "cross-origin" || (is_sibling && value == "same-site");
    if !is_open {
        let what = format!("{above} has {COEP}, and frames only pages that say who may load them.");
        let finding = Finding::new(level, CORP, what).with(super::headers::shown(&value));
        let right = if is_sibling { "same-site" } else { "cross-origin" };
        found.push(finding.mend(format!("{CORP}: {right}")));
    }
    found.into_iter().map(|finding| finding.on(widget.url.as_str())).collect()
}
