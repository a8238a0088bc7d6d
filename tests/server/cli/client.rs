use super::Place;
use serde_json::Value;

const WIKI: [&str; 13] = [
    "client",
    "add",
    "--client-id",
    "wiki",
    "--client-name",
    "Wiki",
    "--origin",
    "https://wiki.example.org",
    "--return-uri",
    "https://wiki.example.org/sso/return",
    "--scope",
    "openid profile",
    "--first-party",
];

fn secret(answer: &Value) -> String {
    let secret = answer["client_secret"].as_str().expect("a secret").to_owned();
    assert!(secret.len() == 64 && secret.bytes().all(|b| b.is_ascii_hexdigit()), "{secret}");
    secret
}

#[test]
fn a_secret_is_shown_once_and_rotated_without_a_gap() {
    let place = Place::with_database();
    let first = secret(&place.json(&WIKI));
    let shown = place.run(&["client", "show", "wiki"]).succeeded();
    assert!(shown.contains("https://wiki.example.org/sso/return") && !shown.contains(&first));
    assert_eq!(place.json(&["client", "show", "wiki"])["secrets"], 1);

    let second = secret(&place.json(&["client", "rotate-secret", "wiki"]));
    assert_ne!(first, second);
    assert_eq!(place.json(&["client", "show", "wiki"])["secrets"], 2);
    let said = place.run(&["client", "rotate-secret", "wiki"]).failed();
    assert!(said.contains("rotate-secret wiki --drop-old"), "{said}");

    place.run(&["client", "rotate-secret", "wiki", "--drop-old"]).succeeded();
    assert_eq!(place.json(&["client", "show", "wiki"])["secrets"], 1);
    let said = place.run(&["client", "rotate-secret", "wiki", "--drop-old"]).failed();
    assert!(said.contains("no old secret"), "{said}");
}

#[test]
fn a_client_is_listed_disabled_enabled_and_removed() {
    let place = Place::with_database();
    let said = place.run(&["client", "list"]).succeeded();
    assert!(said.contains("`vestibule client add --help`"), "{said}");
    let said = place.run(&WIKI).succeeded();
    assert!(said.contains("which will not be shown again"), "{said}");
    let said = place.run(&WIKI).failed();
    assert!(said.contains("There is a client `wiki` already"), "{said}");

    let list = place.run(&["client", "list"]).succeeded();
    assert!(list.contains("https://wiki.example.org  by hand     active"), "{list}");
    place.run(&["client", "disable", "wiki"]).succeeded();
    assert!(place.json(&["client", "list"])[0]["disabled_at"].is_string());
    place.run(&["client", "enable", "wiki"]).succeeded();
    assert!(place.json(&["client", "list"])[0]["disabled_at"].is_null());
    assert_eq!(place.json(&["client", "remove", "wiki"])["removed"], true);
    for command in ["show", "remove", "disable", "enable", "rotate-secret"] {
        let said = place.run(&["client", command, "wiki"]).failed();
        assert!(said.contains("There is no client `wiki`"), "{said}");
    }
}

#[test]
fn a_public_client_has_no_secret() {
    let place = Place::with_database();
    let added = place.json(&["client", "add", "--client-id", "notes-widget", "--public"]);
    assert_eq!(added["token_endpoint_auth_method"], "none");
    assert!(added.get("client_secret").is_none());
    let said = place.run(&["client", "rotate-secret", "notes-widget"]).failed();
    assert!(said.contains("has no secret"), "{said}");
}

#[test]
fn a_wrong_registration_says_what_to_write() {
    let place = Place::with_database();
    let add =
        |more: &[&str]| place.run(&[&["client", "add", "--client-id", "wiki"], more].concat());
    let run = add(&["--origin", "https://wiki.example.org/"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("write `https://wiki.example.org`"), "{}", run.err);
    let said = add(&["--return-uri", "https://other.example/"]).failed();
    assert!(said.starts_with("error: --return-uri: "), "{said}");
    let said = add(&["--response-mode", "pigeon"]).failed();
    assert!(said.contains("--response-mode: `pigeon` is not one of query"), "{said}");
    assert_eq!(place.json(&["client", "list"]), serde_json::json!([]));
}

#[test]
fn what_is_declared_is_not_changed_by_hand() {
    let place = Place::with_database();
    place.run(&WIKI).succeeded();
    let declared = "[[default.vestibule.clients]]\nclient_id = \"wiki\"\n\
                    token_endpoint_auth_method = \"none\"";
    place.write("Rocket.toml", declared);
    for command in ["rotate-secret", "disable", "enable", "remove"] {
        let said = place.run(&["client", command, "wiki"]).failed();
        assert!(said.contains("is declared in the configuration, which wins"), "{said}");
    }
    assert!(place.run(&WIKI).failed().contains("is declared in the configuration"));
    place.run(&["client", "show", "wiki"]).succeeded();
}

#[test]
fn a_check_says_what_is_wrong_with_the_mend_and_exits_with_1() {
    let place = Place::with_database();
    let said = place.run(&["client", "check", "widget"]).failed();
    assert!(said.contains("`issuer`"), "{said}");
    let place = place.with("VESTIBULE_ISSUER", super::ISSUER);
    let said = place.run(&["client", "check", "widget"]).failed();
    assert!(said.contains("There is no client `widget`"), "{said}");

    // Nobody listens on the port of this origin.
    let origin = "http://widget.vestibule.localhost:1";
    let add = ["client", "add", "--public", "--origin", origin, "--contact", "alice"];
    place.run(&[&add[..], &["--client-id", "widget", "--scope", "openid"]].concat()).succeeded();
    let run = place.run(&["client", "check", "widget"]);
    assert_eq!((run.code, run.err.as_str()), (Some(1), ""), "{}", run.out);
    let mend =
        "mend redirect_uris = [\"http://accounts.vestibule.localhost:8000/callback/widget/popup\"]";
    assert!(run.out.contains(mend), "{}", run.out);
    assert!(run.out.contains("nobody listens there"), "{}", run.out);
    let run = place.run(&["client", "check", "widget", "--json"]);
    assert_eq!(run.code, Some(1));
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(json["errors"], 2);
    assert_eq!(json["findings"][0]["level"], "error");
    assert_eq!(json["pages"][0]["status"], Value::Null);
    assert_eq!(json["standings"][0]["relation"], "sibling");

    let page = "http://127.0.0.1:1/";
    let said = place.run(&["client", "check", "widget", "--page", page]).failed();
    assert!(said.starts_with("error: --page: Only pages on"), "{said}");
}

#[test]
fn a_check_without_errors_exits_with_0() {
    let place = Place::with_database().with("VESTIBULE_ISSUER", "https://accounts.example.org");
    let declared = "[[default.vestibule.clients]]\nclient_id = \"grafana\"\n\
                    client_secret = \"0123456789abcdef0123456789abcdef0123456789abcdef\"\n\
                    redirect_uris = [\"https://grafana.example.org/login\"]\nscope = \"openid\"";
    place.write("Rocket.toml", declared);
    let said = place.run(&["client", "check", "grafana"]).succeeded();
    assert!(said.contains("0 errors, 1 warning, 1 note."), "{said}");
    let json = place.json(&["client", "check", "grafana"]);
    assert_eq!(json["findings"][0]["subject"], "origins");
}
