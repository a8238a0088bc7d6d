//! What a server needs, and the files that are named.

use super::*;

#[test]
fn a_server_says_everything_that_it_misses() {
    let settings = load("password_hash = { memory_kib = 1024 }", &[]).expect("good so far");
    let error = settings.for_serving().expect_err("incomplete");
    let keys = ["`issuer`", "`database_url`", "`password_hash`", "`key_encryption_key_file`"];
    assert_eq!(error.problems.len(), keys.len(), "{error}");
    assert!(error.problems.iter().zip(keys).all(|(problem, key)| problem.starts_with(key)));
}

#[test]
fn a_database_in_memory_is_not_served() {
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://x?mode=memory"] {
        let settings = load("", &[("VESTIBULE_DATABASE_URL", url)]).expect("good so far");
        let error = settings.for_serving().expect_err("in memory").to_string();
        assert!(error.contains("`database_url` is in memory"), "{url}: {error}");
    }
}

#[test]
fn the_key_is_32_bytes_or_64_hexadecimal_characters_for_the_owner_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let serve = |key: &str| {
        let variables = [
            ("VESTIBULE_ISSUER", "https://accounts.example.org"),
            ("VESTIBULE_DATABASE_URL", "sqlite://vestibule.db"),
            ("VESTIBULE_KEY_ENCRYPTION_KEY_FILE", key),
        ];
        load("", &variables).and_then(Settings::for_serving).map_err(|error| error.to_string())
    };
    let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n).unwrap_or_default());
    let raw = private(folder.path(), "raw", &bytes);
    let hex = private(folder.path(), "hex", format!("{}\n", hex::encode(bytes)).as_bytes());
    let sealed = serve(&raw).expect("good").key_encryption_key.seal("row", b"value");
    let opened = serve(&hex).expect("good").key_encryption_key.open("row", &sealed);
    assert_eq!(opened.as_deref(), Some(&b"value"[..]), "both are the same key");

    let wrong = |key: &str| serve(key).expect_err("unsafe");
    let short = private(folder.path(), "short", &bytes[1..]);
    assert!(wrong(&short).contains("neither 32 bytes nor 64 hexadecimal characters"));
    let zero = private(folder.path(), "zero", &[0; 32]);
    assert!(wrong(&zero).contains("is not random; make one with `head -c 32 /dev/urandom"));
    assert!(wrong("/nowhere/vestibule.key").contains("there is no file /nowhere/vestibule.key"));
    for open in [0o644, 0o660, 0o601] {
        set_mode(Path::new(&raw), open);
        assert!(wrong(&raw).contains(&format!("run `chmod 600 {raw}`")), "{open:o}");
    }
    set_mode(Path::new(&raw), 0o440);
    assert!(serve(&raw).is_ok(), "a group may read it");
}

#[test]
fn a_logo_is_known_by_its_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let logo = |content: &[u8]| {
        let file = private(folder.path(), "logo", content);
        load("", &[("VESTIBULE_BRAND__LOGO", &file)]).map(|s| s.brand.logo.map(|l| l.media_type))
    };
    assert_eq!(logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Ok(Some("image/svg+xml")));
    assert_eq!(logo(b"\x89PNG\r\n\x1a\n..."), Ok(Some("image/png")));
    assert!(logo(b"GIF89a").expect_err("other").to_string().contains("neither an SVG nor a PNG"));
    assert!(logo(&vec![b' '; 300_000]).expect_err("large").to_string().contains("larger than"));
}

#[test]
fn an_address_is_never_taken_from_a_header_that_rocket_believes() {
    let settings = load_file("[default]\nip_header = \"X-Real-IP\"", &[]).expect("good");
    let rocket: rocket::Config = settings.rocket.extract().expect("Rocket's own");
    assert_eq!(rocket.ip_header, None);
}

#[test]
fn a_configuration_shows_no_secret() {
    let issuer = Origin::parse("https://accounts.example.org").expect("valid");
    let config = Config::new(issuer, "postgres://alice:hunter2@db/x", SealingKey::new(&[7; 32]));
    assert!(!format!("{config:?}").contains("hunter2"));
}
