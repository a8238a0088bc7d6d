//! Whether a source of a Content-Security-Policy is a URL (CSP3 §6.7.2.7 to §6.7.2.12).

use url::Url;

/// Whether one source expression is `target`, for a page at `own`.
pub(super) fn matches(text: &str, target: &Url, own: &Url) -> bool {
    let text = text.to_ascii_lowercase();
    match text.as_str() {
        "*" => is_network(target) || target.scheme() == own.scheme(),
        "'self'" => is_self(target, own),
        quoted if quoted.starts_with('\'') => false,
        scheme if is_scheme(scheme) => scheme_matches(&scheme[..scheme.len() - 1], target.scheme()),
        host => host_matches(host, target, own),
    }
}

fn is_network(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https" | "ws" | "wss")
}

fn is_scheme(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    text.strip_suffix(':').is_some_and(|scheme| !scheme.is_empty() && scheme.bytes().all(good))
}

fn is_self(target: &Url, own: &Url) -> bool {
    let default = |url: &Url| url.port().is_none();
    let same_port = target.port_or_known_default() == own.port_or_known_default()
        || (default(target) && default(own));
    let as_safe = matches!(target.scheme(), "https" | "wss")
        || target.scheme() == own.scheme()
        || (own.scheme() == "http" && target.scheme() == "ws");
    target.host() == own.host() && same_port && as_safe
}

/// A scheme stands for its safe variant too.
fn scheme_matches(named: &str, actual: &str) -> bool {
    named == actual
        || match named {
            "http" | "wss" => actual == "https",
            "ws" => matches!(actual, "wss" | "http" | "https"),
            _ => false,
        }
}

fn host_matches(text: &str, target: &Url, own: &Url) -> bool {
    let (scheme, rest) = text.split_once("://").map_or((own.scheme(), text), |(s, r)| (s, r));
    let (place, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = split_port(place);
    scheme_matches(scheme, target.scheme())
        && is_host(host, target.host_str().unwrap_or_default())
        && is_port(port, target)
        && is_path(path, target.path())
}

/// `[::1]:8000` has colons of its own.
fn split_port(place: &str) -> (&str, Option<&str>) {
    match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    }
}

fn is_host(named: &str, actual: &str) -> bool {
    match named.strip_prefix('*') {
        Some("") => true,
        Some(rest) => rest.starts_with('.') && rest.len() > 1 && actual.ends_with(rest),
        None => !named.is_empty() && named == actual,
    }
}

fn is_port(named: Option<&str>, target: &Url) -> bool {
    match named {
        None => target.port().is_none(),
        Some("*") => true,
        Some(port) => {
            let actual = target.port_or_known_default().map(|port| port.to_string());
            actual.as_deref() == Some(port) || (port == "80" && actual.as_deref() == Some("443"))
        }
    }
}

/// A path that ends with a slash stands for all below it. Paths have case, which was taken from
/// the text: those of this server have none.
fn is_path(named: &str, actual: &str) -> bool {
    let actual = actual.to_ascii_lowercase();
    match named {
        "" | "/" => true,
        folder if folder.ends_with('/') => actual.starts_with(folder),
        file => actual == file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(source: &str, target: &str) -> bool {
        let own = Url::parse("https://wiki.example.org/page").expect("a URL");
        matches(source, &Url::parse(target).expect("a URL"), &own)
    }

    #[test]
    fn a_source_is_its_host_by_a_safe_scheme() {
        let accounts = "https://accounts.example.org/bridge";
        for good in [
            "*",
            "https:",
            "http:",
            "https://accounts.example.org",
            "http://accounts.example.org",
            "HTTPS://Accounts.Example.org/",
            "accounts.example.org",
            "*.example.org",
            "https://*.example.org:443",
            "https://accounts.example.org:*",
            "https://accounts.example.org/bridge",
            "*:443",
        ] {
            assert!(is(good, accounts), "{good}");
        }
        for bad in [
            "'self'",
            "'none'",
            "'unsafe-inline'",
            "wss://accounts.example.org:1",
            "https://accounts.example.org.evil.test",
            "https://accounts.example.org:8443",
            "https://accounts.example.org/sdk/",
            "example.org",
            "*.accounts.example.org",
            "*.",
            "*example.org",
            "data:",
            "",
            ":",
            "//",
        ] {
            assert!(!is(bad, accounts), "{bad}");
        }
    }

    #[test]
    fn a_socket_needs_a_source_of_its_own() {
        let socket = "wss://accounts.example.org/flow/events";
        for good in ["*", "wss:", "ws:", "wss://accounts.example.org", "ws://*.example.org"] {
            assert!(is(good, socket), "{good}");
        }
        assert!(!is("https://accounts.example.org", socket));
        assert!(!is("accounts.example.org", socket));
        assert!(is("'self'", "wss://wiki.example.org/socket"));
    }

    #[test]
    fn a_port_is_part_of_the_place() {
        assert!(is("https://[::1]:8000", "https://[::1]:8000/x"));
        assert!(!is("https://[::1]", "https://[::1]:8000/x"));
        assert!(!is("'self'", "https://wiki.example.org:8443/"));
        assert!(!is("'self'", "http://wiki.example.org/"), "not by a less safe scheme");
        assert!(is("https://a.example/x/", "https://a.example/x/y"));
        assert!(!is("https://a.example/x", "https://a.example/x/y"));
    }
}
