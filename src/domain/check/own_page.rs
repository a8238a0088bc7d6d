//! A page of the client itself: it loads the SDK, frames the bridge, and talks to the accounts
//! site.

use url::Url;

use super::csp::{CONNECTIONS, FRAMES, Policy, SCRIPTS};
use super::finding::{Finding, Level};
use super::headers::Headers;
use super::policies::{origin_of, refused, sandbox};
use super::{Case, Page, permissions};

/// What the headers of a page of the client say.
pub(super) fn findings(case: &Case<'_>, page: &Page, headers: &Headers) -> Vec<Finding> {
    let mut found = Vec::new();
    for policy in headers.policies() {
        found.extend(frames(case, page, &policy));
        found.extend(scripts(case, page, &policy));
        found.extend(connections(case, page, &policy));
        found.extend(sandbox(&policy, !case.client.embedders.is_empty()));
    }
    found.extend(opener(headers));
    found.extend(storage_access(case, page, headers));
    found.extend(referrer(headers));
    found.into_iter().map(|finding| finding.on(page.url.as_str())).collect()
}

fn frames(case: &Case<'_>, page: &Page, policy: &Policy) -> Option<Finding> {
    let accounts = case.issuer.as_str();
    let refusal = |path: &str| policy.refusing(FRAMES, &case.here(path)?, &page.url);
    if let Some(directive) = refusal("/bridge") {
        let what = "The page may not frame the bridge, so it never hears whether somebody is \
                    signed in: `blocked_by_policy`.";
        return Some(refused(Level::Error, directive, "frame-src", &[accounts], what));
    }
    if case.client.redirect_uris.is_empty() {
        return None;
    }
    if let Some(directive) = refusal("/oauth/authorize") {
        let what = "The page may frame the bridge but not `/oauth/authorize`, so `prompt=none` \
                    cannot be asked.";
        return Some(refused(Level::Warning, directive, "frame-src", &[accounts], what));
    }
    let passive = case.hosted_callback("passive");
    if case.client.redirect_uris.contains(&passive) {
        return None;
    }
    let own = case.own_callbacks().find_map(|uri| {
        let uri = Url::parse(uri).ok()?;
        Some((policy.refusing(FRAMES, &uri, &page.url)?, origin_of(&uri)))
    });
    let (directive, origin) = own?;
    let what = "The page may not frame its own callback page, in which the answer to \
                `prompt=none` arrives.";
    Some(refused(Level::Warning, directive, "frame-src", &[&origin], what))
}

fn scripts(case: &Case<'_>, page: &Page, policy: &Policy) -> Option<Finding> {
    let directive = policy.deciding(SCRIPTS)?;
    let is_dynamic = directive.has("'strict-dynamic'");
    let has_nonce = directive.has_prefix("'nonce-");
    let sdk = case.here("/sdk/vestibule.js")?;
    if !is_dynamic && directive.allows(&sdk, &page.url) {
        return None;
    }
    if has_nonce {
        let what = "The script may be loaded only by a script element with the nonce of the page: \
                    in it, `import` the SDK by name.";
        let mend = "<script type=\"module\" nonce=\"…\">import { connect } from ";
        let finding = Finding::new(Level::Note, super::policies::CSP, what);
        let value = super::headers::shown(&directive.text());
        return Some(finding.with(value).mend(format!("{mend}'{sdk}'; …</script>")));
    }
    let name = if directive.name == "default-src" { "script-src" } else { &directive.name };
    if is_dynamic {
        let what = "With `'strict-dynamic'` addresses count for nothing, and there is no nonce by \
                    which the page could load the SDK.";
        return Some(refused(Level::Error, directive, name, &["'nonce-…'"], what));
    }
    let what = "The page may not load the SDK from the accounts site. (Nothing is wrong if your \
                own scripts have the SDK in them.)";
    Some(refused(Level::Error, directive, name, &[case.issuer.as_str()], what))
}

fn connections(case: &Case<'_>, page: &Page, policy: &Policy) -> Option<Finding> {
    let (accounts, sockets) = (case.issuer.as_str(), case.sockets());
    let directive = policy.deciding(CONNECTIONS)?;
    let is_open = |url: Option<Url>| url.is_none_or(|url| directive.allows(&url, &page.url));
    let refused = |level, missing: &[&str], what| {
        Some(refused(level, directive, "connect-src", missing, what))
    };
    if !case.holds_tokens() {
        let what = "The page may not call its own backend, which takes what the bridge gives.";
        let is_open = is_open(page.url.join("/sso").ok());
        return if is_open { None } else { refused(Level::Error, &["'self'"], what) };
    }
    if !is_open(case.here("/oauth/token")) {
        let what = "The page may not call the accounts site, so it gets no token and opens no \
                    window to sign in.";
        return refused(Level::Error, &[accounts, &sockets], what);
    }
    if !is_open(Url::parse(&format!("{sockets}/flow/events")).ok()) {
        let what = "The page may open no socket to the accounts site, so it asks again and again \
                    while people sign in: later, and more often.";
        return refused(Level::Warning, &[&sockets], what);
    }
    None
}

/// About the page at the top: in a frame this header has no effect.
pub(super) fn opener(headers: &Headers) -> Option<Finding> {
    const NAME: &str = "Cross-Origin-Opener-Policy";
    let word = headers.word(NAME)?;
    if word != "same-origin" {
        return None;
    }
    let what = "The window in which people sign in is cut off from the page that opened it. It \
                works all the same, but people have to pick the number that the page shows.";
    let mend = format!("{NAME}: same-origin-allow-popups");
    Some(Finding::new(Level::Note, NAME, what).with(word).mend(mend))
}

fn storage_access(case: &Case<'_>, page: &Page, headers: &Headers) -> Option<Finding> {
    let list = headers.allowed("storage-access")?;
    let accounts = case.here("/")?;
    let has = |url: &Url| permissions::has(&list, url, &page.url);
    if has(&accounts) && has(&page.url) {
        return None;
    }
    Some(no_storage_access(&list, case.issuer.as_str()))
}

/// The bridge must be allowed, and so must each page that it stands in.
pub(super) fn no_storage_access(list: &[String], missing: &str) -> Finding {
    const NAME: &str = "Permissions-Policy";
    let what = "The bridge may not ask for its cookies here, so where browsers keep storage apart \
                people have to sign in by a window or a redirect.";
    let value = super::headers::shown(&format!("storage-access=({})", list.join(" ")));
    let mend = format!("{NAME}: storage-access=(self \"{missing}\")");
    Finding::new(Level::Warning, NAME, what).with(value).mend(mend)
}

/// The last word that browsers know is the one that counts (Referrer Policy §8.1).
fn referrer(headers: &Headers) -> Option<Finding> {
    const NAME: &str = "Referrer-Policy";
    let joined = headers.joined(NAME)?;
    if joined.split(',').next_back()?.trim() != "no-referrer" {
        return None;
    }
    let what = "Requests of the page to its own backend say `Origin: null`. Browsers without \
                `Sec-Fetch-Site` are then refused, since nothing else says where they come from.";
    let mend = format!("{NAME}: strict-origin-when-cross-origin");
    Some(Finding::new(Level::Note, NAME, what).with(super::headers::shown(&joined)).mend(mend))
}
