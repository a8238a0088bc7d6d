use super::Place;

/// Every command, with a word that its help must teach.
const COMMANDS: [(&[&str], &str); 23] = [
    (&[], "Rocket.toml"),
    (&["serve"], "key-encryption key"),
    (&["demo"], "--first-port"),
    (&["migrate"], "--dry-run"),
    (&["account"], "set-password"),
    (&["account", "add"], "standard input"),
    (&["account", "list"], "--json"),
    (&["account", "disable"], "ends all its sessions"),
    (&["account", "enable"], "disabled account"),
    (&["account", "set-password"], "ends all its sessions"),
    (&["client"], "[[default.vestibule.clients]]"),
    (&["client", "add"], "--first-party"),
    (&["client", "list"], "--json"),
    (&["client", "show"], "no secret"),
    (&["client", "rotate-secret"], "stays valid"),
    (&["client", "check"], "the line that mends it"),
    (&["client", "disable"], "Switches a client off"),
    (&["client", "enable"], "disabled client"),
    (&["client", "remove"], "cannot be undone"),
    (&["key"], "without a restart"),
    (&["key", "list"], "--json"),
    (&["key", "rotate"], "ten minutes"),
    (&["key", "rewrap"], "restart every server"),
];

#[test]
fn every_command_has_help_with_an_example() {
    let place = Place::empty();
    for (command, lesson) in COMMANDS {
        let help = place.run(&[command, &["--help"]].concat()).succeeded();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(lesson), "{command:?} does not teach `{lesson}`: {help}");
        assert!(help.contains("Example"), "{command:?}: {help}");
        assert!(help.contains("--json") && help.contains("--config"), "{command:?}: {help}");
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = Place::empty().run(&["--version"]).succeeded();
    assert_eq!(version, format!("vestibule {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_that_is_not_understood_exits_with_2_and_a_tip() {
    let run = Place::empty().run(&["acount"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("'account'"), "{}", run.err);
    let run = Place::empty().run(&["account", "add", "--json"]);
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.starts_with("{\"error\":\"the following required arguments"), "{}", run.err);
}
