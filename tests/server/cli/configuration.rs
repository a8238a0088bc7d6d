use super::Place;

#[test]
fn an_unknown_key_is_refused_by_every_command_with_the_nearest_one() {
    let place = Place::with_database();
    place.write("Rocket.toml", "[default.vestibule]\nsignup = \"open\"\nbrand = { nam = \"x\" }");
    for command in [&["account", "list"][..], &["client", "list"], &["migrate"], &["serve"]] {
        let said = place.run(command).failed();
        assert!(said.contains("`signup` in Rocket.toml is not a known key"), "{said}");
        assert!(said.contains("the nearest one is `sign_up`"), "{said}");
        assert!(said.contains("the nearest one is `brand.name`"), "{said}");
    }
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_one() {
    let place = Place::with_database().with("VESTIBULE_PASSWORD_HASH__MEMRY_KIB", "64");
    let said = place.run(&["account", "list"]).failed();
    assert!(said.contains("`VESTIBULE_PASSWORD_HASH__MEMRY_KIB` in the environment"), "{said}");
    assert!(said.contains("nearest one is `VESTIBULE_PASSWORD_HASH__MEMORY_KIB`"), "{said}");
}

#[test]
fn the_file_is_rocket_toml_or_the_one_that_was_named() {
    let content = |name| format!("[default.vestibule]\ndatabase_url = \"sqlite://{name}.db\"");
    let place = Place::empty();
    place.write("Rocket.toml", content("one"));
    place.write("other.toml", content("two"));
    place.run(&["migrate"]).succeeded();
    assert!(place.path("one.db").exists() && !place.path("two.db").exists());
    place.run(&["migrate", "--config", "other.toml"]).succeeded();
    assert!(place.path("two.db").exists());

    std::fs::remove_file(place.path("two.db")).expect("it was made");
    let place = place.with("ROCKET_CONFIG", "other.toml");
    place.run(&["migrate"]).succeeded();
    assert!(place.path("two.db").exists());

    let said = place.run(&["migrate", "--config", "third.toml"]).failed();
    assert_eq!(said, "error: There is no configuration file third.toml.\n");
    let said = place.with("ROCKET_CONFIG", "third.toml").run(&["migrate"]).failed();
    assert_eq!(said, "error: There is no configuration file third.toml.\n");
}

#[test]
fn the_profile_is_chosen_as_rocket_does_it() {
    let place = Place::empty().with("ROCKET_PROFILE", "staging");
    let database =
        |profile, name| format!("[{profile}.vestibule]\ndatabase_url = \"sqlite://{name}.db\"\n");
    place.write("Rocket.toml", database("default", "one") + &database("staging", "two"));
    place.run(&["migrate"]).succeeded();
    assert!(place.path("two.db").exists() && !place.path("one.db").exists());
}

#[test]
fn a_migration_is_shown_then_applied_then_done() {
    let place = Place::empty().with("VESTIBULE_DATABASE_URL", "sqlite://vestibule.db");
    let said = place.run(&["account", "list"]).failed();
    assert!(said.contains("`vestibule migrate` makes it"), "{said}");
    let pending = place.json(&["migrate", "--dry-run"]);
    assert!(!place.path("vestibule.db").exists(), "nothing was made");
    let applied = place.json(&["migrate"]);
    assert!(applied["applied"].as_array().is_some_and(|list| !list.is_empty()));
    assert_eq!(pending["pending"], applied["applied"]);
    assert_eq!(place.run(&["migrate"]).succeeded(), "The database is up to date.\n");
    let said = place.run(&["migrate", "--dry-run"]).succeeded();
    assert_eq!(said, "The database is up to date.\n");
}

#[test]
fn a_database_that_lacks_tables_is_only_served_after_migration() {
    let place = Place::empty().with("VESTIBULE_DATABASE_URL", "sqlite://vestibule.db");
    place.write("vestibule.db", "");
    for command in [["account", "list"], ["client", "list"]] {
        let said = place.run(&command).failed();
        assert!(said.contains("run `vestibule migrate` first"), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_database_is_made_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::with_database();
    let mode = place.path("vestibule.db").metadata().expect("made").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
