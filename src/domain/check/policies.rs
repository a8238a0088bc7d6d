//! What Content-Security-Policies are asked, for pages of the client and for those that frame them.

use url::Url;

use super::csp::{Directive, Policy, SANDBOX};
use super::finding::{Finding, Level};
use super::headers::shown;

/// The header that all of this is about.
pub(super) const CSP: &str = "Content-Security-Policy";

/// A finding about a directive that refuses something, mended by what has to be added to it.
pub(super) fn refused(
    level: Level,
    directive: &Directive,
    name: &str,
    missing: &[&str],
    what: impl Into<String>,
) -> Finding {
    let mend = directive.with(name, missing);
    // A line that was cut would be worse than one that says what is new in it.
    let whole =
        if shown(&mend) == mend { mend } else { format!("{name} … {}", missing.join(" ")) };
    Finding::new(level, CSP, what).with(shown(&directive.text())).mend(whole)
}

/// What a page in a sandbox may not do.
pub(super) fn sandbox(policy: &Policy, is_framing: bool) -> Vec<Finding> {
    let Some(directive) = policy.deciding(SANDBOX) else { return Vec::new() };
    let lacks = |wanted: &[&'static str]| -> Vec<&'static str> {
        wanted.iter().copied().filter(|&token| !directive.has(token)).collect()
    };
    let mut found = Vec::new();
    let needed = lacks(&["allow-scripts", "allow-same-origin"]);
    if !needed.is_empty() {
        let what = "In this sandbox the page has no origin that could be registered, or no \
                    script, and so have all frames in it: nothing gets an answer from the bridge.";
        found.push(refused(Level::Error, directive, "sandbox", &needed, what));
    }
    let mut asked = vec!["allow-popups", "allow-popups-to-escape-sandbox"];
    if is_framing {
        asked.push("allow-storage-access-by-user-activation");
    }
    let asked = lacks(&asked);
    if !asked.is_empty() {
        let what = "In this sandbox some of what a click may try is refused: the window in which \
                    people sign in, or access to the cookies of the accounts site.";
        found.push(refused(Level::Warning, directive, "sandbox", &asked, what));
    }
    found
}

/// A source for a page or an origin: what is written into a directive.
pub(super) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}
