use super::Place;

const ALICE: [&str; 9] = [
    "account",
    "add",
    "--username",
    "Alice",
    "--email",
    "alice@example.org",
    "--full-name",
    "Alice Liddell",
    "--password-stdin",
];

#[test]
fn an_account_is_added_listed_disabled_and_enabled() {
    let place = Place::with_database();
    let said = place.run(&["account", "list"]).succeeded();
    assert!(said.contains("`vestibule account add --help`"), "{said}");
    assert_eq!(place.json(&["account", "list"]), serde_json::json!([]));

    let said = place.run_with_input(&ALICE, "looking-glass-1871\n").succeeded();
    assert!(said.starts_with("Added the account Alice (alice@example.org, uid "), "{said}");
    assert!(!said.contains("looking-glass"));
    let list = place.run(&["account", "list"]).succeeded();
    assert!(list.starts_with("USERNAME  E-MAIL") && list.contains("1 account\n"), "{list}");

    let account = place.json(&["account", "list"])[0].clone();
    assert_eq!(account["full_name"], "Alice Liddell");
    assert!(account["disabled_at"].is_null());
    let uid = account["uid"].as_str().expect("a uid");
    assert_eq!(uid.len(), 32);

    assert_eq!(place.json(&["account", "disable", "alice"])["disabled"], true);
    assert!(place.json(&["account", "list"])[0]["disabled_at"].is_string());
    place.run(&["account", "enable", "ALICE@example.org"]).succeeded();
    assert!(place.json(&["account", "list"])[0]["disabled_at"].is_null());
    assert_eq!(place.json(&["account", "disable", uid])["username"], "Alice");
}

#[test]
fn a_name_or_an_address_belongs_to_one_account() {
    let place = Place::with_database();
    place.run_with_input(&ALICE, "looking-glass-1871").succeeded();
    let said = place.run_with_input(&ALICE, "looking-glass-1871").failed();
    assert_eq!(said, "error: The username Alice is taken; choose another.\n");
    let mut other = ALICE;
    other[3] = "bob";
    let said = place.run_with_input(&other, "looking-glass-1871").failed();
    assert_eq!(said, "error: There is an account with the address alice@example.org.\n");
}

#[test]
fn the_rules_of_the_sign_up_page_hold() {
    let place = Place::with_database();
    for (password, why) in [
        ("short", "Use at least 8 characters"),
        ("password1", "first passwords anybody would try"),
        ("aliceliddell", "Leave out your name"),
        (&"ab".repeat(600), "Use at most 1024 characters"),
        ("", "Use at least 8 characters"),
    ] {
        let said = place.run_with_input(&ALICE, password).failed();
        assert!(said.starts_with("error: The password is refused: "), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let mut wrong = ALICE;
    (wrong[3], wrong[5]) = ("a b", "nobody");
    let said = place.run_with_input(&wrong, "looking-glass-1871").failed();
    assert!(said.contains("error: --username: ") && said.contains("error: --email: "), "{said}");
    assert_eq!(place.json(&["account", "list"]), serde_json::json!([]));
}

#[test]
fn the_rules_know_the_name_of_the_site() {
    let place = Place::with_database().with("VESTIBULE_BRAND__NAME", "Wonderland");
    let said = place.run_with_input(&ALICE, "wonderland7\n").failed();
    assert!(said.contains("the name of this site"), "{said}");
}

#[test]
fn only_one_newline_is_taken_off_a_password() {
    let place = Place::with_database();
    // Seven characters and two newlines: one of them is part of the password.
    place.run_with_input(&ALICE, "drinkm \n\n").succeeded();
    let set = ["account", "set-password", "alice", "--password-stdin"];
    let said = place.run_with_input(&set, "drinkm \n").failed();
    assert!(said.contains("at least 8"), "{said}");
    let said = place.run_with_input(&set, "curiouser and curiouser\n").succeeded();
    assert!(said.starts_with("Set the password of the account Alice"), "{said}");
}

#[test]
fn nobody_is_found_under_an_unknown_name() {
    let place = Place::with_database();
    for command in ["disable", "enable"] {
        let said = place.run(&["account", command, "bob", "--json"]).json_error();
        assert_eq!(
            said,
            "There is no account `bob`; `vestibule account list` shows which there are."
        );
    }
    let set = ["account", "set-password", "bob", "--password-stdin"];
    assert!(place.run_with_input(&set, "looking-glass-1871").failed().contains("no account `bob`"));
}
