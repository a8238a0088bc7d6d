//! The rules, on registrations and headers as people write them.

use super::*;
use crate::domain::scope::Scope;

const ISSUER: &str = "https://accounts.example.org";
const WIKI: &str = "https://wiki.example.org";
const NOTES: &str = "https://notes.example.org";
const SPECS: &str = "https://specs.example.net";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

fn origin(text: &str) -> Origin {
    Origin::parse(text).expect("an origin")
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|&text| text.to_owned()).collect()
}

/// A sibling with a backend, registered as it should be.
fn wiki() -> Registration {
    Registration {
        return_uris: texts(&["https://wiki.example.org/sso/return"]),
        first_party: true,
        contacts: texts(&["alice"]),
        ..Registration::named("wiki", WIKI)
    }
}

/// A public client with a widget on the wiki and on specs, registered as it should be.
fn widget() -> Registration {
    Registration {
        embedders: [WIKI, SPECS].map(|text| Embedder::Origin(origin(text))).to_vec(),
        redirect_uris: texts(&[
            "https://accounts.example.org/callback/notes-widget/passive",
            "https://accounts.example.org/callback/notes-widget/popup",
            "https://notes.example.org/widget/callback",
        ]),
        grant_types: texts(&["authorization_code", "refresh_token"]),
        token_endpoint_auth_method: "none".into(),
        contacts: texts(&["alice"]),
        ..Registration::named("notes-widget", NOTES)
    }
}

fn page(url: &str, headers: &[(&str, &str)]) -> Page {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let seen = Seen::Answer(200, Headers::new(headers));
    Page { url: Url::parse(url).expect("a URL"), is_asked_for: true, seen }
}

fn found(client: &Registration, pages: &[Page]) -> Vec<Finding> {
    check(&origin(ISSUER), client, pages).findings
}

/// Level, subject and mend of each finding.
fn brief(client: &Registration, pages: &[Page]) -> Vec<(Level, String, String)> {
    let brief = |f: Finding| (f.level, f.subject, f.mend.unwrap_or_default());
    found(client, pages).into_iter().map(brief).collect()
}

