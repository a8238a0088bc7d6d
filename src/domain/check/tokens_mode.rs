//! What a public client needs: one whose pages hold tokens themselves, by code and PKCE.

use super::Case;
use super::finding::{Finding, Level, list};
use crate::domain::origin::Origin;

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The rules for public clients alone.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut found = grant_types(case);
    found.extend(callbacks(case));
    found.extend(foreign_callbacks(case));
    found
}

fn grant_types(case: &Case<'_>) -> Vec<Finding> {
    let types = &case.client.grant_types;
    let has = |name: &str| types.iter().any(|kind| kind == name);
    let finding = |level, what: &str, missing: &str| {
        let present = types.iter().map(String::as_str);
        let finding = Finding::new(level, "grant_types", what).with(list("grant_types", types));
        finding.mend(list("grant_types", present.chain([missing])))
    };
    let mut found = Vec::new();
    if !has(CODE) {
        let what = "A public client gets its first token by a code and PKCE, or not at all.";
        found.push(finding(Level::Error, what, CODE));
    }
    if !has(REFRESH) {
        let what = "When an access token ends, after ten minutes, people on other sites have to \
                    click again: there is nothing to refresh it with.";
        found.push(finding(Level::Warning, what, REFRESH));
    }
    if has(EXCHANGE) && case.client.audiences.is_empty() {
        let what = "The client may narrow tokens, but aim them at nobody.";
        let mend = list("audiences", ["notes"]);
        found.push(Finding::new(Level::Warning, "audiences", what).with("[]").mend(mend));
    }
    found
}

/// Where answers arrive: in a hidden frame, in a window, on a page of its own.
fn callbacks(case: &Case<'_>) -> Vec<Finding> {
    let uris = &case.client.redirect_uris;
    let present = || list("redirect_uris", uris);
    let with = |uri: &str| list("redirect_uris", uris.iter().map(String::as_str).chain([uri]));
    let has_own = case.own_callbacks().next().is_some();
    let mut found = Vec::new();
    for (kind, where_to) in
        [("passive", "`prompt=none` in a hidden frame"), ("popup", "the sign-in window")]
    {
        let hosted = case.hosted_callback(kind);
        if uris.contains(&hosted) {
            continue;
        }
        let (level, what) = if has_own {
            let what = format!(
                "The answer of {where_to} has to arrive on a page of your own, named to the SDK; \
                 there is one here that is ready."
            );
            (Level::Note, what)
        } else {
            (Level::Error, format!("The answer of {where_to} has no page to arrive at."))
        };
        let finding = Finding::new(level, "redirect_uris", what).with(present());
        found.push(finding.mend(with(&hosted)));
    }
    if let (false, Some(origin)) = (has_own, case.client.origins.first()) {
        let what = "Where no window opens, people are sent to the accounts site and back, and there \
                    is no page of the client to come back to.";
        let finding = Finding::new(Level::Warning, "redirect_uris", what).with(present());
        found.push(finding.mend(with(&format!("{origin}/callback"))));
    }
    found
}

/// A page of an origin that is not registered can take an answer, and not the token for it.
fn foreign_callbacks(case: &Case<'_>) -> Vec<Finding> {
    let client = case.client;
    let foreign = client.redirect_uris.iter().filter_map(|uri| {
        let origin = Origin::of_uri(uri).ok()?;
        let is_known = client.origins.contains(&origin) || origin == *case.issuer;
        (!client.origins.is_empty() && !is_known).then_some((uri, origin))
    });
    let finding = |(uri, origin): (&String, Origin)| {
        let what = "Answers arrive at an origin that is not one of the client's, so a page there \
                    may not swap the code for a token.";
        let origins = client.origins.iter().map(Origin::as_str).chain([origin.as_str()]);
        Finding::new(Level::Warning, "redirect_uris", what).with(uri).mend(list("origins", origins))
    };
    foreign.map(finding).collect()
}
