//! Declared clients.

use super::*;
use crate::domain::client::KEYS;

const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789a";

/// A declared client with these lines more.
fn client(lines: &str) -> String {
    format!("[[default.vestibule.clients]]\nclient_id = \"wiki\"\n{lines}\n")
}

fn client_problems(lines: &str) -> String {
    let error = load_file(&client(lines), &[]).err();
    error.map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_declared_client_is_read_with_defaults() {
    let lines = format!(
        "client_secret = \"{SECRET}\"\norigins = [\"https://wiki.example.org\"]\n\
         embedders = [\"https:\"]\nscope = \"openid profile\"\nfirst_party = true"
    );
    let settings = load_file(&client(&lines), &[]).expect("good");
    let [wiki] = &settings.clients[..] else { panic!("one client") };
    assert_eq!(wiki.registration.client_name, "wiki");
    assert!(wiki.registration.has_origin("https://wiki.example.org"));
    assert!(wiki.registration.first_party && wiki.registration.require_nonce);
    let stored = wiki.secret_hash.as_deref().expect("a secret");
    assert!(crate::domain::secret::SecretHash::of(SECRET.as_bytes()).matches(stored));
}

#[test]
fn every_key_of_a_registration_can_be_declared() {
    let registration =
        serde_json::to_value(Registration::named("wiki", "https://wiki.example.org"));
    let registration = registration.expect("serialises");
    let written = |key: &&str| !registration[*key].is_null() && *key != "client_id";
    let lines: Vec<String> = KEYS
        .into_iter()
        .filter(written)
        .map(|key| format!("{key} = {}", registration[key]))
        .chain([
            "backchannel_logout_uri = \"https://wiki.example.org/logout\"".to_owned(),
            "subject_type = \"public\"".to_owned(),
            format!("client_secret = \"{SECRET}\""),
        ])
        .collect();
    assert_eq!(client_problems(&lines.join("\n")), "");
}

#[test]
fn a_wrong_client_is_named() {
    for (lines, cure) in [
        ("orgins = []", "`orgins` of the client `wiki` in"),
        ("orgins = []", "the nearest one is `origins`"),
        ("secret = \"x\"", "the nearest one is `client_secret`"),
        ("origins = [\"https://wiki.example.org/\"]", "write `https://wiki.example.org`"),
        ("response_modes = [\"pigeon\"]", "In the client `wiki`: response_modes: `pigeon`"),
        ("client_secret = \"too short\"", "shorter than 43 characters"),
        ("", "write `client_secret` or `client_secret_file`"),
        ("client_secret = 1", "write a text in quotes"),
        ("token_endpoint_auth_method = \"none\"\nclient_secret = \"x\"", "has no secret"),
        ("client_secret_file = \"/nowhere\"", "cannot read /nowhere"),
        ("first_party = \"yes\"", "write true or false"),
    ] {
        let found = client_problems(lines);
        assert!(found.contains(cure), "{lines}: {found}");
        assert!(!found.contains("too short"), "the secret itself is not shown: {found}");
    }
    let public = "token_endpoint_auth_method = \"none\"";
    assert_eq!(client_problems(public), "");
    let twice = client(public).repeat(2);
    let found = load_file(&twice, &[]).expect_err("wrong").to_string();
    assert_eq!(
        found,
        "In the client `wiki`: `client_id` is declared twice; remove one of the two."
    );
    let nameless = "[[default.vestibule.clients]]\ntoken_endpoint_auth_method = \"none\"";
    let found = load_file(nameless, &[]).expect_err("wrong").to_string();
    assert_eq!(found, "In client number 1: `client_id` is missing.");
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = private(folder.path(), "secret", format!("{SECRET}\n").as_bytes());
    let lines = format!("client_secret_file = \"{file}\"");
    let settings = load_file(&client(&lines), &[]).expect("good");
    let inline = load_file(&client(&format!("client_secret = \"{SECRET}\"")), &[]);
    assert_eq!(settings.clients, inline.expect("good").clients);

    let both = client_problems(&format!("{lines}\nclient_secret = \"{SECRET}\""));
    assert!(both.contains("not both"), "{both}");
    set_mode(Path::new(&file), 0o644);
    let found = client_problems(&lines);
    assert!(found.contains(&format!("run `chmod 600 {file}`")), "{found}");
}

#[test]
fn clients_can_be_declared_in_the_environment() {
    let value = "[{client_id=\"wiki\",token_endpoint_auth_method=\"none\"}]";
    let settings = load("", &[("VESTIBULE_CLIENTS", value)]).expect("good");
    assert_eq!(settings.clients[0].registration.client_id, "wiki");
    let found = problems("", &[("VESTIBULE_CLIENTS", &value.replace("token", "tokn"))]);
    assert!(found.contains("of the client `wiki` in `VESTIBULE_CLIENTS`"), "{found}");
}
