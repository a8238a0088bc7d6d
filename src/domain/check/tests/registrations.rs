//! What registrations lack.

use super::State::{Depends, No, NotNeeded, Works};
use super::*;
use crate::domain::scope::Scope;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

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
fn each_place_has_the_rungs_that_are_left_to_it() {
    let verdict = check(&origin(ISSUER), &widget(), &[]);
    let states = |n: usize| -> Vec<State> {
        verdict.standings[n].rungs.iter().map(|rung| rung.state).collect()
    };
    let relations: Vec<Relation> = verdict.standings.iter().map(|s| s.relation).collect();
    assert_eq!(relations, [Relation::Sibling, Relation::Sibling, Relation::CrossSite]);
    assert_eq!(verdict.standings[2].framed_by.as_deref(), Some(SPECS));
    assert_eq!(states(0), [Works, Works, NotNeeded, Works, Works]);
    assert_eq!(states(2), [Depends, Depends, Depends, Works, Works]);
    let bare = with(widget(), |c| c.redirect_uris.clear());
    let verdict = check(&origin(ISSUER), &bare, &[]);
    let states: Vec<State> = verdict.standings[0].rungs.iter().map(|rung| rung.state).collect();
    assert_eq!(states, [Works, No, NotNeeded, No, No]);
    let with_callbacks = with(wiki(), |c| c.redirect_uris = widget().redirect_uris);
    for client in [wiki(), with_callbacks] {
        let rungs = &check(&origin(ISSUER), &client, &[]).standings[0].rungs;
        let states: Vec<State> = rungs.iter().map(|rung| rung.state).collect();
        assert_eq!(states, [Works, No, NotNeeded, No, Works], "a client with a backend");
        for rung in [&rungs[1], &rungs[3]] {
            assert!(rung.why.starts_with("Only for public clients"), "{rung:?}");
        }
    }
}
