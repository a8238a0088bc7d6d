//! What a registration lacks, whatever the pages say.

use super::finding::{Finding, Level, list};
use super::{Case, tokens_mode};
use crate::domain::origin::Origin;

/// Every rule about the registration by itself.
pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let mut found = origins(case);
    found.extend(embedders(case));
    found.extend(return_uris(case));
    found.extend(scope(case));
    found.extend(response_modes(case));
    found.extend(nonce(case));
    found.extend(contacts(case));
    if case.holds_tokens() {
        found.extend(tokens_mode::findings(case));
    }
    found
}

fn origins(case: &Case<'_>) -> Vec<Finding> {
    let client = case.client;
    if client.origins.is_empty() {
        let (level, what) = if client.redirect_uris.is_empty() {
            (
                Level::Error,
                "No page of the client gets an answer, neither from the bridge nor by OpenID.",
            )
        } else {
            (
                Level::Warning,
                "No page gets an answer from the bridge: people sign in by redirects only.",
            )
        };
        let uri = client.redirect_uris.iter().find_map(|uri| Origin::of_uri(uri).ok());
        let example = uri.map_or_else(|| "https://www.example.org".to_owned(), String::from);
        return vec![
            Finding::new(level, "origins", what).with("[]").mend(list("origins", [example])),
        ];
    }
    // On one's own machine all of it is plain.
    let is_local = case.issuer.as_str().starts_with("http:");
    let level = if is_local { Level::Note } else { Level::Warning };
    let plain = client.origins.iter().filter(|origin| origin.as_str().starts_with("http:"));
    let plain = plain.map(|origin| {
        let what = "Plain http is for trying things out on one's own machine: the origin of a \
                    deployment begins with https://.";
        let https = origin.as_str().replacen("http", "https", 1);
        Finding::new(level, "origins", what).with(origin.as_str()).mend(list("origins", [https]))
    });
    plain.collect()
}

fn embedders(case: &Case<'_>) -> Vec<Finding> {
    let client = case.client;
    let mut found = Vec::new();
    if case.may_be_framed_anywhere() {
        let what = "Any page on https may frame the client's widget and lay something over it. \
                    Name the sites it is made for, if you know them.";
        let finding = Finding::new(Level::Warning, "embedders", what).with("https:");
        found.push(finding.mend(list("embedders", ["https://www.example.org"])));
    }
    let foreign = client.origins.iter().filter(|origin| !origin.is_same_site(case.issuer));
    let foreign: Vec<&str> = foreign.map(Origin::as_str).collect();
    if !foreign.is_empty() && client.embedders.is_empty() {
        let what = format!(
            "{} is another site than {}. If its pages are to stand in frames of others, those have \
             to be named here, or the bridge is `blocked_by_policy` there.",
            foreign.join(", "),
            case.issuer.site()
        );
        let finding = Finding::new(Level::Note, "embedders", what).with("[]");
        found.push(finding.mend(list("embedders", ["https://www.example.org"])));
    }
    found
}

/// The sign-in page sends people back to registered addresses of first-party clients only.
fn return_uris(case: &Case<'_>) -> Option<Finding> {
    let client = case.client;
    let origin = client.origins.first()?;
    if !client.first_party || client.is_public() || !client.return_uris.is_empty() {
        return None;
    }
    let what = "After signing in people cannot be sent back to the page they came from.";
    let finding = Finding::new(Level::Warning, "return_uris", what).with("[]");
    Some(finding.mend(list("return_uris", [format!("{origin}/sso/return")])))
}

fn scope(case: &Case<'_>) -> Option<Finding> {
    let scope = &case.client.scope;
    let names: Vec<&str> = scope.names().collect();
    let asks_openid = case.holds_tokens() || !case.client.redirect_uris.is_empty();
    let (level, what, right) = if scope.is_empty() {
        let level = if case.holds_tokens() { Level::Error } else { Level::Warning };
        (
            level,
            "The client may learn nothing of people but an identifier.",
            "openid profile".to_owned(),
        )
    } else if asks_openid && !scope.has("openid") {
        let level = if case.holds_tokens() { Level::Error } else { Level::Warning };
        let what = "Without `openid` there is no id token, and userinfo refuses the access token.";
        (level, what, [&["openid"][..], &names].concat().join(" "))
    } else {
        return None;
    };
    let finding = Finding::new(level, "scope", what).with(format!("{:?}", names.join(" ")));
    Some(finding.mend(format!("scope = \"{right}\"")))
}

fn response_modes(case: &Case<'_>) -> Vec<Finding> {
    let modes = &case.client.response_modes;
    let finding = |level, what: &str, mend| {
        let present = list("response_modes", modes);
        Finding::new(level, "response_modes", what).with(present).mend(mend)
    };
    let mut found = Vec::new();
    let with_query = list("response_modes", ["query"]);
    if case.holds_tokens() && !modes.iter().any(|mode| mode == "query") {
        let what = "The SDK reads the answer from the query of its callback pages, which this \
                    client may not ask for.";
        found.push(finding(Level::Error, what, with_query.clone()));
    }
    if modes.iter().any(|mode| mode == "web_message") {
        let what = "`web_message` is accepted here and answered by no page yet.";
        let others: Vec<&str> =
            modes.iter().map(String::as_str).filter(|mode| *mode != "web_message").collect();
        let mend = if others.is_empty() { with_query } else { list("response_modes", others) };
        found.push(finding(Level::Warning, what, mend));
    }
    found
}

fn nonce(case: &Case<'_>) -> Option<Finding> {
    if case.client.require_nonce || case.client.origins.is_empty() {
        return None;
    }
    let what = if case.holds_tokens() {
        "The bridge gives payloads to scripts that bring no nonce. A public client has no backend \
         to redeem them: nothing needs this."
    } else {
        "The bridge gives payloads to scripts that bring no nonce: whoever gets one into somebody \
         else's browser signs that person in as another. The relying kit always brings one."
    };
    let finding = Finding::new(Level::Warning, "require_nonce", what).with("false");
    Some(finding.mend("require_nonce = true"))
}

fn contacts(case: &Case<'_>) -> Option<Finding> {
    if !case.client.contacts.is_empty() {
        return None;
    }
    let what = "Nobody may open this check on the accounts site; it is there on the command line \
                only.";
    let finding = Finding::new(Level::Note, "contacts", what).with("[]");
    Some(finding.mend(list("contacts", ["alice"])))
}