/// The one finding there is.
#[track_caller]
fn only(client: &Registration, pages: &[Page]) -> Finding {
    let mut all = found(client, pages);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn with(mut client: Registration, change: impl FnOnce(&mut Registration)) -> Registration {
    change(&mut client);
    client
}

#[track_caller]
fn assert_mend(finding: &Finding, level: Level, subject: &str, mend: &str) {
    let is = (finding.level, finding.subject.as_str(), finding.mend.as_deref());
    assert_eq!(is, (level, subject, Some(mend)));
    assert!(!finding.what.is_empty());
}

#[test]
fn a_good_registration_has_nothing_to_say_about() {
    assert_eq!(brief(&wiki(), &[]), []);
    assert_eq!(brief(&widget(), &[]), []);
}

#[test]
fn each_thing_that_a_registration_lacks_is_named_with_its_mend() {
    let of = |change: fn(&mut Registration)| only(&with(wiki(), change), &[]);
    let lacks = of(|c| c.contacts.clear());
    assert_mend(&lacks, Level::Note, "contacts", "contacts = [\"alice\"]");
    let lacks = of(|c| c.return_uris.clear());
    let mend = "return_uris = [\"https://wiki.example.org/sso/return\"]";
    assert_mend(&lacks, Level::Warning, "return_uris", mend);
    let lacks = of(|c| c.scope = Scope::default());
    assert_mend(&lacks, Level::Warning, "scope", "scope = \"openid profile\"");
    assert_mend(
        &of(|c| c.require_nonce = false),
        Level::Warning,
        "require_nonce",
        "require_nonce = true",
    );
    let lacks = of(|c| c.origins.clear());
    assert_mend(&lacks, Level::Error, "origins", "origins = [\"https://www.example.org\"]");
    let lacks = of(|c| c.origins = vec![origin(SPECS)]);
    assert_eq!((lacks.level, lacks.subject.as_str()), (Level::Note, "embedders"), "{lacks:?}");
}

#[test]
fn plain_http_and_any_embedder_are_warned_of() {
    let local = with(wiki(), |c| c.origins = vec![origin("http://wiki.localhost:8001")]);
    let plain = |issuer| {
        let findings = check(&origin(issuer), &local, &[]).findings;
        findings.into_iter().find(|f| f.subject == "origins").expect("a finding")
    };
    let mend = "origins = [\"https://wiki.localhost:8001\"]";
    assert_mend(&plain(ISSUER), Level::Warning, "origins", mend);
    assert_mend(&plain("http://accounts.localhost:8000"), Level::Note, "origins", mend);
    let anywhere = only(&with(wiki(), |c| c.embedders = vec![Embedder::AnyHttps]), &[]);
    assert_eq!((anywhere.level, anywhere.value.as_deref()), (Level::Warning, Some("https:")));
}

#[test]
fn a_public_client_needs_callbacks_a_code_and_a_way_to_refresh() {
    let of = |change: fn(&mut Registration)| brief(&with(widget(), change), &[]);
    let none = of(|c| c.redirect_uris.clear());
    let passive =
        "redirect_uris = [\"https://accounts.example.org/callback/notes-widget/passive\"]";
    assert!(none.contains(&(Level::Error, "redirect_uris".into(), passive.into())), "{none:?}");
    assert!(none.contains(&(
        Level::Error,
        "redirect_uris".into(),
        passive.replace("passive", "popup")
    )));
    assert!(none.iter().any(|(level, _, mend)| *level == Level::Warning && mend.contains(NOTES)));
    let own = of(|c| c.redirect_uris.retain(|uri| uri.starts_with(NOTES)));
    assert!(own.iter().all(|(level, ..)| *level == Level::Note), "{own:?}");
    assert_eq!(own.len(), 2, "the hosted ones are offered");
    let elsewhere = of(|c| c.redirect_uris.push("https://other.example.org/callback".into()));
    let mend = "origins = [\"https://notes.example.org\", \"https://other.example.org\"]";
    assert_eq!(elsewhere, [(Level::Warning, "redirect_uris".into(), mend.into())]);

    let types = of(|c| c.grant_types = texts(&["refresh_token"]));
    let mend = "grant_types = [\"refresh_token\", \"authorization_code\"]";
    assert_eq!(types, [(Level::Error, "grant_types".into(), mend.into())]);
    let types = of(|c| c.grant_types = texts(&["authorization_code"]));
    let mend = "grant_types = [\"authorization_code\", \"refresh_token\"]";
    assert_eq!(types, [(Level::Warning, "grant_types".into(), mend.into())]);
    assert_eq!(of(|c| c.grant_types.push(EXCHANGE.into()))[0].1, "audiences");
    let scope = of(|c| c.scope = Scope::parse("notes").expect("a scope"));
    assert_eq!(scope, [(Level::Error, "scope".into(), "scope = \"openid notes\"".into())]);
    let modes = of(|c| c.response_modes = texts(&["web_message"]));
    let mend = "response_modes = [\"query\"]";
    let right = |level| (level, "response_modes".to_owned(), mend.to_owned());
    assert_eq!(modes, [right(Level::Error), right(Level::Warning)]);
}

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
    assert_eq!(shut[0].0, Level::Warning, "a site with a backend gets by");
    let shut = of(&wiki(), "https://wiki.example.org/", &right.replace("'self' ", ""));
    assert_eq!(shut[0].0, Level::Error, "but not without its own backend: {shut:?}");
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

#[test]
fn each_place_has_the_rungs_that_are_left_to_it() {
    let verdict = check(&origin(ISSUER), &widget(), &[]);
    let states = |n: usize| -> Vec<State> {
        verdict.standings[n].rungs.iter().map(|rung| rung.state).collect()
    };
    let relations: Vec<Relation> = verdict.standings.iter().map(|s| s.relation).collect();
    assert_eq!(relations, [Relation::Sibling, Relation::Sibling, Relation::CrossSite]);
    assert_eq!(verdict.standings[2].framed_by.as_deref(), Some(SPECS));
    use State::{Depends, No, NotNeeded, Works};
    assert_eq!(states(0), [Works, Works, NotNeeded, Works, Works]);
    assert_eq!(states(2), [Depends, Depends, Depends, Works, Works]);
    let bare = with(widget(), |c| c.redirect_uris.clear());
    let verdict = check(&origin(ISSUER), &bare, &[]);
    let states: Vec<State> = verdict.standings[0].rungs.iter().map(|rung| rung.state).collect();
    assert_eq!(states, [Works, No, NotNeeded, No, No]);
}
