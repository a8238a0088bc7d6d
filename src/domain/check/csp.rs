//! Content-Security-Policy, parsed and asked as browsers do (CSP3 §2.2, §6.7).

use url::Url;

use super::source;

/// Which directives decide about a frame, in the order of their fallbacks.
pub const FRAMES: &[&str] = &["frame-src", "child-src", "default-src"];
/// The same for a script element.
pub const SCRIPTS: &[&str] = &["script-src-elem", "script-src", "default-src"];
/// The same for what a script fetches.
pub const CONNECTIONS: &[&str] = &["connect-src", "default-src"];
/// Who may stand above the page. It has no fallback.
pub const ANCESTORS: &[&str] = &["frame-ancestors"];
/// What a page in a sandbox may do. It has no fallback.
pub const SANDBOX: &[&str] = &["sandbox"];

/// One policy: its directives, each named once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy(Vec<Directive>);

/// A directive, such as `frame-src 'self' https://accounts.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// In lower case.
    pub name: String,
    /// As they are written.
    pub values: Vec<String>,
}

impl Policy {
    /// The policies of one header: a list, parted by commas. Empty ones are none.
    pub fn list(header: &str) -> Vec<Self> {
        let all = header.split(',').map(Self::parse);
        all.filter(|policy| !policy.0.is_empty()).collect()
    }

    /// Of a directive that is there twice, the first counts.
    fn parse(text: &str) -> Self {
        let mut directives: Vec<Directive> = Vec::new();
        for part in text.split(';') {
            let mut words = part.split_ascii_whitespace();
            let Some(name) = words.next().map(str::to_ascii_lowercase) else { continue };
            if directives.iter().all(|known| known.name != name) {
                directives.push(Directive { name, values: words.map(str::to_owned).collect() });
            }
        }
        Self(directives)
    }

    /// The directive that decides: the first of these that is there.
    #[must_use]
    pub fn deciding(&self, chain: &[&str]) -> Option<&Directive> {
        chain.iter().find_map(|name| self.0.iter().find(|directive| directive.name == *name))
    }

    /// The directive that decides, if it keeps `target` from a page at `own`.
    #[must_use]
    pub fn refusing(&self, chain: &[&str], target: &Url, own: &Url) -> Option<&Directive> {
        self.deciding(chain).filter(|directive| !directive.allows(target, own))
    }
}

impl Directive {
    /// Whether some source of it is `target`, for a page at `own`.
    #[must_use]
    pub fn allows(&self, target: &Url, own: &Url) -> bool {
        self.values.iter().any(|text| source::matches(text, target, own))
    }

    /// Whether it has this keyword, such as `'strict-dynamic'`.
    #[must_use]
    pub fn has(&self, keyword: &str) -> bool {
        self.values.iter().any(|value| value.eq_ignore_ascii_case(keyword))
    }

    /// Whether some value begins like this, such as `'nonce-`.
    #[must_use]
    pub fn has_prefix(&self, prefix: &str) -> bool {
        let begins = |value: &String| {
            value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        self.values.iter().any(begins)
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        [&[self.name.clone()][..], &self.values].concat().join(" ")
    }

    /// The same sources and more, under the name that should decide.
    #[must_use]
    pub fn with(&self, name: &str, more: &[&str]) -> String {
        let is_kept = |value: &&str| !value.eq_ignore_ascii_case("'none'") && !more.contains(value);
        let kept = self.values.iter().map(String::as_str).filter(is_kept);
        let words: Vec<&str> = std::iter::once(name).chain(kept).chain(more.to_vec()).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn refuses(header: &str, chain: &[&str]) -> Option<String> {
        let (bridge, own) =
            (url("https://accounts.example.org/bridge"), url("https://wiki.example.org/page"));
        let policies = Policy::list(header);
        policies.iter().find_map(|p| p.refusing(chain, &bridge, &own)).map(Directive::text)
    }

    #[test]
    fn frame_src_falls_back_to_child_src_and_default_src() {
        assert_eq!(refuses("script-src 'self'", FRAMES), None, "nothing decides");
        assert_eq!(refuses("default-src 'self'", FRAMES).as_deref(), Some("default-src 'self'"));
        let child = "default-src *; child-src 'none'";
        assert_eq!(refuses(child, FRAMES).as_deref(), Some("child-src 'none'"));
        let frame = "default-src 'none'; child-src 'none'; frame-src https://accounts.example.org";
        assert_eq!(refuses(frame, FRAMES), None);
        assert_eq!(refuses("frame-src", FRAMES).as_deref(), Some("frame-src"), "empty is none");
    }

    #[test]
    fn each_policy_of_a_list_is_held_by_itself() {
        let both = "frame-src https://accounts.example.org, default-src 'self'; img-src *";
        assert_eq!(refuses(both, FRAMES).as_deref(), Some("default-src 'self'"));
        assert_eq!(Policy::list(" , ;; ,frame-src x").len(), 1);
    }

    #[test]
    fn of_a_doubled_directive_the_first_counts_and_names_have_no_case() {
        let text = "FRAME-SRC 'none';frame-src *";
        assert_eq!(refuses(text, FRAMES).as_deref(), Some("frame-src 'none'"));
        assert_eq!(refuses("frame-src\t*\t;", FRAMES), None);
    }

    #[test]
    fn a_mend_keeps_what_was_there() {
        let policy = Policy::list("default-src 'none' 'self'").remove(0);
        let directive = policy.deciding(CONNECTIONS).expect("the fallback");
        let mend = directive.with("connect-src", &["https://a.example"]);
        assert_eq!(mend, "connect-src 'self' https://a.example");
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,120}", source in "[*:/.a-z0-9'-]{0,20}") {
            let _ = refuses(&text, SCRIPTS);
            let _ = refuses(&format!("frame-src {source}"), FRAMES);
        }
    }
}
