//! Which pages may be annotated.

use crate::domain::origin::Origin;
use rocket::http::uri::Absolute;
use url::Url;

/// Longest address of a page.
const LONGEST: usize = 2_000;

/// The sites whose pages may be annotated: those that may frame the widget. The address comes in
/// the widget's own query, from whoever frames it, so that it is believed as far as this goes.
pub(super) struct Targets(pub(super) Vec<Origin>);

impl Targets {
    /// The page's address in one form, without what comes after `#`.
    pub(super) fn parse(&self, page: &str) -> Option<String> {
        let mut url = Url::parse(page).ok().filter(|_| page.len() <= LONGEST)?;
        let origin = url.origin().ascii_serialization();
        let named = !url.username().is_empty() || url.password().is_some();
        if named || !self.0.iter().any(|known| known.as_str() == origin) {
            return None;
        }
        url.set_fragment(None);
        // One that a redirect can lead to.
        Absolute::parse(url.as_str()).is_ok().then(|| url.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_known_sites_are_targets() {
        let targets = Targets(vec![Origin::parse("https://wiki.example.org").expect("valid")]);
        let page = targets.parse("https://WIKI.example.org:443/page/a?b#c");
        assert_eq!(page.as_deref(), Some("https://wiki.example.org/page/a?b"));
        for bad in [
            "",
            "/page",
            "https://evil.test/",
            "https://wiki.example.org.evil.test/",
            "http://wiki.example.org/",
            "https://wiki.example.org@evil.test/",
            "javascript:alert(1)",
            "https://alice@wiki.example.org/",
            "data:text/html,x",
            "//wiki.example.org/",
            "https://wiki.example.org/a|b",
        ] {
            assert_eq!(targets.parse(bad), None, "{bad}");
        }
    }
}
