//! What the headers of pages forbid.

use super::*;

#[test]
fn a_page_that_may_not_frame_the_bridge_is_an_error_with_the_line_to_copy() {
    let policy = [("Content-Security-Policy", "default-src 'self'; script-src *; connect-src *")];
    let finding = only(&wiki(), &[page("https://wiki.example.org/page", &policy)]);
    let mend = "frame-src 'self' https://accounts.example.org";
    assert_mend(&finding, Level::Error, "Content-Security-Policy", mend);
    assert_eq!(finding.value.as_deref(), Some("default-src 'self'"));
    assert_eq!(finding.page.as_deref(), Some("https://wiki.example.org/page"));
    // A second policy is held by itself, whatever the first allows.
    let two = [
        ("Content-Security-Policy", "frame-src https://accounts.example.org"),
        ("Content-Security-Policy", "frame-src 'none'"),
    ];
    let finding = only(&wiki(), &[page("https://wiki.example.org/", &two)]);
    assert_eq!(finding.mend.as_deref(), Some("frame-src https://accounts.example.org"));
    let only_told = [("Content-Security-Policy-Report-Only", "default-src 'none'")];
    assert_eq!(brief(&wiki(), &[page("https://wiki.example.org/", &only_told)]), []);
}

#[test]
fn the_script_is_loaded_by_its_address_or_by_a_nonce() {
    let of = |policy: &str| {
        let page = page("https://wiki.example.org/", &[("Content-Security-Policy", policy)]);
        brief(&wiki(), &[page])
    };
    let error = |mend: &str| (Level::Error, "Content-Security-Policy".to_owned(), mend.to_owned());
    assert_eq!(of("script-src 'self'"), [error("script-src 'self' https://accounts.example.org")]);
    assert_eq!(of("script-src https://accounts.example.org/sdk/"), []);
    let elements = "script-src *; script-src-elem 'none'";
    assert_eq!(of(elements), [error("script-src-elem https://accounts.example.org")]);
    assert_eq!(of("script-src 'nonce-abc' 'strict-dynamic'")[0].0, Level::Note);
    let dynamic = "script-src 'strict-dynamic' https://accounts.example.org";
    assert_eq!(of(dynamic)[0].0, Level::Error);
}

#[test]
fn a_widget_must_be_able_to_call_the_accounts_site_and_to_hear_from_it() {
    let of = |client: &Registration, url: &str, policy: &str| {
        brief(client, &[page(url, &[("Content-Security-Policy", policy)])])
    };
    let notes = "https://notes.example.org/widget";
    let right = "connect-src 'self' https://accounts.example.org wss://accounts.example.org";
    let csp = "Content-Security-Policy".to_owned();
    let shut = of(&widget(), notes, "connect-src 'self'");
    assert_eq!(shut, [(Level::Error, csp.clone(), right.to_owned())]);
    let deaf = of(&widget(), notes, "connect-src 'self' https://accounts.example.org");
    assert_eq!(deaf, [(Level::Warning, csp.clone(), right.to_owned())]);
    assert_eq!(of(&widget(), notes, right), []);
    let shut = of(&wiki(), "https://wiki.example.org/", "connect-src 'self'");
    assert_eq!(shut, [], "a site with a backend calls nobody else");
    let shut = of(&wiki(), "https://wiki.example.org/", &right.replace("'self' ", ""));
    assert_eq!(shut.len(), 1, "but its own backend: {shut:?}");
    assert_eq!(shut[0].0, Level::Error);
}

#[test]
fn a_widget_lets_its_embedders_frame_it() {
    let of = |headers: &[(&str, &str)]| {
        brief(&widget(), &[page("https://notes.example.org/w", headers)])
    };
    let csp = |policy: &'static str| [("Content-Security-Policy", policy)];
    let all = "frame-ancestors 'self' https://wiki.example.org https://specs.example.net";
    assert_eq!(of(&csp(all)), []);
    let some = of(&csp("frame-ancestors 'self' https://wiki.example.org"));
    assert_eq!(some, [(Level::Error, "Content-Security-Policy".into(), all.into())]);
    let old = of(&[("X-Frame-Options", "SAMEORIGIN")]);
    let mend = format!("Content-Security-Policy: {all}");
    assert_eq!(old, [(Level::Error, "X-Frame-Options".into(), mend)]);
    assert_eq!(of(&[("X-Frame-Options", "ALLOW-FROM https://wiki.example.org")]), []);
    let both = [("X-Frame-Options", "DENY"), ("Content-Security-Policy", all)];
    assert_eq!(of(&both), [], "the newer header alone counts");
    let mut guessed = page("https://notes.example.org/", &[("X-Frame-Options", "DENY")]);
    guessed.is_asked_for = false;
    assert_eq!(brief(&widget(), &[guessed])[0].0, Level::Note, "it may be no widget");
    assert_eq!(brief(&wiki(), &[page(WIKI, &[("X-Frame-Options", "DENY")])]), []);
    let more = "frame-ancestors 'self' https://wiki.example.org https://specs.example.net \
                https://books.example.com";
    let unknown = of(&csp(more));
    let mend = "embedders = [\"https://wiki.example.org\", \"https://specs.example.net\", \
                \"https://books.example.com\"]";
    assert_eq!(unknown, [(Level::Warning, "embedders".into(), mend.into())]);
}

