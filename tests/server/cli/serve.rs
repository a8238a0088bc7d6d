use super::{ISSUER, Place, private};

/// A place from which `serve` would start.
fn ready() -> Place {
    let place = Place::empty()
        .with("VESTIBULE_ISSUER", ISSUER)
        .with("VESTIBULE_DATABASE_URL", "sqlite://vestibule.db")
        .with("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "vestibule.key")
        .with("ROCKET_PORT", "0");
    private(&place.write("vestibule.key", *b"0123456789abcdefghijklmnopqrstuv"));
    place
}

#[test]
fn a_server_without_configuration_says_all_that_is_missing() {
    let said = Place::empty().run(&["serve"]).failed();
    for key in ["`issuer`", "`database_url`", "`key_encryption_key_file`"] {
        assert!(said.lines().any(|l| l.starts_with(&format!("error: {key} is missing"))), "{said}");
    }
    assert!(said.contains("head -c 32 /dev/urandom > vestibule.key && chmod 600"), "{said}");
    let said = Place::empty().run(&["serve", "--json"]).json_error();
    assert!(said.contains("`issuer` is missing") && said.contains("`database_url` is missing"));
}

#[test]
fn a_server_refuses_what_is_unsafe() {
    for (name, value, cure) in [
        ("VESTIBULE_ISSUER", "http://accounts.example.org", "plain http"),
        (
            "VESTIBULE_ISSUER",
            "https://accounts.example.org/",
            "write `https://accounts.example.org`",
        ),
        ("VESTIBULE_DATABASE_URL", "sqlite::memory:", "is in memory"),
        ("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", "other.key", "there is no file other.key"),
        ("VESTIBULE_PASSWORD_HASH__MEMORY_KIB", "1024", "cheaper than any"),
    ] {
        let said = ready().with(name, value).run(&["serve"]).failed();
        assert!(said.contains(cure), "{name}={value}: {said}");
        assert_eq!(said.lines().count(), 1, "one problem, one sentence: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_helps() {
    use std::os::unix::fs::PermissionsExt;
    let place = ready();
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(place.path("vestibule.key"), open).expect("ours");
    let said = place.run(&["serve"]).failed();
    assert!(said.contains("run `chmod 600 vestibule.key`"), "{said}");
    assert!(!place.path("vestibule.db").exists(), "nothing was begun");
}

#[test]
fn a_filter_that_is_none_is_refused() {
    let said = ready().with("RUST_LOG", "vestibule=loud").run(&["serve"]).failed();
    assert!(said.contains("RUST_LOG is not a filter"), "{said}");
}

#[test]
fn a_busy_port_is_one_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let run = ready().with("ROCKET_PORT", &port).run(&["serve"]);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let said: Vec<&str> = run.err.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(said.len(), 1, "{}", run.err);
    assert!(said[0].contains("in use"), "{}", said[0]);
}
