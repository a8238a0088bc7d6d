//! Permissions-Policy: a dictionary of features, each with a list of who may have it.

use url::Url;

/// The list of a feature: `*`, `self`, and origins; none where it is not named. Of two, the last
/// counts (RFC 9651 §3.2).
#[must_use]
pub fn allowed(policy: &str, feature: &str) -> Option<Vec<String>> {
    let members = members(policy);
    let named = |member: &&str| {
        let name = member.split('=').next().unwrap_or_default();
        name.trim() == feature
    };
    let member = members.iter().rev().copied().find(named)?;
    let (_, value) = member.split_once('=')?;
    let value = value.trim();
    let inner = match value.strip_prefix('(') {
        Some(rest) => rest.split(')').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    };
    Some(inner.split_ascii_whitespace().map(|item| item.trim_matches('"').to_owned()).collect())
}

/// Whether a list has a page in it.
#[must_use]
pub fn has(list: &[String], page: &Url, own: &Url) -> bool {
    let is_named = |item: &String| {
        item == "*"
            || (item == "self" && page.origin() == own.origin())
            || Url::parse(item).is_ok_and(|named| named.origin() == page.origin())
    };
    list.iter().any(is_named)
}

/// The members of a dictionary: commas within lists and quotes do not part them.
fn members(policy: &str) -> Vec<&str> {
    let (mut found, mut start) = (Vec::new(), 0);
    let (mut is_quoted, mut depth) = (false, 0_u32);
    for (at, byte) in policy.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'(' if !is_quoted => depth = depth.saturating_add(1),
            b')' if !is_quoted => depth = depth.saturating_sub(1),
            b',' if !is_quoted && depth == 0 => {
                found.push(&policy[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&policy[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_a_feature_is_read() {
        let policy = "camera=(), storage-access=(self \"https://a.example.org\");x=1, usb=*";
        let list = |feature| allowed(policy, feature);
        assert_eq!(
            list("storage-access"),
            Some(vec!["self".into(), "https://a.example.org".into()])
        );
        assert_eq!(list("camera"), Some(vec![]));
        assert_eq!(list("usb"), Some(vec!["*".into()]));
        assert_eq!(list("geolocation"), None);
        assert_eq!(allowed("a=*, a=()", "a"), Some(vec![]), "the last one counts");
        assert_eq!(allowed("a", "a"), None);
        assert_eq!(allowed("((\"", "a"), None);
    }

    #[test]
    fn who_is_named_may_have_it() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let (own, other) = (url("https://notes.example.org/x"), url("https://a.example.org/y"));
        let has = |list: &[&str], page: &Url| {
            let list: Vec<String> = list.iter().map(|&item| item.to_owned()).collect();
            super::has(&list, page, &own)
        };
        assert!(
            has(&["*"], &other) && has(&["self"], &own) && has(&["https://a.example.org"], &other)
        );
        assert!(
            !has(&["self"], &other) && !has(&[], &own) && !has(&["http://a.example.org"], &other)
        );
    }
}
