//! Which paths a person may be brought back to.

/// Longest path that is remembered; it travels in a cookie.
const LONGEST: usize = 1_024;

/// Whether this is a path (and query) of our own, in every reading that a browser could give it.
///
/// Refused are what leaves the origin (`https://…`, `//…`, and `\`, which browsers read as `/`),
/// control characters, which they drop before they read, the same in percent-encoding, and what is
/// not ASCII and so not yet encoded.
pub(super) fn is_own(path: &str) -> bool {
    path.len() <= LONGEST
        && path.starts_with('/')
        && path.bytes().all(|b| matches!(b, b'!'..=b'~') && b != b'\\')
        && !path.split(['?', '#']).next().unwrap_or("").contains("//")
        && !has_encoded_trick(path)
}

/// Whether `\` or a control character stands in it percent-encoded, or a `%` encodes nothing.
fn has_encoded_trick(path: &str) -> bool {
    path.split('%').skip(1).any(|rest| {
        let mut digits = rest.chars().map(|c| c.to_digit(16));
        match (digits.next().flatten(), digits.next().flatten()) {
            (Some(high), Some(low)) => high < 2 || (high, low) == (5, 12) || (high, low) == (7, 15),
            _ => true,
        }
    })
}

/// Whether a path may be remembered: ours, and not the kit's, which would lead in a circle.
pub(super) fn may_return(path: &str, callback: &str) -> bool {
    let rest = path.strip_prefix(callback);
    is_own(path) && !rest.is_some_and(|r| r.is_empty() || r.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use url::Url;

    #[test]
    fn only_own_paths_are_returned_to() {
        for good in ["/", "/page/a", "/page/caf%C3%A9?x=1&y=http://x", "/ssology", "/a#b"] {
            assert!(may_return(good, "/sso"), "{good}");
        }
        let bad = [
            "",
            "page",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https://evil.test/",
            "/a//b",
            "javascript:alert(1)",
            "/a\nb",
            "/a\tb",
            "/\t/evil.test",
            "/a b",
            "/%5cevil.test",
            "/%5Cevil.test",
            "/%0d%0aSet-Cookie:x",
            "/%00",
            "/%7f",
            "/%zz",
            "/caf\u{e9}",
            "@evil.test",
            "/sso",
            "/sso/start?to=/",
            "/sso?x",
            "/sso/return",
        ];
        for bad in bad {
            assert!(!may_return(bad, "/sso"), "{bad}");
        }
        assert!(!is_own(&format!("/{}", "a".repeat(LONGEST))));
    }

    proptest! {
        #[test]
        fn what_passes_stays_on_the_origin(text in "[/\\\\a-z%5cC0-9:@.?#\t\n]{0,12}") {
            let base = Url::parse("https://wiki.example.org/deep/page").expect("valid");
            if is_own(&text) {
                let there = base.join(&text).expect("a path can be joined");
                prop_assert_eq!(there.origin(), base.origin());
            }
        }
    }
}
