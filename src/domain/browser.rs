//! What a browser calls itself, in words that its owner recognises.

/// `Firefox on Linux`, from a User-Agent header; `Unknown browser` when it says nothing known.
#[must_use]
pub fn describe(user_agent: &str) -> String {
    let has = |mark: &&(&str, &'static str)| user_agent.contains(mark.0);
    let browser = BROWSERS.iter().find(has).map(|mark| mark.1);
    let system = SYSTEMS.iter().find(has).map(|mark| mark.1);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("Unknown browser on {system}"),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// The first mark that is found wins: browsers claim to be their forebears as well.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_their_owners_know_them() {
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0";
        let phone =
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1";
        assert_eq!(describe(edge), "Edge on Windows");
        assert_eq!(describe(phone), "Safari on iPhone");
        assert_eq!(describe(""), "Unknown browser");
    }
}