#[test]
fn an_isolated_embedder_asks_two_headers_of_the_widget() {
    let above =
        |word| page("https://specs.example.net/", &[("Cross-Origin-Embedder-Policy", word)]);
    let bare = page("https://notes.example.org/widget", &[]);
    let notes = [
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Cross-Origin-Resource-Policy", "same-site"),
    ];
    let found = brief(&widget(), &[above("credentialless"), bare]);
    let error = |name: &str, word: &str| (Level::Error, name.to_owned(), format!("{name}: {word}"));
    assert_eq!(
        found,
        [
            error("Cross-Origin-Embedder-Policy", "require-corp"),
            error("Cross-Origin-Resource-Policy", "cross-origin"),
        ]
    );
    let near = page("https://notes.example.org/widget", &notes);
    let found = brief(&widget(), &[above("require-corp"), near.clone()]);
    assert_eq!(found, [error("Cross-Origin-Resource-Policy", "cross-origin")]);
    let wiki =
        page("https://wiki.example.org/", &[("Cross-Origin-Embedder-Policy", "require-corp")]);
    assert_eq!(brief(&widget(), &[wiki, near.clone()]), [], "same-site will do for a sibling");
    assert_eq!(brief(&widget(), &[above("unsafe-none"), near]), []);
    assert_eq!(brief(&widget(), &[above("require-corp")])[0].0, Level::Warning, "not looked at");
}

#[test]
fn an_embedder_frames_the_widget_and_leaves_it_what_it_needs() {
    let of = |name: &'static str, value: &'static str| {
        brief(&widget(), &[page("https://specs.example.net/", &[(name, value)])])
    };
    let mend = "frame-src 'self' https://notes.example.org";
    let found = of("Content-Security-Policy", "frame-src 'self'");
    assert_eq!(found, [(Level::Error, "Content-Security-Policy".into(), mend.into())]);
    let asked = page("https://notes.example.org/widget", &[]);
    let narrow = "frame-src https://notes.example.org/other";
    let narrow = page("https://specs.example.net/", &[("Content-Security-Policy", narrow)]);
    assert_eq!(brief(&widget(), &[narrow, asked])[0].0, Level::Error);
    let found = of("Permissions-Policy", "storage-access=()");
    let mend = "Permissions-Policy: storage-access=(self \"https://notes.example.org\")";
    assert_eq!(found, [(Level::Warning, "Permissions-Policy".into(), mend.into())]);
    assert_eq!(of("Cross-Origin-Opener-Policy", "same-origin")[0].0, Level::Note);
    let found = of("Content-Security-Policy", "sandbox allow-scripts");
    let levels: Vec<Level> = found.iter().map(|found| found.0).collect();
    assert_eq!(levels, [Level::Error, Level::Warning], "{found:?}");
}

#[test]
fn small_things_of_a_page_of_ones_own_are_noted() {
    let of = |name: &'static str, value: &'static str| {
        only(&wiki(), &[page("https://wiki.example.org/", &[(name, value)])])
    };
    let opener = of("Cross-Origin-Opener-Policy", "same-origin; report-to=\"x\"");
    let mend = "Cross-Origin-Opener-Policy: same-origin-allow-popups";
    assert_mend(&opener, Level::Note, "Cross-Origin-Opener-Policy", mend);
    let referrer = of("Referrer-Policy", "strict-origin, no-referrer");
    let mend = "Referrer-Policy: strict-origin-when-cross-origin";
    assert_mend(&referrer, Level::Note, "Referrer-Policy", mend);
    let access = of("Permissions-Policy", "storage-access=(self)");
    let mend = "Permissions-Policy: storage-access=(self \"https://accounts.example.org\")";
    assert_mend(&access, Level::Warning, "Permissions-Policy", mend);
}

#[test]
fn a_page_that_could_not_be_seen_is_said_so() {
    let seen = |seen| {
        let page = Page { seen, ..page("https://wiki.example.org/a", &[]) };
        only(&wiki(), &[page])
    };
    let to = |to: &str| Seen::Answer(303, Headers::new([("Location", to.as_bytes())]));
    assert_mend(&seen(to("/signin")), Level::Warning, "status", "https://wiki.example.org/signin");
    assert_eq!(seen(Seen::Answer(404, Headers::default())).value.as_deref(), Some("404"));
    assert!(seen(Seen::Nothing("nobody listens there")).what.contains("nobody listens there"));
    assert!(seen(Seen::NotAllowed).mend.expect("a mend").starts_with("outgoing_networks"));
}

#[test]
fn hostile_headers_stay_short_and_printable() {
    let long = format!("frame-src {}", "https://\u{1b}[2Jx.example ".repeat(2_000));
    let finding = only(&wiki(), &[page(WIKI, &[("Content-Security-Policy", &long)])]);
    for text in [finding.value, finding.mend].into_iter().flatten() {
        assert!(text.len() < 500 && !text.contains('\u{1b}'), "{text}");
        assert!(text.starts_with("frame-src"), "{text}");
    }
}
